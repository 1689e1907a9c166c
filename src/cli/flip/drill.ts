// killswitch drill: proves the way from here to every app instance without changing any value.

import type { Command } from 'commander'
import type { Drill } from '../../wire/flip.js'
import { flipOf } from '../client/flag.js'
import { type Cli, connect, given, type Of } from '../plumbing/context.js'
import { explainUnknownFlag } from '../plumbing/near.js'
import { flipAndShow, withWait } from './flipping.js'

export function drillVerb(program: Command, cli: Cli): void {
  const verb = program
    .command('drill')
    .summary('prove the path of a kill, changing nothing')
    .description(
      'Sends a drill the way a kill goes, receipts included. No value changes; the flag carries the date of the proof.',
    )
    .argument('<flag>', 'the key of the flag')
    .option('-r, --reason <text>', 'why')
    .addHelpText('after', '\nExample:\n  killswitch drill ai_v1 --wait 30')
  withWait(verb).action(
    async (key: string, { wait, reason }: { wait: number; reason?: string }, command: Command) => {
      const client = await connect(command)
      const flipping = flipOf(key, 'drill', given({ reason } satisfies Of<Drill>))
      await flipAndShow(cli, { client, command, wait }, flipping).catch(error =>
        explainUnknownFlag(client, key, error),
      )
    },
  )
}
