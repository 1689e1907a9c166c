import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ROLES } from '../../src/wire/words.js'
import { aServer } from '../support/server.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** `KILLSWITCH_TEST_REQUESTS=100000 node .build/test/http/walker.test.js` walks further. */
const REQUESTS = Number(process.env.KILLSWITCH_TEST_REQUESTS ?? 1_500)

type Schema = {
  type?: string
  enum?: unknown[]
  properties?: Record<string, Schema>
  items?: Schema
  example?: unknown
}
type Parameter = { in: string; name: string; schema?: Schema }
type Operation = {
  operationId?: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}

/** Texts that have broken somebody before, beside those that mean something here. */
const TEXTS = [
  'ai_v1',
  'kyc_v1',
  'INC-1',
  'trustflow/ai-instability/3',
  'trustflow',
  '1',
  '0-2',
  '',
  ' ',
  'null',
  'true',
  '-1',
  '1e400',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  '\u0000',
  '\ud800',
  '\u{1f525}',
  'a'.repeat(400),
  '2026-11-20T03:00:00Z',
  'oldest',
  'newest',
  '*/*',
  '"5"',
  "' or 1=1",
  '{{7*7}}',
  '\r\nx: y',
  '٣',
  '9007199254740993',
]
const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  fc.string({ unit: 'binary', maxLength: 30 }),
)

/** A value for a schema: mostly of its kind, now and then of any other. */
function anyOf(schema: Schema): fc.Arbitrary<unknown> {
  const strange = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }))
  return fc.oneof({ weight: 5, arbitrary: fitting(schema) }, { weight: 1, arbitrary: strange })
}

function fitting({ type, enum: values, properties, items }: Schema): fc.Arbitrary<unknown> {
  if (values && values.length > 0) return fc.constantFrom(...values)
  if (type === 'object' || properties)
    return fc.record(
      Object.fromEntries(Object.entries(properties ?? {}).map(([name, each]) => [name, anyOf(each)])),
      {
        requiredKeys: [],
      },
    )
  if (type === 'array') return fc.array(anyOf(items ?? {}), { maxLength: 4 })
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer' || type === 'number') return fc.oneof(fc.integer({ min: -2, max: 600 }), fc.double())
  return text
}

type Asked = {
  method: string
  path: string
  role: (typeof ROLES)[number] | undefined
  body: unknown
  accept: string
  ifMatch: string
}

function requestTo(method: string, url: string, operation: Operation): fc.Arbitrary<Asked> {
  const all = operation.parameters ?? []
  const named = (where: string) =>
    fc.record(
      Object.fromEntries(
        all.filter(each => each.in === where).map(({ name, schema }) => [name, anyOf(schema ?? {})]),
      ),
      { requiredKeys: where === 'path' ? undefined : [] } as never,
    ) as fc.Arbitrary<Record<string, unknown>>
  const schema = operation.requestBody?.content['application/json']?.schema
  return fc
    .record({
      path: named('path'),
      query: named('query'),
      role: fc.constantFrom(undefined, ...ROLES, 'operator' as const, 'engineer' as const, 'owner' as const),
      body: schema ? fc.option(anyOf(schema), { nil: undefined, freq: 10 }) : fc.constant(undefined),
      accept: fc.constantFrom(
        '*/*',
        'application/json',
        'text/csv',
        'application/x-ndjson',
        'text/markdown',
        'image/png',
      ),
      ifMatch: fc.constantFrom('', '', '"2"', '*', 'W/"1"', '2'),
    })
    .map(({ path, query, ...rest }) => {
      const filled = url.replace(/\{(\w+)\}/g, (_, name: string) => encode(path[name]))
      const search = Object.entries(query).flatMap(([name, value]) =>
        [value].flat().map(each => `${encode(name)}=${encode(each)}`),
      )
      return { ...rest, method, path: search.length > 0 ? `${filled}?${search.join('&')}` : filled }
    })
}

/** As a client would, which mends what is no Unicode. */
const encode = (value: unknown): string =>
  encodeURIComponent(
    (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\p{Surrogate}/gu, '\ufffd'),
  )

const PROBLEM = /^application\/problem\+json/

t.test('whatever is asked', async t => {
  t.test(
    `is answered without a 5xx, wrong requests with a problem, and only flips change anything (KILLSWITCH_TEST_SEED=${SEED})`,
    async t => {
      const { app, tokens, parts } = await aServer(t)
      const document = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> }
      const requests = Object.entries(document.paths)
        // the stream goes on for ever; readiness is 503 for good reasons, such as a machine that leaves it no time
        .filter(([url]) => url !== '/v1/stream' && url !== '/readyz')
        .flatMap(([url, operations]) =>
          Object.entries(operations).map(([method, operation]) =>
            requestTo(method.toUpperCase(), url, operation),
          ),
        )
      assert.ok(requests.length > 10)
      const seen = new Map<number, number>()
      const ask = async ({ method, path, role, body, accept, ifMatch }: Asked) => {
        const before = parts.log.state
        const response = await app.inject({
          method: method as 'GET',
          url: path,
          headers: {
            accept,
            ...(ifMatch === '' ? {} : { 'if-match': ifMatch }),
            ...(role === undefined ? {} : { authorization: `Bearer ${tokens[role]}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        })
        const { statusCode, headers } = response
        seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
        assert.ok(statusCode < 500, `${statusCode} ${response.body}`)
        assert.ok(headers['x-request-id'])
        if (statusCode >= 400) {
          const isOfrep = path.startsWith('/ofrep/')
          assert.match(String(headers['content-type']), isOfrep ? /^application\/json/ : PROBLEM)
          if (isOfrep) assert.ok(response.json().errorCode, response.body)
          else assert.equal(response.json().status, statusCode)
          assert.equal(parts.log.state.revision, before.revision, 'what is refused changes nothing')
        }
        if (parts.log.state.revision !== before.revision) {
          assert.equal(method, 'POST')
          // a drill moves the revision for its proof, and says that it changed no value
          const { action, changed } = response.json()
          assert.equal(changed, action !== 'drill', 'a change is an answer that says so')
        }
      }
      t.comment(`${REQUESTS} requests over ${requests.length} operations`)
      await fc.assert(fc.asyncProperty(fc.oneof(...requests), ask), {
        seed: SEED,
        numRuns: REQUESTS,
        includeErrorInReport: true,
        endOnFailure: true,
      })
      t.comment(`answers: ${JSON.stringify(Object.fromEntries(seen))}`)
      for (const status of [200, 400, 401, 403, 404]) assert.ok(seen.has(status), `some were ${status}`)
      assert.equal((await parts.audit.verify(new AbortController().signal)).ok, true)
    },
  )
})
