// killswitch flip: what became of a flip, and who has applied it. Where to look after a Ctrl-C or a lost answer.

import type { Command } from 'commander'
import type { FlipStatus } from '../wire/flip.js'
import { catchInterrupt, watchFlip } from './client/watch.js'
import { type Cli, connect, isJson, seconds } from './context.js'
import { EXIT } from './exit.js'
import { showWatched } from './flipping.js'
import { flipLines } from './print/flip.js'

export function flipVerb(program: Command, cli: Cli): void {
  const { terminal } = cli
  program
    .command('flip')
    .summary('what became of a flip, and who has applied it')
    .description(
      'Shows a flip by the place of its entry, or by its Idempotency-Key, and which app instances have applied it.',
    )
    .argument('<id>', 'the place of its entry, as kill and restore print it')
    .option('--wait <seconds>', 'wait so long for every app instance to confirm', seconds, 0)
    .addHelpText('after', '\nExample:\n  killswitch flip 42 --wait 60')
    .action(async (id: string, { wait }: { wait: number }, command: Command) => {
      const client = await connect(command)
      const isForProgram = isJson(command)
      const waitSeconds = isForProgram ? Math.min(Math.ceil(wait), 30) : 0
      const { body, text } = await client.get<FlipStatus>(`/v1/flips/${encodeURIComponent(id)}`, {
        waitSeconds,
      })
      const { flip, convergence = [], environment, state, detail, flips } = body
      if (isForProgram) {
        terminal.raw(text)
        if (convergence.some(each => each.status !== 'confirmed')) cli.exit = EXIT.notProven
        return
      }
      terminal.out(`${terminal.style.bold(state)}: ${detail}`)
      if (flip === undefined) return
      const answer = { ...flip, environment, replayed: false, ...(flips ? { flips } : {}) }
      terminal.out(...flipLines(answer, terminal.style, terminal.now))
      if (state !== 'applied' && state !== 'unchanged') return
      const { signal, release } = catchInterrupt()
      showWatched(cli, await watchFlip({ client, terminal }, id, convergence, wait, signal), id)
      release()
    })
}
