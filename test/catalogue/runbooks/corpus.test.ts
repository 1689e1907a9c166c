// A corpus of runbooks of many shapes and seven languages, each read by hand. What the parser finds is held against that: the
// steps by their lines, and what they do to flags. It prints precision and recall, and what it got wrong.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseRunbook } from '../../../src/catalogue/runbooks/parse.js'
import type { Runbook } from '../../../src/wire/runbook.js'
import { ROOT } from '../../support/server.js'
import { FLAGS, sha256 } from './reading.js'

const FOLDER = join(ROOT, 'test/catalogue/runbooks/corpus')
const ENVIRONMENTS = ['production', 'prod']

/**
 * The form of a file: `<reading> | <line of the runbook>`. A reading is empty, `S` (a step), `K flag` (a step that kills the
 * flag without asking), `A flag` (one that has to ask first), `R flag` (one that restores it), or `?` where two people may
 * differ; several are written with commas. Lines above the first bar say what else is to be found: `severity SEV1 15`.
 */
type Corpus = {
  name: string
  source: string
  steps: Map<number, Set<string>>
  open: Set<number>
  scale: string[]
}

function load(name: string): Corpus {
  const steps = new Map<number, Set<string>>()
  const open = new Set<number>()
  const scale: string[] = []
  const lines: string[] = []
  for (const raw of readFileSync(join(FOLDER, name), 'utf8').trimEnd().split('\n')) {
    const bar = raw.indexOf('|')
    if (bar < 0) {
      if (raw.startsWith('severity ')) scale.push(raw.slice('severity '.length).trim())
      continue
    }
    lines.push(raw.slice(bar + 2))
    const reading = raw.slice(0, bar).trim()
    if (reading === '?') open.add(lines.length)
    else if (reading !== '') {
      const acts = reading.split(',').map(part => part.trim())
      const known = steps.get(lines.length) ?? new Set()
      for (const act of acts) if (act !== 'S') known.add(act)
      steps.set(lines.length, known)
    }
  }
  return { name, source: `${lines.join('\n')}\n`, steps, open, scale }
}

function read({ name, source }: Corpus): Runbook {
  return parseRunbook({ id: name, source, digest: sha256(source), flags: FLAGS, environments: ENVIRONMENTS })
}

/** `K ai_v1`, `A ai_v1`, `R ai_v1` of the steps at each line. */
function found(runbook: Runbook): Map<number, Set<string>> {
  const lines = new Map<number, Set<string>>()
  for (const { line, condition, flagActions } of runbook.steps) {
    const acts = lines.get(line) ?? new Set()
    for (const action of flagActions) {
      const asks = condition ?? action.limit ?? action.condition ?? (action.confidence === 'low' ? 'low' : '')
      const letter = action.direction === 'kill' ? (asks === '' ? 'K' : 'A') : 'R'
      if (action.direction !== 'other') acts.add(`${letter} ${action.flag}`)
    }
    lines.set(line, acts)
  }
  return lines
}

type Score = { right: number; strange: string[]; missed: string[]; acts: string[]; sureWrong: string[] }

function score(corpus: Corpus): Score {
  const lines = found(read(corpus))
  const said = (line: number) => `${corpus.name}:${line}: ${corpus.source.split('\n')[line - 1]?.trim()}`
  const result: Score = { right: 0, strange: [], missed: [], acts: [], sureWrong: [] }
  for (const [line, acts] of lines) {
    if (corpus.open.has(line)) continue
    const expected = corpus.steps.get(line)
    if (expected === undefined) result.strange.push(said(line))
    else result.right++
    for (const act of acts) {
      if (expected?.has(act)) continue
      result.acts.push(`${said(line)}: ${act}`)
      if (act.startsWith('K')) result.sureWrong.push(`${said(line)}: ${act}`)
    }
  }
  for (const [line, acts] of corpus.steps) {
    if (!lines.has(line)) result.missed.push(said(line))
    for (const act of acts) if (!lines.get(line)?.has(act)) result.acts.push(`${said(line)}: not ${act}`)
  }
  return result
}

const files = readdirSync(FOLDER).filter(name => name.endsWith('.txt'))

t.test('the corpus: steps with their precision and recall, and no kill that is sure and wrong', async t => {
  const scores = files.map(name => score(load(name)))
  const sum = (of: (score: Score) => number) => scores.reduce((total, one) => total + of(one), 0)
  const right = sum(one => one.right)
  const [strange, missed] = [scores.flatMap(one => one.strange), scores.flatMap(one => one.missed)]
  const precision = right / (right + strange.length)
  const recall = right / (right + missed.length)
  t.comment(
    `${files.length} runbooks, ${right + missed.length} steps: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
  )
  const acts = scores.flatMap(one => one.acts)
  for (const line of [
    ...strange.map(one => `no step: ${one}`),
    ...missed.map(one => `missed: ${one}`),
    ...acts,
  ])
    t.comment(line)
  assert.deepEqual(
    scores.flatMap(one => one.sureWrong),
    [],
  )
  assert.ok(files.length >= 40)
  assert.ok(precision >= 0.95, String(precision))
  assert.ok(recall >= 0.92, String(recall))
})

t.test('the corpus: no flip of a known flag is lost without a finding on its line', async () => {
  for (const corpus of files.map(load)) {
    const runbook = read(corpus)
    const lines = found(runbook)
    for (const [line, acts] of corpus.steps)
      for (const act of acts) {
        const flag = act.slice(2)
        const isRead = [...(lines.get(line) ?? [])].some(one => one.slice(2) === flag)
        const isTold = runbook.findings.some(
          one => one.flag === flag && Math.abs((one.line ?? 0) - line) <= 6,
        )
        assert.ok(isRead || isTold, `${corpus.name}:${line} ${act}`)
      }
  }
})

t.test('the corpus: the scales, with their minutes', async () => {
  for (const corpus of files.map(load).filter(({ scale }) => scale.length > 0))
    assert.deepEqual(
      read(corpus).severities.map(({ level, responseTime }) => `${level} ${responseTime?.minutes ?? '-'}`),
      corpus.scale,
      corpus.name,
    )
})
