// Follows a store in the background as the service does, and keeps all it is told, so that a test can wait for it.

import { EMPTY, type Head, open } from '../../src/domain/log/audit.js'
import type { Followed, Store } from '../../src/log/stores/store.js'
import { headOf } from './log.js'
import { until } from './until.js'

type Told = { kind: Followed['kind']; why?: string; isBare?: boolean; atMs: number }

export class Follower {
  readonly lines: string[] = []
  readonly told: Told[] = []
  /** What the follower has, as the service's journal would say. */
  head: Head
  ended = false
  readonly #abort = new AbortController()
  readonly #done: Promise<void>

  constructor(t: { after: (fn: () => Promise<void>) => void }, store: Store, from: Head = EMPTY) {
    this.head = from
    this.#done = this.#run(store)
    t.after(() => this.stop())
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  lineCount(count: number): Promise<boolean> {
    return until(() => this.lines.length >= count, `${count} lines (there are ${this.lines.length})`)
  }

  /** Resolves with the first thing of a kind told from now on. */
  async next(kind: Followed['kind'], withinMs?: number): Promise<Told> {
    const from = this.told.length
    return until(() => this.told.slice(from).find(told => told.kind === kind), `"${kind}"`, withinMs)
  }

  async #run(store: Store): Promise<void> {
    for await (const followed of store.follow(() => this.head, this.#abort.signal)) {
      this.told.push({ ...followed, atMs: performance.now() })
      if (followed.kind !== 'lines') continue
      this.lines.push(...followed.lines)
      this.head = headOf(open(followed.lines.at(-1) as string))
    }
    this.ended = true
  }
}
