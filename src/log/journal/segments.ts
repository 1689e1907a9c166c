// The segments of a journal's folder: found at a start, the last one recovered. Reads only, but for what a crash left.

import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EMPTY, hashLine } from '../../domain/log/audit.js'
import { type ChainHead, isAfter, linkOf, NO_ENTRY, parseEntry } from '../../domain/log/chain.js'
import { isSigned, SIGNATURE_LENGTH } from '../../domain/log/signature.js'
import { outOfFilesIn } from '../../domain/out-of-files.js'
import { type Disk, type Log, openedToRead, type Reader, readFully, syncFolder, using } from './disk.js'
import { DamagedSegment, recoverSegment } from './recover.js'
import {
  firstPlaceOf,
  type Located,
  type Location,
  lineAt,
  linesFrom,
  readLocated,
  type Segment,
  seek,
  segmentName,
} from './segment.js'

const FIRST = 1

/** What is given to a work on the files: while it runs, nothing is appended. */
export type Inside = {
  disk: Disk
  segments: Segment[]
  /** Which file is written to, by its number on the disk; undefined before the first write. */
  inode: () => Promise<number | undefined>
  /** Before the files are changed; where the work fails after it, nothing more is written. */
  close: () => Promise<void>
  /** When they are as they should be. */
  renew: () => void
}

/** `damage`: what is wrong with the last of them, a clause; then it is as it was found, and `head` the last entry in any of them. */
type Opened = { segments: Segment[]; head: ChainHead; damage?: string }

/** The segments with something in them. A crash may have left a last one empty or torn from its first byte. */
export async function openSegments(disk: Disk, folder: string, log: Log): Promise<Opened> {
  const segments: Segment[] = []
  for (const name of (await readdir(folder)).sort()) {
    const file = join(folder, name)
    const first = firstPlaceOf(name)
    if (first !== undefined) segments.push({ first, file, size: (await stat(file)).size })
  }
  // what is gone is missed: a log begins at its first place
  if (segments[0] !== undefined && segments[0].first !== FIRST)
    segments.unshift({ first: FIRST, file: join(folder, segmentName(FIRST)), size: 0 })
  for (let last = segments.at(-1); last !== undefined; last = segments.at(-1)) {
    const before = segments.at(-2)
    const isSignedBefore = before !== undefined && isSigned(await endOf(disk, before).catch(() => ''))
    const recovered = await recoverSegment(disk, last.file, last.first, log, isSignedBefore).catch(asDamaged)
    if (recovered instanceof DamagedSegment)
      return { segments, head: await lastIn(disk, segments), damage: recovered.message }
    const { size, head } = recovered
    last.size = size
    if (size > 0) return { segments, head }
    segments.pop()
    await rm(last.file, { force: true })
    await syncFolder(disk, folder)
  }
  return { segments, head: NO_ENTRY }
}

const asDamaged = (error: unknown): DamagedSegment => {
  if (error instanceof DamagedSegment) return error
  throw error
}

/** The last whole line that is an entry, wherever it stands and whatever is before it. */
async function lastIn(disk: Disk, segments: readonly Segment[]): Promise<ChainHead> {
  let head = NO_ENTRY
  for (const segment of segments.toReversed()) {
    for await (const lines of readable(disk, segment))
      for (const { bytes, offset, length } of lines) {
        const entry = offset + length < segment.size ? parseEntry(bytes.toString()) : undefined
        if (entry !== undefined)
          head = { epoch: entry.epoch, seq: entry.seq, hash: hashLine(bytes), at: entry.at }
      }
    if (head !== NO_ENTRY) return head
  }
  return head
}

/** The lines of a segment from an offset on, as far as it can be read: what is missing then shows in what follows. */
async function* readable(
  disk: Disk,
  segment: Segment,
  from: (handle: Reader) => Promise<number> = async () => 0,
): AsyncGenerator<Located[]> {
  const handle = openedToRead(disk, segment.file)
  try {
    const lines = linesFrom(handle, segment, await from(handle))
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) yield next.value
  } catch (error) {
    if (!isOfDisk(error) || outOfFilesIn(error) !== undefined) throw error
  }
}

/** What the system says of a file; an error of ours is none. */
const isOfDisk = (error: unknown): boolean => (error as NodeJS.ErrnoException).syscall !== undefined

/** All lines after a place, whether they follow one another or not: that is for the caller to see. */
export async function* linesAfter(
  disk: Disk,
  segments: readonly Segment[],
  place: number,
): AsyncGenerator<Located[]> {
  const start = segments.findLastIndex(({ first }) => first <= place)
  for (const [index, segment] of segments.entries()) {
    if (index < start) continue
    const from = (handle: Reader) => seek(handle, segment, link => link.place > place)
    yield* index === start ? readable(disk, segment, from) : readable(disk, segment)
  }
}

/** The entry of a place; undefined where there is none, or it cannot be read. */
export async function locatedAt(
  disk: Disk,
  segments: readonly Segment[],
  place: number,
): Promise<Located | undefined> {
  const segment = segments.findLast(({ first }) => first <= place)
  if (segment === undefined) return undefined
  for await (const [found] of linesAfter(disk, [segment], place - 1))
    return found !== undefined && linkOf(found.bytes.toString())?.place === place ? found : undefined
  return undefined
}

/** As much of the last line as a signature takes. */
const endOf = async (disk: Disk, { file, size }: Segment): Promise<string> =>
  using(await disk.open(file, 'r'), async handle => {
    const from = Math.max(0, size - SIGNATURE_LENGTH - 1)
    return (await readFully(handle, from, size - from)).toString('latin1').trimEnd()
  })

/** The first entry of a log names none before it; undefined where it cannot be read. */
export async function nameOf(disk: Disk, [first]: readonly Segment[]): Promise<string | undefined> {
  const found = first && (await readFirst(disk, first).catch(() => undefined))
  return found && isAfter(found.bytes.toString(), EMPTY.hash) ? hashLine(found.bytes) : undefined
}

const readFirst = async (disk: Disk, segment: Segment): Promise<Located | undefined> =>
  using(await disk.open(segment.file, 'r'), handle => lineAt(handle, segment, 0))

const linkAt = async (disk: Disk, segment: Segment) => {
  const first = await readFirst(disk, segment).catch(ofDisk)
  return first && linkOf(first.bytes.toString())
}

/** See `Journal.placeFrom`. */
export async function placeFrom(
  disk: Disk,
  all: readonly Segment[],
  at: string,
  { from, to } = { from: 0, to: Number.POSITIVE_INFINITY },
): Promise<number | undefined> {
  const reached = (link: { place: number; at: string }) =>
    link.place > to || (link.place >= from && link.at >= at)
  let segments = all
  let [low, high] = [0, segments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const link = await linkAt(disk, segments[middle]!)
    if (link === undefined) {
      // nobody knows when it was: it is searched without it
      segments = segments.toSpliced(middle, 1)
      high--
    } else if (reached(link)) high = middle
    else low = middle + 1
  }
  // in the segment before the first one that begins late enough, or it is that one's first entry
  const segment = segments[low - 1]
  const next = segments[low]?.first
  if (segment === undefined) return next
  return using(await disk.open(segment.file, 'r'), async handle => {
    const found = await lineAt(handle, segment, await seek(handle, segment, reached))
    return (found && linkOf(found.bytes.toString())?.place) ?? next
  })
}

/** See `Journal.readAt`. */
export async function readAt(
  disk: Disk,
  segments: readonly Segment[],
  locations: readonly Location[],
): Promise<string[]> {
  const lines = new Map<Location, string>()
  for (const [first, group] of groupBySegment(locations)) {
    const segment = segments.find(each => each.first === first)
    const read = segment && (await readLocated(disk, segment, group).catch(ofDisk))
    for (const [index, location] of group.entries()) lines.set(location, read?.[index] ?? '')
  }
  return locations.map(location => lines.get(location) ?? '')
}

function ofDisk(error: unknown): undefined {
  if (!isOfDisk(error)) throw error
}

function groupBySegment(locations: readonly Location[]): Map<number, Location[]> {
  const groups = new Map<number, Location[]>()
  for (const location of locations) {
    const group = groups.get(location.segment)
    if (group) group.push(location)
    else groups.set(location.segment, [location])
  }
  return groups
}
