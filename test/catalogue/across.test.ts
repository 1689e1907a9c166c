// What concerns more than one flag: keys that differ by case alone, links to a key that is nearly one; and that every set
// of keys which may stand together is read as it is written.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { keysOfOne } from '../support/keys.js'
import { faultsOf, file, flag, load } from './directory.js'

const clash = (key: string, other: string, where: string): string =>
  `flags.${key} differs from ${other} (${where}) by case alone, and one would be taken for the other at night: rename one of the two`

t.test('keys that differ by case alone', async t => {
  t.test('are a fault in one file', async t => {
    const text = file(flag({}, 'payNow'), flag({}, 'PayNow'), flag({}, 'pay_now'))
    assert.deepEqual(await faultsOf(t, { 'shop.yaml': text }), [
      `shop.yaml:11: ${clash('PayNow', 'payNow', 'shop.yaml:2')}`,
    ])
  })

  t.test('are a fault in two files, each of them told', async t => {
    const found = await faultsOf(t, {
      'a.yaml': file(flag({}, 'Pay/Card')),
      'b.yaml': file(flag({}, 'pay/card'), flag({}, 'PAY/CARD'), flag({}, 'Pay/Card')),
    })
    assert.deepEqual(found, [
      `b.yaml:2: ${clash('pay/card', 'Pay/Card', 'a.yaml:2')}`,
      `b.yaml:11: ${clash('PAY/CARD', 'Pay/Card', 'a.yaml:2')}`,
      'b.yaml:20: flags.Pay/Card is defined in a.yaml:2 already: a key belongs to one application; rename one of the two',
    ])
  })
})

t.test('a link to a key that is nearly one', async t => {
  for (const asked of ['enable_checkout', 'EnableCheckout', 'enable-checkout', 'e.n.a.b.l.e.Checkout'])
    t.test(`is a fault that names the one that may have been meant: ${asked}`, async t => {
      const link = `links:\n  - { step: a/b/1, flag: ${asked}, direction: kill }\n`
      const found = await faultsOf(t, { 'shop.yaml': file(flag({}, 'enableCheckout')) + link })
      assert.deepEqual(found, [
        `shop.yaml:12: the link's flag "${asked}" is defined nowhere in the catalogue; did you mean "enableCheckout"?`,
      ])
    })
})

t.test('keys of the whole alphabet are read as they are written, in quotes or without', async t => {
  const [, definition] = /^ {2}a\.flag:\n([\s\S]*)$/.exec(flag()) as unknown as [string, string]
  const write = (keys: string[], isQuoted: boolean): string =>
    `flags:\n${keys.map(key => `  ${isQuoted ? JSON.stringify(key) : stringify(key, { lineWidth: 0 }).trim()}:\n${definition}`).join('')}`
  await fc.assert(
    fc.asyncProperty(keysOfOne(5), fc.boolean(), async (keys, isQuoted) => {
      const { document, faults } = await load(t, { 'shop.yaml': write(keys, isQuoted) })
      assert.deepEqual(faults, [])
      assert.deepEqual(document?.flags.map(({ key }) => key).sort(), [...keys].sort())
    }),
    { numRuns: 60 },
  )
})
