// Several instances of the service on one Redis: one log, seen by all, byte for byte the same.

import assert from 'node:assert/strict'
import t from 'tap'
import { PROPER, startRedis } from '../support/redis.js'
import { Service } from '../support/service.js'
import { until } from '../support/until.js'

const IN_FLIGHT = 64

const withKey = (service: Service, key: string) =>
  service.entries().filter(({ request }) => request.key === key)
const applied = (service: Service, key: string): number =>
  withKey(service, key).filter(({ outcome }) => outcome === 'applied').length
const taken = (service: Service, key: string): number =>
  withKey(service, key).filter(({ action, outcome }) => action !== 'flip.voided' && outcome !== 'refused')
    .length

t.test('two instances on one Redis', async t => {
  const started = startRedis(t, PROPER).then(async redis => {
    const env = { KILLSWITCH_REDIS_URL: redis.url }
    const [a, b] = await Promise.all([Service.start(t, { env }), Service.start(t, { env })])
    return { redis, a, b }
  })

  t.test('publish one catalogue between them', async () => {
    const { a, b } = await started
    await until(() => a.journal() !== '' && a.journal() === b.journal(), 'both journals are the same')
    const loaded = a.entries().filter(entry => entry.action === 'catalogue.loaded')
    assert.equal(loaded.filter(entry => entry.outcome === 'applied').length, 1)
  })

  t.test('see a flip on the other: who waits there is answered with it', async () => {
    const { a, b } = await started
    for (let round = 0; round < 5; round++) {
      // asked before the kill: it answers when the other instance has followed the log to it
      const cursor = (await b.ask('viewer', 'GET', '/v1/audit?order=oldest&limit=500')).body.next
      const seen = b.ask('viewer', 'GET', `/v1/audit?order=oldest&cursor=${cursor}`, {
        headers: { prefer: 'wait=30' },
      })
      const killed = await a.kill('ai_v1', { incident: `INC-${round}`, reason: 'r' })
      assert.deepEqual([killed.status, killed.body.durability], [200, 'both'])
      const answer = await seen
      assert.equal(answer.body.entries[0].place, killed.body.id)
      const flag = await b.ask('viewer', 'GET', '/v1/flags/ai_v1')
      assert.deepEqual([flag.body.killed, flag.headers.get('etag')], [true, killed.headers.get('etag')])
    }
  })

  t.test('replay an idempotency key that the other answered, and refuse it with another body', async () => {
    const { a, b } = await started
    const first = await a.kill('kyc_v1', { incident: 'INC-9', reason: 'r' }, 'across')
    const again = await b.kill('kyc_v1', { incident: 'INC-9', reason: 'r' }, 'across')
    assert.deepEqual([again.status, again.body.id, again.body.replayed], [200, first.body.id, true])
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    const other = await b.kill('kyc_v1', { incident: 'INC-10', reason: 'r' }, 'across')
    assert.deepEqual([other.status, other.body.code], [422, 'key-reused'])
    const status = await b.ask('operator', 'GET', '/v1/flips/across')
    assert.deepEqual([status.body.state, status.body.flip.id], ['applied', first.body.id])
  })

  t.test('do the same key at once on both exactly once', async () => {
    const { a, b } = await started
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        [a, b].map(each =>
          each.kill('inflow.llm', { incident: `AT-ONCE-${i}`, reason: 'r' }, `at-once-${i}`),
        ),
      ).flat(),
    )
    assert.deepEqual(new Set(answers.map(answer => answer.status)), new Set([200]))
    const keys = [...new Set(answers.map(({ body }) => body.key as string))]
    await until(() => keys.every(key => [a, b].every(each => applied(each, key) === 1)), 'each is there once')
  })

  t.test(`take concurrent writers on both, ${IN_FLIGHT} in flight, and agree on every byte`, async () => {
    const { a, b } = await started
    const acknowledged: string[] = []
    let next = 0
    const writer = async (n: number) => {
      for (let i = next++; i < 400; i = next++) {
        const [service, key] = [[a, b][(n + i) % 2] as Service, `load-${i}`]
        const incident = `LOAD-${i % 20}`
        const flag = ['ai_v1', 'chat.degraded-mode', 'bridge.intake'][i % 3] as string
        const answer = await (i % 4 === 3
          ? service.restore(flag, { incident }, key)
          : service.kill(flag, { incident, reason: 'load' }, key))
        // a restore may come before the kill of its incident
        assert.ok(answer.status === 200 || answer.status === 409, answer.text)
        // one that changed nothing may be counted in another's entry
        const isCounted = answer.body.warnings?.some(({ code }: { code: string }) => code === 'counted')
        if (answer.status === 200 && !isCounted) acknowledged.push(key)
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, (_, n) => writer(n)))
    await until(
      () => a.journal() === b.journal() && acknowledged.every(key => taken(a, key) > 0),
      'both have it all, and agree on every byte',
    )
    assert.deepEqual(new Set(acknowledged.map(key => taken(a, key))), new Set([1]))
    for (const each of [a, b]) {
      const verified = await each.ask('viewer', 'GET', '/v1/audit/verify')
      assert.deepEqual([verified.body.ok, verified.body.entries], [true, a.entries().length])
    }
  })
})
