// The port to where commits are decided. An adapter holds no rules: it compares heads, keeps lines, and tells what is
// there. Both adapters pass test/store/contract.ts, and these comments are what it checks.

import type { Head, SealedEntry } from '../../domain/log/audit.js'

/**
 * - `committed`: all entries are in the log, after `expectedHead`, durably as the store is set up.
 * - `conflict`: nothing was written. The log has grown past `expectedHead`; `missing` are its lines after that, in
 *   order, as many as one answer carries (the caller takes them in and tries again).
 * - `moved`: nothing was written. The log's epoch was opened on another server than this one (a restart, a failover), which
 *   may have lost entries, or the flags' state beside the log is not whole: the caller opens a new epoch, with mode `open`
 *   and the state of every flag, before it writes anything else.
 * - `lost`: nothing was written. The store does not hold `expectedHead`: it was emptied, rolled back, cut, or is
 *   another log. `why` says what was seen; `isCut`: it takes no entry at this place, because it once had one there.
 */
export type CommitResult =
  | { outcome: 'committed' }
  | { outcome: 'moved' }
  | { outcome: 'conflict'; missing: string[] }
  | { outcome: 'lost'; why: string; isCut?: boolean }

export type Commit = {
  /** The head the entries were sealed on. Because it is compared, an item decided on a complete log can never be
   *  written twice: a re-sent or late command finds a head that has moved. */
  expectedHead: Head
  /** At least one, chained from `expectedHead`. */
  entries: readonly SealedEntry[]
  /**
   * `write` (default). `open`: the first entry opens a new epoch on this server. `restore`: lines that the store lost, under
   * their own ids; whoever writes next must open an epoch.
   */
  mode?: 'write' | 'open' | 'restore'
  /** The state after the entries of every flag they changed, as JSON; null for a flag that is no more. */
  flags: ReadonlyMap<string, string | null>
}

/** The store's clock, ms: what it said; how long it took to say it; and when that came, by `performance.now()`. */
export type StoreTime = { at: number; tookMs: number; heardAt: number }

/**
 * What a follower is told: new lines in order without a gap, that the store answers, or that it does not hold `after`. `time`
 * is there where the store has a clock of its own.
 */
export type Followed =
  | { kind: 'lines'; lines: string[]; isBare?: boolean; time?: StoreTime }
  /** `isBare`: the log is whole, and the flags' state beside it is not: the next epoch puts it there again. */
  | { kind: 'alive'; isBare?: boolean; time?: StoreTime }
  | { kind: 'lost'; why: string }

/** What stands in the place of the log. */
export type Examined = {
  /** Names what was seen: it changes with whatever is written. */
  mark: string
  /** Why it is not one whole log that can be added to; absent where it is one, or nothing at all. */
  damage?: string
  /** Whether it has the entry asked about. */
  isHeld: boolean
  /** The highest place that it may have given to an entry of the service. */
  highest: number
  /** Its lines after that entry, as many as one answer carries, and none from the first on that is no entry. */
  lines: string[]
}

export interface Store {
  readonly kind: 'local' | 'redis'

  /** What it is, for a person, without user and password. */
  readonly where: string

  /** Resolves once it answers; throws `store-unavailable` with the reason seen last after `timeoutMs`. */
  whenReady(timeoutMs: number): Promise<void>

  /**
   * Writes the entries and the flags' state in one act, all or nothing, if and only if the log ends at `expectedHead`.
   * Throws KillswitchError `store-unavailable` where it is certain that nothing was or will be written, and
   * `outcome-unknown` where it may have been or may still be. Settles within the store's time limit (400 ms on Redis).
   */
  commit(commit: Commit): Promise<CommitResult>

  /**
   * Follows the log from `after()`, called anew at every (re)connect, and never skips an entry. `alive` comes at least
   * every 250 ms while the store answers. Ends when `signal` aborts; while the store is away it waits and reconnects.
   * Lines of one's own commits come too.
   */
  follow(after: () => Head, signal: AbortSignal): AsyncIterable<Followed>

  /**
   * Shares soft records beside the log, the newest of each key; null forgets one. Never part of a commit and never in its
   * way. Throws `store-unavailable`; what was lost is said again by whoever said it.
   */
  share(records: ReadonlyMap<string, string | null>): Promise<void>

  /** First every record that is kept, then those shared by any instance, one's own too. Ends when `signal` aborts. */
  shared(signal: AbortSignal): AsyncIterable<string[]>

  /** The log's end; EMPTY where there is none. Throws `store-unavailable`. */
  head(): Promise<Head>

  /** Why the store does not hold an entry (see `lost`); undefined where it does. Throws `store-unavailable`. */
  whyLost(head: Head): Promise<string | undefined>

  /**
   * Asks whether a write on `head` would pass, and writes nothing: resolves with why the log is lost where it is. Throws
   * `store-unavailable` in the store's own words where it would be refused.
   */
  tryOut(head: Head): Promise<string | undefined>

  /** Looks at what stands in the place of the log, from an entry on. Throws `store-unavailable`. */
  examine(after: Head): Promise<Examined>

  /**
   * Moves the log aside, where people can look at it, if it still is what `mark` names, and says whether it did; without a
   * mark the log stays. Whatever stands in the place of what is kept beside the log and cannot be it is moved too. Throws
   * `store-unavailable`.
   */
  setAside(mark?: string): Promise<boolean>

  /** Resolves while the store answers; throws `store-unavailable` within its time limit otherwise. */
  ping(): Promise<void>

  close(): Promise<void>
}
