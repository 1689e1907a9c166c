// What a power cut may leave of a data folder whose service is running: its files, the last line of the log torn.

import { cpSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Teardown, testdir } from './testdir.js'

/** A copy of the folder as it is now, without the end of the last line. */
export function powerCut(t: Teardown, folder: string): string {
  const copy = testdir(t)
  // the lock is a socket
  cpSync(folder, copy, { recursive: true, filter: file => basename(file) !== 'lock' })
  const log = join(copy, 'log')
  const last = readdirSync(log)
    .filter(name => name.endsWith('.ndjson'))
    .sort()
    .at(-1) as string
  const file = join(log, last)
  truncateSync(file, statSync(file).size - 10)
  return copy
}
