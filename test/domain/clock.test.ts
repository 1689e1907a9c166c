import assert from 'node:assert/strict'
import t from 'tap'
import { parseTime } from '../../src/domain/clock.js'

t.test('a time is read in its own zone, and a date at midnight UTC', async () => {
  const times = {
    '2026-11-20T03:00:00Z': '2026-11-20T03:00:00.000Z',
    '2026-11-20t03:00:00.25z': '2026-11-20T03:00:00.250Z',
    '2026-11-20T03:00+02:00': '2026-11-20T01:00:00.000Z',
    '2026-11-20': '2026-11-20T00:00:00.000Z',
    '2028-02-29': '2028-02-29T00:00:00.000Z',
  }
  for (const [text, expected] of Object.entries(times))
    assert.equal(new Date(parseTime(text) ?? 0).toISOString(), expected, text)
})

t.test('what would be read in the zone of the machine, or as another day, is no time', async () => {
  const wrong = [
    '2026-11-20T03:00:00',
    '2026-11-20 03:00:00Z',
    '2026-11-20T03:00:00 02:00',
    '2026-02-30',
    '2026-02-29T00:00:00Z',
    '2026-13-01',
    '2026-11-20T25:00:00Z',
    '2026-11-20T03:00:00+99:00',
    '2026-11-20 yesterday',
    '20261120',
    'yesterday',
    '',
  ]
  for (const text of wrong) assert.equal(parseTime(text), undefined, text)
})
