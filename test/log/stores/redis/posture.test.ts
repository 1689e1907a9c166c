import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { KillswitchError } from '../../../../src/domain/errors.js'
import { EMPTY } from '../../../../src/domain/log/audit.js'
import { ACL_COMMANDS, type Finding, refuseUnsafe } from '../../../../src/log/stores/redis/posture.js'
import { RedisStore } from '../../../../src/log/stores/redis/store.js'
import { Follower } from '../../../support/follower.js'
import { PROPER, type RedisConfig, startRedis, type TestRedis } from '../../../support/redis.js'
import { commitAfter } from '../contract.js'

async function open(t: Test, redis: TestRedis, user = ''): Promise<RedisStore> {
  const store = new RedisStore({ url: `redis://${user}127.0.0.1:${redis.port}`, environment: 'posture' })
  t.after(() => store.close())
  await store.whenReady(5000)
  return store
}

const levels = (findings: Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]))

const ALL_OK = {
  version: 'ok',
  role: 'ok',
  appendonly: 'ok',
  appendfsync: 'ok',
  eviction: 'ok',
  flush: 'ok',
  'flush-by-default': 'ok',
  mending: 'ok',
  neighbours: 'ok',
  clock: 'ok',
}

const rules = (...lists: (readonly string[])[]): string =>
  `on >secret ~killswitch:* resetchannels -@all ${lists.flat().join(' ')}`

const DEFAULT_MAY_NOT_FLUSH = { user: 'default on nopass ~* &* +@all -flushall -flushdb' }

t.test("Debian's defaults start, with a warning for each thing that loses flips", async t => {
  const redis = await startRedis(t, {})
  const findings = await (await open(t, redis)).posture()
  assert.deepEqual(levels(findings), {
    ...ALL_OK,
    appendonly: 'warning',
    appendfsync: 'warning',
    flush: 'warning',
    'flush-by-default': 'warning',
  })
  refuseUnsafe(findings)
  for (const { level, seen, cure } of findings) {
    assert.match(seen, /[^.]$/)
    assert.match(cure, level === 'ok' ? /^$/ : /^[A-Z].*\.$/)
  }
})

t.test(
  'the proper posture is all ok, the documented list of commands suffices, and nothing was flushed',
  async t => {
    const redis = await startRedis(t, { ...PROPER, ...DEFAULT_MAY_NOT_FLUSH })
    await redis.admin.call(
      'ACL',
      'SETUSER',
      'killswitch',
      ...rules(...Object.values(ACL_COMMANDS)).split(' '),
    )
    const store = await open(t, redis, 'killswitch:secret@')
    await commitAfter(store, EMPTY, 'one')
    const follower = new Follower(t, store)
    await follower.lineCount(1)
    await store.ping()
    assert.deepEqual(levels(await store.posture()), ALL_OK)
    assert.equal((await store.head()).seq, 1)
  },
)

t.test('without the right to look, each check is a warning, and the service still works', async t => {
  const redis = await startRedis(t, { ...PROPER, ...DEFAULT_MAY_NOT_FLUSH })
  await redis.admin.call('ACL', 'SETUSER', 'killswitch', ...rules(ACL_COMMANDS.needed).split(' '))
  const store = await open(t, redis, 'killswitch:secret@')
  await commitAfter(store, EMPTY, 'one')
  const unread = [
    'appendonly',
    'appendfsync',
    'eviction',
    'flush-by-default',
    'neighbours',
    'clock',
    'mending',
  ]
  const warnings = Object.fromEntries(unread.map(check => [check, 'warning']))
  assert.deepEqual(levels(await store.posture()), { ...ALL_OK, ...warnings })
})

t.test('a user default that is off, or may not flush, is ok', async t => {
  const redis = await startRedis(t, PROPER)
  await redis.admin.call('ACL', 'SETUSER', 'admin', 'on', 'nopass', '~*', '&*', '+@all')
  const store = await open(t, redis, 'admin:any@')
  const byDefault = async (): Promise<string | undefined> => levels(await store.posture())['flush-by-default']
  assert.equal(await byDefault(), 'warning')
  await redis.admin.call('ACL', 'SETUSER', 'default', 'off')
  assert.equal(await byDefault(), 'ok')
})

const POLICIES: readonly (readonly [policy: string, level: Finding['level']])[] = [
  ['allkeys-lru', 'refuse'],
  ['allkeys-random', 'refuse'],
  ['volatile-ttl', 'warning'],
]
for (const [policy, level] of POLICIES) {
  t.test(`maxmemory-policy ${policy} is a ${level}`, async t => {
    const config: RedisConfig = { ...PROPER, 'maxmemory-policy': policy }
    const findings = await (await open(t, await startRedis(t, config))).posture()
    assert.equal(levels(findings).eviction, level)
    const refuse = (): void => refuseUnsafe(findings)
    if (level !== 'refuse') return refuse()
    assert.throws(refuse, (error: unknown) => {
      assert.ok(error instanceof KillswitchError && error.code === 'configuration')
      assert.match(error.message, new RegExp(`${policy}.*noeviction`))
      return true
    })
  })
}

t.test('a replica and neighbours are seen', async t => {
  const redis = await startRedis(t, PROPER)
  await redis.admin.set('someone', 'else')
  await redis.admin.replicaof('127.0.0.1', redis.port)
  const findings = await (await open(t, redis)).posture()
  const seen = Object.fromEntries(findings.map(finding => [finding.check, finding]))
  assert.equal(seen.role?.level, 'warning')
  assert.equal(seen.neighbours?.level, 'warning')
  assert.match(seen.neighbours?.seen ?? '', /not ours: 1$/)
})
