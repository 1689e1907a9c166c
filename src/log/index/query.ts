// Audit queries, answered from the journal with the index's help. The index finds what matches, and `matches` decides once
// more on the entry itself; no request examines more than a bounded number of entries, or reads more than it answers with.

import { toTimestamp } from '../../domain/clock.js'
import { KillswitchError } from '../../domain/errors.js'
import { type Entry, type Head, hashLine, placeOf } from '../../domain/log/audit.js'
import { decodeCursor, encodeCursor } from '../../domain/log/audit-cursor.js'
import { factsOf } from '../../domain/log/audit-facts.js'
import {
  type AuditFilter,
  type Criteria,
  digestOf,
  matches,
  type Order,
  toCriteria,
} from '../../domain/log/audit-query.js'
import { parseEntry } from '../../domain/log/chain.js'
import { isWithin, unreadable } from '../../domain/log/unreadable.js'
import type { Journal } from '../journal/journal.js'
import type { EntryIndex, PlaceRange } from './entry-index.js'
import { IndexDamage } from './level.js'
import { type Indexed, type Kind, markOf, type Row } from './postings.js'
import { Ranges } from './ranges.js'
import { after, look, type Plan, planOf } from './scan.js'

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

export type RowOptions = {
  order: Order
  /** Not beyond this place. */
  to?: number
  signal?: AbortSignal
  onUnreadable?: (said: string) => void
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

const EXAMINED_PER_QUERY = 2000
const BYTES_PER_QUERY = 8 * 1024 * 1024
const BYTES_PER_READ = 4 * 1024 * 1024

/** What one look at the index brought: everything up to `last` is dealt with. */
type Progress = {
  found: FoundEntry[]
  /** It has more of what matches than there was room for. */
  isCut: boolean
  examined: number
  last: number
  bytes: number
  lost: readonly number[]
}

export class AuditQueries {
  readonly #journal: Journal
  readonly #index: EntryIndex

  readonly #ranges: Ranges
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
    this.#ranges = new Ranges(journal, index, known)
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
    const range = await this.#ranges.rangeOf(criteria, order, undefined, head)
    const places: number[] = []
    for await (const { found, lost } of this.#progress(criteria, order, range)) {
      signal?.throwIfAborted()
      places.push(...lost)
      yield* found
    }
    const said = unreadable(this.#ranges.gapsIn(range, places))
    if (said !== undefined) onUnreadable(said)
  }

  /** What the index has of every match, some at a time: no entry is read. */
  async *rows(filter: AuditFilter, options: RowOptions): AsyncGenerator<Row[]> {
    const { order, signal, onUnreadable = () => {} } = options
    const criteria = toCriteria(filter)
    const head = await this.#ready(signal)
    let range = await this.#ranges.rangeOf(criteria, order, undefined, head)
    range = { from: range.from, to: Math.min(range.to, options.to ?? head) }
    const said = unreadable(this.#ranges.gapsIn(range))
    if (said !== undefined) onUnreadable(said)
    const plan = await this.#index.reading(() => planOf(this.#index, criteria, order))
    while (range.from <= range.to) {
      signal?.throwIfAborted()
      const seen = await this.#index.reading(() => look(this.#index, plan, range))
      if (seen === undefined) return
      if (seen.rows.length > 0) yield seen.rows
      range = after(seen.candidates.at(-1)!, range, plan.reverse)
    }
  }

  /** The last place whose hour is not after this one; 0 where the log began later. */
  async placeAt(ms: number, signal?: AbortSignal): Promise<number> {
    const head = await this.#ready(signal)
    const until = toTimestamp(ms + 1)
    const { to } = await this.#ranges.rangeOf({ until }, 'newest', undefined, head)
    const [last] = await this.#index.reading(() => this.#index.places(undefined, { from: 1, to }, true, 1))
    return last ?? 0
  }

  /** Names that the log has, in the order of their letters. */
  async names(kind: Kind, most: number, signal?: AbortSignal): Promise<string[]> {
    await this.#ready(signal)
    return this.#index.reading(() => this.#index.names(kind, most))
  }

  async #ready(signal: AbortSignal | undefined): Promise<number> {
    const head = placeOf(this.#journal.head)
    await this.#index.reached(head, signal)
    return head
  }

  /** Throws `journal-broken` where the line of the entry is not what was written. */
  async #lineAt(place: number): Promise<string | undefined> {
    const isIndexed = place <= this.#index.place
    const found = isIndexed ? await this.#at(place) : await this.#journal.line(place)
    if (found !== undefined) return found
    const gaps = this.#ranges.gapsIn({ from: place, to: place }, [])
    const said = isWithin(gaps, place) ? unreadable(gaps) : undefined
    if (said !== undefined) throw new KillswitchError('journal-broken', said)
    return undefined
  }

  async #at(place: number): Promise<string | undefined> {
    const look = async () => {
      const [known] = await this.#index.places(undefined, { from: place, to: place }, false, 1)
      if (known === undefined) return { isLost: false }
      const [row] = await this.#index.rows([place])
      const { location } = row!
      const [line = ''] = await this.#journal.readAt([location])
      return isAsIndexed(line, location) ? { line, isLost: false } : { isLost: true }
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
    { after: cursor, head }: { after: number | undefined; head: number },
  ) {
    const range = await this.#ranges.rangeOf(criteria, order, cursor, head)
    const entries: FoundEntry[] = []
    const lost: number[] = []
    let [examined, bytes] = [0, 0]
    // of what a page goes over, whichever end it begins at
    const gapsTo = (place: number) =>
      this.#ranges.gapsIn(
        order === 'newest' ? { from: place, to: range.to } : { from: range.from, to: place },
        lost,
      )
    const room = () => limit - entries.length
    for await (const step of this.#progress(criteria, order, range, room)) {
      examined += step.examined
      bytes += step.bytes
      entries.push(...step.found)
      lost.push(...step.lost)
      if (entries.length === limit && step.isCut) {
        const { place } = entries[limit - 1]!
        return { entries, examined, more: true, place, gaps: gapsTo(place) }
      }
      if (examined >= EXAMINED_PER_QUERY || bytes >= BYTES_PER_QUERY)
        return { entries, examined, more: true, place: step.last, gaps: gapsTo(step.last) }
    }
    const gaps = this.#ranges.gapsIn(range, lost)
    return { entries, examined, more: false, place: Math.max(head, cursor ?? 0), gaps }
  }

  /** Goes through the range, and reads no more than there is room for. Each look is on its own, so that nothing is held open between two of them. */
  async *#progress(
    criteria: Criteria,
    order: Order,
    whole: PlaceRange,
    room: () => number = () => Number.POSITIVE_INFINITY,
  ): AsyncGenerator<Progress> {
    let range = whole
    let isLooked = false
    const plan = await this.#index.reading(() => planOf(this.#index, criteria, order))
    while (range.from <= range.to) {
      const next = () => this.#index.reading(() => this.#look(plan, range, room()))
      let step = await next()
      if (step !== undefined && step.lost.length > 0 && !isLooked) {
        isLooked = true
        await this.#onDamage()
        step = await next()
      }
      if (step === undefined) return
      yield step
      range = after(step.last, range, plan.reverse)
    }
  }

  async #look(plan: Plan, range: PlaceRange, room: number): Promise<Progress | undefined> {
    const seen = await look(this.#index, plan, range)
    if (seen === undefined) return undefined
    const { rows, candidates } = seen
    // long lines are read in smaller lots; the next look begins after the last one read
    let [kept, bytes] = [0, 0]
    const isRoom = (length: number) => kept === 0 || bytes + length <= BYTES_PER_READ
    while (kept < Math.min(rows.length, room) && isRoom(rows[kept]!.location.length))
      bytes += rows[kept++]!.location.length
    const isCut = kept < rows.length
    const last = isCut ? (rows[kept - 1]?.place ?? candidates[0]!) : candidates.at(-1)!
    const taken = rows.slice(0, kept)
    const lines = await this.#journal.readAt(taken.map(({ location }) => location))
    const isThere = ({ location }: Row, at: number) => isAsIndexed(lines[at]!, location)
    return {
      found: taken.flatMap((row, at) => (isThere(row, at) ? toFound(lines[at]!, row, plan.criteria) : [])),
      isCut,
      examined: candidates.indexOf(last) + 1,
      last,
      bytes,
      lost: taken.filter((row, at) => !isThere(row, at)).map(({ place }) => place),
    }
  }
}

const isAsIndexed = (line: string, { hash }: Indexed): boolean => markOf(hashLine(line)) === hash

function toFound(line: string, { place, facts }: Row, criteria: Criteria): FoundEntry[] {
  const entry = parseEntry(line)
  if (entry === undefined || placeOf(entry) !== place)
    throw new IndexDamage(`the index names a line for place ${place} that is not that entry's`)
  return matches(criteria, { ...facts, ...factsOf(entry) }) ? [{ place, entry, line }] : []
}
