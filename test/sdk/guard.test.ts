// The guards on a real Fastify and on node:http, with the kill switch for tests.

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { OpenFeature } from '@openfeature/server-sdk'
import Fastify from 'fastify'
import t from 'tap'
import { killswitchGuard, killswitchMiddleware, VERSION } from '../../sdk/src/index.js'
import { fakeKillswitch } from '../../sdk/src/testing.js'

t.test('a guarded scope answers 503 with the message while killed, and passes after', async t => {
  const fake = fakeKillswitch({ kyc_v1: { normal: true, killed: false, message: 'Uploads are paused.' } })
  const app = Fastify()
  t.after(() => app.close())
  await app.register(async scope => {
    await scope.register(killswitchGuard('kyc_v1'))
    scope.post('/kyc', async () => ({ ok: true }))
  })
  app.get('/other', async () => ({ ok: true }))
  assert.equal((await app.inject({ method: 'POST', url: '/kyc' })).statusCode, 200)
  fake.kill('kyc_v1', { incident: 'INC-1' })
  const refused = await app.inject({ method: 'POST', url: '/kyc' })
  assert.equal(refused.statusCode, 503)
  assert.equal(refused.headers['retry-after'], '30')
  assert.match(String(refused.headers['content-type']), /^application\/problem\+json/)
  assert.deepEqual(refused.json(), {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    code: 'killed',
    detail: 'Uploads are paused.',
    flag: 'kyc_v1',
  })
  assert.equal((await app.inject({ method: 'GET', url: '/other' })).statusCode, 200)
  fake.restore('kyc_v1')
  assert.equal((await app.inject({ method: 'POST', url: '/kyc' })).statusCode, 200)
})

t.test('one route is guarded by onRequest; in flight is left alone unless asked', async t => {
  const fake = fakeKillswitch({ ai_v1: true })
  const app = Fastify()
  t.after(() => app.close())
  const gate = { open: () => {} }
  const held = () =>
    new Promise<object>(resolve => {
      gate.open = () => resolve({ ok: true })
    })
  app.get('/kept', { onRequest: killswitchGuard('ai_v1').onRequest }, held)
  app.get('/cut', { onRequest: killswitchGuard('ai_v1', { abortInFlight: true }).onRequest }, held)
  await app.ready()
  const kept = app.inject('/kept')
  await new Promise(setImmediate)
  fake.kill('ai_v1')
  gate.open()
  assert.equal((await kept).statusCode, 200)
  fake.restore('ai_v1')
  const cut = app.inject('/cut')
  await new Promise(setImmediate)
  fake.kill('ai_v1')
  assert.equal((await cut).statusCode, 503)
  gate.open()
})

t.test('a caller who has gone leaves nothing behind on the signal', async t => {
  const { killswitch } = fakeKillswitch({ ai_v1: true })
  const guard = killswitchMiddleware('ai_v1', { killswitch, abortInFlight: true })
  const listeners = () => getEventListeners(killswitch.signal('ai_v1'), 'abort').length
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const guarded of ['after', 'before']) {
    const asked = once(server, 'request')
    const caller = new AbortController()
    const fetched = fetch(url, { signal: caller.signal }).catch(() => undefined)
    const [request, response] = await asked
    if (guarded === 'before') guard(request, response, () => assert.equal(listeners(), 1))
    const closed = once(response, 'close')
    caller.abort()
    await Promise.all([fetched, closed])
    if (guarded === 'after') guard(request, response, () => {})
    assert.equal(listeners(), 0, guarded)
  }
})

t.test('the same as middleware of node:http and Express; a preflight passes', async t => {
  const fake = fakeKillswitch({ ai_v1: true })
  const guard = killswitchMiddleware('ai_v1', {
    killswitch: fake.killswitch,
    retryAfterSeconds: 5,
    message: 'Off.',
  })
  const server = createServer((request, response) => guard(request, response, () => response.end('passed')))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.equal(await (await fetch(url)).text(), 'passed')
  fake.kill('ai_v1')
  const refused = await fetch(url)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5'])
  assert.equal(((await refused.json()) as { detail: string }).detail, 'Off.')
  assert.equal((await fetch(url, { method: 'OPTIONS' })).status, 200)
})

t.test('a guard asks the kill switch that the process made last, and one must be made before it', async t => {
  const key = Symbol.for('killswitch.current')
  const last = Object.getOwnPropertyDescriptor(globalThis, key) as PropertyDescriptor
  Reflect.deleteProperty(globalThis, key)
  assert.throws(() => killswitchGuard('ai_v1'), /before its guards/)
  Object.defineProperty(globalThis, key, last)
  fakeKillswitch({ ai_v1: true })
  const app = Fastify()
  t.after(() => app.close())
  app.get('/', { onRequest: killswitchGuard('ai_v1').onRequest }, async () => ({ ok: true }))
  const second = fakeKillswitch({ ai_v1: true })
  assert.equal((await app.inject('/')).statusCode, 200)
  second.kill('ai_v1')
  assert.equal((await app.inject('/')).statusCode, 503)
})

t.test('the fake kill switch: one line to kill, one to restore, under OpenFeature too', async () => {
  const fake = fakeKillswitch({ ai_v1: true, template: { normal: 'v2', killed: 'v1' } })
  await OpenFeature.setProviderAndWait('fake', fake.provider)
  const client = OpenFeature.getClient('fake')
  assert.equal(await client.getBooleanValue('ai_v1', false), true)
  fake.kill('template', { incident: 'INC-3' })
  const details = await client.getStringDetails('template', 'v2')
  assert.deepEqual([details.value, details.reason, details.flagMetadata.incident], ['v1', 'STATIC', 'INC-3'])
  fake.lose()
  assert.equal((await client.getStringDetails('template', 'v2')).reason, 'STALE')
  fake.regain()
  fake.restore('template')
  assert.equal(await client.getStringValue('template', 'v1'), 'v2')
  assert.throws(() => fake.restore('never.named'), /neither named nor killed/)
})

t.test('the version in a receipt is the package’s', async () => {
  const path = fileURLToPath(new URL('../../../sdk/package.json', import.meta.url))
  assert.equal((JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version, VERSION)
})
