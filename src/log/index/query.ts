// Audit queries, answered from the journal with the index's help. The index proposes, `matches` decides on the entry
// itself; no request examines more than a bounded number of entries.

import { type Entry, hashLine, placeOf } from '../../domain/audit.js'
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
import type { Journal } from '../journal/journal.js'
import { type EntryIndex, IndexDamage, type PlaceRange } from './entry-index.js'

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
}

const EXAMINED_PER_QUERY = 2000
const BYTES_PER_QUERY = 8 * 1024 * 1024
const CANDIDATES = 256
const BYTES_PER_READ = 4 * 1024 * 1024

/** A question in the form in which it is worked on. `rarest` is undefined where any entry may match. */
type Plan = { criteria: Criteria; reverse: boolean; rarest: string[] | undefined; others: string[][] }

/** What one look at the index brought: everything up to `last` is dealt with. */
type Progress = { found: FoundEntry[]; examined: number; last: number; bytes: number }

export class AuditQueries {
  readonly #journal: Journal
  readonly #index: EntryIndex

  constructor(journal: Journal, index: EntryIndex) {
    this.#journal = journal
    this.#index = index
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
    if (order === 'newest' && !more) return { entries, examined, more }
    return { entries, examined, more, next: encodeCursor({ ...question, place: page.place }) }
  }

  /** Every match there is at the call, a chunk at a time; for exports. */
  async *stream(filter: AuditFilter, order: Order, signal?: AbortSignal): AsyncGenerator<FoundEntry> {
    const criteria = toCriteria(filter)
    const head = placeOf(this.#journal.head)
    await this.#index.reached(head, signal)
    const range = await this.#rangeOf(criteria, order, undefined, head)
    for await (const { found } of this.#progress(criteria, order, range)) {
      signal?.throwIfAborted()
      yield* found
    }
  }

  /** One entry, by its place. */
  async entry(place: number): Promise<(FoundEntry & { hash: string }) | undefined> {
    const line = await this.#journal.line(place)
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
    let [examined, bytes] = [0, 0]
    for await (const step of this.#progress(criteria, order, range)) {
      examined += step.examined
      bytes += step.bytes
      entries.push(...step.found)
      // one too many shows that there is more
      if (entries.length > limit) {
        entries.length = limit
        return { entries, examined, more: true, place: entries[limit - 1]!.place }
      }
      if (examined >= EXAMINED_PER_QUERY || bytes >= BYTES_PER_QUERY)
        return { entries, examined, more: true, place: step.last }
    }
    return { entries, examined, more: false, place: Math.max(head, after ?? 0) }
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
    if (since !== undefined) {
      const first = (await this.#journal.placeFrom(since)) ?? head + 1
      range.from = Math.max(range.from, first)
    }
    if (until !== undefined) {
      const end = (await this.#journal.placeFrom(until)) ?? head + 1
      range.to = Math.min(range.to, end - 1)
    }
    return range
  }

  /** Goes through the range. Each look is on its own, so that nothing is held open between two of them. */
  async *#progress(criteria: Criteria, order: Order, range: PlaceRange): AsyncGenerator<Progress> {
    const reverse = order === 'newest'
    let { from, to } = range
    const plan = await this.#index.reading(() => this.#plan(criteria, reverse))
    while (from <= to) {
      const step = await this.#index.reading(() => this.#look(plan, { from, to }))
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
    const found = lines.flatMap((line, at) => toFound(line, places[at]!, criteria))
    return { found, examined: candidates.indexOf(last) + 1, last, bytes }
  }
}

function toFound(line: string, place: number, criteria: Criteria): FoundEntry[] {
  const entry = parseEntry(line)
  if (entry === undefined || placeOf(entry) !== place)
    throw new IndexDamage(`the index names a line for place ${place} that is not that entry's`)
  return matches(criteria, entry) ? [{ place, entry, line }] : []
}
