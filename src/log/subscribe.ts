// The second door of the log: what it tells of itself, as it happens.

import type { SealedEntry } from '../domain/log/audit.js'
import type { State } from '../domain/state.js'

/** Told new entries in order and without a gap, durable here or known to be in the store; none where only `served` changed. */
export type Listener = (entries: readonly SealedEntry[], state: State) => void

export interface Subscribe {
  /** Whether other instances may share the store, and records with it. */
  readonly isShared: boolean

  /** `first`: before all others, for what tells the apps; nothing on the way of a flip waits for a log line. Returns the end. */
  entries(listener: Listener, turn?: 'first' | 'after'): () => void

  /** Told the entries that this instance committed itself. */
  committed(listener: (entries: readonly SealedEntry[]) => void): () => void

  /** First every soft record that is kept, then those that any instance shares, one's own too. Ends when `signal` aborts. */
  records(signal: AbortSignal): AsyncIterable<string[]>
}
