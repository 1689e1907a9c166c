// What an instance does about a store that does not hold its history. Where the store is behind, the missing lines are put
// back; where it has gone on without them, this instance leaves its branch: its kills come in again, the rest is told by
// branches.ts. Never un-kills, never issues a place twice.

import { EMPTY, type Head, open, placeOf, type SealedEntry } from '../../domain/audit.js'
import { killsOfBranch } from '../../domain/provisional.js'
import type { State } from '../../domain/state.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Gate } from '../gate/gate.js'
import { changedFlags } from '../gate/stored-flags.js'
import type { Provisional } from '../provisional/provisional.js'
import type { Store } from '../stores/store.js'
import type { Branches } from './branches.js'

/** Lines put back in one command. */
const LINES = 500
const BYTES = 1024 * 1024

export type RecoveryEvents = {
  onRecovered: (message: string, fields: object) => void
  onFault: (error: unknown) => void
  /** The journal has left a branch. */
  onBranchLeft: () => void
}

export class Recovery {
  readonly #log: KnownLog
  readonly #store: Store
  readonly #gate: Gate
  readonly #provisional: Provisional
  readonly #branches: Pick<Branches, 'add'>
  readonly #events: RecoveryEvents
  #running: Promise<void> | undefined

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

  /** Called whenever the store is seen to have lost history; does one thing at a time. */
  start(why: string): void {
    this.#running ??= this.#recover(why)
      .catch(this.#events.onFault)
      .finally(() => {
        this.#running = undefined
      })
  }

  /** Called whenever the flags' state beside a whole log is seen to be gone: an epoch opens with all of it. */
  rebuildState(): void {
    this.#running ??= this.#gate
      .openEpoch({ why: "The flags' state beside the log was not whole.", restored: 0 })
      .finally(() => {
        this.#running = undefined
      })
  }

  async close(): Promise<void> {
    await this.#running
  }

  async #recover(why: string): Promise<void> {
    // what waits for the disk would be missing from what is put back, and from what is kept of a branch
    await this.#log.retryJournal()
    if (!this.#log.isJournaled) return
    const end = await this.#store.head()
    if ((await this.#store.whyLost(this.#log.head)) === undefined) return
    if (await this.#isOurs(end)) await this.#putBack(end, why)
    else await this.#leaveBranch(end)
  }

  /** Whether an entry of the store is one of this instance's journal: then the store is only behind. */
  async #isOurs(head: Head): Promise<boolean> {
    if (placeOf(head) === 0) return true
    const line = await this.#log.line(placeOf(head))
    return line !== undefined && open(line).hash === head.hash
  }

  /** Verbatim, under their own ids. Others may do the same: whoever is first in a place, the lines are equal. */
  async #putBack(from: Head, why: string): Promise<void> {
    let at = from
    let restored = 0
    const { state } = this.#log
    while (placeOf(at) < placeOf(state.head)) {
      const lines = await this.#log.journal.read(placeOf(at), { limit: LINES, bytes: BYTES })
      const entries = lines.map(open).filter(({ entry }) => placeOf(entry) <= placeOf(state.head))
      if (entries.length === 0) break
      const isLast = placeOf(headOf(entries)) >= placeOf(state.head)
      const flags = isLast ? flagsOf(state) : NO_FLAGS
      const result = await this.#store.commit({ expectedHead: at, entries, flags, mode: 'restore' })
      if (result.outcome === 'lost') return // it has moved on meanwhile: looked at anew with the next finding
      at = headOf(result.outcome === 'conflict' ? result.missing.map(open) : entries)
      // somebody else was first, with lines of another branch: ours must not follow them
      if (result.outcome === 'conflict' && !(await this.#isOurs(at))) return
      if (result.outcome === 'committed') restored += entries.length
    }
    await this.#gate.openEpoch({ why, restored })
    this.#events.onRecovered('the lost lines were put back', { restored, why })
  }

  async #leaveBranch(end: Head): Promise<void> {
    const ancestor = await this.#ancestor()
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
    return line === undefined ? undefined : headOf([open(line)])
  }
}

const headOf = (entries: readonly SealedEntry[]): Head => {
  const last = entries.at(-1)
  return last === undefined ? EMPTY : { epoch: last.entry.epoch, seq: last.entry.seq, hash: last.hash }
}

const NO_FLAGS: ReadonlyMap<string, string | null> = new Map()

const flagsOf = (state: State): Map<string, string | null> =>
  changedFlags({ ...state, flags: new Map() }, state)
