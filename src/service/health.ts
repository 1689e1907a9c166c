// Whether a kill can be taken and a known state served: what /readyz says, and why it is less than well.

import type { Finding } from '../domain/runbook.js'
import type { Log } from '../log/follow/known-log.js'
import type { Tail } from '../log/follow/tail.js'
import type { Store } from '../log/stores/store.js'
import type { Catalogue } from './catalogue.js'

export type Condition = { code: string; detail: string }
export type Readiness = { ready: boolean; degraded: Condition[] }

export class Health {
  readonly #log: Log
  readonly #store: Store
  readonly #tail: Tail
  readonly #catalogue: Catalogue
  /** Findings of the start that stay true: the store's posture. */
  posture: Condition[] = []
  readonly #watched: (() => Condition | undefined)[] = []
  /** What is wrong with the tokens file since it last changed; the tokens before it stay in force. */
  tokensFault: string | undefined
  /** The runbooks without their steps, and why. */
  unreadRunbooks: () => Finding[] = () => []

  constructor(parts: { log: Log; store: Store; tail: Tail; catalogue: Catalogue }) {
    this.#log = parts.log
    this.#store = parts.store
    this.#tail = parts.tail
    this.#catalogue = parts.catalogue
  }

  get hasKnownState(): boolean {
    return this.#log.state.catalogue !== undefined
  }

  /** Restores that were recovered and not applied, on flags not flipped since. */
  get notApplied(): number {
    let count = 0
    for (const flag of this.#log.state.flags.values()) count += flag.notApplied?.length ?? 0
    return count
  }

  /** What is less than well, and leaves every kill possible. */
  #leftOvers(): Condition[] {
    const { journal, provisional } = this.#log
    const found: Condition[] = []
    if (journal.reserve.isMissing)
      found.push({
        code: 'disk-full',
        detail:
          'The disk of the data folder is full: kills are taken, restores and notes are answered with 503.',
      })
    if (provisional.length > 0)
      found.push({
        code: 'provisional-kills',
        detail: `${provisional.length} kill(s) are in force here and not in the log yet: they come in when the store is back.`,
      })
    if (this.notApplied > 0)
      found.push({
        code: 'restores-not-applied',
        detail: `${this.notApplied} restore(s) of an abandoned branch were recovered and not applied: "notApplied" on the flags names them, and restoring again is for a person to decide.`,
      })
    return found
  }

  #unread(): Condition[] {
    return this.unreadRunbooks().map(({ runbook, message }) => ({
      code: 'runbook-unread',
      detail: `The runbook "${runbook}" is without its steps: ${message}. Flags are killed by their keys all the same, as off the runbook.`,
    }))
  }

  /** What another part finds less than well, when it is asked. */
  watch(look: () => Condition | undefined): void {
    this.#watched.push(look)
  }

  isLive(): boolean {
    return this.#tail.isLive
  }

  get tailLagMs(): number {
    return this.#tail.lagMs
  }

  async readiness(): Promise<Readiness> {
    const degraded: Condition[] = [...this.posture, ...this.#unread()]
    let ready = true
    const broken = this.#log.journal.broken
    if (broken !== undefined) {
      ready = false
      degraded.push({
        code: 'journal-broken',
        detail: `This instance's journal cannot be written: ${broken}`,
      })
    }
    degraded.push(...this.#leftOvers())
    if (!this.hasKnownState) {
      ready = false
      degraded.push({ code: 'no-known-state', detail: 'This instance has not seen the log yet.' })
    }
    const store = await this.#storeCondition()
    if (store?.code === 'dead-tail') ready = false
    if (store) degraded.push(store)
    const [fault] = this.#catalogue.faults
    if (fault)
      degraded.push({
        code: 'catalogue-faulty',
        detail: `This instance's files have ${this.#catalogue.faults.length} fault(s), the first at ${fault.file}:${fault.line}; the last good catalogue is in force.`,
      })
    if (this.tokensFault !== undefined)
      degraded.push({
        code: 'tokens-faulty',
        detail: this.tokensFault,
      })
    degraded.push(...this.#watched.map(look => look()).filter(found => found !== undefined))
    return { ready, degraded }
  }

  async #storeCondition(): Promise<Condition | undefined> {
    if (this.#tail.lost !== undefined)
      return {
        code: 'history-lost',
        detail: `${this.#tail.lost} It is being put right: the last known state is served, kills are taken provisionally, restores are answered with 503.`,
      }
    // asked on the connection that flips take, also while the tail is live on its own
    const answers = await this.#store.ping().then(
      () => true,
      () => false,
    )
    if (!answers)
      return {
        code: 'store-away',
        detail:
          'The store does not answer: the last known state is served, kills are taken provisionally, restores are answered with 503.',
      }
    if (this.#tail.isLive) return undefined
    return {
      code: 'dead-tail',
      detail:
        'The store answers, and its log is not being followed: flips on other instances are not seen here.',
    }
  }
}
