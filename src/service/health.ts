// Whether a kill can be taken and a known state served: what /readyz says, and why it is less than well.

import { by, KillswitchError } from '../domain/errors.js'
import type { LogState } from '../log/state.js'
import type { Condition } from '../wire/health.js'
import type { Finding } from '../wire/runbook.js'
import type { Catalogue } from './catalogue.js'

/** Other parts that know when they are less than well. */
export type Watched = {
  /** The runbooks without their steps, and why. */
  runbooks: { readonly unread: readonly Finding[] }
  streams: { readonly condition: Condition | undefined }
  load: { readonly condition: Condition | undefined }
}
export type Readiness = { ready: boolean; degraded: Condition[] }

export class Health {
  readonly #log: LogState
  readonly #catalogue: Catalogue
  #watched: Watched | undefined
  /** What is wrong with the tokens file since it last changed; the tokens before it stay in force. */
  tokensFault: string | undefined

  constructor(parts: { log: LogState; catalogue: Catalogue }) {
    this.#log = parts.log
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
    const { condition, provisional } = this.#log
    const found: Condition[] = []
    if (condition.isFull)
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
    return (this.#watched?.runbooks.unread ?? []).map(({ runbook, message }) => ({
      code: 'runbook-unread',
      detail: `The runbook "${runbook}" is without its steps: ${message}. Flags are killed by their keys all the same, as off the runbook.`,
    }))
  }

  /** They are asked whenever somebody asks this. */
  watch(watched: Watched): void {
    this.#watched = watched
  }

  /** Throws `no-known-state` on an instance that has not seen the log: it never answers with an empty state. */
  assertKnown(): void {
    if (this.hasKnownState) return
    throw new KillswitchError(
      'no-known-state',
      'This instance has not seen the log yet: the store was away when it started, and its journal is empty.',
      { wayOut: [by('Ask another instance, or try again when the store is back.')] },
    )
  }

  isLive(): boolean {
    return this.#log.condition.isLive
  }

  get tailLagMs(): number {
    return this.#log.condition.lagMs
  }

  async readiness(): Promise<Readiness> {
    const degraded: Condition[] = [...this.#log.condition.posture, ...this.#unread()]
    let ready = true
    const broken = this.#log.condition.broken
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
    const others = [this.#watched?.streams.condition, this.#watched?.load.condition]
    degraded.push(...others.filter(found => found !== undefined))
    return { ready, degraded }
  }

  async #storeCondition(): Promise<Condition | undefined> {
    const { condition } = this.#log
    if (condition.lost !== undefined)
      return {
        code: 'history-lost',
        detail: `${condition.lost} It is being put right: the last known state is served, kills are taken provisionally, restores are answered with 503.`,
      }
    // asked on the connection that flips take, also while the tail is live on its own
    const answers = await condition.ping().then(
      () => true,
      () => false,
    )
    if (!answers)
      return {
        code: 'store-away',
        detail:
          'The store does not answer: the last known state is served, kills are taken provisionally, restores are answered with 503.',
      }
    if (condition.isLive) return undefined
    return {
      code: 'dead-tail',
      detail:
        'The store answers, and its log is not being followed: flips on other instances are not seen here.',
    }
  }
}
