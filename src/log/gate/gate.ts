// The one way in: authorise -> decide -> seal -> commit -> journal -> acknowledge. Whatever waits is committed together,
// kills first; each item is decided on the state after its predecessors, and again on the new head after a conflict.

import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../domain/clock.js'
import { KillswitchError } from '../../domain/errors.js'
import {
  afterFailure,
  afterSighting,
  endOf,
  mayTryAgain,
  nextFor,
  UNTRIED,
} from '../../domain/flip/waiting.js'
import { placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { readEntries } from '../../domain/log/chain.js'
import { LogKeys } from '../../domain/log/log-keys.js'
import type { KnownLog } from '../follow/known-log.js'
import type { CommitResult, Store } from '../stores/store.js'
import {
  type Accepted,
  type Ask,
  answerAll,
  answerCounted,
  type Batch,
  type Decided,
  decideBatch,
  durabilityOf,
  headOf,
  type Opening,
  type Unresolved,
  type Waiting,
} from './batch.js'
import {
  asKillswitchError,
  cannotSign,
  historyLost,
  keyReused,
  onlyKills,
  opensAnew,
  stillAway,
  tooBusy,
  unknownOutcome,
} from './gate-errors.js'
import { Pending, Queue } from './queue.js'
import { voided } from './voided.js'

/** How long the gate tries; with a kill in the batch or behind it, until that is taken provisionally. */
const DEADLINE_MS = 2_000
const KILL_DEADLINE_MS = 30
/** Between two tries: the store needs the event loop to come back. */
const RETRY_MS = 20

export class Gate {
  readonly #log: KnownLog
  readonly #store: Store
  readonly #environment: string
  readonly #clock: Clock
  readonly #random: () => number
  readonly #keys: LogKeys
  readonly #queue = new Queue<Waiting>()
  /** What is being committed, by actor and key. */
  #trying: ReadonlyMap<string, Waiting> = new Map()
  #running: Promise<void> | undefined
  readonly #pending = new Pending()
  readonly #unresolved = new Map<string, Unresolved>()
  /** The last commit failed, and nothing was heard of the store since: nobody is made to wait for it again. */
  #away: KillswitchError | undefined
  /** Why the next commit has to open a new epoch. */
  #opening: Opening | undefined
  /** Why nothing may be committed. */
  bar: () => KillswitchError | undefined = () => undefined
  /** Told the head of a store that turned out to have lost history. */
  onLost: (why: string, isCut?: boolean) => void = () => {}
  /** Told the entries this instance committed; must not throw. */
  onCommitted: (entries: readonly SealedEntry[]) => void = () => {}

  /** `random`: numbers in [0, 1), for the epochs it opens. */
  constructor(parts: {
    log: KnownLog
    store: Store
    environment: string
    clock: Clock
    random: () => number
    keys?: LogKeys
  }) {
    this.#log = parts.log
    this.#store = parts.store
    this.#environment = parts.environment
    this.#clock = parts.clock
    this.#random = parts.random
    this.#keys = parts.keys ?? new LogKeys()
    // a refusal is not among what was answered: here its entry is seen
    this.#log.subscribe(entries => {
      for (const { entry } of entries) {
        const item = this.#trying.get(idOf(entry.actor.id, entry.request.key))
        if (item) item.standing = afterSighting(item.standing)
      }
    })
  }

  /** Resolves once the entries are durable; rejects with the refusal, 503 (not done) or 504 (unknown). */
  submit(ask: Omit<Ask, 'receivedAt'> & { receivedAt?: number }): Promise<Accepted> {
    if (ask.priority !== 'kill' && this.#log.journal.reserve.isMissing) return Promise.reject(onlyKills())
    const id = idOf(ask.actor, ask.key)
    this.#pending.begin(id)
    const settled = new Promise<Accepted>((resolve, reject) => {
      this.#queue.push({ receivedAt: this.#clock(), ...ask, id, standing: UNTRIED, resolve, reject })
    }).finally(() => this.#pending.end(id))
    this.#running ??= this.#run()
    return settled
  }

  /** Whether a request with this key is on its way, or its outcome unknown. */
  isPending(actor: string, key: string): boolean {
    const id = idOf(actor, key)
    return this.#pending.has(id) || this.#unresolved.has(id)
  }

  /**
   * Called while the store answers: every attempt with an unknown outcome is settled by an entry of its own. The entry
   * moves the head, so that a command still on its way to the store can no longer match.
   */
  settleUnknown(): void {
    for (const [id, { ask, draft }] of this.#unresolved) {
      this.#unresolved.delete(id)
      this.submit({
        ...ask,
        priority: 'note',
        decide: (_, now) => ({ drafts: [voided(draft, now)] }),
      }).catch(error => {
        // the key was used for something else meanwhile: then the head has moved, and that is all it takes
        const code = error instanceof KillswitchError ? error.code : undefined
        // where its own outcome is unknown it is back among the unresolved already
        if (code !== 'key-reused' && code !== 'outcome-unknown') this.#unresolved.set(id, { ask, draft })
      })
    }
  }

  /** Called while the store answers: the next commit is tried again. */
  storeAnswers(): void {
    this.#away = undefined
  }

  /** An attempt with an unknown outcome is settled otherwise: it was taken provisionally, under the same key. */
  forget(actor: string, key: string): void {
    this.#unresolved.delete(idOf(actor, key))
  }

  /** The store had lost lines, which are put back: the next commit opens a new epoch, and says so. */
  async openEpoch(opening: Opening): Promise<void> {
    this.#opening = opening
    this.#away = undefined // the store was just spoken with
    const key = `opening-${placeOf(this.#log.head)}`
    // asks for nothing: the batch has the entry that opens the epoch, and perhaps what waits beside it
    const ask = { priority: 'kill' as const, actor: 'killswitch', key, digest: key }
    await this.submit({ ...ask, decide: () => ({ drafts: [] }) }).catch(() => {})
  }

  async close(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    // one turn of the event loop: what arrives together is committed together
    await new Promise<void>(resolve => setImmediate(resolve))
    while (this.#queue.length > 0) {
      const batch = this.#queue.takeBatch()
      this.#trying = new Map(batch.map(item => [item.id, item]))
      try {
        await this.#attempt(batch)
      } catch (error) {
        // a fault of ours: nobody may be left waiting for an answer
        for (const item of batch) this.#fail(item, error)
      }
    }
    // in the same turn as the look at the queue, so that nothing comes in between unseen
    this.#running = undefined
  }

  async #attempt(batch: Waiting[]): Promise<void> {
    const [isKill, start] = [batch.some(item => item.priority === 'kill'), performance.now()]
    let waiting = batch
    for (;;) {
      const batch = this.#decide(waiting)
      const { decided } = batch
      waiting = decided.map(each => each.item)
      const isWritten = batch.entries.length > 0
      if (!isWritten && (await answerCounted(batch, this.#store, this.#log.isJournaled))) return
      if (!isWritten) continue
      const barred = this.#away ?? this.bar() ?? (batch.unsignedFor && cannotSign(batch.unsignedFor))
      if (barred) return this.#failAll(decided, barred)
      const failure = await this.#commit(batch)
      if (failure === 'none') return
      const spent = performance.now() - start
      if (failure === 'conflict') {
        if (spent > DEADLINE_MS) return this.#failAll(decided, tooBusy())
        continue
      }
      const hasKill = isKill || this.#queue.has('kill')
      const isLate = spent > (hasKill ? KILL_DEADLINE_MS : DEADLINE_MS)
      const standings = waiting.map(item => item.standing)
      if (isLate || !mayTryAgain(failure.code, standings)) return this.#giveUp(decided, failure)
      await delay(RETRY_MS)
    }
  }

  /** One try. On an error each item keeps what was tried, where that may have been written. */
  async #commit(batch: Batch): Promise<'none' | 'conflict' | KillswitchError> {
    const { state, entries, flags, decided } = batch
    try {
      const mode = this.#opening ? 'open' : 'write'
      const result = await this.#store.commit({ expectedHead: headOf(state), entries, flags, mode })
      return (await this.#finish(result, batch)) ? 'none' : 'conflict'
    } catch (error) {
      const failure = asKillswitchError(error)
      for (const { item, draft, refusal } of decided.filter(({ counted }) => counted === undefined)) {
        const attempt = { draft, after: placeOf(state.head), ...(refusal === undefined ? {} : { refusal }) }
        item.standing = afterFailure(item.standing, failure.code, attempt)
      }
      return failure
    }
  }

  #giveUp(decided: readonly Decided[], failure: KillswitchError): void {
    if (this.#store.kind !== 'local') this.#away = stillAway(failure)
    this.#failAll(decided, failure)
  }

  #failAll(decided: readonly Decided[], error: KillswitchError): void {
    for (const { item, refusal } of decided) this.#fail(item, error, refusal)
  }

  #decide(waiting: Waiting[]): Batch {
    const { state } = this.#log
    const head = placeOf(state.head)
    const open = waiting.filter(item => this.#isToBeDecided(item, head))
    const by = { now: this.#clock(), random: this.#random, keys: this.#keys, opening: this.#opening }
    return decideBatch(open, state, this.#environment, by)
  }

  /** Answers an item that the log has answered already. */
  #isToBeDecided(item: Waiting, head: number): boolean {
    const answered = this.#log.answered(item.actor, item.key)
    const next = nextFor(item.standing, { head, answered }, item.digest)
    if (next.do === 'decide') {
      item.standing = next.standing
      return true
    }
    if (next.do === 'refuse-key') item.reject(keyReused(item.key, next.place))
    else if (next.do === 'refuse') item.reject(next.refusal)
    else {
      const { places, replayed } = next
      const durability = durabilityOf(this.#store, this.#log.isJournaled)
      item.resolve({ places, entries: [], durability, replayed })
    }
    return false
  }

  async #finish(result: CommitResult, { state, entries, decided }: Batch): Promise<boolean> {
    if (result.outcome === 'lost') {
      this.onLost(result.why, result.isCut)
      throw historyLost(result.why)
    }
    if (result.outcome === 'moved') {
      this.#opening ??= opensAnew()
      return false
    }
    if (result.outcome === 'conflict') {
      await this.#log.accept(readEntries(result.missing))
      if (this.#log.head.hash === state.head.hash) this.#log.atEnd()
      // somebody else may have opened the epoch
      if (this.#log.head.epoch > (this.#opening?.above ?? -1)) this.#opening = undefined
      return false
    }
    this.#log.time.isCurrent(placeOf(this.#log.head))
    const { journaled } = await this.#log.accept(entries, { own: true }).catch(error => {
      throw new KillswitchError('outcome-unknown', 'It was committed, and not taken in here.', {}, error)
    })
    this.#opening = undefined
    this.#away = undefined
    this.onCommitted(entries)
    answerAll(decided, durabilityOf(this.#store, journaled))
    return true
  }

  /** A refusal changes nothing: it is the answer, whether its entry could be written or not. */
  #fail(item: Waiting, error: unknown, refusal?: KillswitchError): void {
    const end = endOf(item.standing, refusal)
    if (end.as !== 'unknown') {
      item.reject(end.as === 'refused' ? end.refusal : error)
      return
    }
    const { priority, actor, key, digest, decide } = item
    this.#unresolved.set(item.id, { ask: { priority, actor, key, digest, decide }, draft: end.draft })
    item.reject(unknownOutcome(key, error))
  }
}

const idOf = (actor: string, key: string): string => `${actor}\n${key}`
