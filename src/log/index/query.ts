// Audit queries, answered from the journal with the index's help. The index proposes, `matches` decides on the entry
// itself; no request examines more than a bounded number of entries.

import { type Entry, type Head, hashLine, placeOf } from '../../domain/audit.js'
import { decodeCursor, encodeCursor } from '../../domain/audit-cursor.js'
import {
  type AuditFilter,
  type Criteria,
  clausesOf,
  digestOf,
  matches,
  type Order,
  toCriteria,
} from '../../domain/audit-query.js'
import { parseEntry } from '../../domain/chain.js'
import { KillswitchError } from '../../domain/errors.js'
import { among, type Gap, isWithin, unreadable, widened } from '../../domain/unreadable.js'
import type { Journal } from '../journal/journal.js'
import type { EntryIndex, PlaceRange } from './entry-index.js'
import { IndexDamage } from './level.js'
import { type Indexed, markOf } from './postings.js'

/** An entry with its exact stored bytes. */
export type FoundEntry = { place: number; entry: Entry; line: string }

export type QueryOptions = {
  order: Order
  /** 1 to 500, default 50. */
  limit?: number
  /** `next` of the answer before. */
  cursor?: string
  /** Gives up waiting for the index. */
  signal?: AbortSignal
}

export type QueryResult = {
  /** May be fewer than asked for, even none, while `next` goes on. */
  entries: FoundEntry[]
  /** Newest first: undefined at the beginning of the log. Oldest first: always there, to follow the log with. */
  next?: string
  /** Whether there is more to read now. Where it is false and `next` is there, wait for the log to grow. */
  more: boolean
  examined: number
  /** What of the journal could not be read, and may match; a sentence. */
  unreadable?: string
}

const REDATED = ['action=log.redated']
const MOST_REDATED = 10_000
const EXAMINED_PER_QUERY = 2000
const BYTES_PER_QUERY = 8 * 1024 * 1024
const CANDIDATES = 256
const BYTES_PER_READ = 4 * 1024 * 1024

/** A question in the form in which it is worked on. `rarest` is undefined where any entry may match. */
type Plan = { criteria: Criteria; reverse: boolean; rarest: string[] | undefined; others: string[][] }

/** What one look at the index brought: everything up to `last` is dealt with. */
type Progress = {
  found: FoundEntry[]
  examined: number
  last: number
  bytes: number
  lost: readonly number[]
}

export class AuditQueries {
  readonly #journal: Journal
  readonly #index: EntryIndex

  readonly #known: () => Head
  readonly #onDamage: () => Promise<void>

  /** `known`: where the log ends, as far as it is known; the journal may end before. `onDamage`: a line is not what was indexed; resolves when that was looked into, and the index is what the disk is. */
  constructor(
    journal: Journal,
    index: EntryIndex,
    known: () => Head = () => journal.head,
    onDamage: () => Promise<void> = async () => {},
  ) {
    this.#journal = journal
    this.#index = index
    this.#known = known
    this.#onDamage = onDamage
  }

  /** One page, of a log that has at least what it had at the call. Throws `malformed-request`. */
  async query(filter: AuditFilter, options: QueryOptions): Promise<QueryResult> {
    const { order, limit = 50, cursor, signal } = options
    if (!Number.isInteger(limit) || limit < 1 || limit > 500)
      throw new KillswitchError('malformed-request', `limit ${limit} is not a whole number from 1 to 500.`)
    const criteria = toCriteria(filter)
    const question = { order, digest: digestOf(criteria, order), log: this.#journal.firstHash ?? '' }
    const after = cursor === undefined ? undefined : decodeCursor(cursor, question).place
    const head = placeOf(this.#journal.head)
    await this.#index.reached(head, signal)
    const page = await this.#page(criteria, order, limit, { after, head })
    const { entries, examined, more } = page
    const said = unreadable(page.gaps)
    const result = { entries, examined, more, ...(said === undefined ? {} : { unreadable: said }) }
    if (order === 'newest' && !more) return result
    return { ...result, next: encodeCursor({ ...question, place: page.place }) }
  }

  /** Every match there is at the call, a chunk at a time; for exports. */
  async *stream(
    filter: AuditFilter,
    order: Order,
    signal?: AbortSignal,
    onUnreadable: (said: string) => void = () => {},
  ): AsyncGenerator<FoundEntry> {
    const criteria = toCriteria(filter)
    const head = placeOf(this.#journal.head)
    await this.#index.reached(head, signal)
    const range = await this.#rangeOf(criteria, order, undefined, head)
    const places: number[] = []
    for await (const { found, lost } of this.#progress(criteria, order, range)) {
      signal?.throwIfAborted()
      places.push(...lost)
      yield* found
    }
    const said = unreadable(this.#gapsIn(range, places))
    if (said !== undefined) onUnreadable(said)
  }

  #gapsIn(range: PlaceRange, lost: readonly number[]): Gap[] {
    const [end, known] = [placeOf(this.#journal.head), placeOf(this.#known())]
    const beyond = known > end && range.to >= end ? [{ from: end + 1, to: known }] : []
    const gaps = [...among(this.#index.gaps, range), ...beyond]
    return [
      ...gaps,
      ...lost.filter(place => !isWithin(gaps, place)).map(place => ({ from: place, to: place })),
    ]
  }

  /** Throws `journal-broken` where the line of the entry is not what was written. */
  async #lineAt(place: number): Promise<string | undefined> {
    const isIndexed = place <= this.#index.place
    const found = isIndexed ? await this.#at(place) : await this.#journal.line(place)
    if (found !== undefined) return found
    const gaps = this.#gapsIn({ from: place, to: place }, [])
    const said = isWithin(gaps, place) ? unreadable(gaps) : undefined
    if (said !== undefined) throw new KillswitchError('journal-broken', said)
    return undefined
  }

  async #at(place: number): Promise<string | undefined> {
    const look = async () => {
      const [known] = await this.#index.places(undefined, { from: place, to: place }, false, 1)
      if (known === undefined) return { isLost: false }
      const [location] = await this.#index.locations([place])
      const [line = ''] = await this.#journal.readAt([location!])
      return isAsIndexed(line, location!) ? { line, isLost: false } : { isLost: true }
    }
    let seen = await this.#index.reading(look)
    if (seen.isLost) {
      await this.#onDamage()
      seen = await this.#index.reading(look)
    }
    return isWithin(this.#index.gaps, place) ? undefined : seen.line
  }

  /** One entry, by its place. */
  async entry(place: number): Promise<(FoundEntry & { hash: string }) | undefined> {
    const line = await this.#lineAt(place)
    const entry = line === undefined ? undefined : parseEntry(line)
    return line === undefined || entry === undefined
      ? undefined
      : { place, entry, line, hash: hashLine(line) }
  }

  async #page(
    criteria: Criteria,
    order: Order,
    limit: number,
    { after, head }: { after: number | undefined; head: number },
  ) {
    const range = await this.#rangeOf(criteria, order, after, head)
    const entries: FoundEntry[] = []
    const lost: number[] = []
    let [examined, bytes] = [0, 0]
    // of what a page goes over, whichever end it begins at
    const gapsTo = (place: number) =>
      this.#gapsIn(order === 'newest' ? { from: place, to: range.to } : { from: range.from, to: place }, lost)
    for await (const step of this.#progress(criteria, order, range)) {
      examined += step.examined
      bytes += step.bytes
      entries.push(...step.found)
      lost.push(...step.lost)
      // one too many shows that there is more
      if (entries.length > limit) {
        entries.length = limit
        const { place } = entries[limit - 1]!
        return { entries, examined, more: true, place, gaps: gapsTo(place) }
      }
      if (examined >= EXAMINED_PER_QUERY || bytes >= BYTES_PER_QUERY)
        return { entries, examined, more: true, place: step.last, gaps: gapsTo(step.last) }
    }
    const gaps = this.#gapsIn(range, lost)
    return { entries, examined, more: false, place: Math.max(head, after ?? 0), gaps }
  }

  /** The places between the cursor and the log's other end that are within the hours asked for. */
  async #rangeOf(
    { since, until }: Criteria,
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

  /** Goes through the range. Each look is on its own, so that nothing is held open between two of them. */
  async *#progress(criteria: Criteria, order: Order, range: PlaceRange): AsyncGenerator<Progress> {
    const reverse = order === 'newest'
    let { from, to } = range
    let isLooked = false
    const plan = await this.#index.reading(() => this.#plan(criteria, reverse))
    while (from <= to) {
      const look = () => this.#index.reading(() => this.#look(plan, { from, to }))
      let step = await look()
      if (step !== undefined && step.lost.length > 0 && !isLooked) {
        isLooked = true
        await this.#onDamage()
        step = await look()
      }
      if (step === undefined) return
      yield step
      if (reverse) to = step.last - 1
      else from = step.last + 1
    }
  }

  /** Starts from the clause that the fewest entries fulfil. */
  async #plan(criteria: Criteria, reverse: boolean): Promise<Plan> {
    const clauses = clausesOf(criteria)
    const counts = await Promise.all(clauses.map(terms => this.#index.count(terms)))
    const least = counts.indexOf(Math.min(...counts))
    return {
      criteria,
      reverse,
      rarest: clauses[least],
      others: clauses.filter((_, at) => at !== least),
    }
  }

  async #look({ criteria, reverse, rarest, others }: Plan, range: PlaceRange): Promise<Progress | undefined> {
    const candidates = await this.#index.places(rarest, range, reverse, CANDIDATES)
    if (candidates.length === 0) return undefined
    let places = candidates
    for (const terms of others) places = places.length > 0 ? await this.#index.having(terms, places) : places
    const locations = await this.#index.locations(places)
    // long lines are read in smaller lots; the next look begins after the last one read
    let [kept, bytes] = [0, 0]
    while (kept < locations.length && (kept === 0 || bytes + locations[kept]!.length <= BYTES_PER_READ))
      bytes += locations[kept++]!.length
    const last = kept < places.length ? places[kept - 1]! : candidates.at(-1)!
    const lines = await this.#journal.readAt(locations.slice(0, kept))
    const { gaps } = this.#index
    const isThere = (line: string, at: number) => isAsIndexed(line, locations[at]!)
    const found = lines.flatMap((line, at) =>
      isThere(line, at) && !isWithin(gaps, places[at]!) ? toFound(line, places[at]!, criteria) : [],
    )
    const lost = places.slice(0, kept).filter((_, at) => !isThere(lines[at]!, at))
    return { found, examined: candidates.indexOf(last) + 1, last, bytes, lost }
  }
}

const isAsIndexed = (line: string, { hash }: Indexed): boolean => markOf(hashLine(line)) === hash

function toFound(line: string, place: number, criteria: Criteria): FoundEntry[] {
  const entry = parseEntry(line)
  if (entry === undefined || placeOf(entry) !== place)
    throw new IndexDamage(`the index names a line for place ${place} that is not that entry's`)
  return matches(criteria, entry) ? [{ place, entry, line }] : []
}
