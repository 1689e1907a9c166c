// Several instances of the service, and one after the other: what one of them knows of the apps the others know, and what a
// run left open the next one takes up.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { TestInstance } from '../support/instance.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'
import { onBothStores } from './stores.js'

const NOW = Date.parse('2026-11-20T03:00:00.000Z')

const kill = async ({ ask }: TestServer, flag: string, incident: string) =>
  (await ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: { incident, reason: 'test' } })).body
const live = async ({ ask }: TestServer, flag: string) =>
  (await ask('viewer', 'GET', `/v1/flags/${flag}`)).body.convergence
const names = (list: { instance: string }[]) => list.map(({ instance }) => instance).sort()

async function two(t: Test) {
  const redis = await startRedis(t)
  const first = await aServer(t, { redisUrl: redis.url })
  const tokensFile = join(first.dataDir, 'tokens.yaml')
  const second = await aServer(t, { redisUrl: redis.url, tokensFile, tokens: first.tokens })
  return { redis, first, second }
}

t.test('a session is good at every instance of the service, and what one hears the other knows', async t => {
  const { first, second } = await two(t)
  const api = await new TestInstance(first.ask, 'api-1').apply()
  const { id } = await kill(second, 'ai_v1', 'INC-1')
  assert.deepEqual(names((await live(second, 'ai_v1')).pending), ['api-1'])
  await until(() => first.parts.log.state.revision >= id, 'the kill is at the first')
  await api.at(second.ask).apply()
  await until(async () => (await live(first, 'ai_v1')).status === 'confirmed', 'confirmed at the first')
  await api.at(first.ask).close()
  await until(
    async () => (await live(second, 'ai_v1')).status === 'unproven',
    'the goodbye is known at the second',
  )
})

t.test('an app that came up elsewhere a moment ago keeps a kill from being confirmed', async t => {
  const { first, second } = await two(t)
  const own = await new TestInstance(first.ask, 'own').apply()
  for (let round = 0; round < 15; round++) {
    const other = await new TestInstance(second.ask, `other-${round}`).poll()
    const flag = round % 2 === 0 ? 'ai_v1' : 'kyc_v1'
    await kill(first, flag, `INC-${round}`)
    await own.apply()
    const { status, pending } = await live(first, flag)
    assert.deepEqual([status, names(pending)], ['pending', [other.name]], `round ${round}`)
    await until(async () => {
      await other.apply()
      return (await live(first, flag)).status === 'confirmed'
    }, 'it is confirmed by both')
    await other.close()
    await until(async () => (await live(first, flag)).count.applied === 1, 'it has gone')
  }
})

onBothStores(t, 'a flip that a run left open is told of by the next one: who has not shown it', async on => {
  const clock = { now: NOW }
  const first = await on.server({ clock: () => clock.now })
  const { dataDir, tokens } = first
  const fleet = await Promise.all(['api-1', 'gone'].map(name => new TestInstance(first.ask, name).apply()))
  const { id } = await kill(first, 'ai_v1', 'INC-1')
  await fleet[0]?.apply()
  await first.close()
  clock.now += 90_000
  const server = await on.server({ dataDir, tokens, clock: () => clock.now })
  const proof = () =>
    until(
      async () => (await server.ask('operator', 'GET', `/v1/flips/${id}`)).body.proof?.[0],
      'the log says what was proved',
    )
  const told = await proof()
  assert.deepEqual([told.status, told.of], ['unconfirmed', 2])
  const [entry] = (await server.ask('viewer', 'GET', '/v1/audit?action=flip.unconfirmed')).body.entries
  assert.deepEqual([entry.confirmed.flip, entry.confirmed.complete], [id, false])
  for (const each of fleet) await each.at(server.ask).apply()
  await until(async () => (await proof()).status === 'confirmed', 'it is completed')
  assert.equal((await server.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.lastProof.applied, 2)
})

onBothStores(t, 'a flip that nobody was there to prove is told of as that', async on => {
  const clock = { now: NOW }
  const first = await on.server({ clock: () => clock.now })
  const { dataDir, tokens } = first
  const killed = await kill(first, 'ai_v1', 'INC-1')
  assert.equal(killed.convergence[0].status, 'unproven')
  assert.match(killed.convergence[0].detail, /^unproven: no running instance of trustflow is known/)
  await first.close()
  clock.now += 90_000
  const server = await on.server({ dataDir, tokens, clock: () => clock.now })
  const entry = await until(
    async () => (await server.ask('viewer', 'GET', '/v1/audit?action=flip.unconfirmed')).body.entries[0],
    'the log says so',
  )
  assert.deepEqual([entry.confirmed.of, entry.confirmed.applied], [0, 0])
  const { body } = await server.ask('operator', 'GET', `/v1/flips/${killed.id}`)
  assert.equal(body.proof[0].status, 'unproven')
})
