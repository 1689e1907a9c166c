// The app instances of this service, put together: who there is and was, what each has shown, and what that says of a flip.
// Never in the way of one.

import type { Times } from '../domain/clock.js'
import { converge, type Flip } from '../domain/fleet/convergence.js'
import type { Forgotten } from '../domain/fleet/fleet-state.js'
import { livenessOf, type Member } from '../domain/fleet/member.js'
import { FORGOTTEN_AFTER_MS } from '../domain/fleet/receipt.js'
import { hourOf } from '../domain/log/age.js'
import type { LogState } from '../log/state.js'
import type { Submit } from '../log/submit.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Warrants } from '../service/warrants.js'
import type { Convergence } from '../wire/convergence.js'
import type { Receipt } from '../wire/receipt.js'
import type { ProofLimit } from '../wire/words.js'
import { Answers } from './answers.js'
import { type Claim, Claims, type Opened } from './claims.js'
import { Hearing } from './hearing.js'
import { Listeners } from './listeners.js'
import { Membership } from './membership.js'
import type { FleetRecord } from './record.js'
import type { Sessions } from './sessions.js'
import { Sharing } from './sharing.js'
import { ShownBack } from './shown-back.js'

const SWEEP_MS = 5_000
/** A start without a record confirms nothing for so long: whoever runs has been heard by then. */
const UNRECORDED_MS = 60_000
/** What was told through a store that lost its history is told again by everybody who knew it: after so long all are known. */
const RETOLD_MS = 5_000

/** Counts clients without receipts that were answered at or past a revision. */
type ServedCount = { count(application: string, revision: number, sinceMs: number): number }

type Parts = {
  log: LogState
  submit: Pick<Submit, 'records' | 'entries'>
  subscribe: Subscribe
  times: Times
  environment: string
  served: ServedCount
  record: FleetRecord
  /** Whether there was one. */
  isRecorded: boolean
  sessions: Sessions
  warrants: Pick<Warrants, 'open'>
  keys: () => readonly Buffer[]
  /** Instances of one credential and one application. */
  most: number
}

export class Fleet {
  readonly #parts: Parts
  readonly #startedAt: number
  readonly #answers: Answers
  readonly #sharing: Sharing
  readonly #members: Membership
  readonly #claims: Claims
  readonly #hearing: Hearing
  readonly #shownBack: ShownBack
  readonly #listeners = new Listeners()
  readonly #unsubscribe: () => void
  #sweeping: NodeJS.Timeout | undefined
  #forgotten: readonly Forgotten[] = []
  #epoch: number
  #retoldAt = Number.NEGATIVE_INFINITY
  /** Whoever was known to a record that is lost has come back by now, or is waited for no longer. */
  #outlived: boolean
  /** Told once of each application that contradicts the log. */
  onFork: (receipt: Receipt) => void = () => {}
  /** Told of what failed in the background. */
  onFault: (error: unknown) => void = () => {}

  constructor(parts: Parts) {
    const { log, subscribe, submit, environment, keys, times, most, record, sessions, warrants } = parts
    const clock = times.steady
    this.#parts = parts
    this.#startedAt = clock()
    this.#outlived = parts.isRecorded
    this.#answers = new Answers(log, subscribe)
    const onMembers: Hearing['learn'] = shared => this.#hearing.learn(shared)
    this.#sharing = new Sharing({ submit, subscribe, environment, keys, onMembers })
    const members = new Membership({ log, times, record, sharing: this.#sharing, most }, this.#startedAt)
    const onChange = () => this.#listeners.tell()
    const onFork = (receipt: Receipt) => this.onFork(receipt)
    this.#members = members
    this.#claims = new Claims({ members, sessions, clock, onChange })
    this.#shownBack = new ShownBack({
      ...{ log, submit, subscribe, warrants, clock },
      onFault: error => this.onFault(error),
    })
    this.#hearing = new Hearing({
      ...{ log, members, sessions, times, onChange, onFork, answers: this.#answers },
      onShown: (by, warrants) => this.#shownBack.take(by, warrants),
    })
    this.#epoch = log.head.epoch
    this.#letGoOfForgotten()
    this.#unsubscribe = subscribe.entries(() => {
      this.#letGoOfForgotten()
      this.#tellAgain()
      this.#hearing.logChanged()
    })
  }

  start(): void {
    this.#sharing.start()
    this.#sweeping = setInterval(() => {
      if (this.#members.sweep()) this.#listeners.tell()
    }, SWEEP_MS).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping)
    this.#unsubscribe()
    this.#answers.close()
    this.#listeners.close()
    await this.#shownBack.close()
    await this.#sharing.close()
    await this.#members.close()
  }

  /** Gives an instance its session. Resolves once it is remembered. */
  open(claim: Claim): Promise<Opened> {
    return this.#claims.open(claim)
  }

  /** Remembers an SDK that sends no receipts, by its name. What it gives is called when its stream has ended. */
  attach(claim: Pick<Claim, 'credential' | 'app' | 'instance'>): Promise<() => void> {
    return this.#claims.attach(claim)
  }

  /** Takes in receipts; all of them, or none. Throws `unknown-session`, `too-many-instances`. */
  receive(credential: string, receipts: readonly Receipt[]): void {
    this.#hearing.receive(credential, receipts)
  }

  /** Who has applied a flip, as of now. `most`: how many instances it names. */
  async convergence(flip: Flip, most?: number): Promise<Convergence> {
    const found = this.#converge(flip, [], most)
    if (found.status !== 'confirmed') return found
    // an instance that came up elsewhere is told of before it is served: once all that was told is known here, all are
    const isWhole = await this.#sharing.fence()
    return this.#converge(flip, isWhole ? [] : ['store-away'], most)
  }

  /** The same once it is no longer pending, or after `waitMs`. */
  async settled(flip: Flip, waitMs: number, signal: AbortSignal, most?: number): Promise<Convergence> {
    const deadline = performance.now() + waitMs
    for (;;) {
      const changed = this.#listeners.next(signal)
      const convergence = await this.convergence(flip, most)
      const left = deadline - performance.now()
      if (convergence.status !== 'pending' || left <= 0 || signal.aborted) {
        changed.cancel()
        return convergence
      }
      await changed.within(left)
    }
  }

  /** What its windows are counted by. */
  get now(): number {
    return this.#parts.times.steady()
  }

  /** When a flip was, by what this instance counts by: as it was dated, unless that cannot be. */
  hourOf({ at, revision, hold }: Pick<Flip, 'at' | 'revision' | 'hold'>): number {
    return this.#hour(at, hold === undefined ? revision : undefined)
  }

  /** What an instance's hour, as it is kept here, is on the clock. */
  dateOf(hour: number): number {
    return this.#parts.times.clock() - (this.now - hour)
  }

  /** A flip after this place is not confirmed: somebody who is there, and not lost, has not shown it. */
  shownByAll(application: string): number {
    const { now } = this
    let lowest = Number.POSITIVE_INFINITY
    for (const member of this.#members.roster.of(application)) {
      if (member.gone !== undefined || livenessOf(member, now) === 'lost') continue
      lowest = Math.min(lowest, member.shown.at(-1)?.revision ?? 0)
    }
    return lowest
  }

  members(application?: string): Iterable<Member> {
    const { roster } = this.#members
    return application === undefined ? roster.all() : roster.of(application)
  }

  /** It has left, and another process has its name now. */
  isSucceeded({ app, instance, gone }: Member): boolean {
    return (
      gone !== undefined && this.#members.roster.named(app, instance).some(each => each.gone === undefined)
    )
  }

  get size(): number {
    return this.#members.roster.size
  }

  /** The most that one credential has of one application, of so many that it may have. */
  get room(): { fullest: number; most: number } {
    const { fullest, most } = this.#members.roster
    return { fullest, most }
  }

  /** Applications of which instances were refused, and how often, within the time that a lost one is waited for. */
  get refused(): ReadonlyMap<string, number> {
    return this.#members.refused.counts(app => this.#members.windowOf(app))
  }

  forgetRefused(app: string): void {
    this.#members.refused.clear(app)
  }

  /** Receipts refused for a session that is not their own. */
  get foreign(): number {
    return this.#hearing.foreign
  }

  /** Why the disk takes no more of the record. */
  get broken(): string | undefined {
    return this.#parts.record.broken
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener)
  }

  /** For a minute of this process: a start within it is no reason to know better. */
  #isUnrecorded(now: number): boolean {
    if (this.#outlived) return false
    if (now - this.#startedAt < UNRECORDED_MS) return true
    this.#outlived = true
    void this.#parts.record.outlived()
    return false
  }

  #converge(flip: Flip, more: readonly ProofLimit[], most?: number): Convergence {
    const { log, served, subscribe } = this.#parts
    const { now } = this
    const { application } = flip
    const { refused, roster } = this.#members
    const because: ProofLimit[] = [...more]
    if (this.#isUnrecorded(now)) because.push('no-record')
    const { outgrownAt } = this.#hearing
    if (outgrownAt !== undefined && now - outgrownAt < UNRECORDED_MS) because.push('log-outgrown')
    if (subscribe.isShared && now - this.#retoldAt < RETOLD_MS) because.push('being-told-again')
    if (refused.isRefused(application, this.#members.windowOf(application))) because.push('instances-refused')
    const flag = log.known.flags.get(flip.flag)
    const around = {
      ...{ now, because, known: log.known, shiftMs: this.dateOf(now) - now },
      ...(flag === undefined ? {} : { flippedAt: this.#hour(Date.parse(flag.flippedAt), flag.flipped) }),
      served: served.count(application, flip.revision, FORGOTTEN_AFTER_MS),
    }
    return converge({ ...flip, at: this.hourOf(flip) }, roster.of(application), around, most)
  }

  /** `place`: of the entry, where it is in the log. */
  #hour(at: number, place: number | undefined): number {
    const { times, log } = this.#parts
    const { now } = this
    const age = place === undefined ? { atLeastMs: 0 } : log.ageOf(place)
    return hourOf(now - (times.clock() - at), age, now)
  }

  /** Another epoch is another store, or one that lost what was told through it. */
  #tellAgain(): void {
    const { epoch } = this.#parts.log.head
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#retoldAt = this.now
    for (const { id, gone } of this.#members.roster.all()) if (gone === undefined) this.#members.share(id)
  }

  #letGoOfForgotten(): void {
    const { forgotten } = this.#parts.log.state
    if (forgotten === this.#forgotten) return
    this.#forgotten = forgotten
    for (const { id, at, place } of forgotten) {
      const member = this.#members.get(id)
      if (member === undefined || member.gone !== undefined) continue
      if (member.heardAt <= this.#hour(Date.parse(at), place))
        this.#members.leave({ ...member, gone: 'forgotten' })
    }
  }
}
