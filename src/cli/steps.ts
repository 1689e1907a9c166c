// killswitch steps: the runbook steps there are, and what they do to flags.

import type { Command } from 'commander'
import type { StepList } from '../wire/runbook.js'
import { type Cli, connect, isJson, queryOf } from './context.js'
import { stepPreviewLines, stepTable } from './print/step.js'

type Options = { flag?: string; runbook?: string; all?: true }

export function stepsVerb(program: Command, { terminal }: Cli): void {
  program
    .command('steps')
    .summary('the runbook steps that act on flags')
    .description(
      'Lists the runbook steps that act on flags, each with its code; with --all the others too. With a step: what a run of it would do.',
    )
    .argument('[step]', 'its id, any unambiguous shortening, or its code')
    .option('-f, --flag <flag>', 'the steps that act on this flag')
    .option('--runbook <runbook>', 'the steps of this runbook')
    .option('--all', 'also the steps that act on no flag')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch steps --flag ai_v1\n  killswitch steps --runbook pilot --all\n  killswitch steps pilot/sev0/1',
    )
    .action(async (step: string | undefined, { flag, runbook, all }: Options, command: Command) => {
      const client = await connect(command)
      const { body, text } = await client.get<StepList>(`/v1/steps${queryOf({ step, flag, runbook })}`)
      if (isJson(command)) return terminal.json(text)
      if (step !== undefined) return terminal.out(...stepPreviewLines(body, terminal))
      const shown = body.steps.filter(each => all || each.flagActions.length > 0 || each.dangers)
      terminal.out(...stepTable(shown, terminal))
      const left = body.steps.length - shown.length
      if (left > 0) terminal.say(terminal.aside.dim(`${left} more act on no flag: --all`))
    })
}
