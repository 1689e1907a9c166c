// killswitch incident step: ticks a step of the runbook off, as done or as skipped.

import type { Command } from 'commander'
import type { StepTick } from '../../wire/incident-act.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { workOn } from './sending.js'

export function incidentStepVerb(group: Command, cli: Cli): void {
  group
    .command('step')
    .description("Ticks a step of the incident's runbook: done, or skipped and why.")
    .argument('<id>', 'the incident')
    .argument('<step>', 'its id, any unambiguous shortening, or its code')
    .option('--skip', 'it was skipped; say why with --reason')
    .option('-r, --reason <text>', 'why it was skipped, or what came of it')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident step INC-42 pilot/sev0/2\n  killswitch incident step INC-42 kwxyz --skip --reason "no ledger access at night"',
    )
    .action(
      (id: string, step: string, { skip, reason }: { skip?: true; reason?: string }, command: Command) =>
        workOn(
          cli,
          command,
          id,
          'steps',
          given({ step, ticked: skip ? 'skipped' : 'done', reason } satisfies Of<StepTick>),
        ),
    )
}
