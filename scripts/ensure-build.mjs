// Before `npm start`: builds when there is no build, or when a source is newer than it.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import './node-version.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const newest = folder =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce(
      (latest, file) => Math.max(latest, statSync(`${file.parentPath ?? file.path}/${file.name}`).mtimeMs),
      0,
    )

// what a build writes last: one that was interrupted, or failed, is none
const last = 'dist/http/examples.json'
const built = existsSync(last) ? statSync(last).mtimeMs : 0
if (built < newest('src')) {
  process.stderr.write('killswitch: building (first start, or the sources changed) ...\n')
  process.exitCode = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' }).status ?? 1
}
