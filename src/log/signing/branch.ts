// Whether lines that chain are a log, or a branch of one, that instances of the service wrote: each commit signed, from the
// first that is. Of a log that was signed once no branch is obeyed that is not.

import { type Head, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { signingAfter } from '../../domain/log/signature.js'
import type { State } from '../../domain/state.js'
import type { Obedience, Obeyed } from './obedience.js'

export class Branch {
  readonly #obedience: Obedience
  readonly #isSigned: boolean
  #known: Obeyed
  #waiting: SealedEntry[] = []

  /** `state`: of the log that this instance knows. `ancestor`: the last entry that both have. */
  constructor(obedience: Obedience, { signing, log }: State, ancestor: Head) {
    this.#obedience = obedience
    this.#isSigned = signing !== undefined
    const place = placeOf(ancestor)
    const isAfter = signing !== undefined && place >= signing.since
    this.#known = { log: place === 0 ? undefined : log, ...(isAfter ? { signing } : {}) }
  }

  /** The next lines, which chain. Returns what is wrong with them. */
  add(lines: readonly SealedEntry[]): string | undefined {
    const entries = [...this.#waiting, ...lines]
    const { obeyed, problem } = this.#obedience.judge(this.#known, entries)
    for (const { entry, hash } of entries.slice(0, obeyed)) {
      const signing = signingAfter(this.#known.signing, entry, placeOf(entry))
      this.#known = { log: this.#known.log ?? hash, ...(signing === undefined ? {} : { signing }) }
    }
    this.#waiting = entries.slice(obeyed)
    return problem?.text
  }

  /** What is wrong with it as a whole. */
  end(): string | undefined {
    if (!this.#isSigned || (this.#waiting.length === 0 && this.#known.signing !== undefined)) return undefined
    return 'what it ends with is not signed'
  }
}
