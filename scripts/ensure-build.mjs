// Before `npm start`: builds when there is no build, or when something that goes into it is newer: a source, a dependency
// (they are packed into it), or how it is built. With --sdk the same of the SDK, before `npm run example`.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import './node-version.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const filesIn = folder =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(file => `${file.parentPath ?? file.path}/${file.name}`)
const made = file => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
const both = ['package.json', 'package-lock.json']

// each is built beside and swapped in whole: one that was interrupted, or failed, is none
const SERVICE = {
  name: 'the service',
  last: 'dist/main.js',
  parts: () => [...filesIn('src'), ...filesIn('scripts'), ...both, 'tsconfig.json'],
  build: () => run(['scripts/build.mjs']),
}
const SDK = {
  name: 'the SDK',
  last: 'sdk/dist/index.cjs',
  parts: () => [
    ...['sdk/src', 'src/wire', 'src/domain'].flatMap(filesIn),
    ...both,
    ...['sdk/package.json', 'sdk/tsdown.config.ts'],
  ],
  build: buildSdk,
}

const { name, last, parts, build } = process.argv.includes('--sdk') ? SDK : SERVICE
const built = made(last)
if (parts().some(file => made(file) > built)) {
  const began = performance.now()
  process.stderr.write(`killswitch: building ${name} (first start, or something changed) ...\n`)
  process.exitCode = build()
  if (process.exitCode === 0)
    process.stderr.write(`killswitch: built in ${Math.ceil((performance.now() - began) / 1000)} s\n`)
}

function run(args, cwd = '.') {
  return spawnSync(process.execPath, args, { stdio: 'inherit', cwd }).status ?? 1
}

/** Somebody else may be using the build that is there, or making one. */
function buildSdk() {
  const dist = 'sdk/dist'
  const [fresh, old] = [`${dist}.${process.pid}.new`, `${dist}.${process.pid}.old`]
  try {
    const tsdown = resolve('node_modules/tsdown/dist/run.mjs')
    const code = run([tsdown, '--log-level', 'error', '--out-dir', resolve(fresh)], 'sdk')
    if (code !== 0) return code
    try {
      if (existsSync(dist)) renameSync(dist, old)
      renameSync(fresh, dist)
    } catch (error) {
      // the other one was quicker
      if (!existsSync(dist)) throw error
    }
    return 0
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  }
}
