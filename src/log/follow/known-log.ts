// What this instance knows of the log: the folded state and what each request led to. Entries come in through `accept`
// alone, are journaled before they are told to anybody, and are never skipped.

import { KillswitchError } from '../../domain/errors.js'
import type { Answered } from '../../domain/flip/answered.js'
import type { Kill } from '../../domain/flip/kill.js'
import { overlay } from '../../domain/flip/provisional.js'
import { type Head, open, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { LogKeys } from '../../domain/log/log-keys.js'
import { fold, INITIAL, type State } from '../../domain/state.js'
import { markTold } from '../journal/forks.js'
import type { Journal } from '../journal/journal.js'
import { Incoming, notSigned, type Refused } from '../signing/incoming.js'
import { keptCommits } from '../signing/kept.js'
import { Obedience, type Problem } from '../signing/obedience.js'
import type { Listener } from '../subscribe.js'
import { type StartDamage, whatIsBehind } from './after-damage.js'
import { Answers } from './answers.js'
import { freeze, thaw } from './frozen.js'
import { assertNotLeft } from './not-left.js'
import { RunningTime } from './running-time.js'
import { Unjournaled } from './unjournaled.js'

const CHECKPOINT_EVERY = 5_000

export type KnownLogOptions = {
  /** Told of a listener that throws. */
  onFault?: (error: unknown) => void
  /** Which entries are obeyed; all, if absent. */
  obedience?: Obedience
  /** Told what was not obeyed. */
  onRefused?: (refused: Refused) => void
  time?: RunningTime
}

export class KnownLog {
  readonly journal: Journal
  readonly time: RunningTime
  readonly #onFault: (error: unknown) => void
  readonly obedience: Obedience
  /** What a start found damaged, until `damage` is mended: the journal is behind what it had. */
  damage: StartDamage | undefined
  /** The highest epoch of what was set aside when it was opened. */
  setAside: number | undefined
  readonly #incoming: Incoming
  readonly #onRefused: (refused: Refused) => void
  /** Told why what the store holds cannot be followed. */
  onLost: (why: string) => void = () => {}
  #state: State = INITIAL
  readonly #answers: Answers
  #listeners: readonly Listener[] = []
  #accepting: Promise<unknown> = Promise.resolve()
  #sinceCheckpoint = 0
  #provisional: readonly Kill[] = []
  #known: State | undefined
  readonly #unjournaled: Unjournaled

  private constructor(journal: Journal, { onFault, obedience, onRefused, time }: Required<KnownLogOptions>) {
    this.journal = journal
    this.time = time
    this.#onFault = onFault
    this.obedience = obedience
    this.#onRefused = onRefused
    this.#incoming = new Incoming(obedience)
    this.#answers = new Answers(time)
    this.#unjournaled = new Unjournaled(journal)
  }

  /** Folds the journal, from its checkpoint on where there is one; as far as it is whole. */
  static async open(journal: Journal, options: KnownLogOptions = {}): Promise<KnownLog> {
    const obedience = options.obedience ?? new Obedience(new LogKeys(), '')
    const { onFault = () => {}, onRefused = () => {}, time = RunningTime.fresh() } = options
    const log = new KnownLog(journal, { onFault, onRefused, time, obedience })
    const kept = thaw((await journal.savedCheckpoint())?.state, obedience.keys)
    const isOfAnother = kept !== undefined && ![undefined, kept.state.log].includes(journal.firstHash)
    log.damage = await log.#foldAfter(isOfAnother ? undefined : kept)
    // the name of a log that is damaged at its beginning is another
    if (isOfAnother && log.damage !== undefined) log.damage = await log.#foldAfter(kept)
    time.cut(placeOf(log.#state.head)) // of a tail that a crash tore off, other entries may come
    time.took(placeOf(log.#state.head))
    return log
  }

  /** What is saved is known, whether or not the files still have it. */
  async #foldAfter(kept: ReturnType<typeof thaw>): Promise<StartDamage | undefined> {
    const { journal, obedience } = this
    this.#state = kept?.state ?? INITIAL
    this.#answers.replace(kept?.answered ?? [])
    this.#sinceCheckpoint = 0
    let { damage } = journal
    const lines = journal.lines(placeOf(this.#state.head))
    for await (const portion of keptCommits(lines, obedience, () => this.#state)) {
      for (const each of portion.entries) this.#fold(each)
      damage ??= portion.damage
      if (portion.problem !== undefined && damage === undefined) await this.#takeKept(portion.problem)
    }
    const { epoch, seq, hash } = this.#state.head
    if (journal.head.hash !== hash) damage ??= `the journal has not got entry ${epoch}-${seq}, which it had`
    return damage === undefined ? undefined : whatIsBehind(damage, journal, this.#state, obedience)
  }

  /** What is not signed in the journal itself is set aside. By a key that was not given, it is followed all the same. */
  async #takeKept(problem: Problem): Promise<void> {
    const entries = await this.#after(placeOf(this.#state.head))
    if (problem.isOfAnotherKey) for (const each of entries) this.#fold(each)
    else {
      await markTold((await this.journal.branchOff(this.#state.head)).file)
      this.#onRefused({ entries, problem: problem.text, from: 'journal' })
      this.setAside = Math.max(...entries.map(({ entry }) => entry.epoch))
    }
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
    this.#tellAll([])
  }

  get provisional(): readonly Kill[] {
    return this.#provisional
  }

  get head(): Head {
    return this.#state.head
  }

  /** What this actor's request with this key led to, for seven days of running time from when its entry came in here. */
  answered(actor: string, key: string): Answered | undefined {
    return this.#answers.of(actor, key)
  }

  /** The stored line of a place, from the journal, or from what still waits for it. */
  async line(place: number): Promise<string | undefined> {
    return this.#unjournaled.lineAt(place) ?? this.journal.line(place)
  }

  /** Whether the journal has all of the log that is known. */
  get isJournaled(): boolean {
    return placeOf(this.journal.head) >= placeOf(this.#state.head)
  }

  /** What the journal failed to take is given to it again. */
  async retryJournal(): Promise<void> {
    if (!this.isJournaled) await this.#inTurn(() => this.#unjournaled.write([]))
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
   * are passed over. Says whether the journal has them; throws `history-lost` on an entry that does not follow the head, and
   * `not-signed` where only those before it were taken in. `own`: signed here.
   */
  accept(entries: readonly SealedEntry[], { own = false } = {}): Promise<{ journaled: boolean }> {
    return this.#inTurn(() => this.#take(entries, own))
  }

  /** The store has nothing after what came. Throws `not-signed` where that is no whole commit. */
  atEnd(): void {
    const refused = this.#incoming.atEnd()
    if (refused !== undefined) this.#refuse(refused)
  }

  /** Whoever asked: the tail may have passed over what somebody else had taken in before it. */
  #refuse(refused: Refused): never {
    const error = notSigned(refused)
    this.#onRefused(refused)
    this.onLost(error.message)
    throw error
  }

  /** The entries after a place, those that the journal could not take among them. */
  async #after(place: number): Promise<SealedEntry[]> {
    const entries: SealedEntry[] = []
    for await (const line of this.journal.lines(place)) entries.push(open(line))
    const journaled = Math.max(place, placeOf(this.journal.head))
    return [...entries, ...this.#unjournaled.after(journaled)]
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
    return this.#inTurn(async () => {
      const line = placeOf(ancestor) === 0 ? undefined : await this.line(placeOf(ancestor))
      const at = line === undefined ? '' : open(line).entry.at
      const branch = await this.#after(placeOf(ancestor))
      await keep(branch, this.#state)
      const { file } = await this.journal.branchOff({ ...ancestor, at })
      this.time.cut(placeOf(ancestor))
      this.#unjournaled.clear()
      await this.#refold()
      return { file, branch }
    })
  }

  /** What changes the log that is known does so one after the other. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#accepting.then(act)
    this.#accepting = done.catch(() => {})
    return done
  }

  /** Folds the journal beside what is served, and changes over at once: half a log un-kills what is killed in the rest. */
  async #refold(): Promise<void> {
    const again = await KnownLog.open(this.journal, { obedience: this.obedience, time: this.time })
    // what is served stays: half a log un-kills
    if (again.damage !== undefined) throw new KillswitchError('journal-broken', `${again.damage.problem}.`)
    this.#state = again.#state
    this.#sinceCheckpoint = again.#sinceCheckpoint
    this.#answers.replace(again.#answers.all)
    this.#known = undefined
    this.#tellAll([])
  }

  async #take(entries: readonly SealedEntry[], own: boolean): Promise<{ journaled: boolean }> {
    if (own) await assertNotLeft(this, entries)
    const { obeyed, refused } = this.#incoming.take(this.#state, entries, own)
    const journaled = obeyed.length === 0 ? this.isJournaled : await this.#unjournaled.write(obeyed)
    for (const sealed of obeyed) this.#fold(sealed)
    if (obeyed.length > 0) {
      this.time.took(placeOf(this.#state.head))
      this.#tellAll(obeyed)
    }
    if (refused !== undefined) this.#refuse(refused)
    return { journaled }
  }

  /** What is committed is committed, whatever somebody who listens makes of it. */
  #tellAll(entries: readonly SealedEntry[]): void {
    for (const listener of this.#listeners)
      try {
        listener(entries, this.#state)
      } catch (error) {
        this.#onFault(error)
      }
  }

  #fold(sealed: SealedEntry): void {
    this.#state = fold(this.#state, sealed)
    this.#known = undefined
    this.#sinceCheckpoint++
    this.#answers.fold(sealed.entry)
  }

  /** Saves the state beside the journal now and then, so that a start folds only what came after. */
  async checkpoint(force = false): Promise<void> {
    // what room a full disk has set free is for kills
    if (!this.isJournaled || this.journal.reserve.isMissing || this.#state.log === undefined) return
    if (this.#sinceCheckpoint === 0 || (!force && this.#sinceCheckpoint < CHECKPOINT_EVERY)) return
    const since = this.#sinceCheckpoint
    this.#sinceCheckpoint = 0
    const state = freeze(this.#state, this.#answers.all, this.obedience.keys)
    await this.journal.saveCheckpoint({ head: this.#state.head, state }).catch(error => {
      this.#sinceCheckpoint += since
      throw error
    })
  }

  async close(): Promise<void> {
    await this.#accepting
    try {
      await this.checkpoint(true)
    } finally {
      await this.journal.close()
    }
  }
}
