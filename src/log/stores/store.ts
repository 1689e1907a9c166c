// The port to where commits are decided. An adapter holds no rules: it compares heads, keeps lines, and tells what is
// there. Both adapters pass test/store/contract.ts, and these comments are what it checks.

import type { Head, SealedEntry } from '../../domain/audit.js'

/**
 * - `committed`: all entries are in the log, after `expectedHead`, durably as the store is set up.
 * - `conflict`: nothing was written. The log has grown past `expectedHead`; `missing` are its lines after that, in
 *   order, as many as one answer carries (the caller takes them in and tries again).
 * - `moved`: nothing was written. The log's epoch was opened on another server than this one (a restart, a failover), which
 *   may have lost entries, or the flags' state beside the log is not whole: the caller opens a new epoch, with mode `open`
 *   and the state of every flag, before it writes anything else.
 * - `lost`: nothing was written. The store does not hold `expectedHead`: it was emptied, rolled back, cut, or is
 *   another log. `why` says what was seen.
 */
export type CommitResult =
  | { outcome: 'committed' }
  | { outcome: 'moved' }
  | { outcome: 'conflict'; missing: string[] }
  | { outcome: 'lost'; why: string }

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

/** What a follower is told: new lines in order without a gap, that the store answers, or that it does not hold `after`. */
export type Followed =
  | { kind: 'lines'; lines: string[] }
  /** `isBare`: the log is whole, and the flags' state beside it is not: the next epoch puts it there again. */
  | { kind: 'alive'; isBare?: boolean }
  | { kind: 'lost'; why: string }

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

  /** Resolves while the store answers; throws `store-unavailable` within its time limit otherwise. */
  ping(): Promise<void>

  close(): Promise<void>
}
