// An instance's durable copy of the log: exact lines, in order, synced before `append` resolves. Knows no rule but that
// an entry follows its predecessor; must never change, reorder or drop a line it took.

import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hashLine, placeOf, type SealedEntry } from '../../domain/audit.js'
import { type ChainHead, headAfter, linkOf } from '../../domain/chain.js'
import { KillswitchError } from '../../domain/errors.js'
import { cutBranch } from './branch.js'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { type Disk, type Log, realDisk, syncFolder, using } from './disk.js'
import { type Lock, lockFolder } from './lock.js'
import { Recent } from './recent.js'
import { Reserve } from './reserve.js'
import { type Located, type Location, lineAt, linesFrom, readLocated, type Segment, seek } from './segment.js'
import { groupBySegment, openSegments, readFirst } from './segments.js'
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

type Opened = { head: ChainHead; firstHash: string | undefined; segments: Segment[]; lock: Lock }

export class Journal {
  readonly folder: string
  readonly reserve: Reserve
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
   * `configuration` where another process has it, `journal-broken` where the last segment is damaged in its middle.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const { folder, disk = realDisk, log = () => undefined } = options
    await mkdir(join(folder, 'log'), { recursive: true, mode: 0o700 })
    const lock = await lockFolder(folder)
    try {
      await syncFolder(disk, folder)
      // the folder above may belong to somebody else
      await syncFolder(disk, dirname(folder)).catch(() => undefined)
      const { segments, head } = await openSegments(disk, join(folder, 'log'), log)
      const first = segments[0] && (await readFirst(disk, segments[0]))
      const firstHash = first && hashLine(first.bytes)
      const journal = new Journal(options, disk, { head, firstHash, segments, lock })
      await journal.reserve.keep()
      return journal
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  private constructor(options: JournalOptions, disk: Disk, { head, firstHash, segments, lock }: Opened) {
    this.folder = options.folder
    this.#disk = disk
    this.#head = head
    this.#firstHash = firstHash
    this.#segments = segments
    this.#lock = lock
    this.#segmentBytes = options.segmentBytes ?? 8 * 1024 * 1024
    this.#writer = this.#newWriter()
    this.reserve = new Reserve(options.folder, options.reserveBytes ?? 0)
  }

  /** The last durable entry; `at` is empty before the first. */
  get head(): ChainHead {
    return this.#head
  }

  /** The hash of the first entry: the log's name. */
  get firstHash(): string | undefined {
    return this.#firstHash
  }

  /** Why the last append could not be made durable; for good after a failed sync, else until one succeeds. */
  get broken(): string | undefined {
    return this.#writer.broken
  }

  /**
   * Durable when it resolves. Entries at or below the head are skipped. All or nothing: throws `history-lost` where one
   * does not follow its predecessor, `journal-broken` where it could not be written; then the head is as before.
   */
  append(entries: readonly SealedEntry[]): Promise<void> {
    const appended = this.#appended.then(() => this.#append(entries))
    this.#appended = appended.catch(() => undefined)
    return appended
  }

  /**
   * Leaves an abandoned branch: what comes after `ancestor` is moved to forks/, whose file is returned with the lines. The
   * index has to be built anew. Throws `journal-broken`.
   */
  branchOff(ancestor: ChainHead): Promise<{ file: string; lines: string[] }> {
    const cut = this.#appended.then(async () => {
      const place = placeOf(ancestor)
      const lines: string[] = []
      for await (const line of this.lines(place)) lines.push(line)
      await this.#writer.close()
      this.#recent.clear()
      const file = await cutBranch(this.#disk, this.folder, this.#segments, place, lines)
      this.#writer = this.#newWriter()
      this.#head = ancestor
      if (place === 0) this.#firstHash = undefined
      return { file, lines }
    })
    this.#appended = cut.then(
      () => undefined,
      () => undefined,
    )
    return cut
  }

  #newWriter(): Writer {
    return new Writer(this.#disk, join(this.folder, 'log'), this.#segmentBytes, this.#segments)
  }

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
      // where something may be left in the file, room is not what is wanted
      if (isUnknown(error) || !(await this.reserve.giveUp())) throw error
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
    const segment = this.#segments.findLast(({ first }) => first <= place)
    if (segment === undefined || place > placeOf(this.#head)) return undefined
    return using(await this.#disk.open(segment.file, 'r'), async handle => {
      const found = await lineAt(handle, segment, await seek(handle, segment, link => link.place >= place))
      const line = found?.bytes.toString()
      return line !== undefined && linkOf(line)?.place === place ? line : undefined
    })
  }

  /** All lines after a place, to the head as it is now, from disk, a chunk at a time. */
  async *lines(afterPlace = 0): AsyncGenerator<string> {
    for await (const lines of this.#linesAfter(afterPlace))
      for (const line of lines) yield line.bytes.toString()
  }

  /** The place of the first entry at or after an hour; undefined where the log ends before it. */
  async placeFrom(at: string): Promise<number | undefined> {
    let [low, high] = [0, this.#segments.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const first = await readFirst(this.#disk, this.#segments[middle]!)
      const link = first && linkOf(first.bytes.toString())
      if (link && link.at >= at) high = middle
      else low = middle + 1
    }
    // in the segment before the first one that begins late enough, or it is that one's first entry
    const segment = this.#segments[low - 1]
    const next = this.#segments[low]?.first
    if (segment === undefined) return next
    return using(await this.#disk.open(segment.file, 'r'), async handle => {
      const found = await lineAt(handle, segment, await seek(handle, segment, link => link.at >= at))
      return (found && linkOf(found.bytes.toString())?.place) ?? next
    })
  }

  /** Lines whose locations an index kept, in the order given. */
  async readAt(locations: readonly Location[]): Promise<string[]> {
    const lines = new Map<Location, string>()
    for (const [first, group] of groupBySegment(locations)) {
      const segment = this.#segments.find(({ first: place }) => place === first)
      if (segment === undefined) throw new Error(`the journal has no segment ${first}`)
      const read = await readLocated(this.#disk, segment, group)
      group.forEach((location, index) => {
        lines.set(location, read[index]!)
      })
    }
    return locations.map(location => lines.get(location)!)
  }

  /** The segments as they are now, whole lines and durable: what `verify` reads. */
  segments(): Segment[] {
    return this.#segments.map(segment => ({ ...segment }))
  }

  /** The last state saved, if this log still holds its head. */
  async checkpoint(): Promise<Checkpoint | undefined> {
    const found = await this.savedCheckpoint()
    const line = found && (await this.line(placeOf(found.head)))
    return line !== undefined && hashLine(line) === found?.head.hash ? found : undefined
  }

  /** What was saved last, whether or not the log still holds its head: evidence for `verify`, not a state to use. */
  savedCheckpoint(): Promise<Checkpoint | undefined> {
    return readCheckpoint(this.#checkpointFile)
  }

  /** Saves the state at a head of this log, in place of the one before, all at once. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const saved = this.#saved.then(() => writeCheckpoint(this.#disk, this.#checkpointFile, checkpoint))
    this.#saved = saved.catch(() => undefined)
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

  async *#linesAfter(afterPlace: number): AsyncGenerator<Located[]> {
    if (afterPlace >= placeOf(this.#head)) return
    const segments = this.segments()
    const start = segments.findLastIndex(({ first }) => first <= afterPlace)
    for (const [index, segment] of segments.entries()) {
      if (index < start) continue
      const handle = await this.#disk.open(segment.file, 'r')
      try {
        const offset = index === start ? await seek(handle, segment, link => link.place > afterPlace) : 0
        yield* linesFrom(handle, segment, offset)
      } finally {
        await handle.close()
      }
    }
  }
}

const isUnknown = (error: unknown): boolean =>
  error instanceof KillswitchError && error.code === 'outcome-unknown'
