// Notices that catalogue or tokens have changed on disk. By looking, not by file events: it works the same on network
// file systems and on mounted ConfigMaps, where files are swapped behind a link.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { outOfFilesIn } from '../domain/out-of-files.js'

const EVERY_MS = 1_000
/** For tokens, so that a revocation holds within a second: two looks and the reading. */
export const TOKENS_EVERY_MS = 250

/** Calls `onChange` when anything at or below the paths has changed, once it has stayed the same for one look. */
export function watchFiles(
  paths: readonly (string | undefined)[],
  onChange: () => void,
  everyMs = EVERY_MS,
): () => void {
  const watched = paths.filter(path => path !== undefined)
  let known: string | undefined
  let changing: string | undefined
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    const seen = await Promise.all(watched.map(path => signatureOf(path))).then(
      all => all.join('\n'),
      () => undefined,
    )
    looking = false
    if (seen === undefined) return
    known ??= seen
    if (seen === known) changing = undefined
    else if (seen !== changing) changing = seen
    else {
      known = seen
      changing = undefined
      onChange()
    }
  }
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  void look()
  return () => clearInterval(timer)
}

/** Size and times of a file, or of every file below a folder; a file that is not there counts as such. */
async function signatureOf(path: string): Promise<string> {
  try {
    const found = await stat(path)
    if (!found.isDirectory()) return `${path} ${found.size} ${found.mtimeMs} ${found.ino}`
    const names = (await readdir(path)).filter(name => !name.startsWith('.')).sort()
    return (await Promise.all(names.map(name => signatureOf(join(path, name))))).join('\n')
  } catch (error) {
    // nobody could look, which says nothing of the file
    if (outOfFilesIn(error) !== undefined) throw error
    return `${path} -`
  }
}
