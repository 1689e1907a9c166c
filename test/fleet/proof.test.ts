// What a proof is worth: nobody gives it in another's name, about what is not there yet, or by being silent; and it is not
// forgotten.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TestInstance } from '../support/instance.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'
import { type OnStore, onBothStores } from './stores.js'

const NOW = Date.parse('2026-11-20T03:00:00.000Z')
const FAR = Number.MAX_SAFE_INTEGER

const aFleet = (server: TestServer, ...names: string[]): Promise<TestInstance[]> =>
  Promise.all(names.map(name => new TestInstance(server.ask, name).apply()))

const kill = async ({ ask }: TestServer, flag = 'ai_v1', incident = 'INC-1') => {
  const { status, body, text } = await ask('operator', 'POST', `/v1/flags/${flag}/kill`, {
    body: { incident, reason: 'test' },
  })
  assert.equal(status, 200, text)
  return body
}
const live = async ({ ask }: TestServer, flag = 'ai_v1') =>
  (await ask('viewer', 'GET', `/v1/flags/${flag}`)).body.convergence
const names = (list: { instance: string }[]) => list.map(({ instance }) => instance).sort()

onBothStores(t, 'a kill is confirmed by all who run, once each has shown it', async on => {
  const server = await on.server()
  const fleet = await aFleet(server, 'api-1', 'api-2')
  const killed = await kill(server)
  assert.equal(killed.convergence[0].status, 'pending')
  await fleet[0]?.apply()
  assert.deepEqual(names((await live(server)).pending), ['api-2'])
  await fleet[1]?.apply()
  const { status, applied, count, detail } = await live(server)
  assert.deepEqual([status, applied, count.applied], ['confirmed', ['api-1', 'api-2'], 2])
  assert.match(detail, /^2\/2 confirmed by trustflow/)
})

onBothStores(t, 'nobody answers for another, nor for what is not there yet', async on => {
  const server = await on.server()
  const fleet = await aFleet(server, 'api-1', 'api-2', 'api-3')
  const forger = await new TestInstance(server.ask, 'forger').apply()
  const post = (receipt: object) =>
    server.ask('sdk', 'POST', '/v1/receipts', { body: { receipts: [receipt] } })
  const asIf = (victim: TestInstance, more: object) => ({
    ...forger.receipt(),
    ...{ instance: victim.name, revision: FAR, number: FAR },
    answer: { log: victim.heard?.log, revision: FAR, hash: '0'.repeat(64) },
    inForce: { ai_v1: 'off' },
    ...more,
  })
  for (const victim of fleet) {
    for (const more of [{}, { closing: true }, { session: `${'A'.repeat(22)}.${'B'.repeat(43)}` }]) {
      const { status, body } = await post(asIf(victim, more))
      assert.deepEqual([status, body.code], [403, 'unknown-session'])
    }
    // without a session it is somebody who cannot prove anything
    const bare: Record<string, unknown> = asIf(victim, {})
    for (const name of ['session', 'number', 'answer', 'inForce', 'provisional']) delete bare[name]
    assert.equal((await post(bare)).status, 202)
    assert.equal((await post({ ...bare, closing: true })).status, 202)
  }
  for (const flag of ['ai_v1', 'kyc_v1']) {
    await kill(server, flag)
    for (const revision of [FAR, (await live(server, flag)).revision]) {
      const answer = { log: forger.heard?.log, revision, hash: '0'.repeat(64) }
      await forger.report({ revision, answer, inForce: { ai_v1: 'off', kyc_v1: 'off' } })
    }
    const { status, applied, pending } = await live(server, flag)
    assert.notEqual(status, 'confirmed')
    assert.deepEqual(applied, [])
    for (const { name } of fleet) assert.ok(names(pending).includes(name), `${name} is waited for`)
  }
  const { body } = await server.ask('viewer', 'GET', '/v1/audit?action=flip.confirmed')
  assert.deepEqual(body.entries, [])
  const metrics = await server.ask('viewer', 'GET', '/metrics')
  assert.match(metrics.text, /killswitch_receipts_foreign\{[^}]*\} 9\n/)
})

onBothStores(t, 'the name of another is not taken, and its goodbye is its own', async on => {
  const server = await on.server()
  const [own] = await aFleet(server, 'api-1')
  const second = await new TestInstance(server.ask, 'api-1').apply()
  assert.equal(second.name, 'api-1~2')
  await second.close()
  await kill(server)
  assert.deepEqual(names((await live(server)).pending), ['api-1'])
  await own?.close()
  assert.equal((await live(server)).status, 'unproven', 'nobody is known to run')
})

onBothStores(t, 'a successor that brings the session discharges it, and nobody else', async on => {
  const server = await on.server()
  const [first] = await aFleet(server, 'api-1')
  const stranger = new TestInstance(server.ask, 'api-1')
  await stranger.poll({
    'killswitch-predecessors': `${first?.session?.slice(0, 22)}.${'A'.repeat(43)},x,${'A'.repeat(22)}.`,
  })
  assert.equal(stranger.name, 'api-1~2')
  await stranger.report()
  await stranger.close()
  const successor = new TestInstance(server.ask, 'api-1')
  await successor.poll({ 'killswitch-predecessors': first?.session as string })
  assert.equal(successor.name, 'api-1')
  await kill(server)
  await successor.apply()
  const { status, applied } = await live(server)
  assert.deepEqual([status, applied], ['confirmed', ['api-1']])
  await first?.report()
  assert.equal((await live(server)).status, 'pending', 'the one before it runs after all')
})

onBothStores(t, 'of a session the highest number counts, whatever it says', async on => {
  const server = await on.server()
  const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
  const before = api.receipt()
  await kill(server)
  await api.apply()
  assert.equal((await live(server)).status, 'confirmed')
  const post = (receipt: object) =>
    server.ask('sdk', 'POST', '/v1/receipts', { body: { receipts: [receipt] } })
  await post(before)
  assert.equal((await live(server)).status, 'confirmed', 'an older one comes late')
  await post({ ...before, number: 99 })
  assert.equal((await live(server)).status, 'pending', 'it went back')
})

onBothStores(t, 'applied says that the feature is off there, not that a revision came', async on => {
  const server = await on.server()
  const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
  await kill(server)
  await api.poll()
  for (const inForce of [{}, { ai_v1: null }, { ai_v1: 'on' }, { kyc_v1: 'off' }]) {
    await api.report({ inForce })
    assert.equal((await live(server)).status, 'pending', JSON.stringify(inForce))
  }
  await api.report()
  assert.equal((await live(server)).status, 'confirmed')
})

onBothStores(
  t,
  'a lost instance never makes a kill confirmed, until it answers or is forgotten',
  async on => {
    const clock = { now: NOW }
    const server = await on.server({ clock: () => clock.now })
    const [api, hung] = (await aFleet(server, 'api-1', 'hung')) as [TestInstance, TestInstance]
    clock.now += 20_000
    await kill(server)
    await api.apply()
    clock.now += 30_000
    await api.apply()
    const found = await live(server)
    assert.deepEqual([found.status, names(found.lost), found.applied], ['unconfirmed', ['hung'], ['api-1']])
    assert.match(found.detail, /^unconfirmed: 1\/2 confirmed by trustflow; lost: hung/)
    const forget = (body: object) => server.ask('operator', 'POST', '/v1/instances/forget', { body })
    assert.equal((await forget({ instance: 'api-1' })).body.code, 'instance-live')
    assert.equal((await forget({ instance: 'nobody' })).body.code, 'unknown-instance')
    const { status, body } = await forget({ instance: 'hung', reason: 'the host is gone' })
    assert.deepEqual([status, body.count, body.instances], [200, 1, ['hung']])
    assert.equal((await live(server)).status, 'confirmed')
    const [entry] = (await server.ask('viewer', 'GET', '/v1/audit?action=fleet.forgotten')).body.entries
    assert.deepEqual(
      [entry.actor.id, entry.reason, names(entry.forgotten)],
      ['shared-operator', 'the host is gone', ['hung']],
    )
    await hung.report()
    assert.equal((await live(server)).status, 'pending', 'it runs after all')
    await hung.apply()
    assert.equal((await live(server)).status, 'confirmed')
  },
)

onBothStores(t, 'all that are lost of an application are forgotten at once, as after a deploy', async on => {
  const clock = { now: NOW }
  const server = await on.server({ clock: () => clock.now })
  await aFleet(server, 'old-1', 'old-2')
  clock.now += 60_000
  const [fresh] = (await aFleet(server, 'new-1')) as [TestInstance]
  await kill(server)
  await fresh.apply()
  assert.equal((await live(server)).status, 'unconfirmed')
  const forget = () =>
    server.ask('operator', 'POST', '/v1/instances/forget', { body: { lost: true, app: 'trustflow' } })
  assert.equal((await forget()).body.count, 2)
  assert.equal((await live(server)).status, 'confirmed')
  assert.deepEqual([(await forget()).status, (await forget()).body.count], [200, 0])
})

onBothStores(t, 'who was there is remembered through a restart', async on => {
  const clock = { now: NOW }
  const first = await on.server({ clock: () => clock.now })
  const { dataDir, tokens } = first
  const fleet = await aFleet(first, 'api-1', 'api-2', 'api-3', 'stopped')
  await first.close()
  if (on.redis) await on.redis.admin.flushall()
  clock.now += 5_000
  const server = await on.server({ dataDir, tokens, clock: () => clock.now })
  const killed = await kill(server)
  assert.deepEqual(names(killed.convergence[0].pending), ['api-1', 'api-2', 'api-3', 'stopped'])
  for (const api of fleet.slice(0, 3)) await api.at(server.ask).apply()
  const found = await live(server)
  assert.deepEqual([found.status, names(found.pending)], ['pending', ['stopped']])
  clock.now += 60_000
  for (const api of fleet.slice(0, 3)) await api.apply()
  assert.deepEqual(
    [(await live(server)).status, names((await live(server)).lost)],
    ['unconfirmed', ['stopped']],
  )
  await (fleet[3] as TestInstance).at(server.ask).apply()
  assert.equal((await live(server)).status, 'confirmed')
})

/** A data directory that was served from before, and whose record of the apps is gone. */
async function withoutRecord(on: OnStore, clock: () => number) {
  const { dataDir, tokens, close } = await on.server({ clock })
  await close()
  for (const file of ['fleet.ndjson', 'fleet.young']) rmSync(join(dataDir, file), { force: true })
  return { clock, dataDir, tokens, isUnrecorded: true }
}

onBothStores(t, 'a start without a record confirms nothing for a minute, and says why', async on => {
  const clock = { now: NOW }
  const server = await on.server(await withoutRecord(on, () => clock.now))
  const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
  await kill(server)
  await api.apply()
  const found = await live(server)
  assert.deepEqual([found.status, found.because[0].code], ['pending', 'no-record'])
  assert.match(found.detail, /without its record of the app instances/)
  clock.now += 61_000
  await api.apply()
  assert.equal((await live(server)).status, 'confirmed')
})

onBothStores(t, 'another start within that minute does not end it', async on => {
  const clock = { now: NOW }
  const given = await withoutRecord(on, () => clock.now)
  const first = await on.server(given)
  await aFleet(first, 'api-1')
  await first.close()
  const server = await on.server(given)
  const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
  clock.now += 30_000
  await kill(server)
  await api.apply()
  const found = await live(server)
  assert.ok(
    found.because.some(({ code }: { code: string }) => code === 'no-record'),
    found.detail,
  )
  assert.notEqual(found.status, 'confirmed')
})

t.test('a start that makes its tokens waits for nobody: no app can have one of them', async t => {
  const server = await aServer(t, { isUnrecorded: true })
  const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
  await kill(server)
  await api.apply()
  assert.equal((await live(server)).status, 'confirmed')
})

onBothStores(t, 'an SDK without a session cannot prove anything, and stays by its name', async on => {
  const server = await on.server()
  const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
  const old = new TestInstance(server.ask, 'old-sdk')
  await old.report()
  const silent = new TestInstance(server.ask, 'silent')
  await silent.poll({ 'killswitch-session': 'none' })
  await kill(server)
  await api.apply()
  await old.report({ revision: FAR, closing: true })
  const found = await live(server)
  assert.deepEqual([found.status, names(found.cannotProve)], ['unconfirmed', ['old-sdk', 'silent']])
  assert.match(found.detail, /cannot prove it/)
})

onBothStores(t, 'instances are limited, and while any was refused nothing is confirmed', async on => {
  const server = await on.server({ mostInstances: 3 })
  const fleet = await aFleet(server, 'api-1', 'api-2', 'api-3')
  const fourth = await new TestInstance(server.ask, 'api-4').poll()
  assert.deepEqual([fourth.refused, fourth.session], ['limit', undefined])
  assert.equal((await fourth.report()).body.code, 'too-many-instances')
  await kill(server)
  for (const api of fleet) await api.apply()
  const found = await live(server)
  assert.deepEqual([found.status, found.because[0].code], ['unconfirmed', 'instances-refused'])
  const ready = await server.ask(undefined, 'GET', '/readyz')
  assert.ok(ready.body.degraded.some(({ code }: { code: string }) => code === 'instances-refused'))
  await fleet[0]?.close()
  const there = await fourth.apply()
  assert.equal(there.name, 'api-4')
  const forget = { lost: true, app: 'trustflow' }
  await server.ask('operator', 'POST', '/v1/instances/forget', { body: forget })
  assert.equal((await live(server)).status, 'confirmed')
})

onBothStores(t, 'who came after a flip was taken back did not show it', async on => {
  const server = await on.server()
  const [asleep, awake] = (await aFleet(server, 'asleep', 'awake')) as [TestInstance, TestInstance]
  const flip = (id: number) => server.ask('operator', 'GET', `/v1/flips/${id}`).then(({ body }) => body)
  const restore = () =>
    server.ask('engineer', 'POST', '/v1/flags/ai_v1/restore', { body: { all: true, reason: 'test' } })
  const killed = await kill(server)
  await awake.apply()
  const restored = (await restore()).body
  await awake.apply()
  const again = await kill(server)
  const newcomer = new TestInstance(server.ask, 'newcomer')
  for (const each of [newcomer, awake, asleep]) await each.apply()
  const proven = async (id: number) => (await flip(id)).proof?.[0]
  assert.equal((await until(() => proven(again.id), 'the last kill is confirmed')).of, 3)
  for (const { id } of [killed, restored]) {
    const { proof } = await flip(id)
    assert.equal(proof, undefined, 'the log does not say that it was confirmed')
  }
  assert.deepEqual((await flip(restored.id)).convergence[0].applied, ['awake'])
})

onBothStores(t, 'answers name fifty and count them all', async on => {
  const server = await on.server()
  const many = Array.from({ length: 120 }, (_, number) => `${'x'.repeat(180)}-${number}`)
  await aFleet(server, ...many)
  const killed = await kill(server)
  const [found] = killed.convergence
  assert.equal(found.count.pending, 120)
  assert.ok(found.pending.length <= 50 && found.pending.length > 0)
  assert.ok(Buffer.byteLength(JSON.stringify(killed)) < 64 * 1024)
  const seen: string[] = []
  let cursor = ''
  do {
    const { body, text } = await server.ask('viewer', 'GET', `/v1/instances?app=trustflow${cursor}`)
    assert.ok(Buffer.byteLength(text) < 64 * 1024)
    assert.equal(body.live, 120)
    seen.push(...names(body.instances))
    cursor = body.next === undefined ? '' : `&cursor=${body.next}`
  } while (cursor !== '')
  assert.deepEqual(seen.sort(), many.sort())
})

onBothStores(t, 'what the log proved of a flip stays so when the apps have gone', async on => {
  const server = await on.server()
  const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
  const { id } = await kill(server)
  await api.apply()
  const proof = await until(
    async () => (await server.ask('operator', 'GET', `/v1/flips/${id}`)).body.proof?.[0],
    'the proof is in the log',
  )
  await api.close()
  const { body } = await server.ask('operator', 'GET', `/v1/flips/${id}`)
  assert.deepEqual([body.proof[0].status, body.proof[0].applied, body.proof[0].of], ['confirmed', 1, 1])
  assert.equal(body.proof[0].at, proof.at)
  assert.equal(body.convergence[0].status, 'unproven', 'the live state beside it')
})

t.test('a start without a session key of its own takes none for its own', async t => {
  const first = await aServer(t)
  const [api] = (await aFleet(first, 'api-1')) as [TestInstance]
  const { dataDir, tokens } = first
  await first.close()
  rmSync(join(dataDir, 'log.key'), { force: true })
  const other = await aServer(t, { dataDir, tokens })
  const { status, body } = await api.at(other.ask).report()
  assert.deepEqual([status, body.code], [403, 'unknown-session'])
})

onBothStores(t, 'a name is listed once, as the process that has it now', async on => {
  const server = await on.server()
  for (let round = 0; round < 5; round++) {
    const [api] = (await aFleet(server, 'api-1')) as [TestInstance]
    const { body } = await server.ask('viewer', 'GET', '/v1/instances')
    assert.deepEqual(
      body.instances.map(({ instance, liveness }: { instance: string; liveness: string }) => [
        instance,
        liveness,
      ]),
      [['api-1', 'live']],
    )
    await api.close()
  }
})
