// killswitch incident adopt: takes kills that no incident has under this one; they then count as its own.

import type { Command } from 'commander'
import type { Adoption } from '../wire/incident-act.js'
import { type Cli, given, type Of } from './context.js'
import { workOn } from './incident-sending.js'

export function incidentAdoptVerb(group: Command, cli: Cli): void {
  group
    .command('adopt')
    .description(
      'Takes the holds that no incident has under this one: those on the flags named, or on the flags of its runbook.',
    )
    .argument('<id>', 'the incident')
    .argument('[flags...]', 'the flags')
    .option('-r, --reason <text>', 'why')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident adopt INC-42\n  killswitch incident adopt INC-42 kyc_v1',
    )
    .action((id: string, flags: string[], { reason }: { reason?: string }, command: Command) =>
      workOn(
        cli,
        command,
        id,
        'adopt',
        given({ adopt: flags.length > 0 ? flags : true, reason } satisfies Of<Adoption>),
      ),
    )
}
