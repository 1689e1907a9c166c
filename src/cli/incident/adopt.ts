// killswitch incident adopt: takes kills under this incident; they then count as its own. So a misspelt id is put right.

import type { Command } from 'commander'
import type { Adoption } from '../../wire/incident-act.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { workOn } from './sending.js'

type Options = { from?: string; reason?: string }

export function incidentAdoptVerb(group: Command, cli: Cli): void {
  group
    .command('adopt')
    .description(
      'Takes holds under this incident. Alone: those of no incident, on the flags of its runbook. With flags: those on them of no incident, of one that nobody declared, and, for an engineer, of a resolved one.',
    )
    .argument('<id>', 'the incident')
    .argument('[flags...]', 'the flags')
    .option(
      '--from <id>',
      'all that another id holds, and what was done under it: one that nobody declared, or a resolved one',
    )
    .option('-r, --reason <text>', 'why')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident adopt INC-42\n  killswitch incident adopt INC-42 kyc_v1\n  killswitch incident adopt INC-103 --from INC-1O3',
    )
    .action((id: string, flags: string[], { from, reason }: Options, command: Command) => {
      const all = from === undefined ? (true as const) : undefined
      const adopt = flags.length > 0 ? flags : all
      return workOn(cli, command, id, 'adopt', given({ adopt, from, reason } satisfies Of<Adoption>))
    })
}
