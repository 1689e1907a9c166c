// Finds and reads the files of a catalogue: what a directory holds, safely and in the same order everywhere. It does
// not know what is in them, and follows no link out of the directory.

import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import type { Fault } from '../domain/catalogue/catalogue.js'
import { outOfFiles, outOfFilesIn } from '../domain/out-of-files.js'
import { compare, quote } from './faults.js'

export type FoundFile = {
  /** The file's name with its ending. */
  name: string
  path: string
  /** The path as people are shown it: from where the process stands, or absolute. */
  shown: string
  size: number
}

/** The path from here where it is below, else as it was given. */
export function shownPath(path: string): string {
  const below = relative(process.cwd(), path)
  return below === '' || below.startsWith('..') || isAbsolute(below) ? path : below
}

/** The directory's regular files with that ending, by name. Hidden files are not the catalogue's. */
export async function findFiles(
  directory: string,
  ending: RegExp,
): Promise<{ files: FoundFile[]; faults: Fault[] }> {
  const faults: Fault[] = []
  const names = await readdir(directory)
  const files: FoundFile[] = []
  for (const name of names.filter(one => !one.startsWith('.') && ending.test(one)).sort(compare)) {
    const path = join(directory, name)
    const shown = shownPath(path)
    const found = await examine(directory, path)
    if (typeof found === 'string') faults.push({ file: shown, line: 1, message: found })
    else files.push({ name, path, shown, size: found.size })
  }
  return { files, faults }
}

/** The file's size, or what is wrong with it. A mounted volume may link within the directory, never out of it. */
async function examine(directory: string, path: string): Promise<{ size: number } | string> {
  try {
    const target = await realpath(path)
    if (!target.startsWith((await realpath(directory)) + sep)) {
      return `is a link out of the directory (to ${quote(target)}): put the file itself there`
    }
    const { size, ...kind } = await stat(path).then(it => ({ size: it.size, isFile: it.isFile() }))
    return kind.isFile ? { size } : 'is not a regular file: remove it, or give it another name'
  } catch (error) {
    return unreadable(error)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there, or is a link to nothing: restore it or remove it',
  EACCES: 'may not be read by this process: grant it read permission',
  EPERM: 'may not be read by this process: grant it read permission',
  ENOTDIR: 'is not a directory: name the directory that holds the files',
  ELOOP: 'is a link that leads back to itself: put the file itself there',
}

/** Why a file cannot be read. Throws `out-of-files`, which is no fault of the file. */
export function unreadable(error: unknown): string {
  const outOf = outOfFilesIn(error)
  if (outOf !== undefined) throw outOfFiles(outOf, error)
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS[code ?? ''] ?? `cannot be read (${message}): see to it that this process can`
}

/** All bytes. Throws what the file system throws. */
export const readBytes = (file: FoundFile): Promise<Buffer> => readFile(file.path)

/** SHA-256 of a file too large to hold, hex. */
export async function hashFile(file: FoundFile): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file.path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** The first 1-based line that is not UTF-8, or undefined. */
export function lineNotUtf8(bytes: Buffer): number | undefined {
  return isUtf8(bytes) ? undefined : lineWhere(bytes, line => !isUtf8(line))
}

/** The first 1-based line that holds a NUL, or undefined. */
export function lineWithNul(bytes: Buffer): number | undefined {
  return bytes.includes(0) ? lineWhere(bytes, line => line.includes(0)) : undefined
}

function lineWhere(bytes: Buffer, holds: (line: Buffer) => boolean): number {
  let line = 1
  for (let from = 0; from <= bytes.length; line++) {
    const end = bytes.indexOf(10, from)
    const until = end === -1 ? bytes.length : end
    if (holds(bytes.subarray(from, until)) || end === -1) return line
    from = until + 1
  }
  return line
}
