// The first door of the log: everything that comes into it. A request for entries, a whole log from a file, and the soft
// records that the instances share beside it. Its types and comments are what the rest of the service knows of it.

import type { Verdict } from '../domain/flip/flip.js'
import type { Kill } from '../domain/flip/kill.js'
import type { Entry, Head } from '../domain/log/audit.js'
import type { Seen } from '../domain/log/seen.js'
import type { State } from '../domain/state.js'

/** Which of those that wait goes first: a kill, then what moves or releases a hold, then the rest. */
export type Priority = 'kill' | 'flip' | 'note'

/**
 * Where what was taken is durable. `journal`: on this disk (local store). `both`: in Redis and on this disk. `store`: in
 * Redis, and this disk failed. `provisional`: on this disk alone, outside the log, because the store is away.
 */
export type Durability = 'journal' | 'both' | 'store' | 'provisional'

export type Asked = {
  priority: Priority
  actor: string
  /** The Idempotency-Key: of one actor it is done once. */
  key: string
  /** SHA-256 of what is asked: the same key with another digest is refused. */
  digest: string
  /** The accepting instance's clock, ms: what the rules take for now, however often they are asked. Now, if absent. */
  receivedAt?: number
  /** The rules, asked on the log as it is when it is this request's turn, and again after a conflict. */
  decide: (state: State, now: number) => Verdict
  /** The kill that it is: taken without the store, if need be. Without it nothing is taken while the store is away. */
  kill?: Kill
  /** What the caller has seen of the log: nothing is acknowledged below it. */
  seen?: Seen
}

/** `entries`: those the request led to, now or when it was first asked (`replayed`). */
export type Taken = {
  entries: Entry[]
  durability: Durability
  replayed: boolean
  /** None of the entries is written, nor will be: they change nothing, and are counted. */
  isCounted?: boolean
}

export interface Submit {
  /**
   * Resolves once the entries are durable. Rejects with the refusal of the rules, `key-reused`, `behind`,
   * `store-unavailable` or `journal-broken` (not done), or `outcome-unknown`.
   */
  entries(asked: Asked): Promise<Taken>

  /**
   * Writes a whole log, line for line, into a store that has none; tells `onWritten` how many entries are there. Resolves
   * with the last of them once all are durable. Throws `log-present` where there is a log.
   */
  lines(
    portions: AsyncIterable<{ lines: readonly Buffer[] }>,
    onWritten: (entries: number) => void,
  ): Promise<Head>

  /** Shares soft records with the other instances, the newest of each key; null forgets one. Never in the way of a flip. */
  records(records: ReadonlyMap<string, string | null>): Promise<void>
}
