import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { keyLike } from '../../src/domain/catalogue/flag.js'
import { FLAG_KEY, FLAG_KEY_MOST } from '../../src/wire/words.js'
import { aKey } from '../support/keys.js'

t.test('a flag key', async t => {
  t.test('is letters, digits and separators, a letter first, at most 128', async () => {
    for (const key of ['a', 'A', 'enableCheckout', 'payments/card:v2', 'ai_v1', 'x'.repeat(128)])
      assert.ok(FLAG_KEY.test(key), key)
    const odd = ['', '1a', '/a', '_a', 'a b', 'a\n', 'ä', 'a%2Fb', '__proto__', 'a\0', 'x'.repeat(129)]
    for (const text of odd) assert.ok(!FLAG_KEY.test(text), JSON.stringify(text))
    fc.assert(fc.property(aKey, key => FLAG_KEY.test(key) && key.length <= FLAG_KEY_MOST))
  })

  t.test('is as it was before capitals, slashes and colons: what old logs name is a key still', async () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,63}$/), key => FLAG_KEY.test(key)))
  })

  t.test('is made of a text that is nearly one, and of nothing else', async () => {
    assert.equal(keyLike(' Pay Now! '), 'Pay-Now-')
    assert.equal(keyLike('größe'), 'gr-e')
    assert.equal(keyLike('9 lives'), undefined)
    fc.assert(fc.property(fc.string(), text => FLAG_KEY.test(keyLike(text) ?? 'none')))
    fc.assert(fc.property(aKey, key => keyLike(key) === key))
  })
})
