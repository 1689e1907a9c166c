// What holds of every text, whatever a team brings.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { findStep } from '../../../src/domain/runbook/runbook.js'
import { withCodes } from '../../../src/domain/runbook/step-code.js'
import { read } from './reading.js'

const word = fc.constantFrom(
  'stop',
  'restart',
  'the',
  'pod',
  'disable',
  'ai_v1',
  'pilot',
  'check',
  'step',
  'wait',
  '5',
  'min',
)
const words = fc.array(word, { minLength: 1, maxLength: 6 }).map(list => list.join(' '))
const line = fc.oneof(
  words.map(text => `## ${text}`),
  words.map(text => `### 1. ${text}`),
  words.map(text => `1. ${text}`),
  words.map(text => `   - ${text}`),
  words.map(text => `- [ ] ${text}`),
  words.map(text => `**Step 1: ${text}**`),
  words.map(text => `**${text}:**`),
  words.map(text => `> * ${text}`),
  words.map(text => `| Issue | Action |\n|---|---|\n| ${text} | ${text} |\n`),
  words.map(text => `\`\`\`bash\n# ${text}\n${text}\n\`\`\``),
  words.map(text => `\`\`\`yaml\npilot:\n  enabled: false # ${text}\n\`\`\``),
  words,
  fc.constant(''),
)
const document = fc.array(line, { maxLength: 25 }).map(lines => lines.join('\n'))
const scrap = fc.string({
  unit: fc.constantFrom(...'#-*_`~>|[]():!1.) \n\tab\\<&\r\u0000é'.split('')),
  maxLength: 120,
})
const anything = fc.oneof(document, scrap, fc.string({ unit: 'binary', maxLength: 80 }))

t.test('reading never throws, and an empty answer is explained', async () => {
  fc.assert(
    fc.property(anything, source => {
      const runbook = read(source)
      assert.ok(runbook.findings.every(({ code }) => code !== 'unreadable'))
      if (runbook.steps.length === 0) assert.ok(runbook.findings.some(({ code }) => code === 'no-structure'))
    }),
    { numRuns: 400 },
  )
})

t.test('ids and codes are unique, and both lead back to their step', async () => {
  fc.assert(
    fc.property(anything, source => {
      const runbook = read(source)
      assert.equal(new Set(runbook.steps.map(({ id }) => id)).size, runbook.steps.length)
      assert.equal(new Set(runbook.steps.map(({ code }) => code)).size, runbook.steps.length)
      for (const step of runbook.steps)
        for (const name of [step.id, step.code]) {
          const found = findStep([runbook], name)
          assert.ok(found.outcome === 'found' && found.step === step, name)
        }
    }),
    { numRuns: 300 },
  )
})

t.test("a step's line holds the step's first words", async () => {
  fc.assert(
    fc.property(document, source => {
      const lines = source.split('\n')
      for (const step of read(source).steps) {
        // The second word may stand on the next line, where a paragraph goes on.
        const first = step.text.split(/[ :]/, 1)[0]!
        assert.ok(lines[step.line - 1]?.includes(first), `${step.text} at ${step.line}`)
      }
    }),
    { numRuns: 300 },
  )
})

t.test('line ends and a byte order mark change nothing but the digest', async () => {
  fc.assert(
    fc.property(document, source => {
      const { digest: _, ...plain } = read(source)
      const { digest: __, ...windows } = read(`\uFEFF${source.replaceAll('\n', '\r\n')}`)
      assert.deepEqual(windows.steps, plain.steps)
      assert.deepEqual(windows.findings, plain.findings)
      assert.deepEqual(windows.leftOut, plain.leftOut)
    }),
    { numRuns: 200 },
  )
})

t.test('codes stay the same when steps are renumbered', async () => {
  fc.assert(
    fc.property(fc.uniqueArray(words, { minLength: 1, maxLength: 8 }), texts => {
      const source = (list: string[]) => `## Go\n${list.map(text => `1. ${text}\n`).join('')}`
      const codes = (list: string[]) =>
        new Map(read(source(list)).steps.map(({ text, code }) => [text, code]))
      const before = codes(texts)
      for (const [text, code] of codes([...texts].reverse())) assert.equal(before.get(text), code)
    }),
  )
})

t.test('settling codes again changes nothing', async () => {
  fc.assert(
    fc.property(document, source => {
      const runbook = read(source)
      assert.deepEqual(withCodes([runbook]), [runbook])
    }),
    { numRuns: 100 },
  )
})
