// An instance's durable copy of the log: exact lines, in order, synced before `append` resolves. Knows no rule but that
// an entry follows its predecessor; must never change, reorder or drop a line it took.

import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KillswitchError } from '../../domain/errors.js'
import { placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { type ChainHead, headAfter, NO_ENTRY } from '../../domain/log/chain.js'
import { outOfFilesIn } from '../../domain/out-of-files.js'
import { replaceFrom } from './aside.js'
import { cutBranch } from './branch.js'
import { type Checkpoint, dropCheckpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { type Disk, type Log, realDisk, syncFolder } from './disk.js'
import { type Lock, lockFolder } from './lock.js'
import { Recent } from './recent.js'
import { Reserve } from './reserve.js'
import type { Located, Location, Segment } from './segment.js'
import { type Inside, linesAfter, locatedAt, nameOf, openSegments, placeFrom, readAt } from './segments.js'
import { Writer } from './writer.js'

export type JournalOptions = {
  /** Created where it is not there, for this user alone. */
  folder: string
  /** A segment that has reached this size is followed by a new one; default 8 MiB. */
  segmentBytes?: number
  /** Room kept for kills on a disk that is full; none by default. */
  reserveBytes?: number
  log?: Log
  /** For tests: a disk that fails. */
  disk?: Disk
}

export type ReadLimit = { limit: number; bytes?: number }

type Opened = {
  head: ChainHead
  firstHash: string | undefined
  segments: Segment[]
  lock: Lock
  damage?: string | undefined
}

export class Journal {
  readonly folder: string
  readonly reserve: Reserve
  /** What a start found wrong with the last segment, a clause; then nothing may be appended before `replaceFrom`. */
  readonly damage: string | undefined
  readonly #disk: Disk
  readonly #segments: Segment[]
  #writer: Writer
  readonly #lock: Lock
  readonly #segmentBytes: number
  readonly #watchers = new Set<() => void>()
  readonly #recent = new Recent()
  #head: ChainHead
  #firstHash: string | undefined
  #appended: Promise<void> = Promise.resolve()
  #saved: Promise<void> = Promise.resolve()

  /**
   * Opens the folder, for this process alone, and recovers from a crash. Only the last segment is examined. Throws
   * `configuration` where another process has it.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const { folder, disk = realDisk, log = () => undefined } = options
    await mkdir(join(folder, 'log'), { recursive: true, mode: 0o700 })
    const lock = await lockFolder(folder)
    try {
      await syncFolder(disk, folder)
      // the folder above may belong to somebody else
      await syncFolder(disk, dirname(folder)).catch(nothing)
      const { segments, head, damage } = await openSegments(disk, join(folder, 'log'), log)
      const firstHash = await nameOf(disk, segments)
      const journal = new Journal(options, disk, { head, firstHash, segments, lock, damage })
      // one that is damaged is not written to before it is put right
      if (damage === undefined) await journal.#writer.open()
      await journal.reserve.keep()
      return journal
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  private constructor(options: JournalOptions, disk: Disk, opened: Opened) {
    this.folder = options.folder
    this.#disk = disk
    this.#head = opened.head
    this.#firstHash = opened.firstHash
    this.#segments = opened.segments
    this.#lock = opened.lock
    this.damage = opened.damage
    this.#segmentBytes = options.segmentBytes ?? 8 * 1024 * 1024
    this.#writer = this.#newWriter()
    this.reserve = new Reserve(options.folder, options.reserveBytes ?? 0)
  }

  /** The last durable entry; `at` is empty before the first. */
  get head(): ChainHead {
    return this.#head
  }

  /** The hash of the first entry: the log's name. Undefined where there is none, or it cannot be read. */
  get firstHash(): string | undefined {
    return this.#firstHash
  }

  /** Why the last append could not be made durable; for good after a failed sync, else until one succeeds. */
  get broken(): string | undefined {
    return this.#writer.broken
  }

  /**
   * Durable when it resolves. Entries at or below the head are skipped. All or nothing: throws `history-lost` where one
   * does not follow its predecessor, `journal-broken` or `out-of-files` where it could not be written; then the head is as before.
   */
  append(entries: readonly SealedEntry[]): Promise<void> {
    const appended = this.#appended.then(() => this.#append(entries))
    this.#appended = appended.catch(nothing)
    return appended
  }

  /**
   * Leaves an abandoned branch: what comes after `ancestor` is moved to forks/, whose file is returned with the lines. The
   * index has to be built anew. Throws `journal-broken`.
   */
  branchOff(ancestor: ChainHead): Promise<{ file: string; lines: string[] }> {
    return this.exclusively(async ({ disk, segments, close, renew }) => {
      const place = placeOf(ancestor)
      const lines: string[] = []
      for await (const line of this.lines(place)) lines.push(line)
      await close()
      // what is saved of the branch is no state of this log: a start would miss its head
      await this.#saved
      await dropCheckpoint(disk, this.#checkpointFile, place)
      const file = await cutBranch(disk, this.folder, segments, place, lines)
      renew()
      this.#head = ancestor
      if (place === 0) this.#firstHash = undefined
      return { file, lines }
    })
  }

  /**
   * Puts these lines, which chain, in the place of all that the files from `first` on have. Returns where what was there is
   * kept. The index has to be built anew.
   */
  replaceFrom(first: number, lines: readonly SealedEntry[]): Promise<string[]> {
    return this.exclusively(async inside => {
      const kept = await replaceFrom(inside, this.folder, { first, lines, segmentBytes: this.#segmentBytes })
      this.#head = headAfter({ ...NO_ENTRY, hash: lines[0]!.entry.prev }, lines) as ChainHead
      this.#firstHash = await nameOf(this.#disk, this.#segments)
      return kept
    })
  }

  /** Does something to the files in its turn among the appends. */
  exclusively<T>(work: (inside: Inside) => Promise<T>): Promise<T> {
    const close = async () => {
      await this.#writer.close()
      this.#recent.clear()
    }
    const renew = () => {
      this.#writer = this.#newWriter()
    }
    const inode = () => this.#writer.inode()
    const inside = { disk: this.#disk, segments: this.#segments, inode, close, renew }
    const done = this.#appended.then(() => work(inside))
    this.#appended = done.then(nothing, nothing)
    return done
  }

  #newWriter = () => new Writer(this.#disk, join(this.folder, 'log'), this.#segmentBytes, this.#segments)

  async #append(entries: readonly SealedEntry[]): Promise<void> {
    const known = placeOf(this.#head)
    const added = entries.filter(({ entry }) => placeOf(entry) > known)
    if (added.length === 0) return
    const head = headAfter(this.#head, added)
    const bytes = Buffer.from(added.map(({ line }) => `${line}\n`).join(''))
    const write = () =>
      this.#writer.write(bytes, placeOf(added[0]!.entry), () => {
        const segment = this.#segments.at(-1)!
        this.#recent.add(added, known, segment, segment.size - bytes.length)
        this.#head = head
        this.#firstHash ??= added[0]!.hash
      })
    await write().catch(async error => {
      // where something may be left in the file, or no file is left to open, room is not what is wanted
      if (isUnknown(error) || outOfFilesIn(error) || !(await this.reserve.giveUp())) throw error
      await write()
    })
    // whoever appended goes on first: what follows the log is in no hurry, and a flip is
    setImmediate(() => {
      for (const watcher of this.#watchers) watcher()
    })
  }

  /** Calls back after each append, until the function returned is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** The lines after a place, in order: at most `limit`, and at most `bytes` of them unless the first alone is larger. */
  async read(afterPlace: number, limit: ReadLimit): Promise<string[]> {
    return (await this.located(afterPlace, limit)).map(({ bytes }) => bytes.toString())
  }

  /** As `read`, with where each line stands. */
  async located(
    afterPlace: number,
    { limit, bytes = Number.POSITIVE_INFINITY }: ReadLimit,
  ): Promise<Located[]> {
    const found: Located[] = []
    let size = 0
    const newest = this.#recent.after(afterPlace)
    for await (const lines of newest ? [newest] : this.#linesAfter(afterPlace))
      for (const line of lines) {
        size += line.length
        if (found.length >= limit || (found.length > 0 && size > bytes)) return found
        found.push(line)
      }
    return found
  }

  async line(place: number): Promise<string | undefined> {
    return (await this.#at(place))?.bytes.toString()
  }

  /** Where the entry of a place ends: the file, and how many bytes of it that are. Undefined where it cannot be read. */
  async endOf(place: number): Promise<{ file: string; offset: number } | undefined> {
    const found = await this.#at(place)
    const file = this.#segments.find(({ first }) => first === found?.segment)?.file
    return found && file !== undefined ? { file, offset: found.offset + found.length + 1 } : undefined
  }

  /** All lines after a place, to the head as it is now, from disk, a chunk at a time. */
  async *lines(afterPlace = 0): AsyncGenerator<string> {
    for await (const lines of this.#linesAfter(afterPlace))
      for (const line of lines) yield line.bytes.toString()
  }

  /** The place of the first entry at or after an hour, in a part whose hours do not go back; beyond it, or undefined, for none. */
  placeFrom(at: string, part?: { from: number; to: number }): Promise<number | undefined> {
    return placeFrom(this.#disk, this.#segments, at, part)
  }

  /** What is at locations that an index kept, in the order given; '' where it cannot be read. */
  readAt(locations: readonly Location[]): Promise<string[]> {
    return readAt(this.#disk, this.#segments, locations)
  }

  /** The segments as they are now, whole lines and durable: what `verify` reads. */
  segments(): Segment[] {
    return this.#segments.map(segment => ({ ...segment }))
  }

  /** What was saved last, whether or not the files still hold its head. */
  savedCheckpoint(): Promise<Checkpoint | undefined> {
    return readCheckpoint(this.#checkpointFile)
  }

  /** Saves the state at a head of this log, in place of the one before, all at once. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const saved = this.#saved.then(() => writeCheckpoint(this.#disk, this.#checkpointFile, checkpoint))
    this.#saved = saved.catch(nothing)
    return saved
  }

  /** Waits for what is being written, and gives the folder free. */
  async close(): Promise<void> {
    await Promise.all([this.#appended, this.#saved])
    try {
      await this.#writer.close()
    } finally {
      await this.#lock.release()
    }
  }

  get #checkpointFile(): string {
    return join(this.folder, 'checkpoint.json')
  }

  #at(place: number): Promise<Located | undefined> {
    return place > placeOf(this.#head) ? NOWHERE : locatedAt(this.#disk, this.#segments, place)
  }

  #linesAfter(place: number): AsyncIterable<Located[]> {
    return place >= placeOf(this.#head) ? NO_LINES : linesAfter(this.#disk, this.segments(), place)
  }
}

const NOWHERE = Promise.resolve(undefined)
const NO_LINES: AsyncIterable<Located[]> = { async *[Symbol.asyncIterator]() {} }

const nothing = (): undefined => undefined

const isUnknown = (error: unknown): boolean =>
  error instanceof KillswitchError && error.code === 'outcome-unknown'
