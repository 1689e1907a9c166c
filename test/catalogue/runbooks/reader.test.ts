import assert from 'node:assert/strict'
import t from 'tap'
import { READ_LIMITS, type ReadLimits, readRunbooks } from '../../../src/catalogue/runbooks/reader.js'
import { FLAGS, read, sha256 } from './reading.js'

const sourceOf = (id: string, source: string) => ({ id, source, digest: sha256(source) })
const good = sourceOf('good', '# Good\n\n## Go\n1. Disable `ai_v1`\n')
const hostile = sourceOf('hostile', '*a_ '.repeat(20_000))

/** With nothing besides for what is long: a limit is as short as a test says. */
const reading = (sources: ReturnType<typeof sourceOf>[], limits: Partial<ReadLimits> = {}) =>
  readRunbooks(sources, FLAGS, [], { timePerKibMs: 0, ...limits })

t.test('a batch is read in order, as it would be here', async () => {
  const [first, second] = await reading([good, sourceOf('other', '1. Look\n')])
  assert.deepEqual(first, read(good.source, 'good'))
  assert.equal(second?.steps[0]?.id, 'other/1')
  assert.deepEqual(await reading([]), [])
})

t.test('hostile Markdown is stopped, and the next runbook is read all the same', async t => {
  let ticks = 0
  const timer = setInterval(() => ticks++, 10)
  t.after(() => clearInterval(timer))
  const [bad, after] = await reading([hostile, good], { timeLimitMs: 400 })
  assert.deepEqual(
    bad?.findings.map(({ code, runbook, line }) => [code, runbook, line]),
    [['too-slow', 'hostile', 1]],
  )
  assert.equal(after?.steps.length, 1)
  assert.ok(ticks > 3, 'the service went on meanwhile')
})

t.test('the clock ends what computes too little to reach its limit', async () => {
  const [bad] = await reading([hostile], { timeLimitMs: 600_000, waitLimitMs: 300 })
  assert.equal(bad?.findings[0]?.code, 'too-slow')
})

t.test('deep nesting ends in a finding', async () => {
  const nested = sourceOf('nested', '- '.repeat(5_000))
  const [runbook] = await reading([nested], { timeLimitMs: 400 })
  assert.match(runbook?.findings[0]?.code ?? '', /too-slow|unreadable|no-structure/)
})

t.test('a runbook over the size cap is not even tried', async () => {
  const [runbook] = await reading([sourceOf('large', 'é'.repeat(READ_LIMITS.sizeLimitBytes / 2 + 1))])
  assert.deepEqual(
    runbook?.findings.map(({ code }) => code),
    ['too-large'],
  )
  assert.match(runbook?.findings[0]?.message ?? '', /524290 bytes/)
})

t.test('a thread that runs out of memory is a finding', async () => {
  const long = sourceOf('long', '1. Stop the *pod* `now`\n'.repeat(20_000))
  const [runbook, after] = await reading([long, good], { heapLimitMb: 16, timeLimitMs: 60_000 })
  assert.equal(runbook?.findings[0]?.code, 'unreadable')
  assert.ok(after)
})

t.test('codes are settled over the whole batch', async () => {
  const many = Array.from({ length: 900 }, (_, index) => `1. Stop number ${index}\n`).join('')
  const runbooks = await reading([sourceOf('a', many), sourceOf('b', many)], { timeLimitMs: 20_000 })
  const codes = runbooks.flatMap(({ steps }) => steps.map(({ code }) => code))
  assert.equal(codes.length, 1800)
  assert.equal(new Set(codes).size, 1800)
})

const LONG: Record<string, string> = {
  'one step': `1. ${'Disable `ai_v1` and look at it. '.repeat(15_000)}`,
  'one step of many lines': `1. Look${'\n   at the pod and at what it says'.repeat(12_000)}`,
  'one step of many paragraphs': `1. Look${'\n\n   At the pod, and at what it says.'.repeat(10_000)}`,
  'a fence': `1. Look\n\`\`\`bash\n${'# look\nkubectl get pods\n'.repeat(18_000)}\`\`\`\n`,
}

for (const [name, source] of Object.entries(LONG)) {
  t.test(`${name} of hundreds of KiB is read to its end`, async () => {
    const [runbook] = await readRunbooks([sourceOf('long', `# Long\n\n${source}`)], FLAGS)
    assert.deepEqual(
      runbook?.findings.filter(({ code }) => code === 'too-slow' || code === 'unreadable'),
      [],
    )
    assert.ok(runbook!.steps.length > 0)
  })
}

t.test('what took too long is told as it is', async () => {
  const words = sourceOf('words', '1. Look at the pod\n'.repeat(20_000))
  const [slow] = await reading([words], { timeLimitMs: 20 })
  assert.match(slow?.findings[0]?.message ?? '', /20001 lines and 380000 characters; split it$/)
  const [runs] = await reading([hostile], { timeLimitMs: 100 })
  assert.match(runs?.findings[0]?.message ?? '', /40000 are \* or _; look for runs of them/)
})
