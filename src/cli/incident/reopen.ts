// killswitch incident reopen: the same trouble again, or resolved too early.

import type { Command } from 'commander'
import type { Reopen } from '../../wire/incident-act.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { workOn } from './sending.js'

export function incidentReopenVerb(group: Command, cli: Cli): void {
  group
    .command('reopen')
    .description('Opens a resolved incident again: it takes holds, and its clock runs.')
    .argument('<id>', 'the incident')
    .option('-r, --reason <text>', 'why')
    .addHelpText('after', '\nExample:\n  killswitch incident reopen INC-42 --reason "the errors are back"')
    .action((id: string, { reason }: { reason?: string }, command: Command) =>
      workOn(cli, command, id, 'reopen', given({ reason } satisfies Of<Reopen>)),
    )
}
