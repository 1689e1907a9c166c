// One file of the log: NDJSON, the exact bytes of each entry, named by the place of its first one. Finds and reads
// lines in it, never beyond the bytes known to be durable, and never writes.

import { linkOf } from '../../domain/log/chain.js'
import { type Disk, type Reader, readFully, using } from './disk.js'

/** `size` is how much of the file is durable, whole lines. */
export type Segment = { readonly first: number; readonly file: string; size: number }

/** A stored line and where it stands; `length` in bytes, without the newline. */
export type Location = { segment: number; offset: number; length: number }
export type Located = Location & { bytes: Buffer }

const NAME = /^(\d{16})\.ndjson$/
const NEWLINE = 0x0a
const CHUNK = 256 * 1024
/** A search by halves stops here, and goes on line by line. */
const STRETCH = 32 * 1024

export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.ndjson`

/** The first place in a segment's name; undefined for another file. */
export const firstPlaceOf = (name: string): number | undefined => {
  const found = NAME.exec(name)
  return found ? Number(found[1]) : undefined
}

/** The lines from an offset on, by what one read brings; a rest without a newline comes as a last line. */
export async function* linesFrom(
  handle: Reader,
  segment: Pick<Segment, 'first' | 'size'>,
  start: number,
): AsyncGenerator<Located[]> {
  let rest: Buffer = Buffer.alloc(0)
  let offset = start
  let wanted = Math.min(CHUNK, STRETCH)
  while (offset + rest.length < segment.size) {
    const from = offset + rest.length
    const read = await readFully(handle, from, Math.min(wanted, segment.size - from))
    if (read.length === 0) break
    const bytes = rest.length > 0 ? Buffer.concat([rest, read]) : read
    const { lines, end } = splitLines(bytes, segment.first, offset)
    if (lines.length > 0) yield lines
    offset += end
    rest = bytes.subarray(end)
    // a line longer than the chunk is read in ever larger ones
    wanted = Math.max(CHUNK, rest.length * 2)
  }
  if (rest.length > 0) yield [{ segment: segment.first, offset, length: rest.length, bytes: rest }]
}

function splitLines(bytes: Buffer, segment: number, base: number): { lines: Located[]; end: number } {
  const lines: Located[] = []
  let start = 0
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    lines.push({ segment, offset: base + start, length: end - start, bytes: bytes.subarray(start, end) })
    start = end + 1
  }
  return { lines, end: start }
}

/** The line at an offset, or undefined at the end. */
export async function lineAt(handle: Reader, segment: Segment, offset: number): Promise<Located | undefined> {
  for await (const lines of linesFrom(handle, segment, offset)) return lines[0]
  return undefined
}

/**
 * The offset of the first line that `reached` holds for, or the size where there is none. `reached` must be false up to
 * some line and true from there on; lines that are no entries are passed over.
 */
export async function seek(
  handle: Reader,
  segment: Segment,
  reached: (link: { place: number; at: string }) => boolean,
): Promise<number> {
  let [low, high, end] = [0, segment.size, segment.size]
  while (end - low > STRETCH) {
    const middle = Math.floor((low + end) / 2)
    const probe = await firstEntryAfter(handle, segment, middle, high)
    if (probe === undefined) end = middle
    else if (reached(probe.link)) [high, end] = [probe.offset, middle]
    else low = probe.next
  }
  for await (const lines of linesFrom(handle, { first: segment.first, size: high }, low))
    for (const line of lines) {
      const link = linkOf(line.bytes.toString())
      if (link && reached(link)) return line.offset
    }
  return high
}

/** The first entry whose line begins after `offset` and before `limit`. */
async function firstEntryAfter(handle: Reader, segment: Segment, offset: number, limit: number) {
  let isFirst = true
  for await (const lines of linesFrom(handle, { first: segment.first, size: limit }, offset))
    for (const line of lines) {
      // the first one began somewhere before
      const link = isFirst ? undefined : linkOf(line.bytes.toString())
      isFirst = false
      if (link) return { link, offset: line.offset, next: line.offset + line.length + 1 }
    }
  return undefined
}

/** Reads lines whose locations are known, in the order given, neighbours at once. */
export async function readLocated(disk: Disk, segment: Segment, at: readonly Location[]): Promise<string[]> {
  const lines = new Map<number, string>()
  const handle = await disk.open(segment.file, 'r')
  await using(handle, async () => {
    const sorted = [...at].sort((a, b) => a.offset - b.offset)
    for (let next = 0; next < sorted.length; ) {
      const from = sorted[next]!.offset
      let to = from
      const start = next
      // the first one whatever its length, then what is near and fits into one read
      do to = sorted[next]!.offset + sorted[next++]!.length
      while (
        next < sorted.length &&
        sorted[next]!.offset - to < 4096 &&
        sorted[next]!.offset + sorted[next]!.length - from < CHUNK
      )
      const bytes = await readFully(handle, from, to - from)
      for (const { offset, length } of sorted.slice(start, next))
        lines.set(offset, bytes.toString('utf8', offset - from, offset - from + length))
    }
  })
  return at.map(({ offset }) => lines.get(offset)!)
}
