// What commits and followers say when Redis has lost, or swapped, what was in it.

import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EMPTY, type Head } from '../../../../src/domain/log/audit.js'
import { RedisStore } from '../../../../src/log/stores/redis/store.js'
import { Follower } from '../../../support/follower.js'
import { lastHead, sealAfter } from '../../../support/log.js'
import { startRedis, type TestRedis } from '../../../support/redis.js'
import { until } from '../../../support/until.js'
import { commitAfter, commitAll, commitInNextEpoch } from '../contract.js'

type Scene = { redis: TestRedis; store: RedisStore; follower: Follower; head: Head }

/** A Redis of its own with three entries, and a follower that has them. */
async function begin(t: Test): Promise<Scene> {
  const redis = await startRedis(t)
  const store = new RedisStore({ url: redis.url, environment: 'loss' })
  t.after(() => store.close())
  await store.whenReady(5000)
  const head = lastHead(await commitAfter(store, EMPTY, 'one', 'two', 'three'))
  const follower = new Follower(t, store)
  await follower.lineCount(3)
  await follower.next('alive')
  return { redis, store, follower, head }
}

async function assertLost({ store, follower, head }: Scene, pattern: RegExp): Promise<void> {
  const told = await follower.next('lost')
  assert.match(told.why ?? '', pattern)
  const before = await store.head().catch(() => undefined)
  const result = await commitAll(store, head, sealAfter(head, 'late'))
  assert.equal(result.outcome, 'lost')
  assert.match((result as { why: string }).why, pattern)
  assert.deepEqual(await store.head().catch(() => undefined), before, 'nothing was written')
}

t.test('FLUSHALL is told each time, and followers go on with a log that is put back', async t => {
  const scene = await begin(t)
  const { redis, store, follower, head } = scene
  const lines = [...follower.lines]
  const backup = await redis.admin.xrange(store.keys.log, '-', '+')
  const restore = async (): Promise<void> => {
    const pipeline = redis.admin.multi()
    for (const [id, fields] of backup) pipeline.xadd(store.keys.log, id, ...fields)
    await pipeline.exec()
  }
  for (let round = 0; round < 3; round++) {
    const lost = follower.next('lost')
    await redis.admin.flushall()
    await lost
    await assertLost(scene, /empty.*FLUSHALL/)
    await restore()
    await follower.next('alive')
  }
  await commitInNextEpoch(store, head, 'four')
  await follower.lineCount(4)
  assert.deepEqual(follower.lines.slice(0, 3), lines)
})

t.test('a deleted log is lost', async t => {
  const scene = await begin(t)
  await scene.redis.admin.del(scene.store.keys.log)
  await assertLost(scene, /empty/)
})

t.test('another log in its place is lost, and not a line of it is passed on', async t => {
  const scene = await begin(t)
  const { redis, store, follower } = scene
  await redis.admin.flushall()
  await commitAfter(store, EMPTY, 'another', 'log', 'which', 'is', 'longer')
  await assertLost(scene, /0-3 there is another one/)
  assert.equal(follower.lines.length, 3)
})

t.test('an old backup is lost, though it is a true beginning', async t => {
  const scene = await begin(t)
  const { redis, store, follower } = scene
  await redis.admin.save()
  copyFileSync(join(redis.dir, 'dump.rdb'), join(redis.dir, 'backup.rdb'))
  scene.head = lastHead(await commitAfter(store, scene.head, 'four', 'five'))
  await follower.lineCount(5)
  await redis.stop('SIGKILL')
  copyFileSync(join(redis.dir, 'backup.rdb'), join(redis.dir, 'dump.rdb'))
  await redis.start()
  await store.whenReady(5000)
  await assertLost(scene, /ends at 0-3.*before entry 0-5.*backup/)
})

t.test('a log with its first entries trimmed is lost', async t => {
  const scene = await begin(t)
  await scene.redis.admin.xtrim(scene.store.keys.log, 'MAXLEN', 2)
  await assertLost(scene, /ends at 0-3 and holds 2 entries/)
})

t.test('a log with an entry deleted from its end is lost, to newcomers too', async t => {
  const scene = await begin(t)
  const { redis, store } = scene
  await redis.admin.xdel(store.keys.log, '0-3')
  await assertLost(scene, /ends at 0-2/)
  const head = await store.head()
  assert.equal(head.seq, 2)
  const result = await commitAll(store, head, sealAfter(head, 'over the deleted one'))
  assert.match((result as { why: string }).why, /deleted from its end/)
})

t.test('an entry written by something else is lost', async t => {
  const scene = await begin(t)
  await scene.redis.admin.xadd(scene.store.keys.log, '*', 'line', 'not ours')
  await assertLost(scene, /written by something else/)
})

t.test('another type under the key is lost to a follower', async t => {
  const { redis, store, follower } = await begin(t)
  await redis.admin.set(store.keys.log, 'a string')
  assert.match((await follower.next('lost')).why ?? '', /holds a string/)
})

for (const [what, ...keys] of [
  ['the flags', 'flags'],
  ['the meta data', 'meta'],
  ['both', 'flags', 'meta'],
] as const)
  t.test(`${what} deleted beside a whole log are told, and there again with the next epoch`, async t => {
    const { redis, store, follower, head } = await begin(t)
    const flags = new Map([
      ['ai_v1', '{"killed":true}'],
      ['kyc_v1', '{"killed":false}'],
    ])
    const [first] = sealAfter(head, 'flags')
    assert.equal((await store.commit({ expectedHead: head, entries: [first!], flags })).outcome, 'committed')
    await until(async () => (await follower.next('alive')).isBare === undefined, 'all is there')
    await redis.admin.del(...keys.map(key => store.keys[key]))
    await until(async () => (await follower.next('alive')).isBare, 'it is told')
    const after = lastHead([first!])
    assert.equal((await commitAll(store, after, sealAfter(after, 'late'))).outcome, 'moved')
    const opening = sealAfter({ ...after, epoch: 1 }, 'open')
    const opened = await store.commit({ expectedHead: after, entries: opening, flags, mode: 'open' })
    assert.equal(opened.outcome, 'committed')
    await until(async () => (await follower.next('alive')).isBare === undefined, 'it is whole again')
    assert.deepEqual(await redis.admin.hgetall(store.keys.flags), Object.fromEntries(flags))
  })
