// An app as the service sees it: a stream that is followed, the SDK's own rule for what comes in, and a cache that
// survives a restart. Without freshness, polling or receipts: what it is told, and what it makes of it.

import { apply, fromChange } from '../../sdk/src/follow/apply.js'
import { fromJson, holdOn, type Known, type KnownJson, keysOf, toJson } from '../../sdk/src/follow/known.js'
import { follow } from '../../sdk/src/follow/stream.js'
import { systemRuntime } from '../../sdk/src/runtime.js'
import type { Change } from '../../src/wire/snapshot.js'
import type { History } from './history.js'

export class Observer {
  readonly #number: number
  readonly #urls: readonly string[]
  readonly #token: string
  readonly #history: History
  readonly #ending = new AbortController()
  #known: Known | undefined
  #cache: KnownJson | undefined
  #session = new AbortController()
  #done: Promise<void> = Promise.resolve()
  /** How often a flag changed in its eyes. */
  changes = 0
  heardMs = 0

  constructor(given: { number: number; urls: readonly string[]; token: string; history: History }) {
    this.#number = given.number
    this.#urls = given.urls
    this.#token = given.token
    this.#history = given.history
  }

  start(): this {
    this.#done = this.#run()
    return this
  }

  get killed(): string[] {
    const known = this.#known
    return known === undefined
      ? []
      : [...keysOf(known)].filter(key => holdOn(known, key) !== undefined).sort()
  }

  get revision(): number {
    return this.#known?.revision ?? 0
  }

  get hasProvisional(): boolean {
    return (this.#known?.provisional.size ?? 0) > 0
  }

  /** Its process ends and comes up again from the cache file. */
  restart(): void {
    if (this.#cache === undefined) return
    const before = this.#known
    this.#known = fromJson(JSON.parse(JSON.stringify(this.#cache)) as KnownJson)
    this.#record(before, this.#known, true)
    this.#session.abort()
  }

  reconnect(): void {
    this.#session.abort()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    this.#session.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    for (let index = this.#number; !this.#ending.signal.aborted; index++) {
      this.#session = new AbortController()
      const url = this.#urls[index % this.#urls.length] as string
      const timer = setTimeout(() => this.#session.abort(), 13_000)
      await follow(systemRuntime, url, this.#headers(), this.#session.signal, {
        opened: () => timer.refresh(),
        change: change => this.#take(change),
        heartbeat: () => timer.refresh(),
        malformed: event => {
          throw new Error(`malformed ${event}`)
        },
      }).catch(() => {})
      clearTimeout(timer)
      if (!this.#ending.signal.aborted) await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  #headers(): Record<string, string> {
    const known = this.#known
    return {
      authorization: `Bearer ${this.#token}`,
      ...(known ? { 'killswitch-floor': String(known.revision), 'killswitch-log': known.log } : {}),
    }
  }

  #take(change: Change): void {
    this.heardMs = performance.now()
    const before = this.#known
    this.#known = apply(before, fromChange(change)).known
    this.#cache = toJson(this.#known)
    this.#record(before, this.#known)
  }

  #record(before: Known | undefined, after: Known, restarted = false): void {
    const keys = new Set([...(before ? keysOf(before) : []), ...keysOf(after)])
    for (const flag of keys) {
      const was = before === undefined ? [] : holdsOn(before, flag)
      const is = holdsOn(after, flag)
      if (was.length > 0 === is.length > 0) continue
      this.changes++
      const { revision } = after
      const sight = { observer: this.#number, atMs: performance.now(), flag, killed: is.length > 0, revision }
      this.#history.sights.push({ ...sight, before: was, after: is, ...(restarted ? { restarted } : {}) })
    }
  }
}

/** Those of the log and the provisional ones. */
function holdsOn(known: Known, flag: string): string[] {
  const provisional = [...known.provisional.values()].filter(hold => hold.flag === flag)
  return [...(known.flags.get(flag)?.held?.holds ?? []), ...provisional.map(({ id }) => id)]
}
