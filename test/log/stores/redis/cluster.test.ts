// That Cluster and Sentinel work at all, on a real one of each. Their faults come later.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EMPTY } from '../../../../src/domain/log/audit.js'
import { RedisStore } from '../../../../src/log/stores/redis/store.js'
import { Follower } from '../../../support/follower.js'
import { lastHead, sealAfter } from '../../../support/log.js'
import { freePort, startRedis, VOLATILE } from '../../../support/redis.js'
import { until } from '../../../support/until.js'
import { commitAfter, commitAll } from '../contract.js'

async function assertWorks(t: Test, url: string): Promise<RedisStore> {
  const store = new RedisStore({ url, environment: 'many' })
  t.after(() => store.close())
  await store.whenReady(10_000)
  await until(
    () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    'an answer',
  )
  const follower = new Follower(t, store)
  const entries = await commitAfter(store, EMPTY, 'one', 'two')
  await follower.lineCount(2)
  await until(
    () =>
      store.head().then(
        () => true,
        () => false,
      ),
    'a head',
  )
  assert.deepEqual(await store.head(), lastHead(entries))
  assert.equal((await commitAll(store, EMPTY, sealAfter(EMPTY, 'late'))).outcome, 'conflict')
  const findings = await store.posture()
  assert.equal(findings.find(({ check }) => check === 'version')?.level, 'ok')
  return store
}

t.test('works on Redis Cluster', async t => {
  const redis = await startRedis(t, {
    ...VOLATILE,
    'cluster-enabled': 'yes',
    'cluster-announce-ip': '127.0.0.1',
  })
  await redis.admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until(async () => /cluster_state:ok/.test(await redis.admin.cluster('INFO')), 'the cluster')
  const store = await assertWorks(t, `redis+cluster://127.0.0.1:${redis.port}`)
  await redis.stop('SIGKILL')
  await until(
    () =>
      store.ping().then(
        () => false,
        error => error.code === 'store-unavailable',
      ),
    'unavailable',
  )
  await redis.start()
  await until(
    () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    'an answer',
  )
})

t.test('works behind Sentinel', async t => {
  const redis = await startRedis(t)
  const port = await freePort()
  const config = join(redis.dir, 'sentinel.conf')
  writeFileSync(config, `port ${port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${redis.port} 1\n`)
  const sentinel = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' })
  t.after(async () => {
    const gone = once(sentinel, 'exit')
    sentinel.kill('SIGKILL')
    await gone
  })
  await assertWorks(t, `redis+sentinel://127.0.0.1:${port}/main`)
})
