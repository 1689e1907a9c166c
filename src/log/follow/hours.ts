// The hour: this instance's clock, held against the store's and against the dates of the entries it follows. What it dates by is
// the lower of the two clocks once they are apart. Says what it sees, and decides nothing.

import { type Clock, toTimestamp } from '../../domain/clock.js'
import { placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { type AheadEntry, APART_MS, type Clocks } from '../../domain/log/clocks.js'
import type { StoreTime } from '../stores/store.js'

/** A store that took longer to answer says too little about the hour. */
const SLOWEST_MS = 500
/** So long an entry that came in ahead of the clocks is named. */
const NAMED_FOR_MS = 10 * 60_000

export class Hours {
  readonly #own: Clock
  readonly #running: Clock
  readonly #anchor: number
  #store: { at: number; heardAt: number; tookMs: number } | undefined
  #ahead: (AheadEntry & { seenAt: number }) | undefined

  /** `running`: what no correction moves. The store's hour goes on by it between two answers, and while the store is away. */
  constructor(own: Clock, running: Clock) {
    this.#own = own
    this.#running = running
    this.#anchor = own() - running()
  }

  /** As the clock at the start said it, and moved by nothing since: between two of its hours is what really passed. */
  readonly steady: Clock = () => this.#anchor + this.#running()

  /** What entries are dated by. */
  readonly now: Clock = () => {
    const own = this.#own()
    const store = this.#storeNow()
    return store !== undefined && this.#isApart(own - store) ? Math.min(own, store) : own
  }

  readonly common: Clock = () => this.#storeNow() ?? this.#own()

  told({ at, tookMs, heardAt }: StoreTime): void {
    if (tookMs > SLOWEST_MS) return
    const agoMs = performance.now() - heardAt
    this.#store = { at: at + tookMs / 2, heardAt: this.#running() - agoMs, tookMs }
  }

  /** Entries came in, as they were committed or a moment later. */
  saw(entries: readonly SealedEntry[]): void {
    const now = this.#higher()
    for (const { entry } of entries) {
      const aheadMs = Date.parse(entry.receivedAt) - now
      if (aheadMs <= APART_MS) continue
      const { action, actor, receivedAt } = entry
      this.#ahead = {
        ...{ place: placeOf(entry), action, actor: actor.id, via: actor.via, receivedAt, aheadMs },
        seenAt: this.#running(),
      }
    }
  }

  /** `at`: the hour of the log's last entry; empty where there is none. */
  clocks(at: string): Clocks {
    const own = this.#own()
    const store = this.#storeNow()
    const offsetMs = store === undefined ? undefined : own - store
    const aheadMs = at === '' ? 0 : Date.parse(at) - this.#higher()
    const { seenAt = Number.NEGATIVE_INFINITY, ...ahead } = this.#ahead ?? {}
    return {
      own: toTimestamp(own),
      ...(store === undefined ? {} : { store: toTimestamp(store) }),
      ...(offsetMs === undefined ? {} : { offsetMs, isApart: this.#isApart(offsetMs) }),
      ...(aheadMs > APART_MS ? { log: { at, aheadMs } } : {}),
      ...(this.#running() - seenAt < NAMED_FOR_MS ? { entry: ahead as AheadEntry } : {}),
    }
  }

  /** Only what is ahead of both is ahead. */
  #higher(): number {
    return Math.max(this.#own(), this.#storeNow() ?? Number.NEGATIVE_INFINITY)
  }

  /** Beyond what the way of the answer can account for. */
  #isApart(offsetMs: number): boolean {
    return Math.abs(offsetMs) > APART_MS + (this.#store?.tookMs ?? 0) / 2
  }

  #storeNow(): number | undefined {
    const store = this.#store
    return store && Math.round(store.at + this.#running() - store.heardAt)
  }
}
