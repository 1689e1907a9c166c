// Follows the store's log into this instance's journal, and knows how the store is: live, silent, or without our history.

import { setTimeout as delay } from 'node:timers/promises'
import { KillswitchError } from '../../domain/errors.js'
import { placeOf } from '../../domain/log/audit.js'
import { readEntries } from '../../domain/log/chain.js'
import type { Followed, Store, StoreTime } from '../stores/store.js'
import type { KnownLog } from './known-log.js'

/** No word from the store for so long, and the tail counts as silent. */
const SILENT_AFTER_MS = 2_500
/** Between a following that broke off and the next. */
const AGAIN_MS = 100

const UNUSABLE: readonly string[] = ['history-lost', 'not-signed']

/** What the store holds after our head is no continuation of our log. */
export const isUnusable = (error: unknown): error is KillswitchError =>
  error instanceof KillswitchError && UNUSABLE.includes(error.code)

export type TailEvents = {
  /** The store answers and holds our head; `isWhole`: with all that is beside the log. */
  onAlive(isWhole: boolean): void
  /** The log is whole, and the flags' state beside it is not. Said again with every look, for as long as it is so. */
  onBare(): void
  /** Said again with every look, for as long as it is so. */
  onLost(why: string, isNew: boolean, isCut: boolean): void
  /** The store told its hour. */
  onTime(time: StoreTime): void
  onFault(error: unknown): void
}

export class Tail {
  readonly #log: KnownLog
  readonly #store: Store
  readonly #events: TailEvents
  readonly #ending = new AbortController()
  #ended: Promise<void> = Promise.resolve()
  #aliveAt = Number.NEGATIVE_INFINITY
  #lost: string | undefined

  constructor(log: KnownLog, store: Store, events: TailEvents) {
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

  /** `isCut`: a write met an end that was deleted, which a look may not see. */
  markLost(why: string, isCut = false): void {
    const isNew = this.#lost === undefined
    this.#lost = why
    this.#events.onLost(why, isNew, isCut)
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#ended
  }

  /** Follows anew, from where the log is, whenever what came could not be taken in: nothing is ever skipped. */
  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      await this.#follow(signal).catch(error => this.#events.onFault(error))
      await delay(AGAIN_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const followed of this.#store.follow(() => this.#log.head, signal)) {
      if (followed.kind !== 'lost' && followed.time) this.#events.onTime(followed.time)
      if (followed.kind === 'lost') this.markLost(followed.why)
      else if (!(await this.#take(followed))) return
      else if (followed.kind === 'alive') {
        this.#log.time.isCurrent(placeOf(this.#log.head))
        if (followed.isBare) this.#events.onBare()
      }
    }
  }

  async #take(followed: Exclude<Followed, { kind: 'lost' }>): Promise<boolean> {
    const lines = followed.kind === 'lines' ? followed.lines : []
    try {
      if (lines.length > 0) await this.#log.accept(readEntries(lines))
      else {
        await this.#log.retryJournal()
        this.#log.atEnd()
      }
      this.#aliveAt = performance.now()
      this.#lost = undefined
      this.#events.onAlive(!followed.isBare)
      return true
    } catch (error) {
      if (isUnusable(error)) this.markLost(error.message)
      else this.#events.onFault(error)
      return false
    }
  }
}
