import assert from 'node:assert/strict'
import { FlagdCore } from '@openfeature/flagd-core'
import t from 'tap'
import { flagdSchema, withoutConformance } from '../support/conformance.js'
import { anOpenFeatureServer } from '../support/openfeature.js'

const PATH = '/flagd/flags.json'

t.test('the document for flagd daemons', async t => {
  t.test('evaluates as the service does, and a killed flag is false past its targeting', async t => {
    const { as, shop, kill } = await anOpenFeatureServer(t)
    const value = async (key: string, byDefault: boolean) => {
      const core = new FlagdCore()
      core.setConfigurations((await as(shop, 'GET', PATH)).text)
      return core.resolveBooleanEvaluation(key, byDefault, { plan: 'pro' })
    }
    assert.equal((await value('shop.beta', false)).variant, 'pro')
    await kill('shop.beta', 'INC-3')
    const { value: killed, reason, variant, flagMetadata } = await value('shop.beta', true)
    assert.deepEqual([killed, reason, variant], [false, 'STATIC', 'off'])
    assert.deepEqual(
      [flagMetadata.killed, flagMetadata.incident, flagMetadata.flagSetId],
      [true, 'INC-3', 'shop'],
    )
    const { body } = await as(shop, 'GET', PATH)
    for (const flag of Object.values<{ state: string }>(body.flags)) assert.equal(flag.state, 'ENABLED')
    assert.equal(body.flags['shop.beta'].targeting, undefined)
    assert.deepEqual(body.flags['bank.transfer'], undefined)
  })

  t.test('has a strong ETag, 304 only from a live instance, and is never empty', async t => {
    const { as, shop, kill, parts } = await anOpenFeatureServer(t)
    const { headers, status } = await as(shop, 'GET', PATH)
    assert.equal(status, 200)
    assert.match(String(headers['content-type']), /^application\/json/)
    const known = { headers: { 'if-none-match': String(headers.etag) } }
    const unchanged = await as(shop, 'GET', PATH, known)
    assert.deepEqual([unchanged.status, unchanged.text], [304, ''])
    parts.health.isLive = () => false
    assert.equal((await as(shop, 'GET', PATH, known)).status, 200)
    parts.health.isLive = () => true
    await kill('shop.theme')
    const changed = await as(shop, 'GET', PATH, known)
    assert.deepEqual([changed.status, changed.body.flags['shop.theme'].defaultVariant], [200, 'light'])
    assert.equal((await as(undefined, 'GET', PATH)).status, 401)
    const { state } = parts.log
    Object.defineProperty(parts.log, 'state', {
      get: () => ({ ...state, catalogue: undefined, flags: new Map() }),
    })
    assert.equal((await as(shop, 'GET', PATH, known)).status, 503)
  })

  t.test('is not given to a daemon that has a newer one', async t => {
    const { as, shop, parts } = await anOpenFeatureServer(t)
    const known = String((await as(shop, 'GET', PATH)).headers.etag)
    const given = (etag: string) => as(shop, 'GET', PATH, { headers: { 'if-none-match': etag } })
    const { revision } = parts.log.state
    const newer = known.replace(/-\d+-/, `-${revision + 1}-`)
    assert.deepEqual(
      [(await given(newer)).body.code, (await given(`W/${newer}`)).status, (await given(known)).status],
      ['behind', 503, 304],
    )
    assert.equal((await given(newer.replace(/"\w{12}/, '"000000000000'))).status, 200, 'of another log')
  })

  t.test("is what flagd's own schema says", { skip: withoutConformance }, async t => {
    const { as, tokens, kill } = await anOpenFeatureServer(t)
    const check = flagdSchema()
    assert.deepEqual(check((await as(tokens.sdk, 'GET', PATH)).body), [])
    for (const flag of ['shop.model', 'shop.beta', 'shop.share']) await kill(flag)
    assert.deepEqual(check((await as(tokens.sdk, 'GET', PATH)).body), [])
    assert.notDeepEqual(check({ flags: { a: { state: 'ON' } } }), [], 'the schema does check')
  })
})
