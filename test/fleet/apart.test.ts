// Apps that stand apart from the log: kills reach them all the same, they count only by the value in force, they are named
// with the reason, and what they hold without one is released by a person.

import assert from 'node:assert/strict'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TestInstance } from '../support/instance.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { onBothStores } from './stores.js'

const kill = async ({ ask }: TestServer, flag: string, incident = 'INC-1') =>
  (await ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: { incident, reason: 'test' } })).body
const restore = ({ ask }: TestServer, flag: string) =>
  ask('engineer', 'POST', `/v1/flags/${flag}/restore`, { body: { all: true, reason: 'test' } })
const live = async ({ ask }: TestServer, flag: string) =>
  (await ask('viewer', 'GET', `/v1/flags/${flag}`)).body.convergence
const codes = (list: { code: string }[]) => list.map(({ code }) => code)
const degraded = async ({ ask }: TestServer) => codes((await ask(undefined, 'GET', '/readyz')).body.degraded)

t.test('an app that has seen a later log than a backup has is told of kills, and named', async t => {
  const time = { now: Date.parse('2026-11-20T03:00:00.000Z') }
  const clock = () => time.now
  const before = await aServer(t, { clock })
  const { dataDir, tokens } = before
  const api = await new TestInstance(before.ask, 'api-1').apply()
  await before.close()
  const backup = join(testdir(t), 'backup')
  cpSync(dataDir, backup, { recursive: true })
  const between = await aServer(t, { dataDir, tokens, clock })
  api.at(between.ask)
  for (let number = 1; number <= 20; number++) await kill(between, 'kyc_v1', `INC-${number}`)
  await api.apply()
  const seen = api.heard as NonNullable<TestInstance['heard']>
  await between.close()
  rmSync(dataDir, { recursive: true, force: true })
  cpSync(backup, dataDir, { recursive: true })
  const after = await aServer(t, { dataDir, tokens, clock })
  api.at(after.ask)
  // what an SDK says that has seen more: its own highest, and the newest that it was told
  await api.poll({ 'killswitch-floor': String(seen.revision), 'killswitch-log': seen.log })
  await api.report({ revision: seen.revision })
  const [listed] = (await after.ask('viewer', 'GET', '/v1/instances')).body.instances
  assert.deepEqual(codes(listed.apart), ['ahead'])
  assert.ok((await degraded(after)).includes('apps-apart'))
  const { body } = await after.ask('viewer', 'GET', '/v1/housekeeping')
  assert.deepEqual([body.apart[0].instance, body.apart[0].code], ['api-1', 'ahead'])

  await kill(after, 'ai_v1')
  const stream = await api.poll({ 'killswitch-floor': String(seen.revision), 'killswitch-log': seen.log })
  assert.ok(stream.held.ai_v1, 'the kill is there for it')
  await api.report({ revision: seen.revision, inForce: { kyc_v1: 'off' } })
  assert.equal((await live(after, 'ai_v1')).status, 'pending', 'it does not show it')
  await api.report({ revision: seen.revision })
  const early = await live(after, 'ai_v1')
  assert.deepEqual(
    [early.status, codes(early.because)],
    ['pending', ['log-outgrown']],
    'others may be unknown',
  )
  time.now += 61_000
  await api.report({ revision: seen.revision })
  const found = await live(after, 'ai_v1')
  assert.deepEqual([found.status, codes(found.apart)], ['confirmed', ['ahead']])
  await restore(after, 'ai_v1')
  await api.poll()
  await api.report({ revision: seen.revision })
  assert.equal((await live(after, 'ai_v1')).status, 'pending', 'no restore is proved by one that is ahead')
})

onBothStores(t, 'an answer of another log or of a branch that was left proves nothing', async on => {
  const server = await on.server()
  const api = await new TestInstance(server.ask, 'api-1').apply()
  await kill(server, 'ai_v1')
  await api.poll()
  const { log, revision } = api.heard as NonNullable<TestInstance['heard']>
  for (const answer of [
    { log: 'another', revision, hash: '0'.repeat(64) },
    { log, revision, hash: '0'.repeat(64) },
    { log, revision: 1, hash: '0'.repeat(64) },
  ]) {
    await api.report({ answer })
    await until(
      async () => (await live(server, 'ai_v1')).apart[0]?.code === 'other-log',
      `it is named for ${JSON.stringify(answer)}`,
    )
    assert.equal((await live(server, 'ai_v1')).status, 'pending')
  }
  await api.report()
  assert.deepEqual(
    [(await live(server, 'ai_v1')).status, await degraded(server)],
    ['confirmed', on.redis ? await degraded(server) : []],
  )
})

onBothStores(t, 'an answer to an older revision is looked up, and answers what is before it', async on => {
  const first = await on.server()
  const { dataDir, tokens } = first
  const api = await new TestInstance(first.ask, 'api-1').apply()
  const { id } = await kill(first, 'ai_v1')
  await api.poll()
  await kill(first, 'kyc_v1')
  await first.close()
  const server = await on.server({ dataDir, tokens })
  await api.at(server.ask).report()
  await until(
    async () => (await live(server, 'ai_v1')).status === 'confirmed',
    `the answer to ${id} is looked up`,
  )
  assert.deepEqual((await live(server, 'kyc_v1')).status, 'pending')
})

onBothStores(t, 'a forced flag counts for its kill, is named, and never for a restore', async on => {
  const server = await on.server()
  const api = await new TestInstance(server.ask, 'api-1').apply()
  await kill(server, 'ai_v1')
  await api.poll()
  const forced = { forced: ['ai_v1'], inForce: { ai_v1: 'off' } }
  await api.report(forced)
  const found = await live(server, 'ai_v1')
  assert.deepEqual(
    [found.status, found.apart[0].code, found.apart[0].flags],
    ['confirmed', 'forced', ['ai_v1']],
  )
  await restore(server, 'ai_v1')
  await api.poll()
  await api.report(forced)
  assert.equal((await live(server, 'ai_v1')).status, 'pending')
  await api.report()
  assert.equal((await live(server, 'ai_v1')).status, 'confirmed')
})

onBothStores(
  t,
  'what apps hold without a reason in the log is released by whoever may restore it',
  async on => {
    const server = await on.server()
    const api = await new TestInstance(server.ask, 'api-1').apply()
    const reconcile = (role: 'operator' | 'engineer', app = 'trustflow') =>
      server.ask(role, 'POST', '/v1/instances/reconcile', { body: { app, reason: 'lost with its disk' } })
    assert.equal((await reconcile('engineer')).body.code, 'nothing-to-reconcile')
    const lost = { holding: { ai_v1: ['lost-1', 'lost-2'] }, inForce: { ai_v1: 'off' } }
    await api.report(lost)
    const [listed] = (await server.ask('viewer', 'GET', '/v1/instances')).body.instances
    assert.deepEqual([listed.apart[0].code, listed.apart[0].flags], ['holding', ['ai_v1']])
    assert.equal((await reconcile('operator')).body.code, 'forbidden')
    const { status, body } = await reconcile('engineer')
    assert.equal(status, 200)
    assert.deepEqual(body.released, [{ flag: 'ai_v1', holds: ['lost-1', 'lost-2'] }])
    assert.deepEqual([body.entry.action, body.entry.reason], ['fleet.reconciled', 'lost with its disk'])
    const { body: snapshot } = await server.ask('sdk', 'GET', '/v1/snapshot')
    assert.deepEqual(snapshot.released, ['lost-1', 'lost-2'], 'apps that come later are told too')
    await api.apply()
    assert.equal((await reconcile('engineer')).body.code, 'nothing-to-reconcile')
  },
)

onBothStores(t, 'a hold that the log has is not reconciled', async on => {
  const server = await on.server()
  const api = await new TestInstance(server.ask, 'api-1').apply()
  const { hold } = await kill(server, 'ai_v1')
  await api.poll()
  await api.report({ holding: { ai_v1: [hold] } })
  const { body } = await server.ask('engineer', 'POST', '/v1/instances/reconcile', {
    body: { app: 'trustflow', reason: 'test' },
  })
  assert.equal(body.code, 'nothing-to-reconcile')
})

t.test('a provisional kill is answered by its hold, and confirmed only once it is in the log', async t => {
  const redis = await startRedis(t)
  const server = await aServer(t, { redisUrl: redis.url })
  const api = await new TestInstance(server.ask, 'api-1').apply()
  await redis.stop()
  const killed = await kill(server, 'ai_v1')
  assert.equal(killed.durability, 'provisional')
  assert.deepEqual(
    [killed.convergence[0].status, killed.convergence[0].pending[0].instance],
    ['pending', 'api-1'],
  )
  await api.poll()
  api.held = { ai_v1: { variant: 'off', value: false, since: '', holds: [] } }
  await api.report({ inForce: { ai_v1: 'off' } })
  const status = async () => (await server.ask('operator', 'GET', `/v1/flips/${killed.key}`)).body
  const { state, convergence } = await status()
  assert.equal(state, 'provisional')
  assert.deepEqual(
    [convergence[0].count.applied, convergence[0].status, codes(convergence[0].because)],
    [1, 'pending', ['store-away']],
    'apps of other instances of the service are not known now',
  )
  await redis.start()
  await until(async () => (await status()).state === 'applied', 'it is in the log')
  await api.apply()
  await until(async () => (await status()).convergence[0].status === 'confirmed', 'it is confirmed')
})

t.test(
  'a flag that kills by its age counts a lost instance as off, after its limit and a margin',
  async t => {
    const clock = { now: Date.parse('2026-11-20T03:00:00.000Z') }
    const flagsDir = testdir(t)
    writeFileSync(
      join(flagsDir, 'shop.yaml'),
      `flags:
  card.pay:
    state: ENABLED
    variants: { "on": true, "off": false }
    defaultVariant: "on"
    metadata: { description: d, owner: o, effect: e, killVariant: "off", staleAfterSeconds: 120, onStale: kill }
`,
    )
    const server = await aServer(t, { flagsDir, clock: () => clock.now })
    const instances = ['api-1', 'hung'].map(name => new TestInstance(server.ask, name, 'shop'))
    for (const each of instances) await each.apply()
    await kill(server, 'card.pay')
    const [api] = instances as [TestInstance]
    const after = async (seconds: number) => {
      clock.now += seconds * 1000
      await api.apply()
      const { status, expired } = await live(server, 'card.pay')
      return [status, expired]
    }
    assert.deepEqual(await after(100), ['unconfirmed', []])
    assert.deepEqual(await after(70), ['unconfirmed', []])
    assert.deepEqual(await after(20), ['confirmed', ['hung']])
  },
)

t.test('records that nobody of us wrote into Redis are passed over', async t => {
  const redis = await startRedis(t)
  const server = await aServer(t, { redisUrl: redis.url })
  const api = await new TestInstance(server.ask, 'api-1').apply()
  const keys = await redis.admin.keys('*shared')
  const shared = keys[0] as string
  await until(async () => (await redis.admin.hlen(shared)) > 0, 'it is shared')
  const records = Object.entries(await redis.admin.hgetall(shared))
  await kill(server, 'ai_v1')
  for (const [key, record] of records) {
    const forged = record
      .replace('"number":1', '"number":9')
      .replace('"instance"', '"gone":"closed","instance"')
    for (const text of [forged, record.slice(record.indexOf(' ') + 1), 'x', '', `${'A'.repeat(43)} {}`])
      await redis.admin.xadd(shared.replace('shared', 'sharing'), '*', 'record', text || ' ')
    await redis.admin.hset(shared, key, forged)
  }
  const other = await aServer(t, {
    redisUrl: redis.url,
    tokensFile: join(server.dataDir, 'tokens.yaml'),
    tokens: server.tokens,
  }).catch(() => undefined)
  for (const each of [server, ...(other ? [other] : [])]) {
    const found = await live(each, 'ai_v1')
    assert.notEqual(found.status, 'confirmed')
  }
  assert.deepEqual(
    (await live(server, 'ai_v1')).pending.map((each: { instance: string }) => each.instance),
    ['api-1'],
  )
  await api.apply()
  assert.equal((await live(server, 'ai_v1')).status, 'confirmed')
})
