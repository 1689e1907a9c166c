import assert from 'node:assert/strict'
import t from 'tap'
import { day, relativeTime } from '../../src/cli/incident/dates.js'
import { NOW } from '../support/domain.js'

t.test('a day as people type it', async t => {
  t.test('is counted from today, in UTC', async () => {
    const cases: [string, string | undefined][] = [
      ['today', '2026-11-20'],
      ['Tomorrow', '2026-11-21'],
      ['yesterday', '2026-11-19'],
      ['+3d', '2026-11-23'],
      ['+2w', '2026-12-04'],
      ['+90m', '2026-11-20T04:30:00.000Z'],
      ['saturday', '2026-11-21'],
      ['fri', '2026-11-27'],
      ['3d', undefined],
      ['someday', undefined],
    ]
    for (const [text, said] of cases) assert.equal(relativeTime(text, NOW), said, text)
  })

  t.test('is left as it is where it is a date or a time, and refused where it is neither', async () => {
    for (const text of ['2026-11-27', '2026-11-27T10:00:00+01:00']) assert.equal(day(text, NOW), text)
    for (const text of ['soon', '2026-02-30', '3d']) assert.throws(() => day(text, NOW), /Give a day/, text)
  })
})
