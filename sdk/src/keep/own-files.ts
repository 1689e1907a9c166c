// Files that say what is killed, and whose process this is: kept where nobody else may write, whole or not at all, readable by
// their owner alone. A place that another user could write to is refused, since a forged state would turn a killed flag on.

import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, lstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Undefined where there is no such file. @throws Error for a place that others may write to, or with what the file system says */
export function readOwn(path: string): string | undefined {
  refuseFolder(dirname(path))
  const file = openIfThere(path)
  if (file === undefined) return undefined
  try {
    refuseOthers(path, fstatSync(file))
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/**
 * The whole text or nothing of it, and on the disk when it is kept; the file and its folder are its owner's alone.
 * @throws Error for a place that others may write to, or with what the file system says
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  refuseFolder(dirname(path))
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** @throws Error where another user owns the folder or may write to it; root may do so anywhere. One that is not there passes. */
export function refuseFolder(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  refuseOthers(path, found)
  if (found.isSymbolicLink()) refuseOthers(path, statSync(path))
}

function refuseOthers(path: string, found: Stats): void {
  const own = process.getuid?.()
  if (own === undefined) return
  const cure = 'or give the cache a folder of its own (cacheFile, KILLSWITCH_CACHE_FILE)'
  if (found.uid !== own && found.uid !== 0)
    throw new Error(
      `${path} belongs to user ${found.uid}, and this process is user ${own}: chown it, ${cure}`,
    )
  // what a link allows is said by what it leads to
  if (!found.isSymbolicLink() && (found.mode & 0o022) !== 0)
    throw new Error(
      `others may write to ${path} (mode ${(found.mode & 0o777).toString(8)}): chmod go-w it, ${cure}`,
    )
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
