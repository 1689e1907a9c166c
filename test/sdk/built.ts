// The built package for tests that need what users get: built when there is none, or when a source is newer.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Built beside and swapped in: another test file may be using, or making, the one that is there. */
export function ensureBuilt(): void {
  const dist = join(root, 'sdk/dist')
  const built = statSync(join(dist, 'index.cjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const made = (path: string) => statSync(join(root, path)).mtimeMs
  const sources = ['sdk/src', 'src/domain', 'src/wire'].flatMap(folder =>
    readdirSync(join(root, folder)).map(name => made(`${folder}/${name}`)),
  )
  if (built > Math.max(...sources, made('sdk/package.json'), made('sdk/tsdown.config.ts'))) return
  const [fresh, old] = [`${dist}.${process.pid}.new`, `${dist}.${process.pid}.old`]
  execFileSync(join(root, 'node_modules/.bin/tsdown'), ['--out-dir', fresh, '--log-level', 'error'], {
    cwd: join(root, 'sdk'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(fresh, dist)
  } catch (error) {
    // the other one was quicker
    if (!existsSync(dist)) throw error
  }
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
}
