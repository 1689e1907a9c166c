import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import { ROLES, type Role } from '../../src/wire/words.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'

/** The lowest role; `reader`: any person, and an application for what is its own; `secret`: whoever was given its address. */
type Access = Role | 'public' | 'reader' | 'secret'

const TABLE: Record<string, Access> = {
  'GET /livez': 'public',
  'GET /readyz': 'public',
  'GET /openapi.json': 'public',
  'GET /metrics': 'viewer',
  'GET /v1/actor': 'reader',
  'GET /v1/flags': 'viewer',
  'GET /v1/flags/:key': 'viewer',
  'POST /v1/flags/:key/kill': 'operator',
  'POST /v1/flags/:key/restore': 'engineer',
  'POST /v1/flags/:key/drill': 'engineer',
  'POST /v1/flags/kill': 'operator',
  'POST /v1/flags/restore': 'engineer',
  'POST /v1/flags/drill': 'engineer',
  'GET /v1/flips/:id': 'viewer',
  'GET /v1/incidents': 'viewer',
  'POST /v1/incidents': 'operator',
  'GET /v1/incidents/:id': 'viewer',
  'POST /v1/incidents/:id/notes': 'operator',
  'POST /v1/incidents/:id/adopt': 'operator',
  'POST /v1/incidents/:id/changes': 'operator',
  'POST /v1/incidents/:id/steps': 'operator',
  'POST /v1/incidents/:id/resolve': 'operator',
  'POST /v1/incidents/:id/reopen': 'operator',
  'POST /v1/kills': 'operator',
  'GET /v1/housekeeping': 'viewer',
  'GET /v1/runbooks': 'viewer',
  'GET /v1/runbooks/:runbook': 'viewer',
  'GET /v1/steps': 'viewer',
  'POST /v1/steps/run': 'operator',
  'GET /v1/incidents/:id/postmortem': 'viewer',
  'GET /v1/incidents/:id/messages/:kind': 'viewer',
  'GET /v1/audit': 'viewer',
  'GET /v1/audit/counts': 'viewer',
  'GET /v1/audit/roles': 'viewer',
  'GET /v1/insights': 'viewer',
  'GET /v1/audit/:place': 'viewer',
  'GET /v1/audit/verify': 'viewer',
  'GET /v1/audit/checkpoint': 'viewer',
  'GET /v1/audit/consistency': 'reader',
  'GET /v1/audit/key-changes': 'reader',
  'POST /v1/audit/cosignatures': 'viewer',
  'GET /v1/audit/:place/proof': 'viewer',
  'POST /v1/audit/redate': 'owner',
  'POST /v1/audit/rekey': 'owner',
  'GET /v1/snapshot': 'reader',
  'GET /v1/stream': 'reader',
  'POST /v1/receipts': 'sdk',
  'GET /v1/instances': 'viewer',
  'POST /v1/instances/forget': 'operator',
  'POST /v1/instances/reconcile': 'operator',
  'POST /ofrep/v1/evaluate/flags': 'reader',
  'POST /ofrep/v1/evaluate/flags/:key': 'reader',
  'POST /ofrep/v1/evaluate/flags/*': 'reader',
  'GET /ofrep/v1/events/:secret': 'secret',
  'GET /flagd/flags.json': 'reader',
}

const BODIES: Record<string, object> = {
  'POST /v1/flags/:key/restore': { reason: 'r', all: true },
  'POST /v1/flags/kill': { flag: 'ai_v1' },
  'POST /v1/flags/restore': { flag: 'ai_v1', reason: 'r', all: true },
  'POST /v1/flags/drill': { flag: 'ai_v1' },
  'POST /v1/audit/redate': { reason: 'r' },
  'POST /v1/audit/rekey': { key: '00000000', reason: 'r' },
  'POST /v1/instances/forget': { lost: true, app: 'trustflow' },
  'POST /v1/instances/reconcile': { app: 'trustflow', reason: 'r' },
  'POST /v1/kills': { flags: ['ai_v1', 'kyc_v1'] },
  'POST /v1/steps/run': { step: 'trustflow/ai-instability/3', flags: ['ai_v1'] },
}

function mayUse(role: Role | undefined, needed: Access): boolean {
  if (needed === 'public') return true
  if (role === undefined || needed === 'secret') return false
  if (needed === 'reader') return true
  if (needed === 'sdk' || role === 'sdk') return role === needed
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

t.test('who may use which route', async t => {
  t.test('is as the table says, for every route there is and every role', async t => {
    const { app, address, tokens } = await aServer(t, { clock: hourly() })
    const found = routesIn(app.printRoutes({ commonPrefix: false })).filter(
      route => !/^(HEAD|OPTIONS) | \/docs/.test(route),
    )
    assert.deepEqual([...new Set(found)].sort(), Object.keys(TABLE).sort(), 'every route is in the table')
    for (const [route, needed] of Object.entries(TABLE)) {
      const [method, url] = route.split(' ') as ['GET' | 'POST', string]
      const path = url.replace(':key', 'ai_v1').replace(/:\w+/, '1')
      for (const role of [undefined, ...ROLES]) {
        const body = BODIES[route]
        const answer = await fetch(new URL(path, address), {
          method,
          headers: {
            ...(role === undefined ? {} : { authorization: `Bearer ${tokens[role]}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const { status } = answer
        await answer.body?.cancel() // a stream would go on for ever
        const allowed = status !== 401 && status !== 403
        assert.equal(allowed, mayUse(role, needed), `${role ?? 'nobody'} ${route}: ${status}`)
        if (!allowed)
          assert.equal(status, role === undefined || needed === 'secret' ? 401 : 403, `${role} ${route}`)
      }
    }
  })
})

/** What a credential may use that may only kill; nothing else, whatever its role, but what is public. */
const KILL_ONLY = [
  'POST /v1/flags/:key/kill',
  'POST /v1/flags/kill',
  'POST /v1/kills',
  'POST /v1/steps/run',
  'GET /v1/flips/:id',
  'GET /v1/actor',
]

t.test('credentials with less than their role', async t => {
  t.test('that may only kill use what a kill takes, on every route there is', async t => {
    const [pager, glass] = [newToken('pager'), newToken('glass')]
    const server = await aServer(t, {
      ...limited(t, [{ id: 'pager', role: 'owner', sha256: sha256(pager), only: 'kill' }]),
      breakGlassSha256: sha256(glass),
      clock: hourly(),
    })
    for (const [route, needed] of Object.entries(TABLE))
      for (const token of [pager, glass]) {
        const status = await statusOf(server, route, token)
        if (needed === 'public' || KILL_ONLY.includes(route))
          assert.ok(status !== 401 && status !== 403, `${route}: ${status}`)
        else assert.equal(status, needed === 'secret' ? 401 : 403, route)
      }
  })

  t.test('of an application see and speak for its own alone, on every route there is', async t => {
    const token = newToken('pilot')
    const server = await aServer(t, {
      ...limited(t, [{ id: 'pilot', role: 'sdk', sha256: sha256(token), apps: ['pilot'] }]),
      clock: hourly(),
    })
    for (const [route, needed] of Object.entries(TABLE)) {
      const status = await statusOf(server, route, token)
      const allowed = status !== 401 && status !== 403
      assert.equal(allowed, mayUse('sdk', needed), `${route}: ${status}`)
    }
    const as = (method: 'GET' | 'POST', path: string, body?: object) =>
      server.ask(undefined, method, path, {
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body }),
      })
    for (const path of ['/v1/snapshot', '/flagd/flags.json']) {
      const { flags } = (await as('GET', path)).body
      assert.ok('pilot.enabled' in flags && !('ai_v1' in flags), path)
    }
    assert.equal((await as('POST', '/ofrep/v1/evaluate/flags/ai_v1', {})).status, 404)
    assert.equal((await as('POST', '/ofrep/v1/evaluate/flags/pilot.enabled', {})).status, 200)
    const { text } = await as('POST', '/ofrep/v1/evaluate/flags', {})
    assert.ok(text.includes('pilot.enabled') && !text.includes('ai_v1'))
    const at = new Date().toISOString()
    const of = (app: string) => ({
      receipts: [
        {
          instance: 'i',
          app,
          log: 'x',
          revision: 1,
          appliedAt: at,
          sdk: 's/1',
          startedAt: at,
          boot: 'service',
        },
      ],
    })
    assert.equal((await as('POST', '/v1/receipts', of('pilot'))).status, 202)
    assert.equal((await as('POST', '/v1/receipts', of('trustflow'))).status, 403)
  })
})

function limited(t: Parameters<typeof testdir>[0], list: object[]) {
  const tokensFile = join(testdir(t), 'tokens.yaml')
  writeFileSync(tokensFile, stringify(list))
  return { tokensFile, tokens: {} as never }
}

async function statusOf({ address }: TestServer, route: string, token: string): Promise<number> {
  const [method, url] = route.split(' ') as ['GET' | 'POST', string]
  const path = url.replace(':key', 'ai_v1').replace(/:\w+/, '1')
  const body = BODIES[route]
  const answer = await fetch(new URL(path, address), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  await answer.body?.cancel()
  return answer.status
}

/** Each request an hour after the one before, so that every refusal is written. */
function hourly(): () => number {
  let now = Date.now()
  return () => (now += 3_600_000)
}

/** `GET /v1/flags` for each leaf of the tree that Fastify prints of its routes. */
function routesIn(tree: string): string[] {
  const at: string[] = []
  return tree.split('\n').flatMap(line => {
    const [, indent, part, methods] = /^(.*)[├└]── (\S+)(?: \(([^)]*)\))?/.exec(line) ?? []
    if (indent === undefined || part === undefined) return []
    const depth = indent.length / 4
    at.splice(depth, at.length, part === '*' ? '/*' : part)
    return methods === undefined ? [] : methods.split(', ').map(method => `${method} ${at.join('')}`)
  })
}
