// The one way in: authorise -> decide -> seal -> commit -> journal -> acknowledge. Whatever waits is committed together,
// kills first; each item is decided on the state after its predecessors, and again on the new head after a conflict.

import { EMPTY, type Head, open, placeOf, type SealedEntry, seal } from '../domain/audit.js'
import type { Clock } from '../domain/clock.js'
import { KillswitchError } from '../domain/errors.js'
import type { Verdict } from '../domain/flip.js'
import { fold, type State } from '../domain/state.js'
import type { CommitResult, Store } from '../domain/store.js'
import type { Log } from './log.js'
import { changedFlags } from './stored-flags.js'
import { voided } from './voided.js'

const BATCH = 64
/** How long the gate tries before it says 503 or 504. */
const DEADLINE_MS = 1_000

/** `journal`: synced here (local store). `both`: Redis and this journal. `store`: Redis has it, this journal failed. */
export type Durability = 'journal' | 'both' | 'store'

export type Priority = 'kill' | 'flip' | 'note'
const RANK: Record<Priority, number> = { kill: 0, flip: 1, note: 2 }

export type Ask = {
  priority: Priority
  actor: string
  key: string
  /** Of what is asked: the same key with another digest is refused. */
  digest: string
  /** The accepting instance's clock, ms: what the rules take for now, however often they are asked. */
  receivedAt: number
  decide: (state: State, now: number) => Verdict
}

/** `places` of the entries the request led to; `entries` where this call wrote them. */
export type Accepted = { places: number[]; entries: SealedEntry[]; durability: Durability; replayed: boolean }

type Waiting = Ask & {
  resolve: (accepted: Accepted) => void
  reject: (error: unknown) => void
  /** Set once a commit that carried it may have been written, and nothing was learned since. */
  uncertain?: boolean
}

type Decided = { item: Waiting; entries: SealedEntry[]; refusal?: KillswitchError }

export class Gate {
  readonly #log: Log
  readonly #store: Store
  readonly #environment: string
  readonly #clock: Clock
  #queue: Waiting[] = []
  #running: Promise<void> | undefined
  readonly #pending = new Map<string, number>()
  readonly #unresolved = new Map<string, Waiting>()
  /** Told the head of a store that turned out to have lost history. */
  onLost: (why: string) => void = () => {}
  /** Told the entries this instance committed. */
  onCommitted: (entries: readonly SealedEntry[]) => void = () => {}

  constructor(parts: { log: Log; store: Store; environment: string; clock: Clock }) {
    this.#log = parts.log
    this.#store = parts.store
    this.#environment = parts.environment
    this.#clock = parts.clock
  }

  /** Resolves once the entries are durable; rejects with the refusal, 503 (not done) or 504 (unknown). */
  submit(ask: Omit<Ask, 'receivedAt'>): Promise<Accepted> {
    const id = `${ask.actor}\n${ask.key}`
    this.#pending.set(id, (this.#pending.get(id) ?? 0) + 1)
    const settled = new Promise<Accepted>((resolve, reject) => {
      this.#queue.push({ ...ask, receivedAt: this.#clock(), resolve, reject })
    }).finally(() => this.#settled(id))
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return settled
  }

  /** Whether a request with this key is on its way, or its outcome still unknown. */
  isPending(actor: string, key: string): boolean {
    const id = `${actor}\n${key}`
    return this.#pending.has(id) || this.#unresolved.has(id)
  }

  /**
   * Called while the store answers: every attempt with an unknown outcome is settled by an entry of its own. The entry
   * moves the head, so that a command still on its way to the store can no longer match.
   */
  settleUnknown(): void {
    for (const [id, item] of this.#unresolved) {
      this.#unresolved.delete(id)
      const { priority: _, decide, ...rest } = item
      void this.submit({
        ...rest,
        priority: 'note',
        decide: (state, now) => voided(decide(state, now)),
      }).catch(error => {
        if (!(error instanceof KillswitchError) || !isAway(error)) return
        this.#unresolved.set(id, item)
      })
    }
  }

  async close(): Promise<void> {
    while (this.#running) await this.#running
  }

  #settled(id: string): void {
    const left = (this.#pending.get(id) ?? 1) - 1
    if (left > 0) this.#pending.set(id, left)
    else this.#pending.delete(id)
  }

  async #run(): Promise<void> {
    // one turn of the event loop: what arrives together is committed together
    await new Promise<void>(resolve => setImmediate(resolve))
    while (this.#queue.length > 0) await this.#attempt(this.#takeBatch())
  }

  #takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    const keys = new Set<string>()
    const rest: Waiting[] = []
    for (const item of this.#queue.sort((a, b) => RANK[a.priority] - RANK[b.priority])) {
      const id = `${item.actor}\n${item.key}`
      if (batch.length < BATCH && !keys.has(id)) {
        keys.add(id)
        batch.push(item)
      } else rest.push(item)
    }
    this.#queue = rest
    return batch
  }

  async #attempt(batch: Waiting[]): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS
    let waiting = batch
    while (waiting.length > 0) {
      const { state, decided, flags } = this.#decide(waiting)
      waiting = decided.map(each => each.item)
      const entries = decided.flatMap(each => each.entries)
      if (entries.length === 0) return
      try {
        const result = await this.#store.commit({ expectedHead: headOf(state), entries, flags })
        if (await this.#finish(result, entries, decided)) return
      } catch (error) {
        if (error instanceof KillswitchError && error.code === 'outcome-unknown')
          for (const item of waiting) item.uncertain = true
        if (this.#mayRetry(error, waiting) && performance.now() < deadline) continue
        for (const item of waiting) this.#fail(item, error)
        return
      }
      if (performance.now() > deadline) {
        const busy = new KillswitchError(
          'store-unavailable',
          'Other writers kept the log moving for a second; nothing was done. Try again.',
        )
        for (const item of waiting) this.#fail(item, busy)
        return
      }
    }
  }

  /** An unknown outcome is worth another try at once: the head is compared, so nothing is written twice. */
  #mayRetry(error: unknown, waiting: Waiting[]): boolean {
    if (!(error instanceof KillswitchError)) return false
    return (
      error.code === 'outcome-unknown' ||
      (error.code === 'store-unavailable' && waiting.some(item => item.uncertain))
    )
  }

  #decide(waiting: Waiting[]): { state: State; decided: Decided[]; flags: Map<string, string | null> } {
    const state = this.#log.state
    const decided: Decided[] = []
    let after = state
    for (const item of waiting) {
      if (this.#replays(item)) continue
      try {
        const verdict = item.decide(after, item.receivedAt)
        const entries: SealedEntry[] = []
        for (const draft of verdict.drafts) {
          const sealed = seal(draft, after.head, this.#environment)
          after = fold(after, sealed)
          entries.push(sealed)
        }
        if (entries.length === 0)
          item.reject(verdict.refusal ?? new KillswitchError('internal', 'nothing was decided'))
        else
          decided.push({
            item,
            entries,
            ...(verdict.refusal === undefined ? {} : { refusal: verdict.refusal }),
          })
      } catch (error) {
        item.reject(error)
      }
    }
    return { state, decided, flags: changedFlags(state, after) }
  }

  /** Answers an item whose key the log has already. */
  #replays(item: Waiting): boolean {
    const known = this.#log.answered(item.actor, item.key)
    if (known === undefined || known.outcome === 'voided') return false
    if (known.digest === item.digest) {
      item.resolve({
        places: known.places,
        entries: [],
        durability: this.#durability(true),
        replayed: !item.uncertain,
      })
    } else {
      item.reject(
        new KillswitchError(
          'key-reused',
          `The Idempotency-Key "${item.key}" was used for another request (entry ${known.places[0]}). Send a new key.`,
        ),
      )
    }
    return true
  }

  async #finish(result: CommitResult, entries: SealedEntry[], decided: Decided[]): Promise<boolean> {
    if (result.outcome === 'lost') {
      this.onLost(result.why)
      throw new KillswitchError(
        'history-lost',
        `${result.why} Nothing was changed, and nothing un-kills: apps keep the state they know.`,
      )
    }
    if (result.outcome === 'conflict') {
      await this.#log.accept(result.missing.map(open))
      return false
    }
    const { journaled } = await this.#log.accept(entries)
    this.onCommitted(entries)
    for (const { item, entries: own, refusal } of decided) {
      if (refusal) item.reject(refusal)
      else {
        const places = own.map(each => placeOf(each.entry))
        item.resolve({ places, entries: own, durability: this.#durability(journaled), replayed: false })
      }
    }
    return true
  }

  #durability(journaled: boolean): Durability {
    if (this.#store.kind === 'local') return 'journal'
    return journaled ? 'both' : 'store'
  }

  #fail(item: Waiting, error: unknown): void {
    const refusal = refusalOf(item, this.#log.state)
    if (refusal !== undefined || !item.uncertain) {
      item.reject(refusal ?? error)
      return
    }
    this.#unresolved.set(`${item.actor}\n${item.key}`, item)
    item.reject(
      new KillswitchError(
        'outcome-unknown',
        `The store did not answer: this may have been done, or may not. Ask GET /v1/flips/${encodeURIComponent(item.key)}, or send it again with "Idempotency-Key: ${item.key}": it is never done twice.`,
        { flip: item.key },
        error,
      ),
    )
  }
}

const isAway = (error: KillswitchError): boolean =>
  error.code === 'outcome-unknown' || error.code === 'store-unavailable' || error.code === 'history-lost'

const headOf = (state: State): Head =>
  state.log === undefined ? EMPTY : { epoch: state.head.epoch, seq: state.head.seq, hash: state.head.hash }

/** With the store away a refusal cannot be recorded, and is a refusal all the same. */
function refusalOf(item: Waiting, state: State): KillswitchError | undefined {
  try {
    return item.decide(state, item.receivedAt).refusal
  } catch {
    return undefined
  }
}
