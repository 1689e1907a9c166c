// An instance found itself on an abandoned branch of the log: that part of its journal is kept under forks/, and the
// journal ends again where the branch began. Nothing is deleted before its copy is durable.

import { mkdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Disk, replaceFile, syncFolder, using } from './disk.js'
import { type Segment, seek } from './segment.js'

/** Copies the lines, then cuts the segments back to what came before `place`. `segments` is changed in place. */
export async function cutBranch(
  disk: Disk,
  folder: string,
  segments: Segment[],
  afterPlace: number,
  lines: readonly string[],
): Promise<string> {
  const forks = join(folder, 'forks')
  await mkdir(forks, { recursive: true, mode: 0o700 })
  const file = join(forks, `after-${afterPlace}-${Date.now()}.ndjson`)
  await replaceFile(disk, file, Buffer.from(lines.map(line => `${line}\n`).join('')))
  await syncFolder(disk, folder)
  while (segments.length > 0 && segments.at(-1)!.first > afterPlace) await unlink(segments.pop()!.file)
  const last = segments.at(-1)
  if (last !== undefined) await truncateAfter(disk, last, afterPlace)
  await syncFolder(disk, join(folder, 'log'))
  return file
}

async function truncateAfter(disk: Disk, segment: Segment, afterPlace: number): Promise<void> {
  await using(await disk.open(segment.file, 'r+'), async handle => {
    const end = await seek(handle, segment, link => link.place > afterPlace)
    await handle.truncate(end)
    await handle.sync()
    segment.size = end
  })
}
