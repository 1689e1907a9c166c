// The built package for tests that need what users get: built when there is none, or when a source is newer.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** As `npm run example` does. */
export function ensureBuilt(): void {
  execFileSync(process.execPath, [join(root, 'scripts/ensure-build.mjs'), '--sdk'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
