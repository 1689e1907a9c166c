// Tails the log on a connection of its own, for as long as it is asked to. Never skips a line, and never passes on one
// from a log that does not hold what the caller has: after every read the log is asked for the head the read began at.

import { setTimeout as delay } from 'node:timers/promises'
import { type Head, placeOf } from '../../../domain/log/audit.js'
import type { Followed } from '../store.js'
import { locate, type Page, readAfter } from './commands.js'
import type { Connection } from './connection.js'
import { codeOf } from './errors.js'
import type { Keys } from './keys.js'

/** How long one read waits for a line. Redis ends the wait up to 100 ms late (hz 10): still below the port's 250 ms. */
const BLOCK_MS = 100

/** One look in so many asks too whether the end of the log was deleted: about once a second. */
const DEEP_EVERY = 10

/** How long Redis may be silent before the connection counts as dead: the time limit of the follower's connection. */
export const SILENCE_MS = 1000

export async function* followLog(
  connection: Connection,
  keys: Keys,
  after: () => Head,
  signal: AbortSignal,
): AsyncGenerator<Followed> {
  for (let failures = 0; await connection.whenReady(signal); failures++) {
    try {
      for await (const followed of followWhileConnected(connection, keys, after, signal)) {
        failures = 0
        yield followed
      }
    } catch (error) {
      if (signal.aborted) return
      const { timedOut, detail } = connection.explain(error)
      if (timedOut) connection.reset(detail)
      await pause(Math.min(50 * 2 ** failures, 1000) * (0.5 + Math.random() / 2), signal)
    }
  }
}

async function* followWhileConnected(
  connection: Connection,
  keys: Keys,
  after: () => Head,
  signal: AbortSignal,
): AsyncGenerator<Followed> {
  let cursor = after()
  let blockMs = 0 // the first read does not wait, so that what was lost while away is noticed at once
  for (let look = 0; !signal.aborted; look++) {
    const read = connection.send(client => readAfter(client, keys, cursor, blockMs).catch(wrongType))
    const page = await untilAborted(read, signal)
    const isDeep = look % DEEP_EVERY === 0
    const located = connection.send(client => locate(client, keys, furthest(cursor, after()), isDeep))
    const { why = foreignFirst(page), isBare, time } = await untilAborted(located, signal)
    if (why !== undefined) {
      yield { kind: 'lost', why }
      await pause(BLOCK_MS, signal)
      cursor = after()
      blockMs = 0
      continue
    }
    blockMs = BLOCK_MS
    const told = { ...(isBare ? { isBare } : {}), ...(time === undefined ? {} : { time }) }
    yield page ? { kind: 'lines', lines: page.lines, ...told } : { kind: 'alive', ...told }
    if (page) cursor = page.head
  }
}

const furthest = (a: Head, b: Head): Head => (placeOf(b) > placeOf(a) ? b : a)

/** Lines before a foreign one are passed on; then it is what comes first. */
const foreignFirst = (page: Page | undefined): string | undefined =>
  page?.lines.length === 0 ? page.foreign : undefined

/** Another type under the log's key is a lost log: `locate` says so. */
function wrongType(error: unknown): undefined {
  if (codeOf(error) === 'WRONGTYPE') return undefined
  throw error
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => {})

/** Rejects when `signal` aborts, whatever `promise` does, and leaves no listener behind. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(new Error('aborted'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
