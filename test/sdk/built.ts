// The built package for tests that need what users get: built when there is none, or when a source is newer.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

export function ensureBuilt(): void {
  const built = join(root, 'sdk/dist/cjs/package.json')
  const sources = ['sdk/src', 'src/domain'].flatMap(folder =>
    readdirSync(join(root, folder)).map(name => statSync(join(root, folder, name)).mtimeMs),
  )
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return
  execFileSync(process.execPath, [join(root, 'sdk/build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
}
