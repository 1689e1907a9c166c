// What comes in from the store, up to the last commit that is signed. The beginning of a commit waits here for its end.

import { KillswitchError } from '../../domain/errors.js'
import { placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { headAfter } from '../../domain/log/chain.js'
import type { State } from '../../domain/state.js'
import type { Obedience } from './obedience.js'

export class Incoming {
  readonly #obedience: Obedience
  #waiting: readonly SealedEntry[] = []

  constructor(obedience: Obedience) {
    this.#obedience = obedience
  }

  /**
   * Those of the entries that may be obeyed after `state`, in order and without those that are known. `refused`: what comes
   * after them and may never be: it is not signed. `own`: signed here. Throws `history-lost` where one does not follow the entry before it.
   */
  take(state: State, entries: readonly SealedEntry[], own = false): Taken {
    const known = placeOf(state.head)
    const came = entries.filter(({ entry }) => placeOf(entry) > known)
    const goesOn = this.#waiting.length > 0 && came[0]?.entry.prev === this.#waiting.at(-1)?.hash
    const fresh = goesOn ? [...this.#waiting, ...came] : came
    this.#waiting = []
    if (fresh.length === 0) return { obeyed: [] }
    headAfter(state.head, fresh)
    if (own) return { obeyed: fresh }
    const { obeyed, problem } = this.#obedience.judge(state, fresh)
    if (problem !== undefined)
      return {
        obeyed: fresh.slice(0, obeyed),
        refused: { entries: fresh.slice(obeyed), problem: problem.text },
      }
    this.#waiting = fresh.slice(obeyed)
    return { obeyed: fresh.slice(0, obeyed) }
  }

  /** Nothing more came: a commit whose end is not there is none. A commit is written in one act. */
  atEnd(): Refused | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    const { epoch, seq } = first.entry
    const refused = {
      entries: this.#waiting,
      problem: `Nobody signed entry ${epoch}-${seq}${this.#waiting.length > 1 ? ' and what comes after it' : ''}.`,
    }
    this.#waiting = []
    return refused
  }
}

type Taken = { obeyed: readonly SealedEntry[]; refused?: Refused }
/** What was found and is not obeyed; in the store, where nothing else is said. */
export type Refused = { entries: readonly SealedEntry[]; problem: string; from?: 'store' | 'journal' }

export const notSigned = ({ problem }: Refused): KillswitchError =>
  new KillswitchError(
    'not-signed',
    `${problem} It is not obeyed: it was not written by an instance of this service that has the key of the log.`,
  )
