import assert from 'node:assert/strict'
import t from 'tap'
import { clockConditions } from '../../../src/domain/log/clocks.js'
import { Hours } from '../../../src/log/follow/hours.js'

const HOUR = 3_600_000
const NOON = Date.parse('2026-11-20T12:00:00.000Z')

t.test('the hour', async t => {
  const world = { own: NOON, running: 0 }
  const hours = new Hours(
    () => world.own,
    () => world.running,
  )
  const tell = (at: number, tookMs = 0) => hours.told({ at, tookMs, heardAt: performance.now() })
  // what passes between a telling and its taking is real
  const isNear = (a: number, b: number) => assert.ok(Math.abs(a - b) < 60_000, `${a - b} ms`)
  const codes = (at = '') => clockConditions(hours.clocks(at)).map(({ code }) => code)

  t.test('is that of the one clock there is, until the store tells its own', async () => {
    assert.deepEqual([hours.now(), hours.common(), codes()], [NOON, NOON, []])
    assert.equal(hours.clocks('').offsetMs, undefined)
  })

  t.test('is the lower of two that are apart, and each is named with its hour', async () => {
    tell(NOON - HOUR)
    isNear(hours.now(), NOON - HOUR)
    const [found] = clockConditions(hours.clocks(''))
    assert.match(
      found?.detail ?? '',
      /^This instance's clock is .* ahead of the store's: here it is 2026-11-20 12:00:00 UTC, there 2026-11-20 1[01]:/,
    )
    tell(NOON + HOUR)
    assert.equal(hours.now(), NOON)
    assert.match(clockConditions(hours.clocks(''))[0]?.detail ?? '', / behind the store's/)
  })

  t.test('is no other for the second that an answer took, or of one that took too long', async () => {
    tell(NOON - 2_100, 400)
    assert.deepEqual(codes(), [])
    tell(NOON - HOUR, 600)
    assert.deepEqual(codes(), [])
  })

  t.test('goes on by running time while the store is away, also when this clock is put right', async () => {
    tell(NOON - HOUR)
    world.running += HOUR
    world.own += HOUR
    isNear(hours.now(), NOON)
    world.own = NOON
    isNear(hours.now(), NOON)
    assert.equal(hours.steady() - NOON, HOUR)
  })

  t.test('names a log that is ahead of both clocks, and none that is ahead of one', async () => {
    world.own = NOON + HOUR
    tell(NOON)
    const at = (ms: number) => new Date(NOON + ms).toISOString()
    assert.deepEqual(codes(at(HOUR)), ['clock-apart'])
    assert.deepEqual(codes(at(2 * HOUR)), ['clock-apart', 'log-ahead'])
    const [, found] = clockConditions(hours.clocks(at(2 * HOUR)))
    assert.match(
      found?.detail ?? '',
      /^The log's last hour is 2026-11-20 14:00:00 UTC, 1 h.* ahead of this clock and the store's/,
    )
  })
})
