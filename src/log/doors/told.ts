// The door `subscribe` from inside.

import type { SealedEntry } from '../../domain/log/audit.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Store } from '../stores/store.js'
import type { Listener, Subscribe } from '../subscribe.js'

type Committed = (entries: readonly SealedEntry[]) => void

export class Told implements Subscribe {
  readonly #log: KnownLog
  readonly #store: Store
  #committed: readonly Committed[] = []

  constructor(log: KnownLog, store: Store) {
    this.#log = log
    this.#store = store
  }

  get isShared(): boolean {
    return this.#store.kind === 'redis'
  }

  entries(listener: Listener, turn: 'first' | 'after' = 'after'): () => void {
    return this.#log.subscribe(listener, turn)
  }

  committed(listener: Committed): () => void {
    this.#committed = [...this.#committed, listener]
    return () => {
      this.#committed = this.#committed.filter(each => each !== listener)
    }
  }

  records(signal: AbortSignal): AsyncIterable<string[]> {
    return this.#store.shared(signal)
  }

  /** What the gate calls. */
  tellCommitted(entries: readonly SealedEntry[]): void {
    for (const listener of this.#committed) listener(entries)
  }
}
