import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { countKey, keyIn, META_KEY, placeIn, postingsOf } from '../../../src/log/index/postings.js'
import { FLAG_KEY_MOST } from '../../../src/wire/words.js'
import { aKey } from '../../support/keys.js'

const aPlace = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))
const aTerm = fc.oneof(
  aKey.map(key => `flag=${key}`),
  aKey.map(key => `step=${key}`),
  fc.string().map(word => `word=${word}`),
)
const within = (key: Buffer, from: Buffer, to: Buffer) => key.compare(from) >= 0 && key.compare(to) <= 0

t.test('keys of the index', async t => {
  t.test('of two flags are never one, and neither lies within the other ones range', async () => {
    fc.assert(
      fc.property(aKey, aTerm, aPlace, aPlace, (flag, other, place, elsewhere) => {
        const term = `flag=${flag}`
        fc.pre(term !== other)
        const [own, others] = [postingsOf(term), postingsOf(other)]
        const key = keyIn(others, elsewhere)
        assert.ok(!key.equals(keyIn(own, place)))
        assert.ok(!within(key, keyIn(own, 0), keyIn(own, Number.MAX_SAFE_INTEGER)), `${term} ${other}`)
        assert.ok(!countKey(term).equals(countKey(other)))
      }),
      { numRuns: 2_000 },
    )
  })

  t.test('of a flag are its own even where one key is the beginning of another', async () => {
    fc.assert(
      fc.property(aKey, aPlace, (key, place) => {
        fc.pre(key.length < FLAG_KEY_MOST)
        for (const longer of [`${key}/`, `${key}:`, `${key}-`, `${key}0`, `${key}z`]) {
          const [own, others] = [postingsOf(`flag=${key}`), postingsOf(`flag=${longer}`)]
          const range = [keyIn(own, 0), keyIn(own, Number.MAX_SAFE_INTEGER)] as const
          assert.ok(within(keyIn(own, place), ...range))
          assert.ok(!within(keyIn(others, place), ...range))
        }
      }),
    )
  })

  t.test('are whole, however long the flag: what is cut shares its postings', async () => {
    fc.assert(
      fc.property(aKey, aPlace, (key, place) => {
        const list = postingsOf(`flag=${key}`)
        assert.equal(list.toString(), `tflag=${key}\0`)
        assert.equal(placeIn(keyIn(list, place)), place)
        assert.notDeepEqual(list, META_KEY)
      }),
    )
  })
})
