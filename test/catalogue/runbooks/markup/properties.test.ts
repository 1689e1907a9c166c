// What holds of every rewrite, whatever a team brings.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { readMarkup } from '../../../../src/catalogue/runbooks/markup/read-markup.js'
import { rowsOf } from '../../../../src/catalogue/runbooks/markup/rows.js'
import { read } from '../reading.js'

const line = fc.constantFrom(
  'a) one',
  'b) two',
  'i. one',
  'ii. two',
  '   (1) x',
  '   (2) y',
  '1. z. 2. w.',
  '```',
  '~~~~',
  '> a) q',
  '',
  '    deep',
  '!!! danger "T"',
  ':::warning',
  ':::',
  '<ol>',
  '<li>x</li>',
  '</ol>',
  '<details>',
  '</details>',
  '<!-- a',
  '-->',
  '<Step title="x">',
  '</Step>',
  '<Tabs>',
  '= T',
  '== S',
  '. item',
  '.. note::',
  '#. item',
  '----',
  '[source,sh]',
  '|===',
  '|a |b',
  'h2. T',
  '# item',
  '{code}',
  '||a||b||',
  '* H',
  '#+TITLE: x',
  '#+BEGIN_SRC',
  '• x',
  '☐ y',
  '---',
  'text',
  '\t- t',
)
const scrap = fc.string({
  unit: fc.constantFrom(...'ai1.)(<>/-*|:=!"`# \n\r\t\u00a0“①☐\u0000'.split('')),
  maxLength: 80,
})
const source = fc.oneof(
  fc.array(line, { maxLength: 20 }).map(lines => lines.join('\n')),
  scrap,
)

/** Whether a line lies in an AsciiDoc table: a row of Markdown's has no blank line before it, and all of its cells in one. */
const isInTable = (rows: readonly string[], line: number): boolean =>
  rows.slice(0, line - 1).includes('|===') && rows.slice(line).includes('|===')

t.test(
  'every line of the source is there, in its order, but for those that a table takes together',
  async () => {
    fc.assert(
      fc.property(source, text => {
        const { lines, text: rewritten } = readMarkup(text)
        assert.equal(rewritten.split('\n').length, lines.length)
        const rows = rowsOf(text)
        const texts = rows.map(row => row.text.trim())
        const told = new Set(lines)
        for (const { line } of rows) assert.ok(told.has(line) || isInTable(texts, line), `line ${line}`)
        assert.equal(Math.max(...lines), rows.at(-1)?.line)
        assert.ok(lines.every((one, at) => at === 0 || one >= lines[at - 1]!))
      }),
      {
        numRuns: 600,
        examples: [['|===\n\n|==='], ['|===\n|a |b\n\n|1 |2\n|==='], ['|===\n||a||b||\n|a |b\n|a |b\n|===']],
      },
    )
  },
)

t.test('nothing that is written this way keeps a runbook from being read', async () => {
  fc.assert(
    fc.property(source, text => {
      const count = rowsOf(text).length
      const { findings, steps } = read(text)
      assert.deepEqual(
        findings.filter(({ code }) => code === 'unreadable'),
        [],
      )
      for (const step of steps)
        assert.ok(step.line >= 1 && step.line <= count, `${step.text} at ${step.line}`)
    }),
    { numRuns: 600 },
  )
})

const roman = ['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix', 'x', 'xi', 'xii']
const marks: ((at: number) => string)[] = [
  at => `${String.fromCharCode(97 + at)})`,
  at => `${String.fromCharCode(65 + at)}.`,
  at => `(${roman[at]})`,
  at => `${roman[at]!.toUpperCase()}.`,
  at => `(${at + 1})`,
  at => `${at + 1}/`,
  at => `Step ${at + 1}:`,
  at => String.fromCharCode(0x2460 + at),
]
const gap = fc.constantFrom('\n', '\n\n', '\n   more of it\n', '\n\n   ```\n   a) no\n   b) item\n   ```\n')

t.test('a list of so many items gives so many steps, with their lines', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...marks), fc.array(gap, { minLength: 2, maxLength: 12 }), (mark, gaps) => {
      const text = `## Go\n\n${gaps.map((after, at) => `${mark(at)} Check pod${at}${after}`).join('')}`
      const top = read(text).steps.filter(({ parent }) => parent === undefined)
      assert.deepEqual(
        top.map(({ ordinal }) => ordinal),
        gaps.map((_, at) => String(at + 1)),
      )
      const lines = text.split('\n')
      for (const [at, step] of top.entries()) assert.ok(lines[step.line - 1]?.includes(`pod${at}`))
    }),
    { numRuns: 300 },
  )
})
