// A record of the app instances with nobody in it: a service that starts with one knows that there was nobody before it,
// and one without confirms nothing for a minute.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function withRecord(dataDir: string): void {
  const file = join(dataDir, 'fleet.ndjson')
  if (existsSync(file)) return
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(file, '')
}
