// killswitch housekeeping: what somebody should tidy up, each with the command that does.

import type { Command } from 'commander'
import { entryId } from '../domain/log/audit.js'
import type { Housekeeping } from '../wire/housekeeping.js'
import { type Cli, connect, queryOf } from './plumbing/context.js'
import { showList, withOutput } from './plumbing/output.js'
import { apartLine } from './print/apart.js'
import { UNTIDY_COLUMNS, untidyIn } from './print/columns.js'
import type { Style } from './print/style.js'
import { when } from './print/time.js'

type Options = { olderThan?: string; notSince?: string }

export function housekeepingVerb(program: Command, { terminal }: Cli): void {
  const verb = program
    .command('housekeeping')
    .summary('what somebody should tidy up')
    .description(
      'Lists app instances that stand apart from the log, holds that no open incident has, flags killed for long, kills without their paperwork, and flags never exercised.',
    )
    .option('--older-than <span>', 'killed longer than this, such as 12h (24h)')
    .option('--not-since <span>', 'neither flipped nor drilled for so long, such as 30d (90d)')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch housekeeping --older-than 12h\n  killswitch housekeeping -o csv > tidy.csv',
    )
  withOutput(verb).action(async (options: Options, command: Command) => {
    const client = await connect(command)
    const query = queryOf({ olderThan: options.olderThan, notSince: options.notSince })
    const { body, text } = await client.get<Housekeeping>(`/v1/housekeeping${query}`)
    const list = { text, items: untidyIn(body), columns: UNTIDY_COLUMNS }
    return showList(terminal, command, list, () => {
      const lines = sections(body, terminal.style, terminal.now)
      terminal.out(...(lines.length > 0 ? lines : [terminal.style.green('There is nothing to tidy up.')]))
    })
  })
}

const WHY = { none: 'no incident named', undeclared: 'never declared', resolved: 'is resolved' }

function sections(found: Housekeeping, style: Style, now: number): string[] {
  const section = (title: string, lines: string[]) =>
    lines.length > 0 ? [style.bold(title), ...lines.map(line => `  ${line}`)] : []
  return [
    ...section('App instances that stand apart from the log:', found.apart.map(apartLine)),
    ...section(
      'Killed, with nobody at work on it:',
      found.unattended.map(
        ({ flag, actor, since, incident, why }) =>
          `${flag}, by ${actor} ${when(since, now)}: ${incident ?? ''} ${WHY[why]}`,
      ),
    ),
    ...section(
      'Killed for long:',
      found.longKilled.map(({ flag, actor, since }) => `${flag}, by ${actor} ${when(since, now)}`),
    ),
    ...section(
      'Left held at a resolve:',
      found.left.map(({ flag, owner, until, overdue }) =>
        overdue ? style.red(`${flag}: ${owner} had until ${until}`) : `${flag}: ${owner}, until ${until}`,
      ),
    ),
    ...section(
      'Kills without their paperwork:',
      found.paperwork.map(
        ({ flag, actor, place, missing }) =>
          `${flag}, entry ${entryId(place)} by ${actor}: no ${missing.join(', no ')}`,
      ),
    ),
    ...section(
      'Not exercised: a drill proves the path and changes nothing:',
      found.unexercised.map(({ flag }) => `killswitch drill ${flag}`),
    ),
  ]
}
