// Before `npm start`: builds when there is no build, or when a source is newer than it.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const newest = folder =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce(
      (latest, file) => Math.max(latest, statSync(`${file.parentPath ?? file.path}/${file.name}`).mtimeMs),
      0,
    )

const built = existsSync('dist/main.js') ? statSync('dist/main.js').mtimeMs : 0
if (built < newest('src')) {
  process.stderr.write('killswitch: building (first start, or the sources changed) ...\n')
  process.exitCode = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' }).status ?? 1
}
