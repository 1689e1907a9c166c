// The app instances and what they have applied. Soft state: gathered from receipts, shared between the instances of the
// service through the store in batches, and never in the way of a flip.

import type { Clock } from '../domain/clock.js'
import { converge, type Flip, hear, type Instance, type Liveness, livenessOf } from '../domain/convergence.js'
import { FORGOTTEN_AFTER_MS } from '../domain/receipt.js'
import type { Submit } from '../log/submit.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Convergence } from '../wire/convergence.js'
import type { Receipt } from '../wire/receipt.js'

/** Receipts that arrive within so long are shared in one write. */
const BATCH_MS = 50
const SWEEP_MS = 60_000

/** Counts clients without receipts that were answered at or past a revision. */
export type ServedCount = { count(application: string, revision: number, sinceMs: number): number }

type Record = { receipt: Receipt; heardAt: number }
export type FleetMember = Receipt & { liveness: Liveness; lastHeardAt: string; ageMs: number }

export class Fleet {
  readonly #submit: Pick<Submit, 'records'>
  readonly #subscribe: Pick<Subscribe, 'records'>
  readonly #clock: Clock
  readonly #served: ServedCount
  readonly #instances = new Map<string, Instance>()
  readonly #listeners = new Set<() => void>()
  readonly #ending = new AbortController()
  #unshared = new Map<string, string | null>()
  #flushing: NodeJS.Timeout | undefined
  #following: Promise<void> = Promise.resolve()
  #sweeping: NodeJS.Timeout | undefined
  #telling: NodeJS.Timeout | undefined
  #tellAgainAt = 0
  /** Told once of each app instance that contradicts the log. */
  onFork: (receipt: Receipt) => void = () => {}

  constructor(parts: {
    submit: Pick<Submit, 'records'>
    subscribe: Pick<Subscribe, 'records'>
    clock: Clock
    served: ServedCount
  }) {
    this.#submit = parts.submit
    this.#subscribe = parts.subscribe
    this.#clock = parts.clock
    this.#served = parts.served
  }

  start(): void {
    this.#following = this.#follow()
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  /** Takes in receipts that arrived here; the other instances of the service learn of them within BATCH_MS and a write. */
  receive(receipts: readonly Receipt[]): void {
    const heardAt = this.#clock()
    for (const receipt of receipts) {
      const known = this.#instances.get(keyOf(receipt))?.receipt.fork
      if (receipt.fork !== undefined && receipt.fork !== known) this.onFork(receipt)
      this.#hear({ receipt, heardAt })
      this.#unshared.set(keyOf(receipt), JSON.stringify({ receipt, heardAt } satisfies Record))
    }
    this.#flushing ??= setTimeout(() => this.#flush(), BATCH_MS).unref()
    this.#tell()
  }

  convergence(flip: Flip): Convergence {
    const served = this.#served.count(flip.application, flip.revision, FORGOTTEN_AFTER_MS)
    return converge(flip, [...this.#instances.values()], served, this.#clock())
  }

  /**
   * The convergence as soon as every live instance has confirmed, or after `waitMs` with who has not. At once where there
   * is no live instance: nobody is going to confirm.
   */
  async settled(flip: Flip, waitMs: number, signal: AbortSignal): Promise<Convergence> {
    const deadline = performance.now() + waitMs
    for (;;) {
      const convergence = this.convergence(flip)
      const left = deadline - performance.now()
      if (convergence.status !== 'pending' || left <= 0 || signal.aborted) return convergence
      await this.#changed(left, signal)
    }
  }

  members(application?: string): FleetMember[] {
    const now = this.#clock()
    return [...this.#instances.values()]
      .filter(({ receipt }) => application === undefined || receipt.app === application)
      .map(instance => ({
        ...instance.receipt,
        liveness: livenessOf(instance, now),
        lastHeardAt: new Date(instance.heardAt).toISOString(),
        ageMs: now - instance.heardAt,
      }))
      .sort((a, b) => (a.app === b.app ? compare(a.instance, b.instance) : compare(a.app, b.app)))
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    clearTimeout(this.#flushing)
    clearInterval(this.#sweeping)
    clearTimeout(this.#telling)
    this.#ending.abort()
    await this.#following
  }

  #hear({ receipt, heardAt }: Record): void {
    const key = keyOf(receipt)
    this.#instances.set(key, hear(this.#instances.get(key), receipt, heardAt))
  }

  /** At once, but for no more than a tenth of the time: who listens looks at the whole fleet, and ten thousand report. */
  #tell(): void {
    if (this.#telling !== undefined) return
    const waitMs = this.#tellAgainAt - performance.now()
    if (waitMs <= 0) this.#tellNow()
    else
      this.#telling = setTimeout(() => {
        this.#telling = undefined
        this.#tellNow()
      }, waitMs).unref()
  }

  #tellNow(): void {
    const began = performance.now()
    for (const listener of this.#listeners) listener()
    const ended = performance.now()
    this.#tellAgainAt = ended + 9 * (ended - began)
  }

  #flush(): void {
    this.#flushing = undefined
    const batch = this.#unshared
    this.#unshared = new Map()
    // the store is away: nothing is kept for later, because every SDK repeats its receipt
    void this.#submit.records(batch).catch(() => {})
  }

  async #follow(): Promise<void> {
    for await (const records of this.#subscribe.records(this.#ending.signal)) {
      for (const record of records.map(readRecord)) if (record !== undefined) this.#hear(record)
      this.#tell()
    }
  }

  #sweep(): void {
    const now = this.#clock()
    for (const [key, { heardAt }] of this.#instances) {
      if (now - heardAt <= FORGOTTEN_AFTER_MS) continue
      this.#instances.delete(key)
      this.#unshared.set(key, null)
    }
    if (this.#unshared.size > 0) this.#flushing ??= setTimeout(() => this.#flush(), BATCH_MS).unref()
  }

  #changed(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        unsubscribe()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      const unsubscribe = this.subscribe(done)
      signal.addEventListener('abort', done)
    })
  }
}

/** Undefined where it is none: what somebody else, or a later version, left in the store is nobody's instance here. */
function readRecord(text: string): Record | undefined {
  try {
    const { receipt, heardAt } = JSON.parse(text) as Record
    const isWhole = typeof receipt.app === 'string' && typeof receipt.instance === 'string'
    return isWhole && Number.isFinite(heardAt) ? { receipt, heardAt } : undefined
  } catch {
    return undefined
  }
}

const keyOf = ({ app, instance }: Receipt): string => `${app}\n${instance}`
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
