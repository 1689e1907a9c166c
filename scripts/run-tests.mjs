// Builds the tests, makes sure there is a redis-server, has tap run every test file (`tap-files.mjs`), and closes with
// `N passed, N failed`.
//   npm test                         everything
//   npm test -- test/domain          the files whose path contains one of the words given
//   npm run coverage                 the same by tap's own command line, which is slower: what is covered
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import './node-version.mjs'
import { ensureRedisServer } from './redis-server.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const isForCoverage = process.argv.includes('--coverage')
const words = process.argv
  .slice(2)
  .filter(word => !word.startsWith('--'))
  .map(word => word.replace(/\.js$/, '.ts'))
const files = readdirSync('test', { recursive: true })
  .map(file => `test/${file}`)
  .filter(file => file.endsWith('.test.ts'))
  .filter(file => words.length === 0 || words.some(word => file.includes(word)))
  .sort()
  // those that take long first, so that none of them is left alone in the end
  .sort((a, b) => lengthOf(b) - lengthOf(a))
function lengthOf(file) {
  return file.includes('/faults/') ? 2 : Number(file.includes('/e2e/'))
}

if (files.length === 0) {
  console.log(`No test file has any of these in its path: ${words.join(' ')}\n0 passed, 1 failed`)
  process.exit(1)
}

ensureRedisServer()
const built = spawnSync(process.execPath, ['scripts/build.mjs', '--test'], { stdio: 'inherit' })
if (built.status !== 0) {
  console.log('The tests do not compile.\n0 passed, 1 failed')
  process.exit(1)
}

if (isForCoverage) {
  // the table, and the thresholds of .taprc
  const tap = fileURLToPath(new URL('../node_modules/tap/dist/esm/run.mjs', import.meta.url))
  const compiled = words.length === 0 ? [] : files.map(file => `.build/${file.replace(/\.ts$/, '.js')}`)
  const { status } = spawnSync(process.execPath, [tap, ...compiled], { stdio: 'inherit' })
  process.exit(status ?? 1)
}

// tap is loaded only now: it takes what it is to be from the environment and the arguments
const { runFiles } = await import('./tap-files.mjs')
const { passed, failed, skipped } = await runFiles(
  files.map(file => [file, `.build/${file.replace(/\.ts$/, '.js')}`]),
)
if (skipped > 0) console.log(`${skipped} skipped`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
