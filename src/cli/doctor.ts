// killswitch doctor: whether a kill would get through from here, and what is less than well, each with its cure.

import type { Command } from 'commander'
import { Client } from './client/client.js'
import { type Finding, look } from './client/look.js'
import type { Cli } from './plumbing/context.js'
import { EXIT } from './plumbing/exit.js'
import { showList, withOutput } from './plumbing/output.js'
import {
  configPath,
  environment,
  exposedFile,
  type GlobalOptions,
  ownedBy,
  readSettings,
} from './plumbing/settings.js'
import { FINDING_COLUMNS } from './print/columns.js'

export function doctorVerb(program: Command, cli: Cli): void {
  const verb = program
    .command('doctor')
    .summary('would a kill get through from here?')
    .description(
      'Looks at the config file, each URL, the service behind it, its clock, and what your token may do.',
    )
    .addHelpText('after', '\nExample:\n  killswitch doctor --url https://ks-a.example,https://ks-b.example')
  withOutput(verb).action(async (_: object, command: Command) => {
    const options = command.optsWithGlobals<GlobalOptions>()
    const file = await configFinding(options)
    const client = new Client(await settingsOf(options, file))
    const findings = [file, ...(await Promise.all(client.urls.map(url => look(client, url)))).flat()]
    const list = { text: JSON.stringify({ findings }), items: findings, columns: FINDING_COLUMNS }
    await showList(cli.terminal, command, list, () =>
      cli.terminal.out(...findings.map(finding => line(finding, cli))),
    )
    cli.exit = exitFor(findings)
  })
}

/** 5 where no service answers, 3 where one does and something is bad. */
function exitFor(findings: readonly Finding[]): Cli['exit'] {
  if (!findings.some(each => each.what === 'reachable' && each.level !== 'bad')) return EXIT.unreachable
  return findings.some(each => each.level === 'bad') ? EXIT.refused : EXIT.done
}

async function settingsOf(options: GlobalOptions, file: Finding) {
  if (file.level !== 'bad') return readSettings(options)
  const { config: _, ...rest } = options
  const blind = { ...environment, KILLSWITCH_CONFIG: '', XDG_CONFIG_HOME: '/nonexistent' }
  return readSettings(rest, blind)
}

async function configFinding(options: GlobalOptions): Promise<Finding> {
  const path = configPath(options)
  const about = { where: 'here', what: 'config file' } as const
  const owned = await ownedBy(path)
  if (owned === undefined) return { ...about, level: 'good', detail: `none at ${path}` }
  const exposed = await exposedFile(path)
  if (exposed !== undefined) return { ...about, level: 'bad', detail: exposed }
  return {
    ...about,
    level: 'good',
    detail: `${path}, mode ${(owned.mode & 0o777).toString(8).padStart(4, '0')}`,
  }
}

function line({ where, what, level, detail }: Finding, { terminal: { style } }: Cli): string {
  const mark = { good: style.green('ok  '), odd: style.yellow('note'), bad: style.red('BAD ') }[level]
  return `${mark}  ${where}  ${what}: ${detail}`
}
