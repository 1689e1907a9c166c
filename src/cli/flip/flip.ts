// killswitch flip: what became of a flip: what the log proved of it, and who applies it now. Where to look after a Ctrl-C or
// a lost answer.

import type { Command } from 'commander'
import type { FlipStatus } from '../../wire/flip.js'
import type { Answer, Client } from '../client/client.js'
import { catchInterrupt, watchFlip } from '../client/watch.js'
import { type Cli, connect, isJson, seconds } from '../plumbing/context.js'
import { EXIT, RefusedError, UnreachableError } from '../plumbing/exit.js'
import { nowLines, proofLines } from '../print/convergence.js'
import { flipLines } from '../print/flip.js'
import { LONGEST_HELD_SECONDS, showWatched } from './flipping.js'
import { isPending, isProvenInLog, isStatusProven } from './proven.js'

export function flipVerb(program: Command, cli: Cli): void {
  program
    .command('flip')
    .summary('what became of a flip, and who has applied it')
    .description(
      'Shows a flip by its entry, or by its Idempotency-Key: what the log proved of it, which stays so, and which app instances apply it now. Ends with 0 where the log has it confirmed, whatever runs now.',
    )
    .argument('<id>', 'its entry, as kill and restore print it (0-42), or its Idempotency-Key')
    .option(
      '--wait <seconds>',
      'wait so long for every app instance, where the log does not have it confirmed',
      seconds,
      0,
    )
    .addHelpText('after', '\nExample:\n  killswitch flip 0-42 --wait 60')
    .action(async (id: string, { wait }: { wait: number }, command: Command) => {
      const client = await connect(command)
      const path = `/v1/flips/${encodeURIComponent(id)}`
      const found = await client.get<FlipStatus>(path)
      if (!isJson(command)) return show(cli, client, { id, wait }, found.body)
      const { body, text } = await settled(client, path, wait, found)
      cli.terminal.json(text)
      if (!isStatusProven(body)) cli.exit = EXIT.notProven
    })
}

/** Asked again for as long as it is pending and the log does not have it confirmed; the last that was answered. */
async function settled(
  client: Client,
  path: string,
  wait: number,
  first: Answer<FlipStatus>,
): Promise<Answer<FlipStatus>> {
  const deadline = performance.now() + wait * 1000
  let last = first
  for (;;) {
    const left = Math.ceil((deadline - performance.now()) / 1000)
    if (left <= 0 || isProvenInLog(last.body) || !isPending(last.body.convergence)) return last
    try {
      last = await client.get<FlipStatus>(path, { waitSeconds: Math.min(left, LONGEST_HELD_SECONDS) })
    } catch (error) {
      if (error instanceof UnreachableError || error instanceof RefusedError) return last
      throw error
    }
  }
}

async function show(
  cli: Cli,
  client: Client,
  { id, wait }: { id: string; wait: number },
  status: FlipStatus,
): Promise<void> {
  const { terminal } = cli
  const { flip, proof = [], convergence = [], environment, state, detail, flips } = status
  terminal.out(`${terminal.style.bold(state)}: ${detail}`)
  if (flip !== undefined) {
    const answer = { ...flip, environment, replayed: false, ...(flips ? { flips } : {}) }
    terminal.out(...flipLines(answer, terminal.style, terminal.now), ...proofLines(proof, terminal.style))
  }
  if (isStatusProven(status)) return terminal.out(...nowLines(convergence, terminal.style))
  if (flip === undefined || state === 'never' || state === 'refused') {
    cli.exit = EXIT.notProven
    return
  }
  const { signal, release } = catchInterrupt()
  const watching = { client, terminal, isEnough: isProvenInLog }
  const watched = await watchFlip(watching, id, convergence, wait, signal)
  release()
  const last = watched.status
  // while it was waited for, the log was told; whoever came up since is not waited for
  if (last !== undefined && isProvenInLog(last))
    terminal.out(
      ...proofLines(last.proof ?? [], terminal.style),
      ...nowLines(watched.convergence, terminal.style),
    )
  else showWatched(cli, watched, id, nowLines)
}
