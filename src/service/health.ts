// Whether a kill can be taken and a known state served: what /readyz says, and why it is less than well.

import { by, KillswitchError } from '../domain/errors.js'
import { clockConditions } from '../domain/log/clocks.js'
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
  fleet: { readonly conditions: readonly Condition[] }
  files: () => Promise<Condition | undefined>
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
    const { condition, provisional, proof } = this.#log
    const found: Condition[] = []
    if (condition.damaged !== undefined)
      found.push({
        code: 'journal-damaged',
        detail: `This instance's journal is not as it was written: ${condition.damaged}${condition.isBarred ? ` ${MEANWHILE}` : ''}`,
      })
    if (condition.isFull)
      found.push({
        code: 'disk-full',
        detail:
          'The disk of the data folder is full: kills are taken, restores and notes are answered with 503.',
      })
    if (proof.refused !== undefined)
      found.push({
        code: 'not-extended',
        detail: `No checkpoint of the log is signed here: ${proof.refused}. The log of this instance has what to do.`,
      })
    if (provisional.length > 0)
      found.push({
        code: 'provisional-kills',
        detail: `${provisional.length} kill(s) are in force here and not in the log yet: they come in when the store is back.`,
      })
    found.push(...this.#signing())
    if (this.notApplied > 0)
      found.push({
        code: 'restores-not-applied',
        detail: `${this.notApplied} restore(s) of an abandoned branch were recovered and not applied: "notApplied" on the flags names them, and restoring again is for a person to decide.`,
      })
    return found
  }

  /** Who signs the log, and what was found that nobody signed. */
  #signing(): Condition[] {
    const { signing, notSigned } = this.#log.condition
    const found: Condition[] = []
    if (signing.is === 'key-missing')
      found.push({
        code: 'log-key-missing',
        detail: `The log is signed with the key ${signing.keyId}, and this instance was given another: it commits nothing, takes kills provisionally, and answers restores with 503. Give it the key that the others have: KILLSWITCH_LOG_KEY_FILE.`,
      })
    if (signing.is === 'unverified')
      found.push({
        code: 'log-unverified',
        detail: `The log is signed with the key ${signing.keyId}, and this instance was given none: it cannot tell who wrote what it obeys, commits nothing, takes kills provisionally, and answers restores with 503. Give it the key that the others have: KILLSWITCH_LOG_KEY_FILE.`,
      })
    if (notSigned.count > 0)
      found.push({
        code: 'not-signed',
        detail: `${notSigned.count === 1 ? 'Something was' : `${notSigned.count} times something was`} found that nobody with the key of the log signed. It is not obeyed. The newest: ${notSigned.problem} Look into it, and who else can write there: the lines are kept in not-signed/ of the data folder. When you have, move the files away and start this instance again.`,
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
    degraded.push(...this.#leftOvers(), ...clockConditions(this.#log.condition.clocks))
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
    const { streams, load, files } = this.#watched ?? {}
    const others = [streams?.condition, load?.condition, await files?.()]
    degraded.push(...others.filter(found => found !== undefined))
    degraded.push(...(this.#watched?.fleet.conditions ?? []))
    return { ready, degraded }
  }

  /** What is said to be done about it is done: a try that failed says why. */
  async #storeCondition(): Promise<Condition | undefined> {
    const { condition } = this.#log
    const { lost } = condition
    // the journal says what is so meanwhile
    if (condition.isBarred) return undefined
    if (lost !== undefined) return { code: 'history-lost', detail: `${lost} ${this.#mending} ${MEANWHILE}` }
    // asked on the connection that flips take, also while the tail is live on its own
    const refusal = await condition.probe()
    if (refusal?.isAway)
      return { code: 'store-away', detail: `The store does not answer: ${refusal.detail}. ${MEANWHILE}` }
    if (refusal !== undefined)
      return {
        code: 'store-refuses',
        detail: [
          `The store answers, and no flip can be committed: ${refusal.detail}.`,
          ...(condition.unmended === undefined ? [] : [this.#mending]),
          MEANWHILE,
        ].join(' '),
      }
    if (condition.unmended !== undefined)
      return {
        code: 'not-mended',
        detail: `What the store keeps beside the log is not whole. ${this.#mending}`,
      }
    if (condition.isLive) return undefined
    return {
      code: 'dead-tail',
      detail:
        'The store answers, and its log is not being followed: flips on other instances are not seen here.',
    }
  }

  get #mending(): string {
    const { unmended } = this.#log.condition
    return unmended === undefined
      ? 'It is being put right.'
      : `It could not be put right, and is tried again: ${unmended.replace(/\.$/, '')}.`
  }
}

const MEANWHILE =
  'The last known state is served, kills are taken provisionally, restores are answered with 503.'
