import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { formOf, nearKeys, unknownFlag } from '../../src/domain/catalogue/near-key.js'
import { decideDrill } from '../../src/domain/flip/drill.js'
import { decideRestore } from '../../src/domain/flip/flip.js'
import { decideKill } from '../../src/domain/flip/kill.js'
import { aFlag, anActor, aRequest, killOf, NOW, noStep, stateWith } from '../support/domain.js'
import { aKey } from '../support/keys.js'

const setOf = (...keys: string[]) => new Map(keys.map(key => [key, key]))
const checkout = setOf('enableCheckout', 'payments/card', 'constructor')

t.test('near keys', async t => {
  t.test('are those that differ by case or separators alone', async () => {
    for (const asked of ['enable_checkout', 'EnableCheckout', 'enable-checkout', 'ENABLE.CHECKOUT'])
      assert.deepEqual(nearKeys(checkout, asked), ['enableCheckout'], asked)
    assert.deepEqual(nearKeys(checkout, 'enable–checkout '), ['enableCheckout'], 'pasted from a document')
    assert.deepEqual(nearKeys(checkout, 'paymentsCard'), ['payments/card'])
    for (const asked of ['enableCheckouts', 'toString', '', '__proto__', '-', 'x'.repeat(3000)])
      assert.deepEqual(nearKeys(checkout, asked), [], asked)
    assert.deepEqual(nearKeys(setOf('a/b', 'a_b', 'ab'), 'a_b'), ['a/b', 'ab'], 'itself is none')
  })

  t.test('follow the flags that there are', async () => {
    const flags = setOf('a/b')
    assert.deepEqual(nearKeys(flags, 'ab'), ['a/b'])
    assert.deepEqual(nearKeys(new Map([...flags, ['A:B', '']]), 'ab'), ['a/b', 'A:B'])
  })

  t.test('have one form, whatever the key', async () => {
    fc.assert(
      fc.property(aKey, key => {
        assert.equal(formOf(key.toUpperCase()), formOf(key))
        assert.equal(formOf(key.replace(/[_.:/-]+/g, '-')), formOf(key))
      }),
    )
  })
})

t.test('an unknown flag', async t => {
  t.test('is told with the keys that may have been meant', async () => {
    const { code, detail, data } = unknownFlag(checkout, 'EnableCheckout')
    assert.deepEqual(
      [code, detail, data.flag, data.near],
      [
        'unknown-flag',
        'There is no flag "EnableCheckout". Did you mean enableCheckout? GET /v1/flags lists those there are.',
        'EnableCheckout',
        ['enableCheckout'],
      ],
    )
    assert.equal(
      unknownFlag(checkout, 'nothing').detail,
      'There is no flag "nothing". GET /v1/flags lists those there are.',
    )
    assert.ok(unknownFlag(checkout, 'x'.repeat(2048)).detail.length < 300)
  })

  t.test('is never taken for the one that is near', async () => {
    const state = stateWith(aFlag('enableCheckout'))
    const common = { flag: 'enable_checkout', actor: anActor('owner'), request: aRequest() }
    const verdicts = [
      decideKill(state, killOf('enable_checkout', { actor: anActor('owner') })),
      decideRestore(state, { ...common, claim: noStep, reason: 'r', all: true, present: [] }, NOW),
      decideDrill(state, common, NOW),
    ]
    for (const { drafts, refusal } of verdicts) {
      assert.deepEqual(
        drafts.map(({ outcome, flag }) => [outcome, flag]),
        [['refused', 'enable_checkout']],
      )
      assert.deepEqual(refusal?.data.near, ['enableCheckout'])
    }
  })
})
