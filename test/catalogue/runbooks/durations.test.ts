import assert from 'node:assert/strict'
import t from 'tap'
import { durationOf } from '../../../src/catalogue/runbooks/facts/durations.js'

const MINUTES: [string, number | undefined][] = [
  ['5 min', 5],
  ['< 1 hour', 60],
  ['Immediate (< 15 minutes)', 15],
  ['48h', 2880],
  ['1h 30m', 90],
  ['1h30m', 90],
  ['1 hour 30 minutes', 90],
  ['30-minute', 30],
  ['1-2 hours', 120],
  ['1.5 hours', 90],
  ['half an hour', 30],
  ['an hour', 60],
  ['an hour and a half', 90],
  ['one and a half hours', 90],
  ['a quarter of an hour', 15],
  ['2 days', 2880],
  ['30 seconds', 0.5],
  ['Immediate', undefined],
  ['Next business day', undefined],
  ['Next release', undefined],
  ['< 4 hours (business hours)', undefined],
  ['5 business days', undefined],
  ['100 ms', undefined],
  ['3 months', undefined],
  ['24/7', undefined],
  ['', undefined],
]

for (const [text, minutes] of MINUTES) {
  t.test(`"${text}" is ${minutes ?? 'no number of'} minutes`, async () => {
    // business time has a test of its own
    const { business: _, ...plain } = durationOf(text)
    assert.deepEqual(plain, minutes === undefined ? { text } : { text, minutes })
  })
}
