// A request that waits in the gate, as a table: where it stands, what happens, and what follows.

import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchError } from '../../src/domain/errors.js'
import type { Answered } from '../../src/domain/flip/answered.js'
import {
  type Attempt,
  afterFailure,
  afterSighting,
  endOf,
  mayTryAgain,
  type Next,
  nextFor,
  type Standing,
  UNTRIED,
} from '../../src/domain/flip/waiting.js'
import { aCatalogue, loaded } from '../support/domain.js'

const draft = loaded(aCatalogue())
const refusal = new KillswitchError('forbidden', 'not you')
const attempt: Attempt = { draft, after: 7 }
const refused: Attempt = { draft, after: 7, refusal }
const tried: Standing = { is: 'tried', attempt }
const landed: Standing = { is: 'landed', attempt }
const refusedLanded: Standing = { is: 'landed', attempt: refused }
const refusedTried: Standing = { is: 'tried', attempt: refused }

const answered = (given: Partial<Answered> = {}): Answered => ({
  places: [9],
  digest: 'same',
  outcome: 'applied',
  due: 0,
  ...given,
})

t.test('after a commit that ended in an error', async t => {
  const other: Attempt = { draft, after: 8 }
  const rows: [string, Standing, Parameters<typeof afterFailure>[1], Standing][] = [
    ['certain: as it was', UNTRIED, 'store-unavailable', UNTRIED],
    ['certain: as it was', UNTRIED, 'journal-broken', UNTRIED],
    ['certain: as it was', UNTRIED, 'history-lost', UNTRIED],
    ['certain of this one, and not of the one before', tried, 'store-unavailable', tried],
    ['unknown: it may be there', UNTRIED, 'outcome-unknown', { is: 'tried', attempt: other }],
    ['unknown again: of the newest attempt', tried, 'outcome-unknown', { is: 'tried', attempt: other }],
    [
      'unknown after it had landed: of the newest',
      landed,
      'outcome-unknown',
      { is: 'tried', attempt: other },
    ],
    ['an error that nobody promised: it may be there', UNTRIED, 'internal', { is: 'tried', attempt: other }],
  ]
  for (const [title, before, code, after] of rows)
    t.test(`${before.is}, ${code}: ${title}`, async () =>
      assert.deepEqual(afterFailure(before, code, other), after),
    )
})

t.test('after an entry of it came in with the log', async t => {
  const rows: [Standing, Standing][] = [
    [UNTRIED, UNTRIED],
    [tried, landed],
    [landed, landed],
  ]
  for (const [before, after] of rows)
    t.test(`${before.is} is ${after.is}`, async () => assert.deepEqual(afterSighting(before), after))
})

t.test('what is next', async t => {
  const rows: [string, Standing, number, Answered | undefined, Next][] = [
    ['never tried', UNTRIED, 7, undefined, { do: 'decide', standing: UNTRIED }],
    ['tried, and the log has not moved', tried, 7, undefined, { do: 'decide', standing: tried }],
    ['tried, and the log went on without it', tried, 8, undefined, { do: 'decide', standing: UNTRIED }],
    ['refused, tried, not written', refusedTried, 8, undefined, { do: 'decide', standing: UNTRIED }],
    ['refused, and its entry is there', refusedLanded, 8, undefined, { do: 'refuse', refusal }],
    [
      'refused, and the log has not moved',
      refusedLanded,
      7,
      undefined,
      { do: 'decide', standing: refusedLanded },
    ],
    ['done by somebody else', UNTRIED, 9, answered(), { do: 'answer', places: [9], replayed: true }],
    ['done by its own attempt', tried, 9, answered(), { do: 'answer', places: [9], replayed: false }],
    [
      'done by its own attempt, and seen',
      landed,
      9,
      answered(),
      { do: 'answer', places: [9], replayed: false },
    ],
    [
      'another request with this key',
      UNTRIED,
      9,
      answered({ digest: 'other' }),
      { do: 'refuse-key', place: 9 },
    ],
    [
      'another torn request with this key',
      UNTRIED,
      9,
      answered({ digest: 'other', due: 1 }),
      { do: 'refuse-key', place: 9 },
    ],
    ['a run that a crash tore', UNTRIED, 9, answered({ due: 1 }), { do: 'decide', standing: UNTRIED }],
    ['a run of its own that was torn', tried, 9, answered({ due: 1 }), { do: 'decide', standing: UNTRIED }],
    ['a void before it', UNTRIED, 9, answered({ outcome: 'voided' }), { do: 'decide', standing: UNTRIED }],
    [
      'a void of another request',
      UNTRIED,
      9,
      answered({ outcome: 'voided', digest: 'other' }),
      { do: 'decide', standing: UNTRIED },
    ],
  ]
  for (const [title, standing, head, known, next] of rows)
    t.test(title, async () => assert.deepEqual(nextFor(standing, { head, answered: known }, 'same'), next))
})

t.test('another try', async t => {
  const rows: [Parameters<typeof mayTryAgain>[0], Standing[], boolean][] = [
    ['outcome-unknown', [UNTRIED], true],
    ['store-unavailable', [UNTRIED, UNTRIED], false],
    ['store-unavailable', [UNTRIED, tried], true],
    ['store-unavailable', [landed], true],
    ['journal-broken', [tried], false],
    ['history-lost', [tried], false],
  ]
  for (const [code, standings, may] of rows)
    t.test(`${code} with ${standings.map(({ is }) => is).join(', ')}: ${may}`, async () =>
      assert.equal(mayTryAgain(code, standings), may),
    )
})

t.test('the end of one that is not tried again', async t => {
  t.test('is its refusal, whatever was tried', async () => {
    for (const standing of [UNTRIED, tried, landed])
      assert.deepEqual(endOf(standing, refusal), { as: 'refused', refusal })
  })
  t.test('is certain where nothing was tried, and unknown where something was', async () => {
    assert.deepEqual(endOf(UNTRIED, undefined), { as: 'failed' })
    assert.deepEqual(endOf(tried, undefined), { as: 'unknown', draft })
    assert.deepEqual(endOf(landed, undefined), { as: 'unknown', draft })
  })
})
