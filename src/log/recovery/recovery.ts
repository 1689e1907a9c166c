// What an instance does about a store that does not hold its history. Where the store is behind, the missing lines are put
// back; where something else wrote into the log or cut it, it is moved aside and put back whole; where it has gone on
// without this instance, this one leaves its branch: its kills come in again, the rest is told by branches.ts. Never
// un-kills, never issues a place twice, and replaces nothing from a disk that is not whole.

import { setTimeout as delay } from 'node:timers/promises'
import { KillswitchError } from '../../domain/errors.js'
import { killsOfBranch } from '../../domain/flip/provisional.js'
import {
  EMPTY,
  fromPlace,
  type Head,
  hashLine,
  open,
  placeOf,
  type SealedEntry,
} from '../../domain/log/audit.js'
import { isAfter, linkOf, parseEntry } from '../../domain/log/chain.js'
import { wholeCommits } from '../../domain/log/signature.js'
import type { State } from '../../domain/state.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Gate } from '../gate/gate.js'
import { changedFlags } from '../gate/stored-flags.js'
import type { Provisional } from '../provisional/provisional.js'
import type { Store } from '../stores/store.js'
import type { Branches } from './branches.js'
import { type Damage, damageAfter, takeIn } from './damage.js'
import type { RecoveryEvents } from './events.js'

/** Lines put back in one command. */
const LINES = 500
const BYTES = 1024 * 1024
/** So long an instance that may not have all of a damaged log leaves it to the others to move it aside. */
const BEHIND_MS = 500
/** Within it somebody else who puts lines back has put more. */
const OTHERS_MS = 50
/** After a try that failed: none at first, then longer ones. */
const PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

export class Recovery {
  readonly #log: KnownLog
  readonly #store: Store
  readonly #gate: Gate
  readonly #provisional: Provisional
  readonly #branches: Pick<Branches, 'add'>
  readonly #events: RecoveryEvents
  #running: Promise<void> | undefined
  #failure: string | undefined
  #failures = 0
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(parts: {
    log: KnownLog
    store: Store
    gate: Gate
    provisional: Provisional
    branches: Pick<Branches, 'add'>
    events: RecoveryEvents
  }) {
    this.#log = parts.log
    this.#store = parts.store
    this.#gate = parts.gate
    this.#provisional = parts.provisional
    this.#branches = parts.branches
    this.#events = parts.events
  }

  /**
   * Called whenever what the store holds after this instance's head cannot be used, whatever the reason; does one thing at a
   * time, and takes a longer pause after each try that failed.
   */
  start(why: string, isCut = false): void {
    this.#try(() => this.#recover(why, isCut))
  }

  /** Called whenever the flags' state beside a whole log is seen to be gone: an epoch opens with all of it. */
  rebuildState(): void {
    this.#try(async () => {
      await this.#store.setAside()
      await this.#gate.openEpoch({ why: "The flags' state beside the log was not whole.", restored: 0 })
    })
  }

  /** Why the last try failed; undefined where none did, or the store is well again. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** The store was seen to be whole, whoever mended it. */
  forgetFailure(): void {
    this.#failure = undefined
    this.#failures = 0
    this.#notBefore = Number.NEGATIVE_INFINITY
  }

  async close(): Promise<void> {
    await this.#running
  }

  #try(mend: () => Promise<void>): void {
    if (this.#running !== undefined || performance.now() < this.#notBefore) return
    this.#running = mend()
      .then(
        () => this.forgetFailure(),
        error => this.#failed(error),
      )
      .finally(() => {
        this.#running = undefined
      })
  }

  #failed(error: unknown): void {
    const why = error instanceof KillswitchError ? error.detail : String(error)
    if (!(error instanceof KillswitchError)) this.#events.onFault(error)
    else if (why !== this.#failure) this.#events.onFailed(why)
    this.#failure = why
    this.#notBefore = performance.now() + Math.min(PAUSE_MS * (2 ** this.#failures++ - 1), LONGEST_PAUSE_MS)
  }

  async #recover(why: string, isCut: boolean): Promise<void> {
    // what waits for the disk would be missing from what is put back, and from what is kept of a branch
    await this.#log.retryJournal()
    if (!this.#log.isJournaled)
      throw new KillswitchError(
        'journal-broken',
        'The disk of this instance has not taken all that it knows of the log: nothing is put back without it.',
      )
    await this.#store.setAside()
    const damage = await takeIn(this.#log, this.#store)
    if (damage !== undefined) return this.#replace(damage)
    const end = await this.#store.head()
    if ((await this.#store.whyLost(this.#log.head)) === undefined) {
      if (!isCut) return
      throw new KillswitchError(
        'history-lost',
        `${why}. This user may not see it (XINFO STREAM): it needs the rights in deploy/redis/users.acl.`,
      )
    }
    if (!(await this.#isOurs(end))) return this.#leaveBranch(end)
    await this.#assertWhole(end)
    await this.#putBack(end, why)
  }

  /** Moves a damaged log aside and puts the whole one in its place. */
  async #replace({ why, mark, highest }: Damage): Promise<void> {
    const { head } = this.#log
    if (placeOf(head) === 0)
      throw new KillswitchError(
        'history-lost',
        `${why} This instance knows nothing of the log: one that has it on its disk puts it right.`,
      )
    await this.#assertWhole(EMPTY)
    // whoever has the rest goes first; nobody does where something else wrote a high id, and then it is this instance's turn
    if (highest > placeOf(head)) await delay(BEHIND_MS)
    if (!(await this.#store.setAside(mark))) return // it has changed meanwhile: looked at anew with the next finding
    await this.#putBack(EMPTY, why)
  }

  /** Throws `journal-broken` where the lines after `from` on this disk do not lead to the head that is known. */
  async #assertWhole(from: Head): Promise<void> {
    const { journal } = this.#log
    const { head } = journal
    let hash = from.hash
    let place = placeOf(from)
    let isWhole = true
    for await (const line of journal.lines(place)) {
      isWhole = isAfter(line, hash)
      if (!isWhole) break
      hash = hashLine(line)
      place = linkOf(line)?.place ?? place
    }
    if (isWhole && hash === head.hash) return
    throw damagedAt(place)
  }

  /** Whether an entry of the store is one of this instance's journal: then the store is only behind. */
  async #isOurs(head: Head): Promise<boolean> {
    if (placeOf(head) === 0) return true
    const line = await this.#log.line(placeOf(head))
    return line !== undefined && hashLine(line) === head.hash
  }

  /** Verbatim, under their own ids. Others may do the same: whoever is first in a place, the lines are equal. */
  async #putBack(from: Head, why: string): Promise<void> {
    let at = from
    let restored = 0
    const { state } = this.#log
    while (placeOf(at) < placeOf(state.head)) {
      const lines = await this.#log.journal.read(placeOf(at), { limit: LINES, bytes: BYTES })
      const entries = wholeCommits(lines)
        .map(open)
        .filter(({ entry }) => placeOf(entry) <= placeOf(state.head))
      if (entries.length === 0) break
      const isLast = placeOf(headOf(entries)) >= placeOf(state.head)
      const flags = isLast ? flagsOf(state) : NO_FLAGS
      const result = await this.#store.commit({ expectedHead: at, entries, flags, mode: 'restore' })
      if (result.outcome === 'lost') {
        // it has moved on meanwhile, and is looked at anew with the next finding; or remembers what was deleted from its end
        if (!result.isCut) return
        const { mark, highest, isHeld, lines } = await this.#store.examine(at)
        // somebody else may have put it right since, and have gone on
        if (!isHeld || lines.length > 0) return
        return this.#replace({ why: result.why, mark, highest })
      }
      at = headOf(result.outcome === 'conflict' ? result.missing.map(open) : entries)
      if (result.outcome === 'conflict') at = await this.#whileOthersDo(at)
      // somebody else was first, with lines of another branch: ours must not follow them
      if (result.outcome === 'conflict' && !(await this.#isOurs(at))) return
      if (result.outcome === 'committed') restored += entries.length
    }
    await this.#gate.openEpoch({ why, restored })
    this.#events.onRecovered('the lost lines were put back', { restored, why })
  }

  /** Whoever is faster puts the lines back alone, for as long as it goes on: where it has come to. */
  async #whileOthersDo(at: Head): Promise<Head> {
    await delay(OTHERS_MS)
    const end = await this.#store.head()
    return placeOf(end) > placeOf(at) ? this.#whileOthersDo(end) : at
  }

  async #leaveBranch(end: Head): Promise<void> {
    const ancestor = await this.#ancestor()
    const damage = await damageAfter(this.#log, this.#store, ancestor)
    if (damage !== undefined) return this.#replace(damage)
    // what is kept of the branch is read from there on
    await this.#assertWhole(EMPTY)
    if (!(await this.#isFork(ancestor, end))) return // it has moved on meanwhile: looked at anew with the next finding
    let above = 0
    const { file, branch } = await this.#log.branchOff(ancestor, async (left, before) => {
      above = before.head.epoch
      // kept on disk, and in force, before the journal lets go of them
      await this.#provisional.take(killsOfBranch(left, before))
    })
    this.#branches.add(file)
    this.#events.onBranchLeft()
    this.#events.onRecovered('this instance was on an abandoned branch of the log and has left it', {
      ancestor: placeOf(ancestor),
      entries: branch.length,
      kept: file,
    })
    // above every place that was issued on the branch: nobody is acknowledged below what it has seen
    await this.#gate.openEpoch({ why: 'A branch of the log was abandoned.', restored: 0, above })
  }

  /**
   * Whether the store, as it is now, goes on from `ancestor` to `end` without this instance's next entry. While the search
   * was under way it may have been emptied: then nothing of the journal would seem to be held, and all of it be let go.
   */
  async #isFork(ancestor: Head, end: Head): Promise<boolean> {
    const next = await this.#entryFrom(placeOf(ancestor) + 1)
    const [atEnd, atAncestor] = [await this.#store.whyLost(end), await this.#store.whyLost(ancestor)]
    if (atEnd !== undefined || atAncestor !== undefined) return false
    return next === undefined || (await this.#store.whyLost(next)) !== undefined
  }

  /** The last entry of the journal that the store holds too, by halving. */
  async #ancestor(): Promise<Head> {
    let held: Head = EMPTY
    let [low, high] = [0, placeOf(this.#log.journal.head)]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const found = await this.#entryFrom(middle)
      if (found !== undefined && placeOf(found) <= high && (await this.#store.whyLost(found)) === undefined) {
        held = found
        low = placeOf(found)
      } else high = middle - 1
    }
    return held
  }

  /** The first entry of the journal at or after a place: places jump where an epoch was opened. */
  async #entryFrom(place: number): Promise<Head | undefined> {
    const [line] = await this.#log.journal.read(place - 1, { limit: 1 })
    if (line === undefined) return undefined
    const entry = parseEntry(line)
    if (entry === undefined) throw damagedAt(place)
    return { epoch: entry.epoch, seq: entry.seq, hash: hashLine(line) }
  }
}

function damagedAt(place: number): KillswitchError {
  const { epoch, seq } = fromPlace(place)
  return new KillswitchError(
    'journal-broken',
    `The journal of this instance is damaged at or after entry ${epoch}-${seq}: nothing is put back from it.`,
  )
}

const headOf = (entries: readonly SealedEntry[]): Head => {
  const last = entries.at(-1)
  return last === undefined ? EMPTY : { epoch: last.entry.epoch, seq: last.entry.seq, hash: last.hash }
}

const NO_FLAGS: ReadonlyMap<string, string | null> = new Map()

const flagsOf = (state: State): Map<string, string | null> =>
  changedFlags({ ...state, flags: new Map() }, state)
