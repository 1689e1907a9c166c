import assert from 'node:assert/strict'
import t from 'tap'
import { certainMs, hourOf, Marks, possibleMs } from '../../src/domain/log/age.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

t.test('how old an entry is', async t => {
  t.test('is right to a hundredth over weeks, in few marks', async () => {
    const marks = new Marks()
    let now = 0
    const tookAt = new Map<number, number>()
    for (let place = 1; place <= 200_000; place++) {
      // in bursts, with pauses of half an hour
      now += place % 1_000 === 0 ? 30 * MINUTE : 5_000
      marks.add(place - 1, now)
      marks.add(place, now)
      tookAt.set(place, now)
    }
    assert.ok(marks.all.length < 3_000, `${marks.all.length} marks`)
    for (let place = 200_000; place > 0; place -= 977) {
      const age = now - (tookAt.get(place) as number)
      if (age > 7 * DAY) break
      const { atLeastMs, atMostMs = Number.NaN } = marks.ageOf(place, now)
      assert.ok(atLeastMs <= age && age <= atMostMs, `${place}: ${atLeastMs} to ${atMostMs}, not ${age}`)
      assert.ok(atMostMs - atLeastMs <= 0.03 * age + 5_000, `${place}: ${atMostMs - atLeastMs} of ${age}`)
    }
  })

  t.test('is bounded by nothing where it was found, or comes from before an unknown time', async () => {
    const marks = new Marks([{ place: 9, at: 100 }], 50)
    assert.deepEqual(marks.ageOf(9, 150), { atLeastMs: 50 })
    marks.add(10, 120)
    assert.deepEqual(marks.ageOf(10, 150), { atLeastMs: 30, atMostMs: 50 })
    const away = new Marks(marks.all, 200)
    assert.deepEqual(away.ageOf(10, 250), { atLeastMs: 130 })
    assert.deepEqual(away.ageOf(11, 250), { atLeastMs: 0 })
  })

  t.test('ends a wait by what is certain, and a permission by what is possible', async () => {
    const hour = (minute: number) => new Date(minute * MINUTE).toISOString()
    const [seen, found] = [{ atLeastMs: MINUTE, atMostMs: 2 * MINUTE }, { atLeastMs: MINUTE }]
    const both = { own: hour(100), store: hour(100) }
    const ages: [string, number, number][] = [
      ['seen', certainMs(seen, hour(0), both), possibleMs(seen, hour(0), both)],
      ['found, and two clocks agree', certainMs(found, hour(60), both), possibleMs(found, hour(60), both)],
      [
        'found, by one clock',
        certainMs(found, hour(60), { own: hour(100) }),
        possibleMs(found, hour(60), { own: hour(100) }),
      ],
      [
        'found, and they do not',
        certainMs(found, hour(60), { ...both, own: hour(999), isApart: true }),
        possibleMs(found, hour(60), { ...both, own: hour(999) }),
      ],
      ['later than both', certainMs(found, hour(500), both), possibleMs(found, hour(500), both)],
    ]
    assert.deepEqual(ages, [
      ['seen', MINUTE, 2 * MINUTE],
      ['found, and two clocks agree', 40 * MINUTE, 40 * MINUTE],
      ['found, by one clock', MINUTE, Number.POSITIVE_INFINITY],
      ['found, and they do not', MINUTE, 939 * MINUTE],
      ['later than both', MINUTE, Number.POSITIVE_INFINITY],
    ])
  })

  t.test('corrects the hour of an entry only where that cannot be', async () => {
    const age = { atLeastMs: 60_000, atMostMs: 61_000 }
    const hours = [940_000, 937_500, 990_000, 100_000].map(dated => hourOf(dated, age, 1_000_000))
    assert.deepEqual(hours, [940_000, 937_500, 940_000, 937_000])
  })
})
