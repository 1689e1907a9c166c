// What a commit says when Redis fails, and that it is true. Loss of what was committed: loss.test.ts.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { KillswitchError } from '../../../../src/domain/errors.js'
import { EMPTY, type SealedEntry } from '../../../../src/domain/log/audit.js'
import { RedisStore } from '../../../../src/log/stores/redis/store.js'
import type { ErrorCode } from '../../../../src/wire/words.js'
import { Follower } from '../../../support/follower.js'
import { assertChain, headOf, lastHead, sealAfter } from '../../../support/log.js'
import { startProxy } from '../../../support/proxy.js'
import { freePort, PROPER, startRedis } from '../../../support/redis.js'
import { until } from '../../../support/until.js'
import { wholeFile } from '../../../support/whole-file.js'
import { commitAfter, commitAll, commitInNextEpoch } from '../contract.js'

const shared = await startRedis(wholeFile)
let serial = 0

async function openStore(t: Test, url = shared.url): Promise<RedisStore> {
  const store = new RedisStore({ url, environment: `faults-${++serial}` })
  t.after(() => store.close())
  await store.whenReady(5000)
  return store
}

const failsWith =
  (code: ErrorCode, pattern = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof KillswitchError, inspect(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.detail, pattern)
    return true
  }

const linesIn = async (store: RedisStore, admin = shared.admin): Promise<string[]> =>
  (await admin.xrange(store.keys.log, '-', '+')).map(([, fields]) => fields[1] as string)

/** The retry after an unknown outcome: the log holds one's own line once, and says so. */
async function assertOnceAndResolvable(
  store: RedisStore,
  entries: SealedEntry[],
  admin = shared.admin,
): Promise<void> {
  await store.whenReady(5000)
  const again = await commitAll(store, EMPTY, sealAfter(EMPTY, 'decided again'))
  assert.deepEqual(again, { outcome: 'conflict', missing: entries.map(({ line }) => line) })
  assert.deepEqual(
    await linesIn(store, admin),
    entries.map(({ line }) => line),
  )
}

t.test('a lost reply is an unknown outcome, executed once, and resolvable by a retry', async t => {
  const proxy = await startProxy(t, shared.port)
  const store = await openStore(t, proxy.url)
  await store.head()
  proxy.mode = 'drop-replies'
  const entries = sealAfter(EMPTY, 'one')
  const committed = assert.rejects(
    commitAll(store, EMPTY, entries),
    failsWith('outcome-unknown', /by its id/),
  )
  await until(() => proxy.droppedBytes > 0, 'the swallowed reply')
  proxy.cut()
  await committed
  proxy.mode = 'pass'
  await assertOnceAndResolvable(store, entries)
})

t.test('a connection cut with a commit under way never sends it again', async t => {
  const proxy = await startProxy(t, shared.port)
  const store = await openStore(t, proxy.url)
  proxy.mode = 'black-hole'
  const committed = assert.rejects(
    commitAll(store, EMPTY, sealAfter(EMPTY, 'one')),
    failsWith('outcome-unknown'),
  )
  proxy.cut()
  await committed
  proxy.mode = 'pass'
  await store.whenReady(5000)
  await store.ping()
  assert.deepEqual(await linesIn(store), [])
})

t.test(
  'a black hole is an unknown outcome when the time is up, then refusals for want of a connection',
  async t => {
    const proxy = await startProxy(t, shared.port)
    const store = await openStore(t, proxy.url)
    const entries = await commitAfter(store, EMPTY, 'one')
    const head = lastHead(entries)
    proxy.mode = 'black-hole'
    await assert.rejects(
      commitAll(store, head, sealAfter(head, 'two')),
      failsWith('outcome-unknown', /in time/),
    )
    await until(
      () =>
        store.ping().then(
          () => false,
          error => /not connected/.test(error.message),
        ),
      'a dropped connection',
    )
    await assert.rejects(commitAll(store, head, sealAfter(head, 'two')), failsWith('store-unavailable'))
    proxy.mode = 'pass'
    proxy.cut()
    await store.whenReady(5000)
    await commitAfter(store, head, 'three')
  },
)

t.test('a half-open connection is an unknown outcome, and is replaced', async t => {
  const proxy = await startProxy(t, shared.port)
  const store = await openStore(t, proxy.url)
  proxy.halfOpen()
  await assert.rejects(commitAll(store, EMPTY, sealAfter(EMPTY, 'one')), failsWith('outcome-unknown'))
  await until(
    () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    'a new connection',
  )
  await commitAfter(store, EMPTY, 'two')
})

t.test(
  'a stopped Redis is an unknown outcome while it is stopped; the late execution happens once',
  async t => {
    const redis = await startRedis(t)
    const store = await openStore(t, redis.url)
    const follower = new Follower(t, store)
    await follower.next('alive')
    redis.pause()
    const entries = sealAfter(EMPTY, 'one')
    await assert.rejects(commitAll(store, EMPTY, entries), failsWith('outcome-unknown'))
    redis.resume()
    await follower.lineCount(1)
    await assertOnceAndResolvable(store, entries, redis.admin)
  },
)

t.test('a dead Redis is unavailable, and says where and why', async t => {
  const redis = await startRedis(t)
  const store = await openStore(t, redis.url)
  await redis.stop('SIGKILL')
  await until(
    () =>
      store.ping().then(
        () => false,
        () => true,
      ),
    'the lost connection',
  )
  await assert.rejects(
    commitAll(store, EMPTY, sealAfter(EMPTY, 'one')),
    failsWith('store-unavailable', new RegExp(`127\\.0\\.0\\.1:${redis.port}.*not connected`)),
  )
  await assert.rejects(store.head(), failsWith('store-unavailable'))
})

t.test('a Redis that was never there is unavailable, and is found when it comes', async t => {
  const port = await freePort()
  const store = new RedisStore({ url: `redis://127.0.0.1:${port}`, environment: 'later' })
  t.after(() => store.close())
  await assert.rejects(store.whenReady(300), failsWith('store-unavailable', /ECONNREFUSED/))
  await assert.rejects(commitAll(store, EMPTY, sealAfter(EMPTY, 'one')), failsWith('store-unavailable'))
})

t.test('follow goes on after a restart on the same port, with what came meanwhile', async t => {
  const redis = await startRedis(t, PROPER)
  const store = await openStore(t, redis.url)
  const proxy = await startProxy(t, redis.port)
  const behindProxy = new RedisStore({ url: proxy.url, environment: `faults-${serial}` })
  t.after(() => behindProxy.close())
  const follower = new Follower(t, behindProxy)
  const entries = await commitAfter(store, EMPTY, 'one', 'two')
  await follower.lineCount(2)

  proxy.mode = 'refuse'
  proxy.cut()
  await redis.stop('SIGKILL')
  await redis.start()
  await store.whenReady(5000)
  entries.push(...(await commitInNextEpoch(store, lastHead(entries), 'three', 'four')))
  proxy.mode = 'pass'
  await follower.lineCount(4)
  assert.deepEqual(
    follower.lines,
    entries.map(({ line }) => line),
  )
  assertChain(follower.lines)
})

t.test('follow notices silence by itself, and goes on when it ends', async t => {
  const proxy = await startProxy(t, shared.port)
  const store = await openStore(t)
  const behindProxy = new RedisStore({ url: proxy.url, environment: `faults-${serial}` })
  t.after(() => behindProxy.close())
  const follower = new Follower(t, behindProxy)
  await follower.next('alive')
  proxy.mode = 'black-hole'
  const before = proxy.accepted
  await commitAfter(store, EMPTY, 'one')
  await until(() => proxy.accepted > before + 1, 'attempts to connect anew')
  assert.deepEqual(follower.lines, [])
  proxy.mode = 'pass'
  await follower.lineCount(1)
})

t.test('SCRIPT FLUSH goes unnoticed', async t => {
  const store = await openStore(t)
  const entries = await commitAfter(store, EMPTY, 'one')
  const follower = new Follower(t, store)
  await follower.lineCount(1)
  await shared.admin.script('FLUSH')
  await commitAfter(store, lastHead(entries), 'two')
  await follower.lineCount(2)
})

t.test('commits while Redis is out of memory', async t => {
  const redis = await startRedis(t)
  const store = await openStore(t, redis.url)
  await redis.admin.config('SET', 'maxmemory', '1mb')
  await assert.rejects(
    redis.admin.set('filler', 'x'.repeat(1_000_000)).then(() => redis.admin.set('more', '1')),
    /OOM/,
  )
  const entries = await commitAfter(store, EMPTY, 'one')
  assert.deepEqual(await store.head(), lastHead(entries))
})

t.test('maps each way Redis refuses to a certain failure that says what to do', async t => {
  const redis = await startRedis(t)
  const store = await openStore(t, redis.url)
  const refuses = async (pattern: RegExp): Promise<void> => {
    await assert.rejects(
      commitAll(store, EMPTY, sealAfter(EMPTY, 'one')),
      failsWith('store-unavailable', pattern),
    )
    assert.deepEqual(await redis.admin.exists(store.keys.log, store.keys.flags), 0, 'nothing was written')
  }
  await redis.admin.config('SET', 'min-replicas-to-write', '1')
  await refuses(/fewer replicas.*NOREPLICAS/)
  await redis.admin.config('SET', 'min-replicas-to-write', '0')

  await redis.admin.replicaof('127.0.0.1', await freePort())
  await refuses(/read-only replica.*master/)
  await redis.admin.replicaof('NO', 'ONE')

  await redis.admin.config('SET', 'requirepass', 'hunter2')
  await redis.admin.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await until(
    () =>
      store.ping().then(
        () => false,
        error => /NOAUTH/.test(error.message),
      ),
    'the refused connection',
  )
  await refuses(/wants a password/)
})

t.test("another client's slow script is a certain failure", async t => {
  const redis = await startRedis(t, { save: '', 'busy-reply-threshold': '20' })
  const store = await openStore(t, redis.url)
  const other = redis.admin.duplicate()
  t.after(() => other.disconnect())
  const slow = assert.rejects(other.eval('while true do end', 0), /killed/)
  await until(
    () =>
      redis.admin.ping().then(
        () => false,
        error => /BUSY/.test(error.message),
      ),
    'BUSY',
  )
  await assert.rejects(
    commitAll(store, EMPTY, sealAfter(EMPTY, 'one')),
    failsWith('store-unavailable', /slow script/),
  )
  await redis.admin.script('KILL')
  await slow
  assert.deepEqual(await linesIn(store, redis.admin), [])
})

t.test('something else under a key is a certain failure, and nothing is written', async t => {
  const store = await openStore(t)
  await shared.admin.set(store.keys.flags, 'a string')
  const entries = sealAfter(EMPTY, 'one')
  await assert.rejects(
    commitAll(store, EMPTY, entries),
    failsWith('store-unavailable', /WRONGTYPE.*flags is a string/),
  )
  assert.deepEqual(await linesIn(store), [])
  await shared.admin.del(store.keys.flags)
  await shared.admin.set(store.keys.log, 'a string')
  await assert.rejects(
    commitAll(store, EMPTY, entries),
    failsWith('store-unavailable', /WRONGTYPE.*log is a string/),
  )
  await assert.rejects(store.head(), failsWith('store-unavailable', /WRONGTYPE/))
})

t.test('a user who may write the log and not the flags writes neither', async t => {
  const all = '+@all ~* &*'
  await shared.admin.call('ACL', 'SETUSER', 'half', 'on', '>pass-of-half', ...all.split(' '), '-hdel')
  await shared.admin.call(
    'ACL',
    'SETUSER',
    'none',
    'on',
    '>pass-of-none',
    ...all.split(' '),
    '-eval',
    '-evalsha',
  )
  for (const user of ['half', 'none']) {
    const store = await openStore(t, `redis://${user}:pass-of-${user}@127.0.0.1:${shared.port}`)
    await assert.rejects(
      commitAll(store, EMPTY, sealAfter(EMPTY, 'one')),
      failsWith('store-unavailable', /ACL/),
    )
    assert.deepEqual(await linesIn(store), [])
  }
})

t.test('no password in any error or event', async t => {
  const secret = 'correct-horse-battery'
  const told: unknown[] = []
  const redis = await startRedis(t)
  await redis.admin.call(
    'ACL',
    'SETUSER',
    'killswitch',
    'on',
    `>${secret}`,
    '+@all',
    '~*',
    '-evalsha',
    '-eval',
  )
  for (const password of [`${secret}-wrong`, secret]) {
    const url = `redis://killswitch:${password}@127.0.0.1:${redis.port}`
    const store = new RedisStore({ url, environment: 'secret', onEvent: event => told.push(event) })
    t.after(() => store.close())
    await store.whenReady(300).catch(error => told.push(error))
    for (const ask of [() => commitAll(store, EMPTY, sealAfter(EMPTY, 'one')), () => store.head()]) {
      await ask().catch(error => told.push(error))
    }
    told.push(store)
  }
  const text = told.map(thing => inspect(thing, { depth: 3, showHidden: true })).join('\n')
  assert.match(text, /WRONGPASS/)
  assert.match(text, /NOPERM/)
  assert.doesNotMatch(text, /correct-horse/)
})

t.test('many commits at once are each decided on their own head', async t => {
  const store = await openStore(t)
  const entries = sealAfter(EMPTY, ...Array.from({ length: 40 }, (_, i) => `reason ${i}`))
  const results = await Promise.all(
    entries.map((entry, i) => commitAll(store, i === 0 ? EMPTY : headOf(entries[i - 1]!), [entry])),
  )
  assert.ok(results.every(({ outcome }) => outcome === 'committed'))
})

t.test(
  'a master that became a replica behind the same name is left for the new one, and nothing is done twice',
  async t => {
    const [old, next] = [await startRedis(t), await startRedis(t)]
    const proxy = await startProxy(t, old.port)
    const store = await openStore(t, proxy.url)
    await store.head()
    await old.admin.call('REPLICAOF', '127.0.0.1', String(next.port))
    proxy.targetPort = next.port
    const entries = sealAfter(EMPTY, 'one')
    await until(async () => {
      const result = await commitAll(store, EMPTY, entries).catch(failsWith('store-unavailable'))
      return result !== true
    }, 'the new master takes it')
    assert.deepEqual(
      await linesIn(store, next.admin),
      entries.map(({ line }) => line),
    )
  },
)
