// killswitch incident resolve: closes it. Refused while it holds a flag or its recovery wait runs, with the list.

import { type Command, InvalidArgumentError } from 'commander'
import type { Left } from '../../wire/entry.js'
import type { Resolve } from '../../wire/incident-act.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { day } from './dates.js'
import { workOn } from './sending.js'

type Options = { reason?: string; leave?: Left[]; force?: true }

export function incidentResolveVerb(group: Command, cli: Cli): void {
  group
    .command('resolve')
    .description(
      'Resolves an incident. It must hold no flag any more, and its recovery wait must be over; --leave and --force say otherwise.',
    )
    .argument('<id>', 'the incident')
    .option('-r, --reason <text>', 'what there is to say')
    .option(
      '--leave <flag:owner:day>',
      'leave this flag held, by whom, until when: a date, friday, +3d (an engineer may); may be given more than once',
      left,
    )
    .option('--force', 'past what is in the way, with a reason (a coordinator may)')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident resolve INC-42\n  killswitch incident resolve INC-42 --leave "kyc_v1:Upload team:2026-11-27"',
    )
    .action((id: string, { reason, leave, force }: Options, command: Command) =>
      workOn(cli, command, id, 'resolve', given({ reason, leave, force } satisfies Of<Resolve>)),
    )
}

function left(value: string, before: Left[] | undefined): Left[] {
  const [, flag, owner, until] = /^([^:]+):([^:]+):(.+)$/.exec(value) ?? []
  if (flag === undefined || owner === undefined || until === undefined)
    throw new InvalidArgumentError('Give flag:owner:day, such as "kyc_v1:Upload team:2026-11-27".')
  return [...(before ?? []), { flag, owner, until: day(until) }]
}
