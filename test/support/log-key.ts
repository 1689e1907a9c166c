// The key of the log that all instances of a test are given which share a Redis: one a test process.

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Teardown, testdir } from './testdir.js'

let file: string | undefined

/** The path of the file; it goes with the process. */
export function sharedLogKey(): string {
  if (file !== undefined) return file
  const folder = mkdtempSync(join(tmpdir(), 'killswitch-key-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  file = join(folder, 'log.key')
  writeFileSync(file, aLogKey(), { mode: 0o600 })
  return file
}

/** Another one, as text. */
export const aLogKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

/** A key in a file of its own, as several instances are given one. */
export function logKeyFile(t: Teardown): string {
  const file = join(testdir(t), 'log.key')
  writeFileSync(file, aLogKey())
  return file
}
