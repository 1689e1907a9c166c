// The third door of the log: what this instance knows of it, whether the store is up or not.

import type { Kill } from '../domain/flip/kill.js'
import type { Age } from '../domain/log/age.js'
import type { Entry, Head } from '../domain/log/audit.js'
import type { AuditFilter, Order } from '../domain/log/audit-query.js'
import type { Clocks } from '../domain/log/clocks.js'
import type { State } from '../domain/state.js'
import type { ConsistencyProof, CosignaturesKept, InclusionProof } from '../wire/audit.js'
import type { Refusal } from './follow/probe.js'
import type { Row } from './index/postings.js'
import type { FoundEntry, QueryOptions, QueryResult, RowOptions } from './index/query.js'
import type { Verification } from './journal/verify.js'
import type { NotSigned } from './signing/evidence.js'

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
  stream(
    filter: AuditFilter,
    order: Order,
    signal?: AbortSignal,
    onUnreadable?: (said: string) => void,
  ): AsyncGenerator<FoundEntry>
  /** What the index has of every match, some at a time: no entry is read. */
  rows(filter: AuditFilter, options: RowOptions): AsyncGenerator<Pick<Row, 'place' | 'facts'>[]>
  /** The last place at a time; 0 where the log began later. */
  placeAt(ms: number, signal?: AbortSignal): Promise<number>
  /** Names that the log has: actors; flags that were flipped or defined. */
  names(kind: 'flag' | 'actor', most: number, signal?: AbortSignal): Promise<string[]>
  entry(place: number): Promise<(FoundEntry & { hash: string }) | undefined>
  /** Recomputes the whole chain from the bytes on disk. */
  verify(signal: AbortSignal): Promise<Verification>
}

/** What is signed of the log. */
interface Proof {
  /** Entries in the newest tree that is signed; 0 while none is. */
  readonly size: number
  /** Why nothing is signed any more: the log does not extend what was signed here before. */
  readonly refused: string | undefined
  readonly verifierKey: string | undefined
  newest(): string | undefined
  /** The newest checkpoint that enough witnesses stand behind. */
  readonly cosigned: string | undefined
  /** Keeps what witnesses said of a checkpoint. */
  keep(cosigned: string): CosignaturesKept
  signed(signal: AbortSignal): Promise<string>
  proof(place: number, signal: AbortSignal): Promise<InclusionProof>
  consistency(from: number, to: number | undefined, signal: AbortSignal): Promise<ConsistencyProof>
  tellEvery(ms: number, tell: (note: string, place: number) => void): () => void
}

type SigningStanding = 'to-be-signed' | 'signed' | 'key-missing' | 'unverified'

/** How the log is: the store behind it, and the disk below it. */
export interface Condition {
  /** The store answers, holds our history, and is being followed. */
  readonly isLive: boolean
  /** Milliseconds since the store was last heard of; Infinity before the first time. */
  readonly lagMs: number
  /** What was seen of a store that lost this log's history. */
  readonly lost: string | undefined
  /** Why the last try to put the store right failed; undefined where none did, or it is well again. */
  readonly unmended: string | undefined
  /** Why the store refused a write, or did not answer, when it was asked last; undefined where a write would pass. */
  readonly refusal: Refusal | undefined
  /** Why this disk takes no more of the log; undefined while it does. */
  readonly broken: string | undefined
  /** What of the log on this disk is not as it was written, and what is done about it; undefined while all seen of it is. */
  readonly damaged: string | undefined
  /** Nothing is committed before that is put right: kills are taken provisionally. */
  readonly isBarred: boolean
  /** The disk is full: what room is left is for kills. */
  readonly isFull: boolean
  /** What was found in the store or on the disk and is not obeyed. */
  readonly notSigned: NotSigned
  /**
   * - `unsigned`: neither is the log signed, nor would this instance sign it.
   * - `to-be-signed`: the log is not signed yet, and this instance would.
   * - `signed`: this instance signs what it commits, and obeys nothing that is not signed.
   * - `key-missing`: another key signs, which this instance was not given: it can commit nothing.
   * - `unverified`: this instance has no key: it can commit nothing, and obeys what it cannot verify.
   */
  readonly signing: { is: 'unsigned' } | { is: SigningStanding; keyId: string }
  /** This instance's clock, the store's, and what the dates of the log say of them. */
  readonly clocks: Clocks
  /** What the store's set-up lacks, found at the start: a code and a sentence each. */
  readonly posture: readonly { code: string; detail: string }[]
  /** Asks the store now whether a write would pass: why not, where it would not. */
  probe(): Promise<Refusal | undefined>
}

export interface LogState {
  /** The state that the rules decide on: what the log says. */
  readonly state: State
  /** The same with this instance's provisional kills in force: what it serves. */
  readonly known: State
  readonly provisional: readonly Kill[]
  readonly head: Head
  /** What this actor's request with this key led to, for seven days of this instance's running time. */
  became(actor: string, key: string): Promise<Became>
  /** How long ago this instance took in what is at a place, by its running time. */
  ageOf(place: number): Age
  /** The entry of a place. */
  entry(place: number): Promise<Entry | undefined>
  /** Resolves once this instance has followed the log to where it ended at the call. Throws `store-unavailable`. */
  toEnd(): Promise<void>
  readonly find: Finding
  readonly proof: Proof
  readonly condition: Condition
}
