// What users see while Redis is dead, silent or emptied: a kill is taken all the same, a restore is refused or left open,
// nothing is done twice, the last known state and the log are served, and nothing un-kills.

import assert from 'node:assert/strict'
import t from 'tap'
import { startProxy } from '../support/proxy.js'
import { PROPER, startRedis } from '../support/redis.js'
import { Service } from '../support/service.js'
import { until } from '../support/until.js'

const KILL = { incident: 'INC-1', reason: 'the provider is down' }

const applied = (service: Service, key: string): number =>
  service.entries().filter(({ request, outcome }) => request.key === key && outcome === 'applied').length

t.test('Redis killed', async t => {
  t.test(
    'takes kills provisionally, refuses restores, serves what is known, and recovers by itself',
    async t => {
      const redis = await startRedis(t, PROPER)
      const service = await Service.start(t, { env: { KILLSWITCH_REDIS_URL: redis.url } })
      await service.kill('ai_v1', KILL)
      await redis.stop('SIGKILL')
      const degraded = await service.whenReadiness('store-away')
      assert.deepEqual([degraded.status, degraded.body.status], [200, 'degraded'])

      const kill = await service.kill('kyc_v1', KILL, 'meanwhile')
      assert.deepEqual([kill.status, kill.body.killed, kill.body.durability], [200, true, 'provisional'])
      const status = async () => (await service.ask('operator', 'GET', '/v1/flips/meanwhile')).body.state
      assert.equal(await status(), 'provisional')
      const restore = await service.restore('ai_v1', { incident: 'INC-1' })
      assert.deepEqual([restore.status, restore.body.code], [503, 'store-unavailable'])
      assert.equal(restore.headers.get('retry-after'), '1')
      const flags = await until(async () => {
        const answer = await service.ask('viewer', 'GET', '/v1/flags?killed=true')
        return answer.body.upstream === 'stale' && answer
      }, 'the silence is told')
      assert.deepEqual(
        flags.body.flags.map((flag: { key: string }) => flag.key),
        ['ai_v1', 'kyc_v1'],
      )
      const audit = await service.ask('viewer', 'GET', '/v1/audit?flag=ai_v1&action=kill')
      assert.deepEqual([audit.body.upstream, audit.body.entries.length], ['stale', 1])
      assert.equal((await service.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
      const metrics = await service.ask('viewer', 'GET', '/metrics')
      assert.match(metrics.text, /^killswitch_store_up\{[^}]*\} 0$/m)

      await redis.start()
      await service.whenReadiness(undefined)
      await until(async () => (await status()) === 'applied', 'the kill taken meanwhile is in the log')
      assert.equal(applied(service, 'meanwhile'), 1)
      const again = await service.kill('inflow.llm', KILL)
      assert.deepEqual([again.status, again.body.changed, again.body.durability], [200, true, 'both'])
      const live = await service.ask('viewer', 'GET', '/v1/flags?killed=true')
      assert.deepEqual([live.body.upstream, live.body.flags.length], ['live', 3])
    },
  )

  t.test('does not keep a service from starting again with what its journal knows', async t => {
    const redis = await startRedis(t, PROPER)
    const env = { KILLSWITCH_REDIS_URL: redis.url }
    const first = await Service.start(t, { env })
    await first.kill('ai_v1', KILL)
    assert.equal(await first.end('SIGTERM'), 0)
    await redis.stop('SIGKILL')
    const second = await Service.start(t, { env, dataDir: first.dataDir })
    assert.equal((await second.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed, true)
    await second.whenReadiness('store-away')
    const stranger = await Service.start(t, { env })
    const empty = await stranger.ask('viewer', 'GET', '/v1/flags')
    assert.deepEqual([empty.status, empty.body.code], [503, 'no-known-state'], 'never an empty state')
    assert.equal((await stranger.ask(undefined, 'GET', '/readyz')).status, 503)
    await redis.start()
    for (const each of [second, stranger]) await each.whenReadiness(undefined)
    assert.equal((await stranger.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed, true)
  })
})

t.test('a reply that is lost', async t => {
  t.test('is a success or a 504, never done twice, and can be found by its key', async t => {
    const redis = await startRedis(t, PROPER)
    const proxy = await startProxy(t, redis.port)
    const service = await Service.start(t, { env: { KILLSWITCH_REDIS_URL: proxy.url } })
    const send = (round: number) =>
      round % 2 === 0
        ? service.kill('ai_v1', { incident: `INC-${round}`, reason: 'r' }, `lost-${round}`)
        : service.restore('ai_v1', { incident: `INC-${round - 1}` }, `lost-${round}`)
    const seen = new Set<string>()
    // a kill and its restore, answered late and then never in time
    for (let round = 0; round < 4; round++) {
      const key = `lost-${round}`
      const who = round % 2 === 0 ? 'operator' : 'engineer'
      await service.whenReadiness(undefined)
      proxy.droppedBytes = 0
      proxy.mode = 'drop-replies'
      const asked = send(round)
      await until(() => proxy.droppedBytes > 0, 'an answer was swallowed')
      const mend = () => {
        proxy.mode = 'pass'
        proxy.cut()
      }
      if (round < 2) mend()
      const answer = await asked
      mend()
      assert.ok([200, 503, 504].includes(answer.status), answer.text)
      if (answer.status === 504)
        assert.deepEqual([answer.body.code, answer.body.flip], ['outcome-unknown', key])
      seen.add(`${who} ${answer.body.durability ?? answer.status}`)
      await service.whenReadiness(undefined)
      const settled = await until(async () => {
        const found = await service.ask(who, 'GET', `/v1/flips/${key}`)
        return !['pending', 'provisional'].includes(found.body.state) && found
      }, 'what became of it is known')
      assert.equal(applied(service, key), settled.body.state === 'applied' ? 1 : 0, settled.text)
      if (answer.status === 200) assert.equal(settled.body.state, 'applied')
      const again = await send(round)
      assert.deepEqual([again.status, applied(service, key)], [200, 1], again.text)
    }
    assert.ok(
      seen.has('operator provisional'),
      `a kill that had no answer in time is held here: ${[...seen].join(', ')}`,
    )
    assert.ok(
      seen.has('engineer 504'),
      `a restore that had no answer in time is left open: ${[...seen].join(', ')}`,
    )
    assert.equal((await service.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
  })
})

t.test('FLUSHALL', async t => {
  t.test('un-kills nothing for a moment, and the lost history is put back', async t => {
    const redis = await startRedis(t, PROPER)
    const env = { KILLSWITCH_REDIS_URL: redis.url }
    const [a, b] = await Promise.all([Service.start(t, { env }), Service.start(t, { env })])
    await a.kill('ai_v1', KILL)
    const before = a.journal()
    const isKilled = async (each: Service, flag: string) =>
      (await each.ask('viewer', 'GET', `/v1/flags/${flag}`)).body.killed
    await until(() => isKilled(b, 'ai_v1'), 'the other instance sees the kill')

    await redis.admin.flushall()
    const kill = await b.kill('kyc_v1', KILL, 'meanwhile')
    assert.deepEqual([kill.status, kill.body.killed], [200, true])
    const recovered = async () => {
      for (const each of [a, b]) assert.equal(await isKilled(each, 'ai_v1'), true)
      assert.equal(await isKilled(b, 'kyc_v1'), true, 'acknowledged by this instance')
      return a.entries().some(({ action }) => action === 'log.recovered')
    }
    await until(recovered, 'the log says that it was recovered')
    await until(() => a.journal() === b.journal() && applied(b, 'meanwhile') === 1, 'both go on with one log')
    assert.ok(a.journal().startsWith(before), 'the lines there were are there as they were')
    for (const each of [a, b]) {
      await each.whenReadiness(undefined)
      assert.equal((await each.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
      assert.equal(await isKilled(each, 'ai_v1'), true)
      // its line is in the file of the other one a moment before it is synced, and in force when it is
      await until(() => isKilled(each, 'kyc_v1'), 'the kill taken meanwhile is seen')
      assert.equal(await isKilled(b, 'kyc_v1'), true)
    }
    const newcomer = await Service.start(t, { env })
    await until(() => newcomer.journal() === a.journal(), 'Redis has all of it again')
    assert.equal((await newcomer.restore('ai_v1', { incident: 'INC-1' })).status, 200)
  })
})
