// Follows the store's log into this instance's journal, and knows how the store is: live, silent, or without our history.

import { open } from '../domain/audit.js'
import { KillswitchError } from '../domain/errors.js'
import type { Store } from '../domain/store.js'
import type { Log } from './log.js'

/** No word from the store for so long, and the tail counts as silent. */
export const SILENT_AFTER_MS = 2_500

export type TailEvents = {
  /** The store answers and holds our head. */
  onAlive(): void
  onLost(why: string): void
  onFault(error: unknown): void
}

export class Tail {
  readonly #log: Log
  readonly #store: Store
  readonly #events: TailEvents
  readonly #ending = new AbortController()
  #ended: Promise<void> = Promise.resolve()
  #aliveAt = Number.NEGATIVE_INFINITY
  #lost: string | undefined

  constructor(log: Log, store: Store, events: TailEvents) {
    this.#log = log
    this.#store = store
    this.#events = events
  }

  start(): void {
    this.#ended = this.#run()
  }

  /** Milliseconds since the store was last heard of; Infinity before the first time. */
  get lagMs(): number {
    return performance.now() - this.#aliveAt
  }

  get isLive(): boolean {
    return this.#lost === undefined && this.lagMs < SILENT_AFTER_MS
  }

  /** What was seen of a store that lost this log's history. */
  get lost(): string | undefined {
    return this.#lost
  }

  markLost(why: string): void {
    const isNew = this.#lost === undefined
    this.#lost = why
    if (isNew) this.#events.onLost(why)
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#ended
  }

  async #run(): Promise<void> {
    for await (const followed of this.#store.follow(() => this.#log.head, this.#ending.signal)) {
      if (followed.kind === 'lost') this.markLost(followed.why)
      else await this.#take(followed.kind === 'lines' ? followed.lines : [])
    }
  }

  async #take(lines: string[]): Promise<void> {
    try {
      if (lines.length > 0) await this.#log.accept(lines.map(open))
      this.#aliveAt = performance.now()
      this.#lost = undefined
      this.#events.onAlive()
    } catch (error) {
      if (error instanceof KillswitchError && error.code === 'history-lost') this.markLost(error.message)
      else this.#events.onFault(error)
    }
  }
}
