// Runs what a page tells people to paste, and holds what it prints to what the page shows.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { ROOT } from '../support/server.js'

/** Runs a script; throws with what it said when a line of it fails. */
export function bash(script: string, cwd = ROOT): string {
  const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    encoding: 'utf8',
    timeout: 600_000,
  })
  assert.equal(ran.status, 0, `${script}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

/** Every member of `shown` is in `actual`; lists have the same length. */
export function assertShown(actual: unknown, shown: unknown, path: string): void {
  if (typeof shown !== 'object' || shown === null) {
    assert.deepEqual(actual, shown, path)
    return
  }
  assert.ok(typeof actual === 'object' && actual !== null, `${path} is ${JSON.stringify(actual)}`)
  if (Array.isArray(shown))
    assert.equal((actual as unknown[]).length, shown.length, `${path}: ${JSON.stringify(actual)}`)
  for (const [name, value] of Object.entries(shown))
    assertShown((actual as Record<string, unknown>)[name], value, `${path}.${name}`)
}
