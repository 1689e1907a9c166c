// Temporary folders for tests. They go when the test file's process ends, after everything that still writes into them.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a test's context offers: tap's own `t`, or `wholeFile`. */
export type Teardown = { after(done: () => void | Promise<void>): void }

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function testdir(_: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'killswitch-test-'))
  folders.push(folder)
  return folder
}
