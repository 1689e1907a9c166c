// The newest lines of the log, as they were written: whoever follows the journal has them without reading the disk while
// a flip is on its way. Holds nothing that is not durable, and answers nothing it does not have in full.

import type { SealedEntry } from '../../domain/log/audit.js'
import { placeOf } from '../../domain/log/audit.js'
import type { Located, Segment } from './segment.js'

const MOST_LINES = 256

export class Recent {
  /** By place; without a gap, up to the head. */
  #lines: { place: number; located: Located }[] = []
  /** The place before the first of them. */
  #after: number | undefined

  /** What was just made durable at the end of a segment; `before` is the head it follows. */
  add(entries: readonly SealedEntry[], before: number, segment: Segment, offset: number): void {
    if (this.#lines.at(-1)?.place !== before) this.clear()
    this.#after ??= before
    for (const { entry, line } of entries) {
      const bytes = Buffer.from(line)
      this.#lines.push({
        place: placeOf(entry),
        located: { segment: segment.first, offset, length: bytes.length, bytes },
      })
      offset += bytes.length + 1
    }
    const surplus = this.#lines.length - MOST_LINES
    if (surplus > 0) this.#after = this.#lines.splice(0, surplus).at(-1)?.place
  }

  /** All lines after a place; undefined where they begin before those that are kept. */
  after(place: number): Located[] | undefined {
    if (this.#after === undefined || place < this.#after) return undefined
    const start = this.#lines.findIndex(each => each.place > place)
    return start < 0 ? [] : this.#lines.slice(start).map(({ located }) => located)
  }

  clear(): void {
    this.#lines = []
    this.#after = undefined
  }
}
