// The lines of some places as the store has them, once they were seen to lead to the head that this instance knows.

import { by, KillswitchError } from '../../domain/errors.js'
import { fromPlace, type Head, hashLine, placeOf } from '../../domain/log/audit.js'
import { isAfter, linkOf } from '../../domain/log/chain.js'
import type { Store } from '../stores/store.js'

export class Copy {
  readonly #store: Store
  readonly #from: number
  readonly #to: number
  readonly #lines: { place: number; line: string }[] = []
  #at: Head
  #hash: string | undefined

  constructor(store: Store, from: number, to: number) {
    this.#store = store
    this.#from = from
    this.#to = to
    this.#at = { ...fromPlace(from - 1), hash: '' }
  }

  /** Throws `journal-broken` where the store's lines do not lead to the head. */
  async readTo(head: Head): Promise<void> {
    while (placeOf(this.#at) < placeOf(head)) {
      const { lines } = await this.#store.examine(this.#at)
      const before = placeOf(this.#at)
      for (const line of lines) this.#take(line, head)
      if (placeOf(this.#at) === before) break
    }
    if (this.#hash !== head.hash) throw notWhole()
  }

  bytesOf(first: number, end = Number.POSITIVE_INFINITY): Buffer {
    const own = this.#lines.filter(({ place }) => place >= first && place < end)
    return Buffer.from(own.map(({ line }) => `${line}\n`).join(''))
  }

  #take(line: string, head: Head): void {
    const place = linkOf(line)?.place ?? 0
    if (place > placeOf(head)) return
    // the first of them is the one wanted, and each of the others names the one before it
    const follows = this.#hash === undefined ? place === this.#from : isAfter(line, this.#hash)
    if (!follows) throw notWhole()
    this.#hash = hashLine(line)
    this.#at = { ...fromPlace(place), hash: this.#hash }
    if (place < this.#to) this.#lines.push({ place, line })
  }
}

const notWhole = (): KillswitchError =>
  new KillswitchError(
    'journal-broken',
    "The store has not got this instance's log as a whole either, and nothing was replaced.",
    {
      wayOut: [
        by(
          'Put the file back from a copy, or move the data folder aside and start again where another instance has the log.',
        ),
      ],
    },
  )
