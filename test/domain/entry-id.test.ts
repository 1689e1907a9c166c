// The place of an entry, as people read and type it.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { KillswitchError } from '../../src/domain/errors.js'
import { entryId, fromPlace, parsePlace, placeOf } from '../../src/domain/log/audit.js'
import { placeTyped } from '../../src/domain/log/place-typed.js'

t.test('a place and its short form are one, both ways', async () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 21 - 1 }), fc.nat({ max: 2 ** 32 - 1 }), (epoch, seq) => {
      const place = placeOf({ epoch, seq })
      assert.equal(entryId(place), `${epoch}-${seq}`)
      assert.deepEqual([parsePlace(entryId(place)), parsePlace(String(place))], [place, place])
      assert.deepEqual(fromPlace(place), { epoch, seq })
    }),
  )
  assert.equal(entryId(placeOf({ epoch: 517, seq: 42 })), '517-42')
})

t.test('what is no place is refused with the right form', async () => {
  for (const wrong of ['', 'x', '1-', '-1', '1-2-3', '1_2', '1.5', '0x10', '1-4294967338', '12345678-1'])
    assert.throws(
      () => placeTyped(wrong),
      (error: KillswitchError) => error.code === 'malformed-request' && /0-42/.test(error.detail),
      wrong,
    )
})
