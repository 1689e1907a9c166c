// The end of the log: whole batches go in, durable, or not at all. After a failed sync it never writes again, since
// nobody can tell what the disk has; it must never leave half a batch behind a size it reports.

import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { KillswitchError } from '../../domain/errors.js'
import { outOfFiles, outOfFilesIn } from '../../domain/out-of-files.js'
import { type Disk, type Handle, writeFully } from './disk.js'
import { type Segment, segmentName } from './segment.js'

/** A failed write of which something may be left in the file. */
class NotTakenBack extends Error {}

export class Writer {
  readonly #disk: Disk
  readonly #folder: string
  readonly #segmentBytes: number
  readonly #segments: Segment[]
  #handle: Handle | undefined
  /** Of a segment that has nothing durable in it yet: synced with its first lines. */
  #newIn: Handle | undefined
  #isBrokenForGood = false
  /** Why the last write failed. Cleared by one that succeeds; never after a failed sync or a failed repair. */
  broken: string | undefined

  /** Appends to the last of `segments`, and puts new ones at their end. */
  constructor(disk: Disk, folder: string, segmentBytes: number, segments: Segment[]) {
    this.#disk = disk
    this.#folder = folder
    this.#segmentBytes = segmentBytes
    this.#segments = segments
  }

  /** Opens the segment in use before anything is to be written: a kill then needs no file that may not be left. */
  async open(): Promise<void> {
    const last = this.#segments.at(-1)
    if (last !== undefined) this.#handle ??= await this.#disk.open(last.file, 'r+')
  }

  /**
   * One write, one sync; `whenDurable` is called in the same turn in which the segment's size grows. Throws
   * `journal-broken` or `out-of-files`, with nothing of the batch left in the log; `outcome-unknown` where it could not be taken back, and a
   * later start may find it. Not for two at once.
   */
  async write(bytes: Buffer, firstPlace: number, whenDurable: () => void): Promise<void> {
    if (this.#isBrokenForGood) throw this.#refuse()
    try {
      const segment = await this.#segmentFor(firstPlace)
      await this.#put(segment, bytes)
      if (segment !== this.#segments.at(-1)) this.#segments.push(segment)
      segment.size += bytes.length
      this.broken = undefined
      whenDurable()
    } catch (error) {
      const outOf = outOfFilesIn(error)
      // only what was to be opened fails for it, before anything is written
      if (outOf !== undefined) throw outOfFiles(outOf, error)
      this.broken = (error as Error).message
      throw error instanceof NotTakenBack ? this.#doubt(error) : this.#refuse(error)
    }
  }

  /** The number on the disk of the file in use; undefined where none is open. */
  async inode(): Promise<number | undefined> {
    return (await this.#handle?.stat())?.ino
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    this.#isBrokenForGood = true
    this.broken ??= 'it is closed'
    await this.#closeFolder()
    await handle?.close()
  }

  /** The segment in use while it has room, else a new one, which only counts once something is in it. */
  async #segmentFor(firstPlace: number): Promise<Segment> {
    const last = this.#segments.at(-1)
    if (last !== undefined && last.size < this.#segmentBytes) {
      this.#handle ??= await this.#disk.open(last.file, 'r+')
      return last
    }
    try {
      return await this.#newSegment(firstPlace)
    } catch (error) {
      // a segment may be longer; a kill may not wait until there is a file again
      if (last === undefined || outOfFilesIn(error) === undefined) throw error
      this.#handle ??= await this.#disk.open(last.file, 'r+')
      return last
    }
  }

  async #newSegment(first: number): Promise<Segment> {
    const file = join(this.#folder, segmentName(first))
    const folder = await this.#disk.open(this.#folder, 'r')
    const handle = await this.#disk.open(file, 'wx+', 0o600).catch(async error => {
      await folder.close()
      throw error
    })
    const full = this.#handle
    this.#handle = handle
    this.#newIn = folder
    await full?.close().catch(() => undefined)
    return { first, file, size: 0 }
  }

  async #closeFolder(): Promise<void> {
    const folder = this.#newIn
    this.#newIn = undefined
    await folder?.close()
  }

  async #put(segment: Segment, bytes: Buffer): Promise<void> {
    const handle = this.#handle!
    try {
      await writeFully(handle, bytes, segment.size)
    } catch (error) {
      await this.#takeBack(handle, segment, error)
      throw error
    }
    try {
      await handle.datasync()
      await this.#newIn?.sync()
      await this.#closeFolder()
    } catch (error) {
      // the kernel may have dropped the pages and would report the next sync as fine
      this.#isBrokenForGood = true
      await this.#takeBack(handle, segment, error)
      throw error
    }
  }

  /** Back to the last good line; a segment that got nothing disappears again. */
  async #takeBack(handle: Handle, segment: Segment, cause: unknown): Promise<void> {
    try {
      await handle.truncate(segment.size)
      if (segment.size > 0) return
      this.#handle = undefined
      await this.#closeFolder()
      await handle.close()
      await unlink(segment.file)
    } catch (error) {
      this.#isBrokenForGood = true
      throw new NotTakenBack(
        `${(cause as Error).message}, and it could not be taken back: ${(error as Error).message}`,
      )
    }
  }

  #doubt(cause: NotTakenBack): KillswitchError {
    return new KillswitchError(
      'outcome-unknown',
      `The journal could not be made durable: ${this.broken}. What was written may be found by the next start of this ` +
        'instance; it takes nothing more until then.',
      {},
      cause,
    )
  }

  #refuse(cause?: unknown): KillswitchError {
    const wayOut = this.#isBrokenForGood
      ? 'It takes nothing more until this instance is started again, on a disk that works.'
      : 'Nothing of it was kept; free space on the disk of the data folder, and send it again.'
    return new KillswitchError(
      'journal-broken',
      `The journal could not be made durable: ${this.broken}. ${wayOut}`,
      {},
      cause,
    )
  }
}
