// Builds the tests, makes sure there is a redis-server, runs every test file with node's own runner, and closes
// with `N passed, N failed` counted from the runner's events.
//   npm test                         everything
//   npm test -- test/domain          the files whose path contains one of the words given
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import './node-version.mjs'
import { ensureRedisServer } from './redis-server.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
ensureRedisServer()
const built = spawnSync(process.execPath, ['scripts/build.mjs', '--test'], { stdio: 'inherit' })
if (built.status !== 0) {
  console.log('The tests do not compile.\n0 passed, 1 failed')
  process.exit(1)
}

const words = process.argv.slice(2)
const files = readdirSync('.build/test', { recursive: true })
  .filter(file => file.endsWith('.test.js'))
  .map(file => `.build/test/${file}`)
  .filter(file => words.length === 0 || words.some(word => file.includes(word.replace(/\.ts$/, '.js'))))
  .sort()

const counts = { passed: 0, failed: 0, skipped: 0 }
const isTest = data => data.details?.type !== 'suite'
/** Tests and suites that began and have not ended: of a file that exits in the middle nobody else would say so. */
const open = new Map()
const nameOf = ({ file, line, column, name, nesting }) => JSON.stringify([file, line, column, name, nesting])
const began = data => open.set(nameOf(data), (open.get(nameOf(data)) ?? 0) + 1)
const ended = data => open.set(nameOf(data), (open.get(nameOf(data)) ?? 0) - 1)
const stream = run({
  files: files.map(file => fileURLToPath(new URL(`../${file}`, import.meta.url))),
  concurrency: 2,
  timeout: 300_000,
})
stream.on('test:pass', data => {
  // a suite that is skipped is told as one, whatever is in it
  if (data.skip !== undefined || data.todo !== undefined) counts.skipped++
  else if (isTest(data)) counts.passed++
})
stream.on('test:fail', data => {
  // a suite fails with its tests, which are counted, or by itself
  if (data.todo !== undefined) counts.skipped++
  else if (isTest(data) || data.details.error?.failureType !== 'subtestsFailed') counts.failed++
})
stream.on('test:dequeue', data => data.name === data.file || began(data))
for (const event of ['test:pass', 'test:fail']) stream.on(event, ended)
const printed = stream.compose(new spec())
printed.pipe(process.stdout, { end: false })
await finished(printed)

for (const [name, left] of open) {
  if (left <= 0) continue
  counts.failed += left
  console.log(`began and never ended: ${name}`)
}
if (files.length === 0) {
  counts.failed++
  console.log(`No test file has any of these in its path: ${words.join(' ')}`)
}
if (counts.skipped > 0) console.log(`${counts.skipped} skipped`)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed > 0 ? 1 : 0
