import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { isSlip } from '../../src/domain/incident/near-id.js'

t.test('an id is near another one', async t => {
  t.test('by a slip of the pen, and not by the number that comes next', async () => {
    const cases: [string, string, boolean][] = [
      ['INC-1O3', 'INC-103', true],
      ['inc 103', 'INC-103', true],
      ['INC-l03', 'INC-103', true],
      ['INC-130', 'INC-103', true],
      ['INC-1033', 'INC-103', true],
      ['INC-03', 'INC-103', true],
      ['IMC-103', 'INC-103', true],
      ['INC-113', 'INC-103', true],
      ['INC-104', 'INC-103', false],
      ['INC-42', 'INC-43', false],
      ['INC-2026-11-20-1', 'INC-2026-11-20-2', false],
      ['INC-103', 'INC-103', false],
      ['OPS-7', 'INC-103', false],
      ['A', 'B', false],
    ]
    for (const [asked, id, near] of cases) assert.equal(isSlip(asked, id), near, `${asked} ${id}`)
  })

  t.test('the other way round too', async () => {
    const id = fc.stringMatching(/^[A-Z0O1lI-]{1,8}$/)
    fc.assert(
      fc.property(id, id, (one, other) => assert.equal(isSlip(one, other), isSlip(other, one))),
      { numRuns: 200 },
    )
  })
})
