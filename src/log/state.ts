// The third door of the log: what this instance knows of it, whether the store is up or not.

import type { Entry, Head } from '../domain/audit.js'
import type { AuditFilter, Order } from '../domain/audit-query.js'
import type { Kill } from '../domain/kill.js'
import type { State } from '../domain/state.js'
import type { InclusionProof } from '../wire/audit.js'
import type { FoundEntry, QueryOptions, QueryResult } from './index/query.js'
import type { Verification } from './journal/verify.js'

export type { FoundEntry, QueryResult, Verification }

/** What became of a request. `torn`: a crash left only a part of a step run. `unknown`: this log has nothing of it. */
export type Became =
  | { state: 'applied' | 'unchanged' | 'never' | 'provisional'; entries: Entry[] }
  | { state: 'pending' }
  | { state: 'torn' }
  | { state: 'unknown' }

/** Questions to the log on this disk. */
export interface Finding {
  query(filter: AuditFilter, options: QueryOptions): Promise<QueryResult>
  stream(filter: AuditFilter, order: Order, signal?: AbortSignal): AsyncGenerator<FoundEntry>
  entry(place: number): Promise<(FoundEntry & { hash: string }) | undefined>
  /** Recomputes the whole chain from the bytes on disk. */
  verify(signal: AbortSignal): Promise<Verification>
}

/** What is signed of the log. */
interface Proof {
  /** Entries in the newest tree that is signed; 0 while none is. */
  readonly size: number
  readonly verifierKey: string | undefined
  newest(): string | undefined
  signed(signal: AbortSignal): Promise<string>
  proof(place: number | undefined, given: string, signal: AbortSignal): Promise<InclusionProof>
  tellEvery(ms: number, tell: (note: string, place: number) => void): () => void
}

/** How the log is: the store behind it, and the disk below it. */
export interface Condition {
  /** The store answers, holds our history, and is being followed. */
  readonly isLive: boolean
  /** Milliseconds since the store was last heard of; Infinity before the first time. */
  readonly lagMs: number
  /** What was seen of a store that lost this log's history. */
  readonly lost: string | undefined
  /** Why this disk takes no more of the log; undefined while it does. */
  readonly broken: string | undefined
  /** The disk is full: what room is left is for kills. */
  readonly isFull: boolean
  /** What the store's set-up lacks, found at the start: a code and a sentence each. */
  readonly posture: readonly { code: string; detail: string }[]
  /** Resolves while the store answers; throws `store-unavailable` within its time limit otherwise. */
  ping(): Promise<void>
}

export interface LogState {
  /** The state that the rules decide on: what the log says. */
  readonly state: State
  /** The same with this instance's provisional kills in force: what it serves. */
  readonly known: State
  readonly provisional: readonly Kill[]
  readonly head: Head
  /** What this actor's request with this key led to, for seven days. */
  became(actor: string, key: string): Promise<Became>
  /** The entry of a place. */
  entry(place: number): Promise<Entry | undefined>
  /** Resolves once this instance has followed the log to where it ended at the call. Throws `store-unavailable`. */
  toEnd(): Promise<void>
  readonly find: Finding
  readonly proof: Proof
  readonly condition: Condition
}
