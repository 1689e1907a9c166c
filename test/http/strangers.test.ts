// What is told without a token, and to credentials that everybody may have: nothing of the inside.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { createLogger } from '../../src/process/logger.js'
import { startServer } from '../../src/server.js'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import { aServer, configFor, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { tokensFile } from '../support/tokens.js'

const CONDITION = { code: 'runbook-unread', detail: '/etc/killswitch/runbooks/secret.md: "rotate the vault"' }

function degrade({ parts }: TestServer): void {
  const { streams, load, runbooks } = parts
  parts.health.watch({
    runbooks,
    streams,
    load,
    files: async () => undefined,
    fleet: { conditions: [CONDITION, CONDITION] },
  })
}

t.test('/readyz', async t => {
  const glass = newToken('glass')
  const server = await aServer(t, { breakGlassSha256: sha256(glass) })
  degrade(server)
  const as = (token?: string) =>
    server.ask(undefined, 'GET', '/readyz', {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })

  t.test('tells a stranger codes alone, each once, and so whoever may not read', async () => {
    for (const token of [undefined, 'ks_unknown', glass, server.tokens.sdk, 'x'.repeat(600)]) {
      const { status, body } = await as(token)
      assert.deepEqual([status, body], [200, { status: 'degraded', degraded: [{ code: CONDITION.code }] }])
    }
  })

  t.test('tells a viewer, and whoever stands above, all of it', async () => {
    for (const role of ['viewer', 'operator', 'owner'] as const) {
      const { body } = await as(server.tokens[role])
      assert.deepEqual(body.degraded, [CONDITION, CONDITION])
      assert.deepEqual(
        [body.environment, typeof body.head, typeof body.revision],
        ['test', 'number', 'number'],
      )
    }
  })
})

t.test(
  'no answer without a token has a path of this machine, a credential, or a line of the code',
  async t => {
    const { file, tokens } = tokensFile(t)
    const server = await aServer(t, { tokensFile: file, tokens })
    const get = [
      '/',
      '/livez',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/docs/json',
      '/v1/flags',
      '/nowhere',
    ]
    const odd = ['/%zz', '/docs/static/..%2f..%2fpackage.json', '/ofrep/v1/events/x', '/v1/flips/..%2f']
    const answers = await Promise.all([
      ...[...get, ...odd].map(path => server.ask(undefined, 'GET', path)),
      server.ask(undefined, 'POST', '/v1/flags/ai_v1/kill', { raw: '{"reason":' }),
      server.ask(undefined, 'POST', '/ofrep/v1/evaluate/flags', { raw: '{"context":' }),
      server.ask(undefined, 'POST', '/openapi.json', { raw: '{' }),
    ])
    const inside = [
      server.dataDir,
      process.cwd(),
      file,
      ...Object.values(tokens).flatMap(each => [each, sha256(each)]),
    ]
    for (const { text, status } of answers) {
      assert.ok(status < 500, text)
      for (const secret of inside) assert.ok(!text.includes(secret), `${secret} in ${text.slice(0, 200)}`)
      assert.doesNotMatch(text, /\bat \S+ \(|node_modules/)
    }
  },
)

t.test('the sealed credential', async t => {
  const glass = newToken('glass')
  const server = await aServer(t, { breakGlassSha256: sha256(glass) })
  const headers = { authorization: `Bearer ${glass}` }
  const as = (method: 'GET' | 'POST', path: string, body?: object) =>
    server.ask(undefined, method, path, { headers, ...(body === undefined ? {} : { body }) })
  const other = await server.ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
    body: { reason: 'of somebody else', incident: 'INC-1' },
  })
  const own = await as('POST', '/v1/flags/ai_v1/kill', { reason: 'sealed' })
  assert.equal(own.status, 200)

  t.test('reads what became of its own kill, and of no other', async () => {
    assert.equal((await as('GET', `/v1/flips/${own.body.id}`)).body.flip.reason, 'sealed')
    assert.equal((await as('GET', `/v1/flips/${own.body.key}`)).body.state, 'applied')
    for (const id of [other.body.id, other.body.key, 1]) {
      const { status, text } = await as('GET', `/v1/flips/${id}`)
      assert.equal(status, 404)
      assert.doesNotMatch(text, /INC-1|somebody|catalogue/)
    }
  })

  t.test('is told of its own hold alone, where a flag has others', async () => {
    const known = await as('GET', `/v1/flips/${own.body.id}`)
    for (const holds of [own.body.holds, known.body.flip.holds])
      assert.deepEqual(
        holds.map(({ actor }: { actor: string }) => actor),
        ['break-glass'],
      )
  })
})

t.test('a token that was pasted where none belongs is in no line of the log', async t => {
  const lines: string[] = []
  const { file, tokens } = tokensFile(t)
  const config = configFor(testdir(t), { tokensFile: file, logLevel: 'trace' })
  const out = { write: (line: string) => void lines.push(line) }
  const server = await startServer(config, await createLogger(config, false, out))
  t.after(() => server.close())
  const pasted = ['ks_al_00000000000000000000000000000000', newToken('ana.b@example'), tokens.operator]
  const encoded = pasted.map(each => each.replace('_', '%5F'))
  for (const token of [...pasted, ...encoded]) {
    for (const authorization of [`Bearer ${tokens.operator}`, undefined])
      for (const [method, url] of [
        ['GET', `/v1/flags/${token}`],
        ['GET', `/v1/flags?flag=${token}`],
        ['GET', `/${token}?token=${token}`],
        ['GET', `/ofrep/v1/events/${token}`],
        ['GET', `/v1/flips/${token}`],
        ['GET', `/%zz${token}`],
        ['POST', `/v1/flags/${token}/kill`],
        ['POST', `/v1/incidents/${token}/resolve`],
      ] as const)
        await server.app.inject({
          ...{ method, url },
          headers: { ...(authorization === undefined ? {} : { authorization }), 'x-request-id': token },
          ...(method === 'POST' ? { payload: { reason: `it is ${token}` } } : {}),
        })
  }
  const log = lines.join('')
  assert.match(log, /"path":"\/v1\/flags\/ks_REDACTED\/kill"/)
  for (const token of [...pasted, ...encoded])
    assert.ok(!log.includes(token.slice(-24)), `${token} was logged`)
  const entries = await server.app.inject({
    url: '/v1/audit?outcome=refused',
    headers: { authorization: `Bearer ${tokens.viewer}` },
  })
  assert.match(entries.body, /"flag":"ks_REDACTED"/)
})

t.test('the token of a page', async t => {
  const page = newToken('web')
  const file = join(testdir(t), 'tokens.yaml')
  const viewer = newToken('viewer')
  const list = [
    { id: 'web', role: 'sdk', sha256: sha256(page), apps: ['trustflow'], only: 'evaluate' },
    { id: 'viewer', role: 'viewer', sha256: sha256(viewer) },
  ]
  writeFileSync(file, stringify(list), { mode: 0o600 })
  const server = await aServer(t, { tokensFile: file, tokens: { viewer } as TestServer['tokens'] })
  const as = (method: 'GET' | 'POST', path: string, body?: object) =>
    server.ask(undefined, method, path, {
      headers: { authorization: `Bearer ${page}` },
      ...(body === undefined ? {} : { body }),
    })

  t.test('is refused everything but the evaluation, and told why', async () => {
    const before = server.parts.log.state.head
    for (const [method, path] of [
      ['GET', '/v1/snapshot'],
      ['GET', '/v1/stream'],
      ['POST', '/v1/receipts'],
      ['GET', '/v1/actor'],
      ['GET', '/flagd/flags.json'],
      ['GET', '/v1/audit/consistency?from=1'],
      ['POST', '/v1/flags/ai_v1/kill'],
    ] as const) {
      const { status, body } = await as(method, path)
      assert.deepEqual([status, body.code], [403, 'forbidden'], path)
      assert.match(body.detail, /^web is a credential that may only evaluate flags, by POST \/ofrep/)
    }
    assert.deepEqual(server.parts.log.state.head, before, 'nobody fills the log with it')
  })

  t.test('is told values, and nothing of owner, effect, roles or incident', async () => {
    const one = await as('POST', '/ofrep/v1/evaluate/flags/ai_v1', {})
    const { message, ...rest } = one.body.metadata
    assert.deepEqual(
      [one.status, one.body.value, rest, typeof message],
      [200, true, { killed: false }, 'string'],
    )
    const { body, text } = await as('POST', '/ofrep/v1/evaluate/flags', {})
    assert.deepEqual(body.metadata, { flagSetId: 'trustflow' })
    for (const flag of body.flags)
      assert.deepEqual(
        Object.keys(flag.metadata).filter(name => !['killed', 'message'].includes(name)),
        [],
      )
    const { definition } = server.parts.log.state.flags.get('ai_v1')!
    for (const inside of [definition.owner, definition.effect, 'operator', 'engineer'])
      assert.ok(!text.includes(inside), inside)
  })
})
