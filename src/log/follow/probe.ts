// Asks the store now and then, and whenever somebody wants to know, whether a write would pass: a store may answer, be
// followed, and refuse every flip. Says so once when it begins and once when it ends. Writes nothing.

import { KillswitchError } from '../../domain/errors.js'
import { placeOf } from '../../domain/log/audit.js'
import type { Store } from '../stores/store.js'
import type { KnownLog } from './known-log.js'

const EVERY_MS = 1_000

/** `isAway`: it cannot be reached, or does not answer. `detail` is what was seen, in the store's own words. */
export type Refusal = { isAway: boolean; detail: string }

type Events = {
  /** The log is not what it was: why. */
  onLost(why: string): void
  onRefused(refusal: Refusal): void
  onPasses(): void
}

export class Probe {
  readonly #log: KnownLog
  readonly #store: Store
  readonly #events: Events
  #asking: Promise<Refusal | undefined> | undefined
  #refusal: Refusal | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(log: KnownLog, store: Store, events: Events) {
    this.#log = log
    this.#store = store
    this.#events = events
  }

  start(): void {
    this.#timer = setInterval(() => void this.ask(), EVERY_MS)
    this.#timer.unref()
  }

  /** As it was found last; undefined while a write would pass. */
  get refusal(): Refusal | undefined {
    return this.#refusal
  }

  /** Looks now. */
  ask(): Promise<Refusal | undefined> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#asking
  }

  async #ask(): Promise<Refusal | undefined> {
    const before = this.#refusal
    const { head } = this.#log
    try {
      const why = await this.#store.tryOut(head)
      // one that moved on meanwhile, as when a branch is left, was asked about too early
      if (why !== undefined && placeOf(this.#log.head) >= placeOf(head)) this.#events.onLost(why)
      this.#refusal = undefined
    } catch (error) {
      this.#refusal = refusalOf(error)
    }
    const { refusal } = this
    if (refusal !== undefined && refusal.detail !== before?.detail) this.#events.onRefused(refusal)
    if (refusal === undefined && before !== undefined) this.#events.onPasses()
    return refusal
  }
}

/** What the connection says, and not the store. */
const AWAY = /^(?:not-connected|closed|unreachable|tls|ETIMEDOUT|ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_)/

function refusalOf(error: unknown): Refusal {
  const cause = error instanceof KillswitchError ? error.data.cause : undefined
  const detail = error instanceof Error ? error.message : String(error)
  return { isAway: cause === undefined || AWAY.test(cause), detail }
}
