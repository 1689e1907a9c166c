// Where in the journal an entry with a given term is. Made from the journal and following it in the background; may be
// thrown away at any time, and must never be on the way of an append or know anything the journal does not.

import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EMPTY, hashLine, placeOf } from '../../domain/log/audit.js'
import type { Gap } from '../../domain/log/unreadable.js'
import type { Log } from '../journal/disk.js'
import type { Journal } from '../journal/journal.js'
import type { Located } from '../journal/segment.js'
import { type Database, describe, IndexDamage, isDamage, openLevel } from './level.js'
import { nextLines } from './next-lines.js'
import {
  ALL,
  countKey,
  decodeCount,
  decodeRow,
  FORMAT,
  type Kind,
  keyIn,
  type List,
  META_KEY,
  type Meta,
  placeIn,
  postingsOf,
  type Row,
  recordName,
  recordsOf,
} from './postings.js'
import { Taking } from './taking.js'

type Waiter = { place: number; done: () => void; fail: (error: unknown) => void }

/** Both bounds are included. */
export type PlaceRange = { from: number; to: number }

const SAY_EVERY = 50_000

export class EntryIndex {
  readonly #journal: Journal
  readonly #log: Log
  readonly #folder: string
  readonly #unwatch: () => void
  #database: Database | undefined
  #place = 0
  #hash = EMPTY.hash
  #gaps: readonly Gap[] = []
  #sayAt = SAY_EVERY
  #isClosed = false
  /** Why it has to be built anew, as a reader found out. */
  #damage: string | undefined
  /** How often it was built anew. */
  #generation = 0
  #running: Promise<void> | undefined
  #waiters: Waiter[] = []

  /** Opens what is there, or begins anew where it is missing, damaged, of another log or of another form. */
  static async open(journal: Journal, log: Log = () => undefined): Promise<EntryIndex> {
    const index = new EntryIndex(journal, log)
    // the journal may grow meanwhile: nothing is followed before the database is there
    index.#running = index.#openDatabase()
    await index.#running
    index.#running = undefined
    index.#wake()
    return index
  }

  private constructor(journal: Journal, log: Log) {
    this.#journal = journal
    this.#log = log
    this.#folder = join(journal.folder, 'index')
    this.#unwatch = journal.watch(() => this.#wake())
  }

  /** The last entry taken in. */
  get place(): number {
    return this.#place
  }

  /** What cannot be read: of the lines there, none is an entry that the next one names. */
  get gaps(): readonly Gap[] {
    return this.#gaps
  }

  /** Resolves once the entry at `place` is in the index. Rejects where the index cannot go on, and when closed. */
  reached(place: number, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the index is closed'))
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    if (place <= this.#place && this.#damage === undefined) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const onAbort = () => waiter.fail(signal?.reason)
      const settle = () => {
        signal?.removeEventListener('abort', onAbort)
        this.#waiters = this.#waiters.filter(other => other !== waiter)
      }
      const waiter: Waiter = {
        place,
        done: () => resolve(settle()),
        fail: error => {
          settle()
          reject(error as Error)
        },
      }
      this.#waiters.push(waiter)
      signal?.addEventListener('abort', onAbort)
      this.#wake()
    })
  }

  /** The journal has left a branch: what was taken in of it has to go. */
  restart(reason: string): void {
    this.#damage ??= reason
    this.#wake()
  }

  /** How many entries have one of the terms (one that has two of them counts twice). */
  async count(terms: readonly string[]): Promise<number> {
    const counts = await this.#opened.getMany(terms.map(countKey))
    return counts.reduce((sum, count) => sum + decodeCount(count), 0)
  }

  /** The first `limit` places in the range that have one of the terms, from either end; any place, where `terms` is undefined. */
  async places(
    terms: readonly string[] | undefined,
    { from, to }: PlaceRange,
    reverse: boolean,
    limit: number,
  ): Promise<number[]> {
    if (from > to) return []
    const lists = terms === undefined ? [ALL] : terms.map(postingsOf)
    const found = await Promise.all(lists.map(list => this.#range(list, { from, to }, reverse, limit)))
    if (found.length === 1) return found[0]!
    const places = [...new Set(found.flat())].sort((a, b) => (reverse ? b - a : a - b))
    return places.slice(0, limit)
  }

  /** Of the places, those that have one of the terms. */
  async having(terms: readonly string[], places: readonly number[]): Promise<number[]> {
    const database = this.#opened
    const has = await Promise.all(
      terms.map(postingsOf).map(list => database.hasMany(places.map(place => keyIn(list, place)))),
    )
    return places.filter((_, at) => has.some(list => list[at]))
  }

  /** What the index has of the entries. */
  async rows(places: readonly number[]): Promise<Row[]> {
    const values = await this.#opened.getMany(places.map(place => keyIn(ALL, place)))
    return values.map((value, at) => {
      if (value === undefined) throw new IndexDamage(`the index has no row for place ${places[at]}`)
      return decodeRow(places[at]!, value)
    })
  }

  /** All flags, incidents or actors that the log names; of flags, those that were flipped or defined. */
  async names(kind: Kind, most: number): Promise<string[]> {
    return (await this.#opened.keys({ ...recordsOf(kind), limit: most }).all()).map(recordName)
  }

  /** Asks; where the index turns out damaged or gone, has it built anew and asks again, once. */
  async reading<T>(ask: () => Promise<T>): Promise<T> {
    const generation = this.#generation
    try {
      return await ask()
    } catch (error) {
      if (!isDamage(error) || this.#isClosed) throw error
      if (generation === this.#generation) this.#damage ??= describe(error)
      await this.reached(placeOf(this.#journal.head))
      return ask()
    }
  }

  /** Throws away what is there, and begins at the first entry. */
  async #rebuild(reason: string): Promise<void> {
    const head = placeOf(this.#journal.head)
    if (head > 0) this.#log('building the index of the log anew', { reason, head })
    const database = this.#database
    this.#database = undefined
    this.#generation++
    this.#place = 0
    this.#hash = EMPTY.hash
    this.#gaps = []
    this.#sayAt = SAY_EVERY
    await database?.close().catch(() => undefined)
    await rm(this.#folder, { recursive: true, force: true })
    // what leveldb makes is open to all, and the index has names and reasons in it
    await mkdir(this.#folder, { mode: 0o700 })
    this.#database = await openLevel(this.#folder)
    this.#damage = undefined
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unwatch()
    await this.#running
    for (const waiter of this.#waiters) waiter.fail(new Error('the index is closed'))
    await this.#database?.close()
  }

  get #opened(): Database {
    if (this.#database === undefined) throw new IndexDamage('the index is being built anew')
    return this.#database
  }

  async #range(list: List, { from, to }: PlaceRange, reverse: boolean, limit: number): Promise<number[]> {
    const range = { gte: keyIn(list, from), lte: keyIn(list, to), reverse, limit }
    return (await this.#opened.keys(range).all()).map(placeIn)
  }

  async #openDatabase(): Promise<void> {
    try {
      // leveldb would make a new database of what is left of a damaged one
      this.#database = await openLevel(this.#folder, { createIfMissing: false })
      const stored = await this.#database.get(META_KEY)
      const meta = stored && (JSON.parse(stored.toString()) as Meta)
      const reason = await this.#whyUnusable(meta)
      if (reason !== undefined) await this.#rebuild(reason)
      else [this.#place, this.#hash, this.#gaps] = [meta!.place, meta!.hash, meta!.gaps]
    } catch (error) {
      await this.#rebuild(describe(error))
    }
  }

  async #whyUnusable(meta: Meta | undefined): Promise<string | undefined> {
    if (meta === undefined) return 'it is empty'
    if (meta.format !== FORMAT) return `it is of form ${meta.format}, this is ${FORMAT}`
    if (meta.log !== (this.#journal.firstHash ?? '')) return 'it is of another log'
    const line = await this.#journal.line(meta.place)
    if (line === undefined || hashLine(line) !== meta.hash) return 'its last entry is not in the journal'
    return undefined
  }

  /** Follows the journal to its head, once at a time. */
  #wake(): void {
    if (this.#running !== undefined || this.#isClosed) return
    this.#running = this.#follow().then(isFine => {
      this.#running = undefined
      // something may have come between the last look and now
      const head = placeOf(this.#journal.head)
      const isBehind = this.#damage !== undefined || this.#place < head
      if (isFine ? isBehind : this.#waiters.some(({ place }) => place <= head)) this.#wake()
    })
  }

  /** One failure is answered by building anew; after a second one, whoever waits is told. */
  async #follow(): Promise<boolean> {
    try {
      await this.#catchUp().catch(async error => {
        if (this.#isClosed || !isDamage(error)) throw error
        this.#damage ??= describe(error)
        await this.#catchUp()
      })
      return true
    } catch (error) {
      this.#log('the index of the log cannot go on; it is tried again with the next entry or query', {
        reason: describe(error),
      })
      for (const waiter of this.#waiters) waiter.fail(error)
      return false
    }
  }

  async #catchUp(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#damage !== undefined || this.#database === undefined)
        await this.#rebuild(this.#damage ?? 'it could not be opened')
      const head = placeOf(this.#journal.head)
      const lines = await nextLines(this.#journal, this.#place)
      if (lines.length > 0) await this.#take(lines)
      else this.#passOver(head)
      this.#sayProgress()
      for (const waiter of this.#waiters) if (waiter.place <= this.#place) waiter.done()
      if (lines.length === 0) break
    }
  }

  /** The journal had more than is there. */
  #passOver(head: number): void {
    if (this.#place >= head) return
    this.#gaps = [...this.#gaps, { from: this.#place + 1, to: head }]
    this.#place = head
  }

  #sayProgress(): void {
    const head = placeOf(this.#journal.head)
    if (this.#place < this.#sayAt) return
    this.#sayAt = this.#place + SAY_EVERY
    if (this.#place < head) this.#log('indexing the log', { place: this.#place, head })
  }

  /** Rows, postings, counts and the place reached, in one atomic batch. */
  async #take(lines: readonly Located[]): Promise<void> {
    const database = this.#opened
    const taking = new Taking(database, { place: this.#place, hash: this.#hash, gaps: this.#gaps })
    await taking.take(lines)
    await database.batch(await taking.operations(this.#journal.firstHash ?? ''))
    ;[this.#place, this.#hash, this.#gaps] = [taking.place, taking.hash, taking.gaps]
  }
}
