// A real store behind a bad line: commits that never arrive, that are done and not answered, or that arrive late.

import { KillswitchError } from '../../src/domain/errors.js'
import type { Commit, CommitResult, Followed, Store } from '../../src/log/stores/store.js'

/** What happens to one commit: `late` is kept back, and done when the test says so. */
export type Fault = 'away' | 'reply-lost' | 'request-lost' | 'late' | 'crash' | 'moved'

export class FaultyStore implements Store {
  readonly kind: Store['kind']
  readonly #store: Store
  /** For the next commits, in order; then all is well. */
  faults: Fault[] = []
  readonly late: Commit[] = []
  /** How many commits were asked for. */
  asked = 0

  get where(): string {
    return this.#store.where
  }

  constructor(store: Store, kind: Store['kind'] = store.kind) {
    this.#store = store
    this.kind = kind
  }

  async commit(commit: Commit): Promise<CommitResult> {
    this.asked++
    const fault = this.faults.shift()
    if (fault === undefined) return this.#store.commit(commit)
    if (fault === 'moved') return { outcome: 'moved' }
    if (fault === 'away') throw new KillswitchError('store-unavailable', 'it is away')
    if (fault === 'crash') throw new TypeError('nobody foresaw this')
    if (fault === 'late') this.late.push(commit)
    if (fault === 'reply-lost') await this.#store.commit(commit)
    throw new KillswitchError('outcome-unknown', 'it did not answer')
  }

  /** What was held up on the way arrives now. */
  arrive(): Promise<CommitResult[]> {
    return Promise.all(this.late.splice(0).map(commit => this.#store.commit(commit)))
  }

  follow(...asked: Parameters<Store['follow']>): AsyncIterable<Followed> {
    return this.#store.follow(...asked)
  }
  share = (...asked: Parameters<Store['share']>) => this.#store.share(...asked)
  shared = (...asked: Parameters<Store['shared']>) => this.#store.shared(...asked)
  whenReady = (...asked: Parameters<Store['whenReady']>) => this.#store.whenReady(...asked)
  whyLost = (...asked: Parameters<Store['whyLost']>) => this.#store.whyLost(...asked)
  tryOut = (...asked: Parameters<Store['tryOut']>) => this.#store.tryOut(...asked)
  examine = (...asked: Parameters<Store['examine']>) => this.#store.examine(...asked)
  setAside = (...asked: Parameters<Store['setAside']>) => this.#store.setAside(...asked)
  head = () => this.#store.head()
  ping = () => this.#store.ping()
  close = () => this.#store.close()
}
