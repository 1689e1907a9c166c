// Whatever others wrote into an answer, the lines that are printed of it are the product's, in number and in colour.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { RefusedError, UnreachableError, UsageError } from '../../src/cli/plumbing/exit.js'
import { laidOut, type Terminal } from '../../src/cli/plumbing/terminal.js'
import { convergenceLines, proofLines } from '../../src/cli/print/convergence.js'
import { ENTRY_HEAD, entryRow } from '../../src/cli/print/entry.js'
import { flagLines, flagTable } from '../../src/cli/print/flag.js'
import { fleetLines } from '../../src/cli/print/fleet.js'
import { flipLines } from '../../src/cli/print/flip.js'
import { incidentLines, incidentTable } from '../../src/cli/print/incident.js'
import { declareLines, incidentAnswerLines } from '../../src/cli/print/incident-answer.js'
import { problemLines } from '../../src/cli/print/problem.js'
import { runbookLines } from '../../src/cli/print/runbook.js'
import { stepPreviewLines, stepTable } from '../../src/cli/print/step.js'
import { styleFor } from '../../src/cli/print/style.js'
import { table } from '../../src/cli/print/table.js'
import { EXAMPLES } from '../../src/http/plumbing/examples.js'
import { oneLine } from '../../src/text/characters.js'
import { visibleIn } from '../../src/text/terminal.js'
import * as closed from '../../src/wire/words.js'
import { ACTS, hostile, infested } from '../support/hostile.js'

const WORDS = [
  ...Object.values(closed).flatMap(list => (Array.isArray(list) ? (list as string[]) : [])),
  ...['done', 'skipped', 'open', 'resolved', 'live', 'stale', 'journal', 'both', 'store', 'hold', 'high', ''],
  ...['response', 'resolution', 'escalation', 'update', 'recovery-wait', 'postmortem', 'GET', 'POST'],
  ...['time-box', 'wait', 'steps', 'check-list'],
  ...[
    'service',
    'cache',
    'bootstrap',
    'unknown',
    'awaited',
    'lost',
    'closed',
    'forgotten',
    'replaced',
    'normal',
  ],
]
const NOW = Date.parse('2026-11-20T03:10:00.000Z')

// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
type Print = (answer: any, look: Terminal) => string[]
const PRINTED: Record<string, Print> = {
  listFlags: (answer, look) => flagTable(answer, 'http://ks', look),
  getFlag: flagLines,
  killFlag: (answer, { style, now }) => [
    ...flipLines(answer, style, now),
    ...convergenceLines(answer.convergence, style),
  ],
  runStep: (answer, { style, now }) => flipLines(answer, style, now),
  getFlip: (answer, { style }) => proofLines(answer.proof ?? [], style),
  declareIncident: declareLines,
  noteIncident: incidentAnswerLines,
  resolveIncident: incidentAnswerLines,
  getIncident: incidentLines,
  listIncidents: incidentTable,
  listInstances: (answer, look) => fleetLines(answer, { app: undefined, isLostOnly: false }, look),
  getRunbook: runbookLines,
  listSteps: (answer, look) => [...stepTable(answer.steps, look), ...stepPreviewLines(answer, look)],
  queryAudit: ({ entries }, { style, columns, now }) =>
    table(
      ENTRY_HEAD,
      entries.map((entry: never) => entryRow(entry, style, now)),
      { style, columns },
    ),
}

const COLOUR = /\u001b\[\d+m/g
const printed = (print: Print, answer: unknown, isColoured: boolean): string =>
  laidOut(
    print(visibleIn(answer), { style: styleFor(isColoured), columns: undefined, now: NOW } as Terminal),
    undefined,
  )

t.test('an answer, whoever wrote in it', async t => {
  const some = fc.uniqueArray(
    hostile.filter(text => oneLine(text) !== ''),
    { minLength: 1, maxLength: 8, selector: oneLine },
  )
  for (const [name, print] of Object.entries(PRINTED))
    t.test(`of ${name} is printed in the product's own lines and colours`, async () => {
      const answer = EXAMPLES[name]
      const linesOf = (text: string) => text.split('\n').length
      fc.assert(
        fc.property(some, texts => {
          const given = infested(answer, texts, WORDS)
          const benign = infested(
            answer,
            texts.map((_, index) => `x${index}`),
            WORDS,
          )
          const [plain, coloured] = [printed(print, given, false), printed(print, given, true)]
          assert.doesNotMatch(plain, ACTS)
          assert.doesNotMatch(coloured.replace(COLOUR, ''), ACTS)
          assert.equal(coloured.replace(COLOUR, ''), plain)
          if (name !== 'listSteps')
            assert.equal(linesOf(plain), linesOf(printed(print, benign, false)), plain)
        }),
        { numRuns: 30 },
      )
    })
})

t.test('an error says one line for a sentence, whatever a service or a proxy answered', async () => {
  fc.assert(
    fc.property(hostile, text => {
      const problem = visibleIn({ status: 409, code: text, detail: text, message: text, near: [text] })
      const errors = [
        new RefusedError(problem, text, 'http://ks'),
        new UnreachableError(
          [visibleIn({ url: 'http://ks', why: text, isCertain: true })],
          undefined,
          visibleIn(text),
        ),
        new UsageError(text),
      ]
      for (const error of errors) {
        const lines = laidOut(problemLines(error, styleFor(false)), undefined).split('\n')
        assert.doesNotMatch(lines.join('\n'), ACTS)
        if (error instanceof RefusedError) assert.equal(lines.length, 2)
        if (error instanceof UsageError) for (const line of lines.slice(1)) assert.match(line, /^ {2}|^$/)
      }
    }),
  )
})
