// What kill, restore, undo and run have in common: send, show at once what changed, then wait for the fleet.

import type { Command } from 'commander'
import { entryId } from '../../domain/log/audit.js'
import type { FlipAnswer } from '../../wire/flip.js'
import type { Client } from '../client/client.js'
import { type Flipping, type Sent, sendFlip } from '../client/flip.js'
import { catchInterrupt, type Watched, watchFlip } from '../client/watch.js'
import { type Cli, isJson, seconds } from '../plumbing/context.js'
import { EXIT } from '../plumbing/exit.js'
import { convergenceLines, NOTHING_SAID } from '../print/convergence.js'
import { flipLines } from '../print/flip.js'
import { isPending, isProven } from './proven.js'

/** The longest that the service holds one answer. */
export const LONGEST_HELD_SECONDS = 30

export const withWait = (command: Command): Command =>
  command.option(
    '--wait <seconds>',
    'wait so long for every app instance to confirm; 0 does not wait',
    seconds,
    5,
  )

export async function flipAndShow(
  cli: Cli,
  { client, command, wait }: { client: Client; command: Command; wait: number },
  flipping: Flipping,
): Promise<void> {
  // from before it is sent: a Ctrl-C must not leave anybody in the dark about what it left behind
  const { signal, release } = catchInterrupt()
  try {
    if (isJson(command)) await flipAsJson(cli, { client, wait, signal }, flipping)
    else await flipForPeople(cli, { client, wait, signal }, flipping)
  } finally {
    release()
  }
}

type Sending = { client: Client; wait: number; signal: AbortSignal }

async function flipForPeople(cli: Cli, { client, wait, signal }: Sending, flipping: Flipping): Promise<void> {
  const { terminal } = cli
  const { answer, key } = await sendFlip(client, flipping, signal)
  const { passedOver } = client
  terminal.out(...flipLines(answer, terminal.style, terminal.now))
  for (const { url, why } of passedOver)
    terminal.say(terminal.aside.yellow(`! ${url}: ${why}. ${client.urls[0]} answered.`))
  // what is not in the log yet is not proved, whether anybody waits for it or not
  if (wait === 0 && answer.id === undefined) cli.exit = EXIT.notProven
  if (wait === 0) return
  const watched = await watchFlip({ client, terminal }, key, answer.convergence ?? [], wait, signal)
  // a run has several entries, and a provisional kill none yet: the key finds them all
  showWatched(cli, watched, answer.flips || answer.id === undefined ? key : entryId(answer.id))
}

/** `lines`: how the sentences are shown. */
export function showWatched(
  cli: Cli,
  { convergence, ended }: Watched,
  id: string,
  lines = convergenceLines,
): void {
  const { terminal } = cli
  if (convergence.length > 0) terminal.out(...lines(convergence, terminal.style))
  else terminal.out(terminal.style.yellow(NOTHING_SAID))
  if (ended === 'interrupted') terminal.say(`Not waiting any longer. The flip stands: killswitch flip ${id}`)
  if (ended === 'time')
    terminal.say(`The flip stands, and is not confirmed by all yet: killswitch flip ${id} --wait 60`)
  if (ended === 'unreachable')
    terminal.say(
      `The flip stands. The service does not answer now, so who applies it is not seen here: killswitch flip ${id}`,
    )
  if (ended !== 'settled' || !isProven(convergence)) cli.exit = EXIT.notProven
}

/** The exact answer; sent again with the same key where the fleet takes longer than one answer is held. */
async function flipAsJson(cli: Cli, { client, wait, signal }: Sending, flipping: Flipping): Promise<void> {
  const deadline = performance.now() + wait * 1000
  const held = (seconds: number) => Math.min(Math.ceil(seconds), LONGEST_HELD_SECONDS)
  let last: Sent = await sendFlip(client, flipping, signal, held(wait))
  while (isPending(last.answer.convergence) && deadline > performance.now()) {
    const next = await again(client, flipping, last.key, held((deadline - performance.now()) / 1000), signal)
    if (next === undefined) break
    last = next
  }
  cli.terminal.json(last.text)
  if ((wait > 0 || last.answer.id === undefined) && !isProven(last.answer.convergence))
    cli.exit = EXIT.notProven
}

/** The same request with the same key; undefined where it cannot be asked again, which undoes nothing. */
async function again(
  client: Client,
  { path, body }: Flipping,
  key: string,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<Sent | undefined> {
  const headers = { 'idempotency-key': key }
  try {
    const found = await client.ask<FlipAnswer>(path, { method: 'POST', body, headers, waitSeconds, signal })
    return { answer: found.body, text: found.text, key }
  } catch {
    return undefined
  }
}
