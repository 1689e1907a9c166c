// Lines on their way into the index: rows, postings, counts, and what they say of rows that are there, for one atomic
// batch. Reads the database beneath what it has gathered, and writes nothing itself.

import { hashLine, placeOf } from '../../domain/log/audit.js'
import { type Facts, factsOf, type Told } from '../../domain/log/audit-facts.js'
import { termsOf } from '../../domain/log/audit-query.js'
import { parseEntry } from '../../domain/log/chain.js'
import type { Gap } from '../../domain/log/unreadable.js'
import type { Located } from '../journal/segment.js'
import type { Database } from './level.js'
import {
  ALL,
  countKey,
  decodeCount,
  decodeRow,
  encodeCount,
  encodeRow,
  FORMAT,
  type Kind,
  keyIn,
  META_KEY,
  type Meta,
  NOTHING,
  placeIn,
  postingsOf,
  type Row,
  recordKey,
} from './postings.js'
import { type Telling, tellOthers, toldBefore } from './relations.js'

type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer }
const CHUNK = 1_000
const NO_TERMS: ReadonlySet<string> = new Set()

export class Taking implements Telling {
  readonly #database: Database
  /** In order: where there are two of a key, the last one counts. */
  readonly #operations: Operation[] = []
  readonly #counts = new Map<string, number>()
  /** As they are in the database, and as they are now. */
  readonly #known = new Map<string, object | undefined>()
  readonly #records = new Map<string, object>()
  readonly #rows = new Map<number, Row>()
  readonly #named = new Map<string, number[]>()
  readonly gaps: Gap[]
  place: number
  hash: string

  constructor(database: Database, after: Pick<Meta, 'place' | 'hash' | 'gaps'>) {
    this.#database = database
    this.place = after.place
    this.hash = after.hash
    this.gaps = [...after.gaps]
  }

  /**
   * Lines that are no entries are passed over. Where one does not name the one before, lines are missing between them, or
   * that one is not as it was written.
   */
  async take(lines: readonly Located[]): Promise<void> {
    for (const { bytes, ...location } of lines) {
      const entry = parseEntry(bytes.toString())
      if (entry === undefined || placeOf(entry) <= this.place) continue
      const place = placeOf(entry)
      const from = Math.max(1, place === this.place + 1 ? this.place : this.place + 1)
      if (entry.prev !== this.hash && from < place) this.gaps.push({ from, to: place - 1 })
      this.place = place
      this.hash = hashLine(bytes)
      const own = factsOf(entry)
      const facts = { ...own, ...(await toldBefore(entry, own, this)) }
      this.#put({ place, facts, location: { ...location, hash: this.hash } })
      const { incident } = entry
      if (incident !== undefined) this.#named.set(incident, [...(this.#named.get(incident) ?? []), place])
      await tellOthers(entry, place, facts, this)
    }
  }

  /** The batch, with the counts and where the index stands after it. `log`: the hash of the first entry. */
  async operations(log: string): Promise<Operation[]> {
    for (const [name, record] of this.#records)
      this.#write(Buffer.from(name), Buffer.from(JSON.stringify(record)))
    for (const row of this.#rows.values()) this.#write(keyIn(ALL, row.place), encodeRow(row))
    const keys = [...this.#counts.keys()].map(countKey)
    const before = await this.#database.getMany(keys)
    for (const [at, count] of [...this.#counts.values()].entries())
      this.#write(keys[at]!, encodeCount(decodeCount(before[at]) + count))
    const { place, hash, gaps } = this
    const meta: Meta = { format: FORMAT, log, place, hash, gaps }
    this.#write(META_KEY, Buffer.from(JSON.stringify(meta)))
    return this.#operations
  }

  async factsAt(place: number): Promise<Facts | undefined> {
    return (await this.#row(place))?.facts
  }

  async tell(place: number, told: Told): Promise<void> {
    const row = await this.#row(place)
    if (row === undefined || Object.keys(told).length === 0) return
    this.#put({ ...row, facts: { ...row.facts, ...told } }, row.facts)
  }

  async *naming(incident: string, from: number, to: number) {
    const list = postingsOf(`incident=${incident}`)
    for (let next = from; next <= to; ) {
      const range = { gte: keyIn(list, next), lte: keyIn(list, to), limit: CHUNK }
      const places = (await this.#database.keys(range).all()).map(placeIn)
      for (const place of places) yield* this.#found(place)
      if (places.length < CHUNK) break
      next = (places.at(-1) as number) + 1
    }
    for (const place of [...(this.#named.get(incident) ?? [])])
      if (place >= from && place <= to) yield* this.#found(place)
  }

  async record<T>(kind: Kind, name: string): Promise<T | undefined> {
    const key = recordKey(kind, name)
    const given = key.toString()
    if (!this.#known.has(given)) {
      const value = await this.#database.get(key)
      this.#known.set(given, value && (JSON.parse(value.toString()) as object))
    }
    return this.#known.get(given) as T | undefined
  }

  keep(kind: Kind, name: string, record: object): void {
    const given = recordKey(kind, name).toString()
    this.#known.set(given, record)
    this.#records.set(given, record)
  }

  async *#found(place: number) {
    const facts = await this.factsAt(place)
    if (facts !== undefined) yield { place, facts }
  }

  async #row(place: number): Promise<Row | undefined> {
    const known = this.#rows.get(place)
    if (known !== undefined) return known
    const value = await this.#database.get(keyIn(ALL, place))
    return value && decodeRow(place, value)
  }

  /** A row, with the terms that are new and without those that hold no more. */
  #put(row: Row, before?: Facts): void {
    const { place } = row
    this.#rows.set(place, row)
    const old = before === undefined ? NO_TERMS : new Set(termsOf(before))
    const terms = new Set(termsOf(row.facts))
    for (const term of terms) if (!old.has(term)) this.#post(term, place, 1)
    for (const term of old) if (!terms.has(term)) this.#post(term, place, -1)
  }

  #post(term: string, place: number, more: 1 | -1): void {
    const key = keyIn(postingsOf(term), place)
    this.#operations.push(more === 1 ? { type: 'put', key, value: NOTHING } : { type: 'del', key })
    this.#counts.set(term, (this.#counts.get(term) ?? 0) + more)
  }

  #write(key: Buffer, value: Buffer): void {
    this.#operations.push({ type: 'put', key, value })
  }
}
