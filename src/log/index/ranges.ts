// Which places a question is about: between its hours, and what of them cannot be read on this disk.

import { type Head, placeOf } from '../../domain/log/audit.js'
import type { Criteria, Order } from '../../domain/log/audit-query.js'
import { among, type Gap, isWithin, widened } from '../../domain/log/unreadable.js'
import type { Journal } from '../journal/journal.js'
import type { EntryIndex, PlaceRange } from './entry-index.js'

const REDATED = ['action=log.redated']
const MOST_REDATED = 10_000

export class Ranges {
  readonly #journal: Journal
  readonly #index: EntryIndex
  readonly #known: () => Head

  constructor(journal: Journal, index: EntryIndex, known: () => Head) {
    this.#journal = journal
    this.#index = index
    this.#known = known
  }

  /** What of the range cannot be read. `lost`: lines that turned out not to be what was indexed. */
  gapsIn(range: PlaceRange, lost: readonly number[] = []): Gap[] {
    const [end, known] = [placeOf(this.#journal.head), placeOf(this.#known())]
    const beyond = known > end && range.to >= end ? [{ from: end + 1, to: known }] : []
    const gaps = [...among(this.#index.gaps, range), ...beyond]
    return [
      ...gaps,
      ...lost.filter(place => !isWithin(gaps, place)).map(place => ({ from: place, to: place })),
    ]
  }

  /** The places between the cursor and the log's other end that are within the hours asked for. */
  async rangeOf(
    { since, until }: Pick<Criteria, 'since' | 'until'>,
    order: Order,
    after: number | undefined,
    head: number,
  ): Promise<PlaceRange> {
    const range: PlaceRange = { from: 1, to: head }
    if (after !== undefined && order === 'newest') range.to = Math.min(head, after - 1)
    if (after !== undefined && order === 'oldest') range.from = after + 1
    if (since === undefined && until === undefined) return range
    const within = widened(await this.#within(since, until, head), this.#index.gaps)
    return { from: Math.max(range.from, within.from), to: Math.min(range.to, within.to) }
  }

  /** From the first entry of these hours to the last: between the two are others, where the log was dated anew. */
  async #within(since: string | undefined, until: string | undefined, head: number): Promise<PlaceRange> {
    const within = { from: head + 1, to: 0 }
    const anew = await this.#index.reading(() =>
      this.#index.places(REDATED, { from: 1, to: head }, false, MOST_REDATED),
    )
    for (const [index, from] of [1, ...anew].entries()) {
      const part = { from, to: (anew[index] ?? head + 1) - 1 }
      const placeFrom = async (hour: string) =>
        Math.min((await this.#journal.placeFrom(hour, part)) ?? part.to + 1, part.to + 1)
      const first = since === undefined ? part.from : await placeFrom(since)
      const last = until === undefined ? part.to : (await placeFrom(until)) - 1
      if (first > last) continue
      within.from = Math.min(within.from, first)
      within.to = Math.max(within.to, last)
    }
    return within
  }
}
