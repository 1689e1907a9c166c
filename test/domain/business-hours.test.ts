import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { afterBusiness, parseBusinessHours } from '../../src/domain/incident/business-hours.js'

const BERLIN = parseBusinessHours('Mon-Fri 09:00-17:00 Europe/Berlin')
const after = (at: string, business: { minutes?: number; days?: number }, hours = BERLIN) =>
  new Date(afterBusiness(Date.parse(at), business, hours)).toISOString().slice(0, 16)

t.test('business hours are days, hours and a zone; what is wrong is told', async () => {
  assert.deepEqual(BERLIN, { days: [1, 2, 3, 4, 5], from: 540, to: 1020, zone: 'Europe/Berlin' })
  assert.deepEqual(parseBusinessHours('Sun-Thu 8:00-16:30 Asia/Dubai').days, [1, 2, 3, 4, 7])
  assert.deepEqual(parseBusinessHours('mon,Wed,fri 00:00-24:00 UTC').days, [1, 3, 5])
  const wrong: [string, RegExp][] = [
    ['', /days, hours and a zone/],
    ['Mon-Fri 09:00-17:00', /days, hours and a zone/],
    ['Mon-Fry 09:00-17:00 UTC', /"Fry" is no day/],
    ['Mon-Fri 17:00-09:00 UTC', /ends before it begins/],
    ['Mon-Fri 09:00-25:00 UTC', /"25:00" is no hour/],
    ['Mon-Fri 09:00-17:00 Europe/Atlantis', /no time zone/],
  ]
  for (const [text, message] of wrong) assert.throws(() => parseBusinessHours(text), message, text)
})

t.test('minutes pass within business hours, over nights, weekends and changes of the clock', async () => {
  const hours4 = { minutes: 240 }
  assert.equal(after('2026-11-20T09:00Z', hours4), '2026-11-20T13:00', 'a Friday, 10:00 there')
  assert.equal(after('2026-11-20T14:00Z', hours4), '2026-11-23T10:00', 'the rest on Monday')
  assert.equal(after('2026-11-21T03:00Z', hours4), '2026-11-23T12:00', 'from Monday on')
  assert.equal(after('2026-11-20T08:00Z', { minutes: 480 }), '2026-11-20T16:00', 'the whole day')
  assert.equal(after('2026-03-27T15:00Z', hours4), '2026-03-30T10:00', 'summer time began on Sunday')
})

t.test('days end with the business hours of the last of them', async () => {
  assert.equal(after('2026-11-20T09:00Z', { days: 1 }), '2026-11-23T16:00', 'after a Friday comes Monday')
  assert.equal(after('2026-11-21T09:00Z', { days: 1 }), '2026-11-23T16:00')
  assert.equal(after('2026-11-18T23:30Z', { days: 1 }), '2026-11-20T16:00', 'it is Thursday there already')
  assert.equal(after('2026-11-20T09:00Z', { days: 0 }), '2026-11-20T16:00', 'the same day')
  assert.equal(after('2026-11-20T09:00Z', { days: 5 }), '2026-11-27T16:00')
})

t.test('what is due is never before, and never outside of business hours', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_000_000 }),
      fc.integer({ min: 1, max: 3_000 }),
      (later, minutes) => {
        const since = Date.parse('2026-01-01T00:00Z') + later * 60_000
        const due = afterBusiness(since, { minutes }, BERLIN)
        assert.ok(due >= since + minutes * 60_000)
        assert.ok(due <= afterBusiness(since, { minutes: minutes + 1 }, BERLIN))
        const wall = new Intl.DateTimeFormat('en-GB', {
          timeZone: 'Europe/Berlin',
          weekday: 'short',
          hour: '2-digit',
          minute: '2-digit',
        }).format(due)
        assert.match(wall, /^(?:Mon|Tue|Wed|Thu|Fri)[ ,]+(?:09|1[0-6]|17:00)/)
      },
    ),
    { numRuns: 60 },
  )
})
