// Before `npm start`: builds when there is no build, or when something that goes into it is newer: a source, a dependency
// (they are packed into it), or how it is built.
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import './node-version.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const filesIn = folder =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(file => `${file.parentPath ?? file.path}/${file.name}`)
const made = file => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
const parts = [...filesIn('src'), ...filesIn('scripts'), 'package.json', 'package-lock.json', 'tsconfig.json']

// a build is swapped in whole; one that was interrupted, or failed, is none
const last = 'dist/main.js'
const built = made(last)
if (parts.some(file => made(file) > built)) {
  process.stderr.write('killswitch: building (first start, or something changed) ...\n')
  process.exitCode = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' }).status ?? 1
}
