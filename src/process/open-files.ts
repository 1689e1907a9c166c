// How many files and sockets this process may have open, and whether one is left. Linux tells the limit in /proc; Node has
// raised it to the hard one.

import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { devNull } from 'node:os'
import { outOfFilesDetail, outOfFilesIn } from '../domain/out-of-files.js'

/** Infinity where the system does not tell it, or sets no limit. */
export function openFilesLimit(file = '/proc/self/limits'): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync(file, 'utf8'))
    return found ? Number(found[1]) : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Said on /readyz while there is no file left to open: tried, as nothing else tells it. */
export async function filesCondition(): Promise<{ code: string; detail: string } | undefined> {
  try {
    await (await open(devNull, 'r')).close()
    return undefined
  } catch (error) {
    const code = outOfFilesIn(error)
    return (
      code && {
        code: 'out-of-files',
        detail: `${outOfFilesDetail(code)} What is open already, the journal among it, is in use as before.`,
      }
    )
  }
}
