// killswitch audit redate: dates the log right again after a clock that was ahead.

import type { Command } from 'commander'
import { toSecond } from '../../domain/clock.js'
import type { Redate, Redated } from '../../wire/audit.js'
import { actOnFleet } from '../fleet/sending.js'
import { type Cli, given, type Of } from '../plumbing/context.js'

const IN_DOUBT =
  'Whether it was done is not known: look with "killswitch audit query --action log.redated" before you send it again.'

export function auditRedateVerb(group: Command, cli: Cli): void {
  group
    .command('redate')
    .summary('date the log right again after a clock that was ahead')
    .description(
      'Writes an entry that is dated by the clock, although the one before it is of a later hour; what follows is dated right. It takes the role owner. "killswitch doctor" says whether the log is ahead. Nothing that is in the log is changed. Update every instance first: one that does not know this entry does not follow the log beyond it.',
    )
    .requiredOption('-r, --reason <text>', 'what had happened to the clock')
    .addHelpText(
      'after',
      '\nExample:\n  killswitch audit redate --reason "the clock of ks-b was 400 days ahead"',
    )
    .action(({ reason }: { reason: string }, command: Command) =>
      actOnFleet<Redated>(
        cli,
        command,
        { path: '/v1/audit/redate', body: given({ reason } satisfies Of<Redate>) },
        ({ from, at, entry }) => [
          `The log is dated by the clock again, from entry ${entry.epoch}-${entry.seq} on: ${toSecond(at)}. The entry before it is of ${toSecond(from)}.`,
        ],
        IN_DOUBT,
      ),
    )
}
