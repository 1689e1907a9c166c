// What this instance knows of the log: the folded state and what each request led to. Entries come in through `accept`
// alone, are journaled before they are told to anybody, and are never skipped.

import { type Answered, begun, continued, goesOn } from '../../domain/answered.js'
import { type Head, open, placeOf, type SealedEntry } from '../../domain/audit.js'
import { headAfter } from '../../domain/chain.js'
import { KillswitchError } from '../../domain/errors.js'
import type { Incident, IncidentFlips } from '../../domain/incident.js'
import type { Kill } from '../../domain/kill.js'
import { overlay } from '../../domain/provisional.js'
import { type FlagState, fold, INITIAL, type State } from '../../domain/state.js'
import type { CatalogueDocument } from '../../wire/catalogue.js'
import type { Journal } from '../journal/journal.js'
import type { Listener } from '../subscribe.js'

/** How long an Idempotency-Key is remembered. */
const KEY_KEPT_MS = 7 * 24 * 3_600_000
const CHECKPOINT_EVERY = 5_000
/** Raised with every change of what State holds: a checkpoint of another form is as good as none. */
const FORM = 5
/** How many entries wait in memory for a journal that fails. Beyond it the journal stays behind until the next start. */
const MOST_UNJOURNALED = 5_000

export class KnownLog {
  readonly journal: Journal
  readonly #onFault: (error: unknown) => void
  #state: State = INITIAL
  readonly #answered = new Map<string, Answered>()
  #listeners: readonly Listener[] = []
  #accepting: Promise<unknown> = Promise.resolve()
  #sinceCheckpoint = 0
  #provisional: readonly Kill[] = []
  #known: State | undefined
  /** Folded, and not in the journal yet: what the store committed while the journal failed. */
  #unjournaled: SealedEntry[] = []
  /** There were too many to keep: the journal has a gap before it until the next start follows the store. */
  #hasGivenUp = false

  private constructor(journal: Journal, onFault: (error: unknown) => void) {
    this.journal = journal
    this.#onFault = onFault
  }

  /** Folds the journal, from its checkpoint on where there is one. `onFault` is told of a listener that throws. */
  static async open(journal: Journal, onFault: (error: unknown) => void = () => {}): Promise<KnownLog> {
    const log = new KnownLog(journal, onFault)
    const frozen = (await journal.checkpoint())?.state as Frozen | undefined
    if (frozen?.form === FORM) log.#thaw(frozen)
    for await (const line of journal.lines(placeOf(log.#state.head))) log.#fold(open(line))
    return log
  }

  get state(): State {
    return this.#state
  }

  /** The state with this instance's provisional kills in force: what it serves. The gate decides on `state`. */
  get known(): State {
    this.#known ??= overlay(this.#state, this.#provisional)
    return this.#known
  }

  /** Puts provisional kills in force, in place of those before, and tells the listeners. */
  serve(kills: readonly Kill[]): void {
    this.#provisional = kills
    this.#known = undefined
    for (const listener of this.#listeners) this.#tell(listener, [])
  }

  get provisional(): readonly Kill[] {
    return this.#provisional
  }

  get head(): Head {
    return this.#state.head
  }

  /** What this actor's request with this key led to, for seven days. */
  answered(actor: string, key: string): Answered | undefined {
    return this.#answered.get(answerId(actor, key))
  }

  /** The stored line of a place, from the journal, or from what still waits for it. */
  async line(place: number): Promise<string | undefined> {
    const waiting = this.#unjournaled.find(({ entry }) => placeOf(entry) === place)
    return waiting?.line ?? this.journal.line(place)
  }

  /** Whether the journal has all of the log that is known. */
  get isJournaled(): boolean {
    return placeOf(this.journal.head) >= placeOf(this.#state.head)
  }

  /** What the journal failed to take is given to it again. */
  async retryJournal(): Promise<void> {
    if (this.isJournaled) return
    const retried = this.#accepting.then(() => this.#write([]))
    this.#accepting = retried.catch(() => {})
    await retried
  }

  /** `first`: before all others, for what tells the apps; nothing on the way of a flip waits for a log line. */
  subscribe(listener: Listener, turn: 'first' | 'after' = 'after'): () => void {
    this.#listeners = turn === 'first' ? [listener, ...this.#listeners] : [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter(each => each !== listener)
    }
  }

  /**
   * Takes in entries that the store has committed: journals them, folds them, tells the listeners. Those already known
   * are passed over. Says whether the journal has them; throws `history-lost` on an entry that does not follow the head.
   */
  accept(entries: readonly SealedEntry[]): Promise<{ journaled: boolean }> {
    const taken = this.#accepting.then(() => this.#take(entries))
    this.#accepting = taken.catch(() => {})
    return taken
  }

  /** The entries after a place, those that the journal could not take among them. */
  async #after(place: number): Promise<SealedEntry[]> {
    const entries: SealedEntry[] = []
    for await (const line of this.journal.lines(place)) entries.push(open(line))
    const journaled = Math.max(place, placeOf(this.journal.head))
    return [...entries, ...this.#unjournaled.filter(({ entry }) => placeOf(entry) > journaled)]
  }

  /** As `#after`, and at least what is known now. */
  async entriesAfter(place: number): Promise<SealedEntry[]> {
    await this.#accepting
    return this.#after(place)
  }

  /**
   * Leaves an abandoned branch: journal and state go back to `ancestor`, whose entry the store still holds. `keep` is given
   * the entries of the branch first, and the state at its end: nothing is accepted between the two. Returns the entries
   * and the file that keeps them.
   */
  branchOff(
    ancestor: Head,
    keep: (branch: readonly SealedEntry[], before: State) => Promise<void> = async () => {},
  ): Promise<{ file: string; branch: SealedEntry[] }> {
    const left = this.#accepting.then(async () => {
      const line = placeOf(ancestor) === 0 ? undefined : await this.line(placeOf(ancestor))
      const at = line === undefined ? '' : open(line).entry.at
      const branch = await this.#after(placeOf(ancestor))
      await keep(branch, this.#state)
      const { file } = await this.journal.branchOff({ ...ancestor, at })
      this.#unjournaled = []
      await this.#refold()
      return { file, branch }
    })
    this.#accepting = left.catch(() => {})
    return left
  }

  /** Folds the journal beside what is served, and changes over at once: half a log un-kills what is killed in the rest. */
  async #refold(): Promise<void> {
    const again = await KnownLog.open(this.journal, this.#onFault)
    this.#state = again.#state
    this.#sinceCheckpoint = again.#sinceCheckpoint
    this.#answered.clear()
    for (const [id, answered] of again.#answered) this.#answered.set(id, answered)
    this.#known = undefined
    for (const listener of this.#listeners) this.#tell(listener, [])
  }

  async #take(entries: readonly SealedEntry[]): Promise<{ journaled: boolean }> {
    const known = placeOf(this.#state.head)
    const fresh = entries.filter(each => placeOf(each.entry) > known)
    if (fresh.length === 0) return { journaled: this.isJournaled }
    headAfter(this.#state.head, fresh)
    const journaled = await this.#write(fresh)
    for (const sealed of fresh) this.#fold(sealed)
    for (const listener of this.#listeners) this.#tell(listener, fresh)
    return { journaled }
  }

  /** What is committed is committed, whatever somebody who listens makes of it. */
  #tell(listener: Listener, entries: readonly SealedEntry[]): void {
    try {
      listener(entries, this.#state)
    } catch (error) {
      this.#onFault(error)
    }
  }

  /** Without a gap: what the journal could not take before goes first. */
  async #write(entries: readonly SealedEntry[]): Promise<boolean> {
    if (this.#hasGivenUp) return false
    const all = [...this.#unjournaled, ...entries]
    try {
      await this.journal.append(all)
      this.#unjournaled = []
      return true
    } catch (error) {
      // the store has them: whether this disk has is for the next start to find out
      if (!(error instanceof KillswitchError) || !['journal-broken', 'outcome-unknown'].includes(error.code))
        throw error
      this.#hasGivenUp = all.length > MOST_UNJOURNALED
      this.#unjournaled = this.#hasGivenUp ? [] : all
      return false
    }
  }

  #fold(sealed: SealedEntry): void {
    const { entry } = sealed
    this.#state = fold(this.#state, sealed)
    this.#known = undefined
    this.#sinceCheckpoint++
    if (entry.action !== 'flip.voided' && entry.outcome === 'refused') return
    const id = answerId(entry.actor.id, entry.request.key)
    const known = this.#answered.get(id)
    if (goesOn(known, entry)) this.#answered.set(id, continued(known, entry))
    else this.#remember(id, begun(entry))
    this.#forget(Date.parse(entry.at) - KEY_KEPT_MS)
  }

  /** At the end, so that the oldest come first. */
  #remember(id: string, answered: Answered): void {
    this.#answered.delete(id)
    this.#answered.set(id, answered)
  }

  #forget(before: number): void {
    for (const [id, { at }] of this.#answered) {
      if (Date.parse(at) >= before) return
      this.#answered.delete(id)
    }
  }

  /** Saves the state beside the journal now and then, so that a start folds only what came after. */
  async checkpoint(force = false): Promise<void> {
    // what room a full disk has set free is for kills
    if (!this.isJournaled || this.journal.reserve.isMissing || this.#state.log === undefined) return
    if (this.#sinceCheckpoint === 0 || (!force && this.#sinceCheckpoint < CHECKPOINT_EVERY)) return
    this.#sinceCheckpoint = 0
    await this.journal.saveCheckpoint({ head: this.#state.head, state: this.#freeze() })
  }

  async close(): Promise<void> {
    await this.#accepting
    try {
      await this.checkpoint(true)
    } finally {
      await this.journal.close()
    }
  }

  #freeze(): Frozen {
    const { flags, catalogues, incidents, undeclared, ...rest } = this.#state
    return {
      ...rest,
      form: FORM,
      flags: [...flags.entries()],
      catalogues: [...catalogues],
      incidents: [...incidents.entries()],
      undeclared: [...undeclared.entries()],
      answered: [...this.#answered.entries()],
    }
  }

  #thaw({ form: _, flags, catalogues, incidents, undeclared, answered, ...rest }: Frozen): void {
    this.#state = {
      ...rest,
      log: rest.log,
      catalogue: rest.catalogue,
      flags: new Map(flags),
      catalogues: new Set(catalogues),
      incidents: new Map(incidents),
      undeclared: new Map(undeclared),
    }
    for (const [id, value] of answered) this.#answered.set(id, value)
  }
}

type Maps = 'flags' | 'catalogues' | 'incidents' | 'undeclared'
type Frozen = Omit<State, Maps | 'catalogue'> & {
  form: number
  catalogue: CatalogueDocument | undefined
  flags: [string, FlagState][]
  catalogues: string[]
  incidents: [string, Incident][]
  undeclared: [string, IncidentFlips][]
  answered: [string, Answered][]
}

const answerId = (actor: string, key: string): string => `${actor}\n${key}`
