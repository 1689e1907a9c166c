// killswitch undo: takes back your own newest kill of a flag, within five minutes. For a slip of the hand.

import type { Command } from 'commander'
import type { Restore } from '../../wire/flip.js'
import { flipOf } from '../client/flag.js'
import { type Cli, connect, given, type Of } from '../plumbing/context.js'
import { explainUnknownFlag } from '../plumbing/near.js'
import { flipAndShow, withWait } from './flipping.js'

export function undoVerb(program: Command, cli: Cli): void {
  const verb = program
    .command('undo')
    .summary('take back your own newest kill, within 5 minutes')
    .description(
      'Releases the hold that your own newest kill of this flag put, within 5 minutes. Holds of others stay.',
    )
    .argument('<flag>', 'the key of the flag')
    .option('-r, --reason <text>', 'why')
    .addHelpText('after', '\nExample:\n  killswitch undo kyc_v1 --reason "wrong flag"')
  withWait(verb).action(
    async (key: string, { wait, reason }: { wait: number; reason?: string }, command: Command) => {
      const client = await connect(command)
      const flipping = flipOf(key, 'restore', given({ undo: true, reason } satisfies Of<Restore>))
      await flipAndShow(cli, { client, command, wait }, flipping).catch(error =>
        explainUnknownFlag(client, key, error),
      )
    },
  )
}
