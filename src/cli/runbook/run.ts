// killswitch run: performs the kills of one runbook step, all of them or none.

import type { Command } from 'commander'
import type { StepRun } from '../../wire/flip.js'
import type { StepList } from '../../wire/runbook.js'
import { flipAndShow, withWait } from '../flip/flipping.js'
import { type Cli, connect, given, isJson, type Of, queryOf, several } from '../plumbing/context.js'
import { stepPreviewLines } from '../print/step.js'

type Options = { flag?: string[]; incident?: string; reason?: string; wait: number; dryRun?: true }

export function runVerb(program: Command, cli: Cli): void {
  const { terminal } = cli
  const verb = program
    .command('run')
    .summary('run a runbook step: all of its kills, or none')
    .description('Performs the kills of one runbook step. Never restores, and never runs nested steps.')
    .argument('<step>', 'its id, any unambiguous shortening, or its code')
    .option(
      '-f, --flag <flag>',
      'kill this one of the flags of the step; may be given more than once',
      several,
    )
    .option('-i, --incident <id>', 'the incident it belongs to')
    .option('-r, --reason <text>', "why; without one the step's text serves")
    .option('-n, --dry-run', 'show what it would do, and do nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch run pilot/sev0/1 --incident INC-42\n  killswitch run trustflow/ai-instability/3 --dry-run\n  killswitch run kwxyz --flag ai_v1',
    )
  withWait(verb).action(async (step: string, options: Options, command: Command) => {
    const client = await connect(command)
    const { flag: flags, incident, reason, wait, dryRun } = options
    if (dryRun) {
      const { body, text } = await client.get<StepList>(`/v1/steps${queryOf({ step })}`)
      if (isJson(command)) terminal.json(text)
      else terminal.out(...stepPreviewLines(body, terminal, given({ incident, reason })))
      return
    }
    const body = given({ step, flags, incident, reason } satisfies Of<StepRun>)
    await flipAndShow(cli, { client, command, wait }, { path: '/v1/steps/run', body })
  })
}
