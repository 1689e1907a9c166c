// Looks whether the disk still has what was written to it, while the journal is in use: the end of it at once, the rest a
// segment at a time. Reads only; what the head is known to be is remembered, and nothing on the disk is believed.

import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Head, hashLine } from '../../domain/log/audit.js'
import { isAfter } from '../../domain/log/chain.js'
import { outOfFilesIn } from '../../domain/out-of-files.js'
import { type Disk, type Handle, readFully, realDisk, using } from './disk.js'
import type { Journal } from './journal.js'
import { linesFrom, type Segment } from './segment.js'

/** What is not as it was written, in the segments that begin at these places. */
export type Flaw = { segments: readonly number[]; problem: string }

/** The newest line is looked for in so much of the file's end; a longer one in more. */
const END_BYTES = 64 * 1024

/** `line` is where its last line began, `hash` that line's. */
type Seen = { first: number; size: number; ino: number; mtimeMs: number; line: number; hash: string }

export class Inspection {
  readonly #journal: Journal
  readonly #disk: Disk
  /** The last segment as it was seen last. */
  #seen: Seen | undefined
  /** Where the walk through the segments is: the place of the next one, and the hash of the entry before it. */
  #walk = { next: 0, hash: '' }

  constructor(journal: Journal, disk: Disk = realDisk) {
    this.#journal = journal
    this.#disk = disk
  }

  /** Whether the end of the journal is the entry that was written last, in the file it was written to. */
  async tail(): Promise<Flaw | undefined> {
    const last = await this.#journal.exclusively(async ({ segments, inode }) => {
      const segment = segments.at(-1)
      if (segment === undefined) return undefined
      const problem = await this.#problemAtEnd(segment, this.#journal.head, await inode())
      return { segment: { ...segment }, problem }
    })
    if (last?.problem === undefined) return undefined
    if (last.problem !== TOUCHED) return { segments: [last.segment.first], problem: last.problem }
    return this.#whole(last.segment.first)
  }

  /** Looks at the next segment, in turns. Returns what is wrong there. */
  async next(): Promise<Flaw | undefined> {
    // of one moment: what is appended meanwhile is for the next round
    const [segments, { hash: head }] = [this.#journal.segments(), this.#journal.head]
    const index = segments.findIndex(({ first }) => first === this.#walk.next)
    const at = Math.max(index, 0)
    const segment = segments[at]
    if (segment === undefined) return undefined
    const before = index < 0 ? '' : this.#walk.hash
    const isLast = at === segments.length - 1
    const { hash, problem } = await hashesOf(this.#disk, segment, before, isLast)
    const wrong =
      problem ?? (isLast && hash !== head ? 'it does not end with the entry written last' : undefined)
    this.#walk =
      isLast || wrong !== undefined ? { next: 0, hash: '' } : { next: segments[at + 1]!.first, hash }
    if (wrong === undefined) return undefined
    // which side of a seam is wrong cannot be told from the seam
    const around = [segments[at - 1], segment].filter(each => each !== undefined)
    return { segments: around.map(({ first }) => first), problem: `${basename(segment.file)}: ${wrong}` }
  }

  /** How many segments there are to look at. */
  get size(): number {
    return this.#journal.segments().length
  }

  /** All of it, from the beginning; the first thing that is wrong. */
  async all(): Promise<Flaw | undefined> {
    this.#walk = { next: 0, hash: '' }
    for (let left = this.size; left > 0; left--) {
      const flaw = await this.next()
      if (flaw !== undefined) return flaw
    }
    return undefined
  }

  /** A mend has written the last segment anew. */
  forget(): void {
    this.#seen = undefined
    this.#walk = { next: 0, hash: '' }
  }

  async #whole(first: number): Promise<Flaw | undefined> {
    const flaw = await this.all()
    return flaw && { ...flaw, segments: [...new Set([...flaw.segments, first])].sort((a, b) => a - b) }
  }

  async #problemAtEnd(segment: Segment, head: Head, inode?: number): Promise<string | undefined> {
    const name = basename(segment.file)
    const found = await stat(segment.file).catch(error => error as NodeJS.ErrnoException)
    if (found instanceof Error) return `${name} cannot be found: ${found.code ?? found.message}`
    const before = this.#seen?.first === segment.first ? this.#seen : undefined
    if (found.ino !== (inode ?? before?.ino ?? found.ino))
      return `${name} is another file than was written to`
    if (found.size !== segment.size)
      return `${name} has ${found.size} bytes, and ${segment.size} were written to it`
    const end = await using(await this.#disk.open(segment.file, 'r'), async handle =>
      newestOf(handle, segment, before ?? { line: await lastLineAt(handle, segment.size) }),
    )
    if (end === undefined || end.hash !== head.hash)
      return `${name} does not end with the entries written last`
    this.#seen = {
      first: segment.first,
      size: segment.size,
      ino: found.ino,
      mtimeMs: found.mtimeMs,
      ...end,
    }
    // nothing was appended, and somebody wrote: what, is in the rest of it
    const isTouched = before?.size === segment.size && before.mtimeMs !== found.mtimeMs
    return isTouched ? TOUCHED : undefined
  }
}

const TOUCHED = 'touched'

/** Where the last line begins. */
async function lastLineAt(handle: Handle, size: number): Promise<number> {
  for (let wanted = END_BYTES; ; wanted *= 4) {
    const from = Math.max(0, size - wanted)
    const at = (await readFully(handle, from, size - from)).subarray(0, -1).lastIndexOf(0x0a)
    if (at >= 0 || from === 0) return from + at + 1
  }
}

/**
 * The last line from the one seen last on, where that is still there and each line names the one before it: a file that was
 * cut has its whole size again with the next append, and a hole before it.
 */
async function newestOf(
  handle: Handle,
  segment: Segment,
  seen: { line: number; hash?: string },
): Promise<{ line: number; hash: string } | undefined> {
  let newest: { line: number; hash: string } | undefined
  for await (const lines of linesFrom(handle, segment, seen.line))
    for (const { bytes, offset } of lines) {
      const hash = hashLine(bytes)
      const follows =
        newest === undefined ? hash === (seen.hash ?? hash) : isAfter(bytes.toString(), newest.hash)
      if (!follows) return undefined
      newest = { line: offset, hash }
    }
  return newest
}

/** The hash of the last line of a segment whose every line names the one before it; what is wrong, where one does not. */
async function hashesOf(
  disk: Disk,
  segment: Segment,
  before: string,
  isLast: boolean,
): Promise<{ hash: string; problem?: string }> {
  let [hash, number, end] = [before, 0, 0]
  try {
    return await using(await disk.open(segment.file, 'r'), async handle => {
      if (!isLast && (await handle.stat()).size !== segment.size)
        return { hash, problem: `it is not of the ${segment.size} bytes that were written` }
      for await (const lines of linesFrom(handle, segment, 0))
        for (const { bytes, offset, length } of lines) {
          number++
          if (!isAfter(bytes.toString(), hash))
            return { hash, problem: `line ${number} does not follow the one before` }
          hash = hashLine(bytes)
          end = offset + length + 1
        }
      return end === segment.size ? { hash } : { hash, problem: `it ends at ${end} of ${segment.size} bytes` }
    })
  } catch (error) {
    // nobody looked: what is in it is as it was
    if (outOfFilesIn(error)) throw error
    return { hash, problem: `it cannot be read: ${(error as Error).message}` }
  }
}
