// The runner's counts: what fails, crashes, leaves, hangs or has no tests is never counted as passed, or not at all.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { ROOT } from '../support/server.js'
import { testdir } from '../support/testdir.js'

const FIXTURES = join(ROOT, 'test/scripts/fixtures')
const RUNNER = pathToFileURL(join(ROOT, 'scripts/tap-files.mjs')).href

type Ran = { code: number; out: string }
const node = (args: string[]) =>
  new Promise<Ran>(resolve =>
    // a run within a run: nothing of the outer one's environment
    execFile(process.execPath, args, { cwd: ROOT, env: { PATH: process.env.PATH } }, (error, out) =>
      resolve({ code: Number(error?.code ?? 0), out }),
    ),
  )

async function run(t: Test, names: string[], timeoutMs = 600_000) {
  const files = names.map(name => [name, join(FIXTURES, `${name}.mjs`)])
  const options = { timeoutMs, raw: join(testdir(t), 'raw.tap') }
  const program = `
    import { runFiles } from ${JSON.stringify(RUNNER)}
    console.log(JSON.stringify(await runFiles(${JSON.stringify(files)}, ${JSON.stringify(options)})))
  `
  const { out } = await node(['--input-type=module', '-e', program])
  const lines = out.trim().split('\n')
  return { counts: JSON.parse(lines.pop() ?? ''), out: lines.join('\n') }
}

/** What is said of each file, and what besides. */
const CASES: [name: string, counts: string, ...said: RegExp[]][] = [
  [
    'all-is-well',
    'ok     all-is-well: 3 passed, 2 skipped',
    /skipped: a suite > is left out \(for a reason\)/,
    /skipped: a suite > is left out once it has begun \(for another\)/,
    /# a remark/,
  ],
  [
    'fails',
    'FAILED fails: 3 passed, 5 failed',
    /FAILED fails\n {2}a suite\n {2}> throws when nobody waits for it\n {4}out of nowhere/,
    /FAILED fails\n {2}a suite\n {2}> fails twice, and counts once\n/,
  ],
  ['crashes', 'FAILED crashes: 1 failed', /it ended with exit code 1/, /before there was any test/],
  ['exits-at-once', 'FAILED exits-at-once: 1 failed', /FAILED exits-at-once\n {2}it has no tests/],
  ['exits-early', 'FAILED exits-early: 1 passed, 1 failed', /> leaves in the middle\n {4}test unfinished/],
  [
    'fails-at-the-end',
    'FAILED fails-at-the-end: 1 passed, 1 failed',
    /FAILED fails-at-the-end\n {2}it ended/,
  ],
  ['is-killed', 'FAILED is-killed: 1 passed, 1 failed', /it was ended by SIGKILL/],
  ['no-tests', 'FAILED no-tests: 1 failed', /FAILED no-tests\n {2}it has no tests/],
  ['waits-for-nothing', 'FAILED waits-for-nothing: 1 failed', /nobody does\n {4}test unfinished/],
]

t.test('what fails, crashes, leaves or has no tests is told of its file, and counted', async t => {
  const { counts, out } = await run(
    t,
    CASES.map(([name]) => name),
  )
  for (const [, line, ...said] of CASES) {
    assert.ok(out.includes(`${line} in `), `${line}\n${out}`)
    for (const each of said) assert.match(out, each)
  }
  assert.deepEqual(counts, { passed: 9, failed: 12, skipped: 2 }, out)
})

t.test('what hangs, waiting or busy, is ended and has failed', async t => {
  const { counts, out } = await run(t, ['hangs', 'spins'], 5_000)
  assert.equal(counts.failed, 2, out)
  for (const name of ['hangs', 'spins']) assert.match(out, new RegExp(`FAILED ${name}: .*1 failed`))
})

t.test('a path that no file has is a failure', async () => {
  const { code, out } = await node(['scripts/run-tests.mjs', 'no/such/file'])
  assert.equal(code, 1)
  assert.match(out, /\n0 passed, 1 failed\n$/)
})
