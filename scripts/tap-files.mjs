// Runs compiled test files with tap, several at a time, each in a process of its own, and counts what tap-parser reads in
// their raw output: every `t.test` without tests in it counts as one, whatever it asserts.
//
// tap's own command line starts each file with loaders that compile TypeScript and write down what was imported; they
// cost half a second to a second a file, and nothing here needs them. `npm run coverage` does, and uses them.
import { createWriteStream } from 'node:fs'
import { availableParallelism } from 'node:os'
import { t } from 'tap'

/** One more than there are processors: most files wait for a while, for a process to start or a minute to be over. */
const JOBS = availableParallelism() + 1

/** The last net under a test that hangs. What a run does is bounded by rounds and conditions, not by a clock. */
const FILE_TIMEOUT_MS = 30 * 60_000

/** Takes pairs of a name and a path. Resolves with `{ passed, failed, skipped }`; prints a line for each file as it ends, and in the end what failed.
 * What tap wrote is left in the file `raw`. */
export async function runFiles(
  files,
  { jobs = JOBS, timeoutMs = FILE_TIMEOUT_MS, raw = '.build/tests.tap' } = {},
) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  const failures = []
  const trees = new Map()
  const said = new Map()
  let done = 0

  t.setTimeout(0)
  t.jobs = jobs
  t.pipe(createWriteStream(raw))
  t.on('subtestStart', file => {
    trees.set(file, treeOf(file.parser))
    said.set(file, '')
    file.on('process', child =>
      child.stderr
        .setEncoding('utf8')
        .on('data', text => said.set(file, (said.get(file) + text).slice(-8_000))),
    )
  })
  t.on('subtestEnd', file => {
    const counts = countOf(trees.get(file), file)
    for (const kind of Object.keys(total)) total[kind] += counts[kind]
    const told = ['passed', 'failed', 'skipped']
      .filter(kind => counts[kind] > 0)
      .map(kind => `${counts[kind]} ${kind}`)
    const place = `${String(++done).padStart(String(files.length).length)}/${files.length}`
    const mark = counts.failed > 0 ? 'FAILED' : 'ok    '
    console.log(`${place} ${mark} ${file.name}: ${told.join(', ')} in ${(file.time / 1000).toFixed(1)} s`)
    for (const remark of counts.remarks) console.log(`      ${remark}`)
    if (counts.failed > 0) failures.push({ name: file.name, failures: counts.failures, said: said.get(file) })
  })
  // `env -u`: tap would have its loader in every process that the file starts
  for (const [name, file] of files)
    void t.spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, '--enable-source-maps', file], {
      name,
      timeout: timeoutMs,
      stdio: 'pipe',
      buffered: true,
      env: { ...process.env, TAP_TIMEOUT: String(timeoutMs / 1000) },
    })
  t.end()
  await t.promise()

  for (const each of failures) printFailures(each)
  return total
}

/** The tests and assertions that a parser reads, as they come. */
function treeOf(parser) {
  const node = { name: parser.name, tests: [], asserts: [], remarks: [], result: undefined }
  let open
  parser.on('child', child => {
    open = treeOf(child)
    node.tests.push(open)
  })
  parser.on('assert', result => {
    if (open === undefined) node.asserts.push(result)
    else open.result = result
    open = undefined
  })
  parser.on('comment', text => {
    if (!/^# (Subtest\b|time=|\{ total|timeout=|test count\()/.test(text))
      node.remarks.push(...text.trim().split('\n'))
  })
  return node
}

const isLeftOut = ({ skip, todo }) => Boolean(skip) || Boolean(todo)

/** What is counted of one file, and what there is to say of it. */
class Counts {
  passed = 0
  failed = 0
  skipped = 0
  failures = []
  remarks = []

  fail(path, result) {
    this.failed++
    this.failures.push({ path, result })
  }

  leave(path, { skip, todo }) {
    this.skipped++
    const why = [skip, todo].find(each => typeof each === 'string') ?? 'todo'
    this.remarks.push(`skipped: ${path.join(' > ')} (${why})`)
  }

  /** A test without tests in it. */
  test({ result, asserts }, path) {
    const broken = asserts.find(each => !each.ok && !isLeftOut(each))
    if (result === undefined) return this.fail(path, broken)
    if (isLeftOut(result)) return this.leave(path, result)
    if (!result.ok || broken !== undefined) return this.fail(path, broken ?? result)
    const leftOut = asserts.find(isLeftOut)
    if (leftOut !== undefined && asserts.every(isLeftOut)) return this.leave(path, leftOut)
    this.passed++
  }

  /** A suite, or the whole file. What it says without a test was skipped, threw outside of any, or did not end. */
  suite({ result, asserts, tests }, path) {
    const failedBefore = this.failed
    for (const test of tests) this.take(test, [...path, test.result?.name ?? test.name])
    for (const each of asserts)
      if (isLeftOut(each)) this.leave([...path, each.name], each)
      else if (!each.ok) this.fail([...path, each.name], each)
    if (path.length > 0 && result?.ok !== true && this.failed === failedBefore) this.fail(path, result)
  }

  take(node, path) {
    this.remarks.push(...node.remarks)
    if (path.length > 0 && node.tests.length === 0) this.test(node, path)
    else this.suite(node, path)
  }
}

/** How the process ended, where that alone is a failure. */
function badEnd({ timedOut, options: { exitCode, signal } }) {
  if (timedOut) return 'it did not end in time'
  if (signal) return `it was ended by ${signal}`
  return exitCode ? `it ended with exit code ${exitCode}` : undefined
}

/** Of one file, which failed also where it crashed, was killed, hung, or had no test. */
function countOf(tree, file) {
  const counts = new Counts()
  counts.take(tree, [])
  const ended = badEnd(file)
  if (ended !== undefined && counts.failed === 0) counts.fail([ended])
  if (counts.passed + counts.failed + counts.skipped === 0) counts.fail(['it has no tests'])
  return counts
}

function printFailures({ name, failures, said }) {
  for (const { path, result } of failures) {
    console.log(`\nFAILED ${name}\n  ${path.join('\n  > ')}`)
    if (result === undefined) continue
    const { stack, diff, ...rest } = result.diag ?? {}
    if (result.name !== path.at(-1)) console.log(indent(result.name))
    if (diff) console.log(indent(diff))
    if (stack) console.log(indent(stack))
    const left = Object.entries(rest).filter(
      ([key]) =>
        !['at', 'source', 'tapCaught', 'generatedMessage', 'type', 'code', 'operator', 'test'].includes(key),
    )
    if (!diff && left.length > 0) console.log(indent(JSON.stringify(Object.fromEntries(left), null, 2)))
  }
  if (said.trim() !== '') console.log(`  its error output:\n${indent(said)}`)
}

const indent = text => text.trimEnd().replace(/^/gm, '    ')
