import assert from 'node:assert/strict'
import { request } from 'node:http'
import t from 'tap'
import { ofrepSchema, withoutConformance } from '../support/conformance.js'
import { anOpenFeatureServer } from '../support/openfeature.js'
import type { Answer, Ask } from '../support/server.js'

const ALL = '/ofrep/v1/evaluate/flags'
const one = (key: string) => `${ALL}/${key}`
const context = (given: object = {}): Ask => ({ body: { context: { targetingKey: 'user-1', ...given } } })

const assertFailure = (answer: Answer, status: number, errorCode: string, key = '') => {
  const { errorDetails, ...rest } = answer.body
  assert.deepEqual([answer.status, rest], [status, { key, errorCode, metadata: {} }])
  assert.ok(errorDetails.length > 10)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
}

t.test('one evaluation', async t => {
  t.test('gives every type with all members, to a Bearer token and to an X-API-Key', async t => {
    const { as, shop } = await anOpenFeatureServer(t)
    const expected = {
      'shop.checkout': [true, 'on'],
      'shop.theme': ['dark', 'dark'],
      'shop.limit': [10.5, 'high'],
      'shop.model': [{ name: 'big' }, 'big'],
    }
    for (const [key, [value, variant]] of Object.entries(expected)) {
      const { status, body } = await as(shop, 'POST', one(key), context())
      assert.equal(status, 200)
      const { metadata, ...rest } = body
      assert.deepEqual(rest, { key, value, variant, reason: 'STATIC' })
      assert.deepEqual([metadata.killed, metadata.owner], [false, 'On-call'])
    }
    const byKey = await as(undefined, 'POST', one('shop.theme'), {
      ...context(),
      headers: { 'x-api-key': shop },
    })
    assert.equal(byKey.body.value, 'dark')
  })

  t.test('of a killed flag is its kill variant, STATIC, past any targeting', async t => {
    const { as, shop, kill } = await anOpenFeatureServer(t)
    const pro = await as(shop, 'POST', one('shop.beta'), context({ plan: 'pro' }))
    assert.deepEqual([pro.body.variant, pro.body.reason], ['pro', 'TARGETING_MATCH'])
    const free = await as(shop, 'POST', one('shop.beta'), context({ plan: 'free' }))
    assert.deepEqual([free.body.variant, free.body.reason], ['on', 'UNKNOWN'])
    await kill('shop.beta', 'INC-7')
    const { body } = await as(shop, 'POST', one('shop.beta'), context({ plan: 'pro' }))
    assert.deepEqual([body.value, body.variant, body.reason], [false, 'off', 'STATIC'])
    assert.deepEqual([body.metadata.killed, body.metadata.incident], [true, 'INC-7'])
  })

  t.test('is total: an odd rule, an odd context or none gives the default variant', async t => {
    const { as, shop } = await anOpenFeatureServer(t)
    const odd: unknown[] = [
      undefined,
      null,
      5,
      'nope',
      'constructor',
      '__proto__',
      [],
      {},
      { toString: 'x' },
      ['on'],
    ]
    for (const variant of odd) {
      const { status, body } = await as(shop, 'POST', one('shop.odd'), context({ variant }))
      assert.equal(status, 200)
      assert.equal(body.value, true, JSON.stringify(variant))
    }
    const off = await as(shop, 'POST', one('shop.odd'), context({ variant: 'off' }))
    assert.deepEqual([off.body.value, off.body.reason], [false, 'TARGETING_MATCH'])
    for (const body of [
      undefined,
      {},
      { context: {} },
      { context: null },
      { context: { targetingKey: 5 } },
    ]) {
      const answer = await as(shop, 'POST', one('shop.share'), { body })
      assert.equal(answer.status, 200, JSON.stringify(body))
    }
    const empty = await as(shop, 'POST', one('shop.checkout'), { raw: '' })
    assert.equal(empty.body.value, true)
    const proto = {
      raw: '{"context":{"__proto__":{"plan":"pro"},"constructor":{"prototype":{}},"plan":"x"}}',
    }
    assert.equal((await as(shop, 'POST', one('shop.beta'), proto)).body.variant, 'on')
    const escaped = { raw: '{"context":{"\\u005f_proto__":{"plan":"pro"}}}' }
    assert.equal((await as(shop, 'POST', one('shop.beta'), escaped)).body.variant, 'on')
  })

  t.test('answers in fractions where a flag has one, since some clients tell 1 from 1.0', async t => {
    const { as, shop, kill } = await anOpenFeatureServer(t)
    await kill('shop.limit')
    const { text, body } = await as(shop, 'POST', one('shop.limit'), context())
    assert.match(text, /"value":1\.0,"reason":"STATIC","variant":"low"/)
    assert.equal(body.value, 1)
    assert.match((await as(shop, 'POST', ALL, context())).text, /"value":1\.0,/)
  })

  t.test('takes a context of any size an app has, and JSON that is not said to be JSON', async t => {
    const { as, shop, address } = await anOpenFeatureServer(t)
    const big = context({ plan: 'pro', padding: 'a'.repeat(900_000) })
    assert.equal((await as(shop, 'POST', one('shop.beta'), big)).body.variant, 'pro')
    const { port } = new URL(address)
    const untyped = await new Promise<string>((resolve, reject) => {
      const headers = { authorization: `Bearer ${shop}` }
      request({ port, method: 'POST', path: one('shop.beta'), headers }, answer => {
        answer.setEncoding('utf8').on('data', resolve)
      })
        .on('error', reject)
        .end('{"context":{"plan":"pro"}}')
    })
    assert.equal(JSON.parse(untyped).variant, 'pro')
    const typed = { raw: '{"context":{"plan":"pro"}}', headers: { 'content-type': 'application/vnd.x+json' } }
    assert.equal((await as(shop, 'POST', one('shop.beta'), typed)).body.variant, 'pro')
  })

  t.test('shows a token only the applications it names; people see all', async t => {
    const { as, shop, tokens } = await anOpenFeatureServer(t)
    assertFailure(
      await as(shop, 'POST', one('bank.transfer'), context()),
      404,
      'FLAG_NOT_FOUND',
      'bank.transfer',
    )
    for (const token of [tokens.sdk, tokens.viewer, tokens.engineer])
      assert.equal((await as(token, 'POST', one('bank.transfer'), context())).body.value, true)
    const { body } = await as(shop, 'POST', ALL, context())
    assert.ok(body.flags.every(({ key }: { key: string }) => key.startsWith('shop.')))
    assert.equal((await as(tokens.sdk, 'POST', ALL, context())).body.flags.length, body.flags.length + 1)
  })
})

t.test('errors below /ofrep', async t => {
  t.test("have OFREP's shape on every status", async t => {
    const { as, shop } = await anOpenFeatureServer(t)
    const key = 'shop.checkout'
    assertFailure(await as(undefined, 'POST', one(key), context()), 401, 'GENERAL', key)
    assertFailure(await as('ks_guess', 'POST', ALL, context()), 401, 'GENERAL')
    assertFailure(await as(shop, 'POST', one(key), { raw: '{"context":' }), 400, 'PARSE_ERROR', key)
    assertFailure(await as(shop, 'POST', ALL, { raw: 'null' }), 400, 'PARSE_ERROR')
    const invalid = Buffer.from('{"context":{"targetingKey":"\xff"}}', 'latin1')
    assertFailure(await as(shop, 'POST', ALL, { raw: invalid }), 400, 'PARSE_ERROR')
    for (const bad of ['x', 5, [], true])
      assertFailure(await as(shop, 'POST', ALL, { body: { context: bad } }), 400, 'INVALID_CONTEXT')
    assertFailure(await as(shop, 'POST', ALL, context({ padding: 'a'.repeat(1_100_000) })), 413, 'GENERAL')
    const form = { raw: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    assertFailure(await as(shop, 'POST', ALL, form), 415, 'GENERAL')
    for (const path of ['/ofrep/v2/evaluate/flags', '/ofrep/v1/configuration', '/ofrep'])
      assertFailure(await as(shop, 'POST', path, context()), 404, 'GENERAL')
    for (const missing of ['nope', 'constructor', '__proto__', 'toString', 'a'.repeat(2000)])
      assertFailure(await as(shop, 'POST', one(missing), context()), 404, 'FLAG_NOT_FOUND', missing)
    assert.equal((await as(shop, 'POST', one('a'.repeat(3000)), context())).body.errorCode, 'PARSE_ERROR')
  })

  t.test('of a path that is no URL, of a fault inside, and of an instance that knows nothing', async t => {
    const { as, address, shop, parts } = await anOpenFeatureServer(t)
    const { port } = new URL(address)
    const bad = await new Promise<string>((resolve, reject) => {
      request({ port, method: 'POST', path: '/ofrep/v1/evaluate/flags/%zz' }, answer => {
        answer.setEncoding('utf8').on('data', resolve)
      })
        .on('error', reject)
        .end()
    })
    assert.equal(JSON.parse(bad).errorCode, 'PARSE_ERROR')
    const { state } = parts.log
    const instead = (members: object) => {
      for (const name of ['state', 'known'])
        Object.defineProperty(parts.log, name, { configurable: true, get: () => ({ ...state, ...members }) })
    }
    instead({ flags: undefined })
    const fault = await as(shop, 'POST', one('shop.theme'), context())
    assertFailure(fault, 500, 'GENERAL', 'shop.theme')
    instead({ catalogue: undefined, flags: new Map() })
    for (const path of [ALL, one('shop.theme')]) {
      const unknown = await as(shop, 'POST', path, context())
      assert.deepEqual(
        [unknown.status, unknown.body.errorCode, unknown.headers['retry-after']],
        [503, 'GENERAL', '1'],
      )
    }
  })

  t.test('and answers are for browsers of any origin, without credentials; nothing else is', async t => {
    const { app, as, shop, ask } = await anOpenFeatureServer(t)
    const headers = { origin: 'https://shop.example' }
    for (const token of [shop, undefined]) {
      const answer = await as(token, 'POST', ALL, { ...context(), headers })
      assert.equal(answer.headers['access-control-allow-origin'], '*')
      assert.match(String(answer.headers['access-control-expose-headers']), /ETag/)
      assert.equal(answer.headers['access-control-allow-credentials'], undefined)
    }
    const preflight = await app.inject({
      method: 'OPTIONS',
      url: ALL,
      headers: {
        ...headers,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,if-none-match',
      },
    })
    assert.equal(preflight.statusCode, 204)
    assert.equal(preflight.headers['access-control-allow-origin'], '*')
    assert.equal(
      preflight.headers['access-control-allow-headers'],
      'authorization,content-type,if-none-match',
    )
    assert.equal(
      (await ask('viewer', 'GET', '/v1/flags', { headers })).headers['access-control-allow-origin'],
      undefined,
    )
  })
})

t.test('the bulk evaluation', async t => {
  t.test('has a strong ETag, and is answered with 304 only where nothing changed', async t => {
    const { as, shop, kill, parts } = await anOpenFeatureServer(t, { clock: () => 1_800_000_000_000 })
    const first = await as(shop, 'POST', ALL, context())
    const etag = String(first.headers.etag)
    assert.match(etag, /^"[\w-]{43}"$/)
    const ask = (known: string, query = '') =>
      as(shop, 'POST', `${ALL}${query}`, { ...context(), headers: { 'if-none-match': known } })
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, text, headers } = await ask(known)
      assert.deepEqual([status, text, headers.etag], [304, '', etag], known)
    }
    assert.equal((await ask('"other"')).status, 200)
    assert.equal((await as(undefined, 'POST', ALL, { headers: { 'if-none-match': etag } })).status, 401)
    const pro = await as(shop, 'POST', ALL, {
      ...context({ plan: 'pro' }),
      headers: { 'if-none-match': etag },
    })
    assert.equal(pro.status, 200, 'another context, another payload')

    parts.health.isLive = () => false
    assert.equal((await ask(etag)).status, 200, 'an instance that may have missed a kill never says 304')
    parts.health.isLive = () => true

    await kill('shop.checkout')
    const after = await ask(etag)
    assert.equal(after.status, 200)
    const killed = after.body.flags.find((each: { key: string }) => each.key === 'shop.checkout')
    assert.deepEqual([killed.value, killed.metadata.killed], [false, true])
  })

  t.test('waits a moment for a change its client was told of, and never says 304 without it', async t => {
    const { as, shop, kill, parts } = await anOpenFeatureServer(t, { clock: () => 1_800_000_000_000 })
    const { headers } = await as(shop, 'POST', ALL, context())
    const known = { ...context(), headers: { 'if-none-match': String(headers.etag) } }
    const { log, revision } = parts.log.state
    const told = (next: number) => `?flagConfigEtag=${log?.slice(0, 12)}-${next}`
    assert.equal((await as(shop, 'POST', `${ALL}${told(revision)}`, known)).status, 304)
    const waiting = as(shop, 'POST', `${ALL}${told(revision + 1)}`, known)
    await kill('shop.checkout')
    assert.equal((await waiting).body.metadata.revision, parts.log.state.revision)
    const current = await as(shop, 'POST', ALL, context())
    const fresh = { ...context(), headers: { 'if-none-match': String(current.headers.etag) } }
    const behind = await as(shop, 'POST', `${ALL}${told(revision + 99)}`, fresh)
    assert.deepEqual([behind.status, behind.body.errorCode], [503, 'GENERAL'], 'its client keeps what it has')
    const elsewhere = `${ALL}?flagConfigEtag=${'0'.repeat(12)}-${revision + 99}`
    assert.equal((await as(shop, 'POST', elsewhere, fresh)).status, 200, 'of another log')
    assert.equal(
      (await as(shop, 'POST', `${ALL}?flagConfigLastModified=2099-01-01T00:00:00Z`, fresh)).status,
      200,
    )
    assert.equal((await as(shop, 'POST', `${ALL}?flagConfigLastModified=1`, fresh)).status, 304)
    assert.equal((await as(shop, 'POST', `${ALL}?flagConfigEtag=%00&flagConfigEtag=b`, fresh)).status, 304)
  })
})

t.test('answers against the published schema', { skip: withoutConformance }, async t => {
  t.test('are what OFREP says', async t => {
    const { as, shop, kill } = await anOpenFeatureServer(t)
    const success = ofrepSchema('evaluationSuccess')
    const bulk = ofrepSchema('bulkEvaluationSuccess')
    await kill('shop.checkout')
    for (const plan of ['pro', 'free']) {
      const { body } = await as(shop, 'POST', ALL, context({ plan }))
      assert.deepEqual(bulk(body), [])
      for (const flag of body.flags) assert.deepEqual(success(flag), [], flag.key)
    }
    const missing = await as(shop, 'POST', one('nope'), context())
    assert.deepEqual(ofrepSchema('flagNotFound')(missing.body), [])
    const bad = await as(shop, 'POST', one('shop.theme'), { body: { context: 5 } })
    assert.deepEqual(ofrepSchema('evaluationFailure')(bad.body), [])
    assert.deepEqual(
      ofrepSchema('bulkEvaluationFailure')((await as(shop, 'POST', ALL, { raw: '{' })).body),
      [],
    )
    assert.notDeepEqual(success({ key: 5, value: true }), [], 'the schema does check')
  })
})
