// What users see while Redis is dead, silent or emptied: flips are refused or left open, never done twice; the last known
// state and the log are served; nothing un-kills.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startProxy } from '../support/proxy.js'
import { PROPER, startRedis } from '../support/redis.js'
import { type Reply, Service } from '../support/service.js'
import { until } from '../support/until.js'

const KILL = { incident: 'INC-1', reason: 'the provider is down' }

const applied = (service: Service, key: string): number =>
  service.entries().filter(({ request, outcome }) => request.key === key && outcome === 'applied').length

describe('Redis killed', () => {
  it('refuses flips with 503, serves what is known, and recovers by itself', async t => {
    const redis = await startRedis(t, PROPER)
    const service = await Service.start(t, { env: { KILLSWITCH_REDIS_URL: redis.url } })
    await service.kill('ai_v1', KILL)
    await redis.stop('SIGKILL')
    const degraded = await service.whenReadiness('store-away')
    assert.deepEqual([degraded.status, degraded.body.status], [200, 'degraded'])

    for (const flip of [
      () => service.kill('kyc_v1', KILL),
      () => service.restore('ai_v1', { incident: 'INC-1' }),
    ]) {
      const answer = await flip()
      assert.deepEqual([answer.status, answer.body.code], [503, 'store-unavailable'])
      assert.equal(answer.headers.get('retry-after'), '1')
    }
    const flags = await service.ask('viewer', 'GET', '/v1/flags?killed=true')
    assert.equal(flags.body.upstream, 'stale')
    assert.deepEqual(
      flags.body.flags.map((flag: { key: string }) => flag.key),
      ['ai_v1'],
    )
    const audit = await service.ask('viewer', 'GET', '/v1/audit?flag=ai_v1')
    assert.deepEqual([audit.body.upstream, audit.body.entries[0].action], ['stale', 'kill'])
    assert.equal((await service.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
    const metrics = await service.ask('viewer', 'GET', '/metrics')
    assert.match(metrics.text, /^killswitch_store_up\{[^}]*\} 0$/m)

    await redis.start()
    await service.whenReadiness(undefined)
    const again = await service.kill('kyc_v1', KILL)
    assert.deepEqual([again.status, again.body.changed, again.body.durability], [200, true, 'both'])
    assert.equal((await service.ask('viewer', 'GET', '/v1/flags')).body.upstream, 'live')
    assert.equal((await service.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed, true)
  })

  it('does not keep a service from starting again with what its journal knows', async t => {
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

describe('a reply that is lost', () => {
  it('is a success or a 504, never done twice, and can be found by its key', async t => {
    const redis = await startRedis(t, PROPER)
    const proxy = await startProxy(t, redis.port)
    const service = await Service.start(t, { env: { KILLSWITCH_REDIS_URL: proxy.url } })
    const outcomes = new Set<string>()
    for (const [round, heal] of ['at once', 'late', 'late'].entries()) {
      const key = `lost-${round}`
      await service.whenReadiness(undefined)
      proxy.mode = 'drop-replies'
      const asked = service.kill('ai_v1', { incident: `INC-${round}`, reason: 'r' }, key)
      await until(() => proxy.droppedBytes > 0, 'an answer was swallowed')
      const mend = () => {
        proxy.mode = 'pass'
        proxy.cut()
      }
      if (heal === 'at once') mend()
      const answer = await asked
      if (heal === 'late') mend()
      outcomes.add(String(answer.status))
      assert.ok(answer.status === 200 || answer.status === 504, answer.text)
      if (answer.status === 504) {
        assert.equal(answer.body.code, 'outcome-unknown')
        assert.equal(answer.body.flip, key)
      }
      const settled = await until(async () => {
        const found = await service.ask('operator', 'GET', `/v1/flips/${key}`)
        return found.status === 200 && found.body.state !== 'pending' && found
      }, 'what became of it is known')
      assert.ok(['applied', 'never'].includes(settled.body.state), settled.text)
      assert.equal(applied(service, key), settled.body.state === 'applied' ? 1 : 0)
      const again = await service.kill('ai_v1', { incident: `INC-${round}`, reason: 'r' }, key)
      assert.deepEqual([again.status, applied(service, key)], [200, 1])
      proxy.droppedBytes = 0
    }
    assert.ok(outcomes.has('504'), 'the late ones had no answer in time')
    assert.equal((await service.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
  })
})

describe('FLUSHALL', () => {
  it('is found out; flips are refused with what happened, and nothing un-kills, not even a restart', async t => {
    const redis = await startRedis(t, PROPER)
    const env = { KILLSWITCH_REDIS_URL: redis.url }
    const service = await Service.start(t, { env })
    await service.kill('ai_v1', KILL)
    await redis.admin.flushall()
    await service.whenReadiness('history-lost')
    const isLost = ({ status, body }: Reply) => {
      assert.deepEqual([status, body.code], [503, 'history-lost'])
      assert.match(body.detail, /FLUSHALL/)
    }
    isLost(await service.kill('kyc_v1', KILL))
    isLost(await service.restore('ai_v1', { incident: 'INC-1' }))
    const flags = await service.ask('viewer', 'GET', '/v1/flags?killed=true')
    assert.deepEqual([flags.body.upstream, flags.body.flags.length], ['stale', 1])
    assert.equal(await redis.admin.dbsize(), 0, 'nothing was written into the emptied Redis')

    await service.end('SIGKILL')
    const again = await Service.start(t, { env, dataDir: service.dataDir })
    assert.equal((await again.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed, true)
    await again.whenReadiness('history-lost')
    isLost(await again.restore('ai_v1', { incident: 'INC-1' }))
  })
})
