// Puts segments of the journal in the place of damaged ones, each all at once, and keeps what was there: a few files under
// damaged/, the newest. Whoever calls it has checked the lines.

import { copyFile, lstat, mkdir, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { replaceFile, syncFolder } from './disk.js'
import { segmentName } from './segment.js'
import type { Inside } from './segments.js'

/** Kept of what was damaged. */
const MOST_KEPT = 8

/** Returns where the files that were not as they should be are kept. The writer begins anew: what it wrote to may be gone. */
export async function replaceSegments(
  { disk, segments, close, renew }: Inside,
  folder: string,
  written: ReadonlyMap<number, Buffer>,
): Promise<string[]> {
  const changed: [first: number, file: string, bytes: Buffer][] = []
  const kept: string[] = []
  for (const { first, file } of segments) {
    const bytes = written.get(first)
    if (bytes === undefined || (await isOf(file, bytes))) continue
    changed.push([first, file, bytes])
    kept.push(...(await keep(folder, file)))
  }
  await close()
  for (const [first, file, bytes] of changed) {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await replaceFile(disk, file, bytes)
    const segment = segments.find(each => each.first === first)
    if (segment !== undefined) segment.size = bytes.length
  }
  renew()
  return kept
}

type Replacement = { first: number; lines: readonly SealedEntry[]; segmentBytes: number }

/**
 * As `replaceSegments`, for everything from the file that begins at `first` on, whichever of the files are there. `segments`
 * is changed in place. What a crash leaves half done does not chain, and is found by the next start.
 */
export async function replaceFrom(
  { disk, segments, close, renew }: Inside,
  folder: string,
  { first, lines, segmentBytes }: Replacement,
): Promise<string[]> {
  const at = segments.findIndex(each => each.first >= first)
  const old = at < 0 ? [] : segments.slice(at)
  const written = inSegments(
    lines,
    old.map(each => each.first),
    segmentBytes,
  )
  const log = join(folder, 'log')
  await mkdir(log, { recursive: true, mode: 0o700 })
  await close()
  const kept: string[] = []
  for (const { first, file } of old) {
    const bytes = written.get(first)
    if (bytes === undefined || !(await isOf(file, bytes))) kept.push(...(await keep(folder, file)))
  }
  for (const [first, bytes] of written) await replaceFile(disk, join(log, segmentName(first)), bytes)
  for (const { first, file } of old) if (!written.has(first)) await unlink(file).catch(ifThere)
  await syncFolder(disk, log)
  const fresh = [...written].map(([first, { length }]) => ({
    first,
    file: join(log, segmentName(first)),
    size: length,
  }))
  segments.splice(at < 0 ? segments.length : at, old.length, ...fresh)
  renew()
  return kept
}

/** By the first place of each: a new one begins where one began, and where one is full. */
function inSegments(lines: readonly SealedEntry[], firsts: readonly number[], segmentBytes: number) {
  const written = new Map<number, string[]>()
  let [current, size]: [string[] | undefined, number] = [undefined, 0]
  for (const { entry, line } of lines) {
    const place = placeOf(entry)
    if (current === undefined || firsts.includes(place) || size >= segmentBytes) {
      current = []
      size = 0
      written.set(place, current)
    }
    current.push(line)
    size += Buffer.byteLength(line) + 1
  }
  return new Map(
    [...written].map(([first, all]) => [first, Buffer.from(all.map(line => `${line}\n`).join(''))]),
  )
}

const isOf = async (file: string, bytes: Buffer): Promise<boolean> =>
  (await readFile(file).catch(() => undefined))?.equals(bytes) ?? false

const ifThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error
}

/** What cannot be copied is moved; nothing of a file that is gone. */
async function keep(folder: string, file: string): Promise<string[]> {
  const found = await lstat(file).catch(() => undefined)
  if (found === undefined) return []
  const damaged = join(folder, 'damaged')
  await mkdir(damaged, { recursive: true, mode: 0o700 })
  const name = `${basename(file, '.ndjson')}-${Math.round(found.mtimeMs)}.ndjson`
  await copyFile(file, join(damaged, name)).catch(() => rename(file, join(damaged, name)))
  const dated = await Promise.all(
    (await readdir(damaged)).map(async each => ({ each, at: (await stat(join(damaged, each))).ctimeMs })),
  )
  for (const { each } of dated.sort((a, b) => b.at - a.at).slice(MOST_KEPT))
    await rm(join(damaged, each), { recursive: true })
  return [join('damaged', name)]
}
