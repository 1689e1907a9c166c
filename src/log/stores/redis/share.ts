// Soft records (receipts) beside the log, on connections of their own so that they are never in the way of a flip.
// Knows nothing of what they say; what is lost here is said again by whoever said it.

import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from './commands.js'
import type { Connection } from './connection.js'
import type { Keys } from './keys.js'

const BLOCK_MS = 200
const PAGE = 1000

export async function share(
  client: Client,
  keys: Keys,
  records: ReadonlyMap<string, string | null>,
): Promise<void> {
  if (records.size === 0) return
  await client.killswitchShare(
    keys.shared,
    keys.sharing,
    ...[...records].flatMap(([key, record]) => [key, record ?? '']),
  )
}

/** Everything that is kept, then what is shared from there on; anew after each loss of the connection. */
export async function* followShared(
  connection: Connection,
  keys: Keys,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  for (let failures = 0; await connection.whenReady(signal); failures++) {
    try {
      for await (const records of followWhileConnected(connection.client, keys, signal)) {
        failures = 0
        if (records.length > 0) yield records
      }
    } catch (error) {
      if (signal.aborted) return
      const { timedOut, detail } = connection.explain(error)
      if (timedOut) connection.reset(detail)
      await delay(Math.min(100 * 2 ** failures, 2000), undefined, { signal }).catch(() => {})
    }
  }
}

async function* followWhileConnected(
  client: Client,
  keys: Keys,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  // where the stream ends is asked before the hash is read: what comes in between is told twice, never left out
  const [last] = await client.xrevrange(keys.sharing, '+', '-', 'COUNT', 1)
  let cursor = last?.[0] ?? '0-0'
  yield await client.hvals(keys.shared)
  while (!signal.aborted) {
    const found = await client.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', keys.sharing, cursor)
    const entries = found?.[0]?.[1] ?? []
    // far behind: the stream is trimmed, and what is gone from it is in the hash
    if (entries.length === PAGE && (await isTrimmed(client, keys, cursor)))
      yield await client.hvals(keys.shared)
    cursor = entries.at(-1)?.[0] ?? cursor
    yield entries.map(([, fields]) => fields[1] ?? '')
  }
}

/** Whether entries after `cursor` are gone. */
async function isTrimmed(client: Client, keys: Keys, cursor: string): Promise<boolean> {
  const [oldest] = await client.xrange(keys.sharing, '-', '+', 'COUNT', 1)
  return oldest !== undefined && isAfter(oldest[0], cursor)
}

const isAfter = (id: string, other: string): boolean => {
  const [[ms = 0, seq = 0], [otherMs = 0, otherSeq = 0]] = [id, other].map(each =>
    each.split('-').map(Number),
  ) as [number[], number[]]
  return ms === otherMs ? seq > otherSeq : ms > otherMs
}
