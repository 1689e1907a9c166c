// What the store committed while this instance's journal failed: kept in memory, and given to the journal again without a gap.

import { KillswitchError } from '../../domain/errors.js'
import { placeOf, type SealedEntry } from '../../domain/log/audit.js'
import type { ErrorCode } from '../../wire/words.js'
import type { Journal } from '../journal/journal.js'

/** How many entries wait in memory for a journal that fails. Beyond it the journal stays behind until the next start. */
const MOST = 5_000
/** Errors of an append after which the entries wait for the next one. */
const WAIT: readonly ErrorCode[] = ['journal-broken', 'out-of-files', 'outcome-unknown']

export class Unjournaled {
  readonly #journal: Journal
  #entries: SealedEntry[] = []
  /** There were too many to keep: the journal has a gap before it until the next start follows the store. */
  #hasGivenUp = false

  constructor(journal: Journal) {
    this.#journal = journal
  }

  lineAt(place: number): string | undefined {
    return this.#entries.find(({ entry }) => placeOf(entry) === place)?.line
  }

  after(place: number): SealedEntry[] {
    return this.#entries.filter(({ entry }) => placeOf(entry) > place)
  }

  clear(): void {
    this.#entries = []
  }

  /** What the journal could not take before goes first. Says whether it has all of it. */
  async write(entries: readonly SealedEntry[]): Promise<boolean> {
    if (this.#hasGivenUp) return false
    const all = [...this.#entries, ...entries]
    try {
      await this.#journal.append(all)
      this.#entries = []
      return true
    } catch (error) {
      // the store has them: whether this disk has is for the next start to find out
      if (!(error instanceof KillswitchError) || !WAIT.includes(error.code)) throw error
      this.#hasGivenUp = all.length > MOST
      this.#entries = this.#hasGivenUp ? [] : all
      return false
    }
  }
}
