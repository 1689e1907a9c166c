// Before `npm start`: builds when there is no build, or when something that goes into it is newer: a source, a dependency
// (they are packed into it), or how it is built. With --sdk the same of the SDK, before `npm run example`.
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
const both = ['package.json', 'package-lock.json']

// a build is swapped in whole; one that was interrupted, or failed, is none
const SERVICE = {
  last: 'dist/main.js',
  parts: () => [...filesIn('src'), ...filesIn('scripts'), ...both, 'tsconfig.json'],
  command: ['scripts/build.mjs'],
}
const SDK = {
  // the last of what tsdown writes
  last: 'sdk/dist/index.d.mts',
  parts: () => [...filesIn('sdk/src'), ...filesIn('src/wire'), ...filesIn('src/domain'), ...both],
  command: ['../node_modules/tsdown/dist/run.mjs', '--log-level', 'error'],
  cwd: 'sdk',
}

const isSdk = process.argv.includes('--sdk')
const { last, parts, command, cwd } = isSdk ? SDK : SERVICE
const built = made(last)
if (parts().some(file => made(file) > built)) {
  const began = performance.now()
  const what = isSdk ? 'the SDK for the example apps' : 'the service'
  process.stderr.write(`killswitch: building ${what} (first start, or something changed) ...\n`)
  process.exitCode = spawnSync(process.execPath, command, { stdio: 'inherit', cwd }).status ?? 1
  if (process.exitCode === 0)
    process.stderr.write(`killswitch: built in ${Math.ceil((performance.now() - began) / 1000)} s\n`)
}
