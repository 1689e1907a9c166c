// The branches of the log that this instance has left: a file each under forks/, kept for good. One whose flips are in the
// log again, applied or told, has `.told` in its name: until then it is read at every start.

import { readdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { realDisk, syncFolder } from './disk.js'

const UNTOLD = /^after-\d+-\d+\.ndjson$/

/** The files of branches that are not told yet, oldest first. */
export async function untoldBranches(folder: string): Promise<string[]> {
  const forks = join(folder, 'forks')
  const names = await readdir(forks).catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const leftAt = (name: string): number => Number(name.split(/[-.]/)[2])
  return names
    .filter(name => UNTOLD.test(name))
    .sort((a, b) => leftAt(a) - leftAt(b))
    .map(name => join(forks, name))
}

/** The lines of a branch, in order. */
export const readBranch = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8')).split('\n').filter(line => line !== '')

export async function markTold(file: string): Promise<void> {
  await rename(file, file.replace(/\.ndjson$/, '.told.ndjson'))
  await syncFolder(realDisk, dirname(file))
}
