// killswitch kill: turns a flag off now. It asks nothing, and what its paperwork lacks is a warning.

import type { Command } from 'commander'
import type { GroupKill, Kill } from '../../wire/flip.js'
import { flipOf } from '../client/flag.js'
import { type Cli, connect, given, type Of } from '../plumbing/context.js'
import { explainUnknownFlag } from '../plumbing/near.js'
import { flipAndShow, withWait } from './flipping.js'

type Options = { step?: string; incident?: string; reason?: string; wait: number }

export function killVerb(program: Command, cli: Cli): void {
  const verb = program
    .command('kill')
    .summary('kill a flag, now, everywhere')
    .description(
      'Puts a hold on the flag: it stays killed until the hold is released. Asks nothing, and is never refused for its paperwork.',
    )
    .argument('<flag...>', 'the key of the flag; several are killed in one act, all of them or none')
    .option('-s, --step <step>', 'the runbook step: its id, any unambiguous shortening, or its code')
    .option('-i, --incident <id>', 'the incident it belongs to; it may be declared later')
    .option('-r, --reason <text>', "why; without one the step's text serves")
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch kill ai_v1\n  killswitch kill ai_v1 --step trustflow/ai-instability/3 --incident INC-42\n  killswitch kill ai_v1 kyc_v1 -i INC-42\n  killswitch kill ai_v1 -s kwxyz -r "5xx above 20 % for ten minutes" --wait 30',
    )
  withWait(verb).action(async (keys: string[], { wait, ...paperwork }: Options, command: Command) => {
    const client = await connect(command)
    const { step, incident, reason } = paperwork
    const papers = given({ step, incident, reason } satisfies Of<Kill>)
    const [key = '', ...others] = new Set(keys)
    const flags = [key, ...others]
    const flipping =
      others.length === 0
        ? flipOf(key, 'kill', papers)
        : { path: '/v1/kills', body: { flags, ...papers } satisfies GroupKill }
    await flipAndShow(cli, { client, command, wait }, flipping).catch(error =>
      explainUnknownFlag(client, key, error),
    )
  })
}
