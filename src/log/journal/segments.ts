// The segments of a journal's folder: found at a start, the last one recovered. Reads only, but for what a crash left.

import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { NO_ENTRY } from '../../domain/chain.js'
import { type Disk, type Log, syncFolder, using } from './disk.js'
import { recoverSegment } from './recover.js'
import { firstPlaceOf, type Located, type Location, lineAt, type Segment } from './segment.js'

/** The segments with something in them. A crash may have left a last one empty or torn from its first byte. */
export async function openSegments(disk: Disk, folder: string, log: Log) {
  const segments: Segment[] = []
  for (const name of (await readdir(folder)).sort()) {
    const file = join(folder, name)
    const first = firstPlaceOf(name)
    if (first !== undefined) segments.push({ first, file, size: (await stat(file)).size })
  }
  for (let last = segments.at(-1); last !== undefined; last = segments.at(-1)) {
    const { size, head } = await recoverSegment(disk, last.file, last.first, log)
    last.size = size
    if (size > 0) return { segments, head }
    segments.pop()
    await unlink(last.file)
    await syncFolder(disk, folder)
  }
  return { segments, head: NO_ENTRY }
}

export const readFirst = async (disk: Disk, segment: Segment): Promise<Located | undefined> =>
  using(await disk.open(segment.file, 'r'), handle => lineAt(handle, segment, 0))

export function groupBySegment(locations: readonly Location[]): Map<number, Location[]> {
  const groups = new Map<number, Location[]>()
  for (const location of locations) {
    const group = groups.get(location.segment)
    if (group) group.push(location)
    else groups.set(location.segment, [location])
  }
  return groups
}
