#!/usr/bin/env node
// The `killswitch` command: puts the verbs together, runs one, and ends with the exit code that says how it went. It is a
// client of the HTTP API; of the server it knows the domain's types alone, but for serve, check, token create and audit
// import.

import { Command, CommanderError } from 'commander'
import { versionOf } from '../process/version.js'
import { visible } from '../text/terminal.js'
import { checkVerb } from './catalogue/check.js'
import { statusVerb } from './catalogue/status.js'
import { doctorVerb } from './doctor.js'
import { fleetVerb } from './fleet/fleet.js'
import { drillVerb } from './flip/drill.js'
import { flipVerb } from './flip/flip.js'
import { killVerb } from './flip/kill.js'
import { restoreVerb } from './flip/restore.js'
import { undoVerb } from './flip/undo.js'
import { housekeepingVerb } from './housekeeping.js'
import { incidentVerbs } from './incident/incident.js'
import { auditVerbs } from './log/audit.js'
import { insightsVerb } from './log/insights.js'
import { overview } from './overview.js'
import { completionVerb } from './plumbing/completion.js'
import { type Cli, isJson, newCli, seconds, type Verb } from './plumbing/context.js'
import { EXIT } from './plumbing/exit.js'
import { formatOf } from './plumbing/output.js'
import { environment, listOf } from './plumbing/settings.js'
import { Terminal } from './plumbing/terminal.js'
import { exitOf, problemJson, problemLines } from './print/problem.js'
import { runVerb } from './runbook/run.js'
import { runbookVerb } from './runbook/runbook.js'
import { stepsVerb } from './runbook/steps.js'
import { serveVerb } from './serve.js'
import { tokenVerbs } from './token.js'

const GROUPS: [string, Verb[]][] = [
  ['Now:', [statusVerb, killVerb, runVerb, undoVerb, restoreVerb, flipVerb]],
  ['The incident:', [incidentVerbs, stepsVerb, runbookVerb]],
  ['The proof:', [fleetVerb, auditVerbs, insightsVerb, drillVerb, housekeepingVerb]],
  ['Set up:', [doctorVerb, tokenVerbs, checkVerb, serveVerb]],
]

const urls = (value: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  ...(listOf(value) ?? []),
]

function program(cli: Cli): Command {
  const { terminal } = cli
  const root: Command = new Command('killswitch')
    .description('Protective flags, killed from a runbook step, with proof.')
    .version(versionOf(), '-V, --version', 'the version of this command')
    .option('--url <url>', 'a service; several (a comma list, or given again) are tried in order', urls)
    .option(
      '--token <token>',
      'your token; better in KILLSWITCH_TOKEN or the config file, where nobody sees it',
    )
    .option('--config <file>', 'the config file, mode 0600: "url:" and "token:"')
    .option('--timeout <seconds>', 'how long one service may take to answer', seconds)
    .option('--json', 'the exact answer of the API, for programs')
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: terminal.columns ?? 100,
      // those of a group are told by its verbs that take them
      visibleGlobalOptions: command => (command.parent === null ? [] : [...root.options]),
    })
    .configureOutput({
      // it quotes what was typed, or pasted
      writeErr: text => terminal.say(...visible(text.trimEnd()).split('\n')),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for its options and an example)')
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 2 usage, 3 refused, 4 not proven by all, 5 unreachable.\n\nExample:\n  killswitch kill ai_v1 --step trustflow/ai-instability/3 --incident INC-42',
    )
  for (const [heading, verbs] of GROUPS) {
    root.commandsGroup(heading)
    for (const verb of verbs) verb(root, cli)
  }
  return root
}

export async function main(argv: readonly string[]): Promise<number | undefined> {
  const cli = newCli(new Terminal(environment))
  if (argv.length === 0) {
    cli.terminal.out(...overview(cli.terminal.style).trimEnd().split('\n'), '')
    return EXIT.done
  }
  let asJson = false
  try {
    const root = program(cli).hook('preAction', (_, verb) => {
      cli.terminal.isYaml = formatOf(verb) === 'yaml'
      asJson = isJson(verb)
    })
    await completionVerb(root, cli, argv)
    await root.parseAsync(argv, { from: 'user' })
    return cli.exit
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (asJson) cli.terminal.json(problemJson(error))
    else cli.terminal.say(...problemLines(error, cli.terminal.aside))
    return exitOf(error)
  }
}

// a reader that has seen enough, such as `head`, is no fault
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
})
process.exitCode = await main(process.argv.slice(2))
