import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { stringify } from 'yaml'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import { type Ask, aServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const KILL = '/v1/flags/ai_v1/kill'
const RESTORE = '/v1/flags/ai_v1/restore'

/** What is sent, and the status and code it gets. */
const BAD: [string, string, Ask, number, string][] = [
  ['a null body', KILL, { raw: 'null' }, 400, 'malformed-request'],
  ['a list', KILL, { raw: '[]' }, 400, 'malformed-request'],
  ['not JSON', KILL, { raw: 'reason=please' }, 400, 'malformed-request'],
  ['a reason of null', RESTORE, { body: { all: true, reason: null } }, 400, 'malformed-request'],
  ['an empty reason', RESTORE, { body: { all: true, reason: '  ' } }, 400, 'malformed-request'],
  ['an unknown member', KILL, { body: { variant: 'on' } }, 400, 'malformed-request'],
  ['__proto__', KILL, { raw: '{"__proto__":{"role":"owner"}}' }, 400, 'malformed-request'],
  ['constructor.prototype', KILL, { raw: '{"constructor":{"prototype":{}}}' }, 400, 'malformed-request'],
  ['invalid UTF-8', KILL, { raw: bytes('{"reason":"\xff\xfe"}') }, 400, 'malformed-request'],
  ['100 KB', KILL, { body: { reason: 'a'.repeat(100_000) } }, 413, 'payload-too-large'],
  [
    'text/plain',
    KILL,
    { raw: '{}', headers: { 'content-type': 'text/plain' } },
    415,
    'unsupported-media-type',
  ],
  [
    'a form',
    KILL,
    { raw: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported-media-type',
  ],
  ['a key with a space', KILL, { headers: { 'idempotency-key': 'a b' } }, 400, 'malformed-request'],
  [
    'an incident that is none',
    RESTORE,
    { body: { incident: 'a\nb', reason: 'x' } },
    400,
    'malformed-request',
  ],
  ['an unknown flag', '/v1/flags/nope/kill', {}, 404, 'unknown-flag'],
  ['the flag __proto__', '/v1/flags/__proto__/kill', {}, 404, 'unknown-flag'],
  ['the flag constructor', '/v1/flags/constructor/kill', {}, 404, 'unknown-flag'],
  ['a flag of 3,000 characters', `/v1/flags/${'a'.repeat(3000)}/kill`, {}, 414, 'malformed-request'],
  ['a restore without a reason', RESTORE, { body: { all: true } }, 400, 'malformed-request'],
  ['a restore of nothing', RESTORE, { body: { reason: 'x' } }, 400, 'malformed-request'],
  ['a restore of "all": false', RESTORE, { body: { reason: 'x', all: false } }, 400, 'malformed-request'],
  [
    'a restore where nothing is held',
    RESTORE,
    { body: { reason: 'x', all: true } },
    409,
    'nothing-to-release',
  ],
  [
    'a restore from an unknown step',
    RESTORE,
    { body: { reason: 'x', all: true, step: 'no/such/1' } },
    404,
    'unknown-step',
  ],
  ['a run of an unknown step', '/v1/steps/run', { body: { step: 'no/such/1' } }, 404, 'unknown-step'],
  ['a run without a step', '/v1/steps/run', { body: {} }, 400, 'malformed-request'],
  ['a run of no flags', '/v1/steps/run', { body: { step: 'x', flags: [] } }, 400, 'malformed-request'],
]

t.test('bad input', async t => {
  // each request an hour after the one before, so that no refusal is only counted
  let now = Date.now()
  const server = aServer(t, { clock: () => (now += 3_600_000) })
  for (const [what, path, asked, status, code] of BAD) {
    t.test(`${what}: ${status} ${code}, nothing changed, and the refusal is in the log`, async () => {
      const { ask, parts } = await server
      const before = JSON.stringify([...parts.log.state.flags])
      const answer = await ask('engineer', 'POST', path, asked)
      if (status === 414) {
        assert.ok(
          answer.status === 414 || answer.status === 404 || answer.status === 400,
          String(answer.status),
        )
        return
      }
      assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text)
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
      assert.ok(answer.body.detail.length > 20, 'the detail says the way out')
      assert.equal(answer.body.requestId, answer.headers['x-request-id'])
      assert.equal(JSON.stringify([...parts.log.state.flags]), before)
      const [entry] = (await ask('viewer', 'GET', '/v1/audit?outcome=refused')).body.entries
      assert.deepEqual(
        [entry?.actor.id, entry?.refusal.code, entry?.request.id],
        ['shared-engineer', code, answer.body.requestId],
      )
    })
  }

  t.test(
    'writes ten refusals a minute of one actor, counts the rest, and never makes a kill wait',
    async t => {
      const { ask, close, parts } = await aServer(t)
      for (let i = 0; i < 30; i++) assert.equal((await ask('viewer', 'POST', KILL)).status, 403)
      assert.equal((await ask('operator', 'POST', KILL)).status, 200)
      const refused = await ask('viewer', 'GET', '/v1/audit?outcome=refused&limit=100')
      assert.equal(refused.body.entries.length, 10)
      const entries: string[] = []
      parts.subscribe.entries(added => entries.push(...added.map(({ line }) => line)))
      await close()
      const summary = entries.map(line => JSON.parse(line)).find(entry => entry.action === 'refused.summary')
      assert.equal(summary.summary.count, 20)
    },
  )
})

t.test('what is wrong with a request', async t => {
  const SAID: [string, string, Ask, RegExp][] = [
    [
      'an unknown member',
      KILL,
      { body: { variant: 'on' } },
      /no member "variant"; it takes reason, incident, step\./,
    ],
    ['a blank reason', RESTORE, { body: { all: true, reason: ' \u200b ' } }, /^body\.reason is empty\. GET/],
    [
      'an incident with a space',
      RESTORE,
      { body: { incident: 'INC 42', reason: 'r' } },
      /body\.incident is no name of an incident/,
    ],
    ['"all": false', RESTORE, { body: { all: false, reason: 'r' } }, /body\.all must be true/],
    ['no step', '/v1/steps/run', { body: {} }, /body must have "step"/],
  ]
  t.test('is said in words that a person understands', async t => {
    const { ask } = await aServer(t)
    for (const [what, path, asked, said] of SAID) {
      const { body } = await ask('engineer', 'POST', path, asked)
      assert.match(body.detail, said, what)
    }
    const { body } = await ask('viewer', 'GET', '/v1/audit?colour=red')
    assert.match(body.detail, /^query has no member "colour"; it takes flag, actor, role/)
  })

  t.test('is its compression, where it has one', async t => {
    const { ask } = await aServer(t)
    const headers = { 'content-encoding': 'gzip' }
    const packed = await ask('operator', 'POST', KILL, { raw: gzipSync('{"reason":"r"}'), headers })
    assert.deepEqual([packed.status, packed.body.code], [415, 'unsupported-media-type'])
    assert.match(packed.body.detail, /without compression/)
  })

  t.test('is the range of hours, where it is the wrong way round or has no zone', async t => {
    const { ask } = await aServer(t)
    const detail = async (query: string) => {
      const { status, body } = await ask('viewer', 'GET', `/v1/audit?${query}`)
      assert.equal(status, 400, query)
      return body.detail
    }
    assert.match(await detail('since=2027-01-01&until=2026-01-01'), /since 2027-01-01T.* is after until 2026/)
    assert.match(await detail('since=2026-11-20T03:00:00'), /with its zone/)
    assert.match(await detail('since=2026-11-20T03:00:00+02:00'), /a \+ is written %2B/)
    assert.match(await detail('since=2026-02-30'), /neither/)
  })
})

t.test('a refusal for the role', async t => {
  t.test('names the role that a flip takes, also to a credential that may not even look', async t => {
    const { ask } = await aServer(t)
    const needed = async (path: string) => (await ask('sdk', 'POST', path)).body.needed
    assert.equal(await needed(KILL), 'operator')
    assert.equal(await needed(RESTORE), 'engineer')
    assert.equal(await needed('/v1/steps/run'), 'operator')
  })
})

t.test('credentials', async t => {
  t.test('are asked for on every route but the public ones', async t => {
    const { ask } = await aServer(t)
    for (const path of ['/v1/flags', '/v1/audit', '/v1/runbooks', '/metrics', '/v1/flips/1']) {
      const answer = await ask(undefined, 'GET', path)
      assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated'], path)
      assert.match(String(answer.headers['www-authenticate']), /^Bearer/)
    }
    for (const path of ['/livez', '/readyz', '/openapi.json', '/docs']) {
      assert.ok((await ask(undefined, 'GET', path)).status < 400, path)
    }
  })

  t.test('refuse one that is unknown, expired, or of a role too low, and change nothing', async t => {
    const folder = testdir(t)
    const [old, viewer, sealed] = [newToken('old'), newToken('viewer'), newToken('sealed')]
    const file = join(folder, 'tokens.yaml')
    writeFileSync(
      file,
      stringify([
        { id: 'old', role: 'operator', sha256: sha256(old), expires: '2020-01-01T00:00:00Z' },
        { id: 'vera', role: 'viewer', sha256: [sha256(viewer)] },
        { id: 'pager', role: 'operator', sha256: sha256(sealed), only: 'kill' },
      ]),
    )
    const { ask } = await aServer(t, { tokensFile: file, tokens: {} as never })
    const as = (token: string, method: 'GET' | 'POST', path: string) =>
      ask(undefined, method, path, { headers: { authorization: `bearer ${token}` } })
    assert.match((await as(old, 'POST', KILL)).body.detail, /token of old expired on 2020-01-01/)
    assert.equal((await as('ks_old_guess', 'POST', KILL)).status, 401)
    assert.equal((await as(viewer, 'POST', KILL)).status, 403)
    assert.equal((await as(sealed, 'GET', '/v1/flags')).status, 403)
    assert.equal((await as(sealed, 'POST', KILL)).status, 200)
    assert.equal((await as(sealed, 'POST', RESTORE)).status, 403)
  })

  t.test('of an application (sdk) read and flip nothing here, and the attempt is in the log', async t => {
    const { ask } = await aServer(t)
    for (const path of ['/v1/flags', '/v1/audit', '/v1/runbooks', '/metrics'])
      assert.equal((await ask('sdk', 'GET', path)).status, 403)
    assert.equal((await ask('sdk', 'POST', KILL)).status, 403)
    const found = await ask('viewer', 'GET', '/v1/audit?role=sdk')
    assert.deepEqual([found.body.entries.length, found.body.entries[0].refusal.code], [1, 'forbidden'])
  })
})

t.test('what is hardly HTTP', async t => {
  t.test('is answered with a problem, and the service goes on', async t => {
    const { address, ask } = await aServer(t)
    const { port } = new URL(address)
    const garbage = await new Promise<string>(resolve => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('THIS IS NOT HTTP\r\n\r\n'))
      let text = ''
      socket.on('data', chunk => {
        text += chunk
      })
      socket.on('close', () => resolve(text))
    })
    assert.match(garbage, /^HTTP\/1\.1 400/)
    assert.match(garbage, /"code":"malformed-request"/)
    const badUrl = await new Promise<number | undefined>((resolve, reject) => {
      request({ port, path: '/v1/flags/%zz', headers: {} }, response => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    assert.equal(badUrl, 400)
    assert.equal((await ask('viewer', 'GET', '/v1/flags')).status, 200)
  })
})
