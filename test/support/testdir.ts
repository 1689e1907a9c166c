// A temporary folder per test, gone when the test is over.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a test's context offers: node's own `t`, or a suite's `{ after }`. */
export type Teardown = { after(done: () => void | Promise<void>): void }

export function testdir(t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'killswitch-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
