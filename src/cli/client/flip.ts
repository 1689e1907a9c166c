// Sends a flip, and knows what became of it. One key for all tries; where no answer came, the log is asked before anything
// is claimed.

import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { FlipAnswer, FlipStatus } from '../../wire/flip.js'
import { RefusedError, UnreachableError } from '../plumbing/exit.js'
import type { ToldFlip } from '../print/flip.js'
import type { Client } from './client.js'

export type Sent = {
  answer: ToldFlip
  /** Exactly what the service sent. */
  text: string
  key: string
}
export type Flipping = { path: string; body: object; ifMatch?: string }

/** How long an outcome may stay unknown before the CLI says that it is. */
const PATIENCE_MS = 10_000
const BETWEEN_MS = 500

/** `waitSeconds` asks the service itself to hold its answer until the fleet has confirmed. */
export async function sendFlip(
  client: Client,
  { path, body, ifMatch }: Flipping,
  signal: AbortSignal,
  waitSeconds = 0,
): Promise<Sent> {
  const key = randomUUID()
  const headers = { 'idempotency-key': key, ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) }
  try {
    const { body: answer, text } = await client.ask<FlipAnswer>(path, {
      method: 'POST',
      body,
      headers,
      waitSeconds,
      signal,
    })
    return { answer, text, key }
  } catch (error) {
    if (signal.aborted) throw interrupted(key)
    if (!(error instanceof UnreachableError)) throw error
    if (error.failures.every(failure => failure.isCertain))
      throw new UnreachableError(error.failures, 'Nothing was done: the request reached no service.')
    return resolve(client, key, error)
  }
}

const interrupted = (key: string): UnreachableError =>
  new UnreachableError(
    [],
    `Interrupted before an answer came: it may have been done. Ask: killswitch flip ${key}`,
  )

const TAKEN: readonly FlipStatus['state'][] = ['applied', 'unchanged', 'provisional']

/** What became of a flip that nobody answered. */
async function resolve(client: Client, key: string, lost: UnreachableError): Promise<Sent> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const found = await find(client, key)
    if (found?.body.flip && TAKEN.includes(found.body.state)) {
      const { state, flip, environment, flips, convergence } = found.body
      const rest = {
        ...(flips ? { flips } : {}),
        ...(convergence ? { convergence } : {}),
        ...(state === 'provisional' ? { durability: state } : {}),
      }
      return { key, text: found.text, answer: { ...flip, environment, replayed: true, ...rest } }
    }
    if (found?.body.state === 'never')
      throw new UnreachableError(lost.failures, 'It was not done, and now cannot be. Send it again.')
    // another server will not know of it in ten seconds either
    if (performance.now() > deadline || lost.failures.every(({ isForeign }) => isForeign)) break
    await pause(BETWEEN_MS)
  }
  throw new UnreachableError(
    lost.failures,
    `Whether it was done is not known: no answer came, and the log does not show it yet. It may still arrive. Send it again (a flag is never held twice for one incident), or ask: killswitch flip ${key}`,
  )
}

async function find(client: Client, key: string): Promise<{ body: FlipStatus; text: string } | undefined> {
  try {
    return await client.get<FlipStatus>(`/v1/flips/${key}`)
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnreachableError) return undefined
    throw error
  }
}
