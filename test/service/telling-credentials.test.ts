// Who may what, told to the log: once for each change however many instances have the file, again where the store was away, and
// never in the way of a kill.

import assert from 'node:assert/strict'
import t from 'tap'
import { credentialWords } from '../../src/domain/credentials.js'
import type { Entry } from '../../src/domain/log/audit.js'
import { LogKeys } from '../../src/domain/log/log-keys.js'
import { TellingCredentials } from '../../src/service/telling-credentials.js'
import { sha256 } from '../../src/tokens/first-start.js'
import { Tokens } from '../../src/tokens/tokens.js'
import { startRedis } from '../support/redis.js'
import { anInstance, type Instance } from '../support/shared-log.js'
import type { Teardown } from '../support/testdir.js'
import { until } from '../support/until.js'

const of = (...lines: string[]): Tokens => Tokens.parse(lines.join('\n'), 'tokens.yaml')
const one = (id: string, role: string, token = id, more = ''): string =>
  `- { id: ${id}, role: ${role}, sha256: ${sha256(token)}${more} }`
const ANA = one('ana', 'operator')
const BEN = one('ben', 'viewer')

const KEYS = [Buffer.from('what the instances share')]
function teller(t: Teardown, { state: log, submit }: Instance, name: string): TellingCredentials {
  const telling = new TellingCredentials({ log, submit, name, keys: () => KEYS })
  t.after(() => telling.close())
  return telling
}

const told = async (instance: Instance): Promise<Entry[]> =>
  (await instance.lines())
    .map(line => JSON.parse(line) as Entry)
    .filter(({ action, outcome }) => action === 'tokens.changed' && outcome === 'applied')
const whenTold = (instance: Instance, count: number): Promise<Entry[]> =>
  until(async () => {
    const entries = await told(instance)
    return entries.length >= count && entries
  }, `${count} are told`).then(() => told(instance))

t.test('what a file says', async t => {
  for (const [what, keys] of [
    ['signed', undefined],
    ['not signed', new LogKeys([])],
  ] as const)
    t.test(`is told, and what changed in it, on a log that is ${what}`, async t => {
      const log = await anInstance(t, undefined, keys === undefined ? {} : { keys: async () => keys })
      const telling = teller(t, log, 'ks-a')
      telling.tell(of(ANA, BEN))
      const [first] = await whenTold(log, 1)
      assert.deepEqual(first?.credentials?.may, [
        { id: 'ana', role: 'operator', tokens: 1 },
        { id: 'ben', role: 'viewer', tokens: 1 },
      ])
      assert.equal(
        credentialWords(first as Entry),
        'Tokens file of ks-a, told for the first time: ana (operator), ben (viewer)',
      )
      const eve = one('eve', 'sdk', 'eve', ', apps: [shop], only: evaluate')
      telling.tell(of(one('ana', 'engineer'), eve))
      const [, second] = await whenTold(log, 2)
      const { added, removed, changed } = second?.credentials ?? {}
      assert.deepEqual(added, ['eve'])
      assert.deepEqual(removed, [{ id: 'ben', role: 'viewer', tokens: 1 }])
      assert.deepEqual(changed, [
        { id: 'ana', members: ['role'], was: { id: 'ana', role: 'operator', tokens: 1 } },
      ])
      assert.equal(
        credentialWords(second as Entry),
        'Tokens file of ks-a: added eve (sdk, only evaluate, for shop); removed ben (viewer); changed ana (role operator -> engineer)',
      )
      telling.tell(of(one('ana', 'engineer', 'another'), eve))
      const [, , third] = await whenTold(log, 3)
      assert.equal(credentialWords(third as Entry), 'Tokens file of ks-a: changed ana (another token)')
      const text = (await log.lines()).join('\n')
      for (const token of ['ana', 'ben', 'eve', 'another'])
        assert.ok(!text.includes(sha256(token)), `the hash of ${token} is in the log`)
    })

  t.test('is not told again where nothing of it changed, nor by a start that finds it told', async t => {
    const log = await anInstance(t, undefined)
    const telling = teller(t, log, 'ks-a')
    telling.tell(of(ANA, BEN))
    await whenTold(log, 1)
    telling.tell(of(BEN, ANA))
    await telling.close()
    for (const name of ['ks-a', 'ks-b']) {
      const again = teller(t, log, name)
      again.tell(of(ANA, BEN))
      await again.close()
    }
    assert.equal((await told(log)).length, 1)
  })

  t.test('is compared at a start with what the log has last', async t => {
    const log = await anInstance(t, undefined)
    const before = teller(t, log, 'ks-a')
    before.tell(of(ANA))
    const [first] = await whenTold(log, 1)
    await before.close()
    teller(t, log, 'ks-a').tell(of(ANA, BEN))
    const [, second] = await whenTold(log, 2)
    assert.equal(second?.credentials?.compared, first?.seq)
    assert.equal(
      credentialWords(second as Entry),
      'Tokens file of ks-a, compared with what the log had last: added ben (viewer)',
    )
  })
})

t.test('several instances', async t => {
  t.test('with the same file tell a change once, whoever was first the time before', async t => {
    const redis = await startRedis(t)
    const logs = [await anInstance(t, redis), await anInstance(t, redis), await anInstance(t, redis)]
    const tellers = logs.map((log, index) => teller(t, log, `ks-${index}`))
    const files = [
      of(ANA),
      of(ANA, BEN),
      of(BEN),
      of(ANA),
      of(ANA, BEN),
      of(one('ana', 'operator', 'new'), BEN),
    ]
    for (const [round, file] of files.entries()) {
      for (let index = 0; index < 3; index++) tellers[(round + index) % 3]?.tell(file)
      for (const log of logs) {
        const entries = await whenTold(log, round + 1)
        assert.equal(entries.length, round + 1, `round ${round}`)
      }
    }
    await Promise.all(tellers.map(each => each.close()))
    for (const log of logs) assert.equal((await told(log)).length, files.length)
  })

  t.test('under a new name at each start tell that a change was taken back', async t => {
    const log = await anInstance(t, undefined)
    for (const [index, file] of [of(ANA), of(ANA, BEN), of(ANA, BEN), of(ANA)].entries()) {
      const pod = teller(t, log, `pod-${index}`)
      pod.tell(file)
      await pod.close()
    }
    const ids = (await told(log)).map(({ credentials }) => credentials?.may.map(({ id }) => id))
    assert.deepEqual(ids, [['ana'], ['ana', 'ben'], ['ana']])
  })

  t.test('with a file each say each their own, and do not take turns', async t => {
    const redis = await startRedis(t)
    const [a, b] = [await anInstance(t, redis), await anInstance(t, redis)]
    teller(t, a, 'ks-a').tell(of(ANA))
    await whenTold(b, 1)
    teller(t, b, 'ks-b').tell(of(BEN))
    await whenTold(a, 2)
    for (let start = 0; start < 3; start++)
      for (const [log, name, file] of [
        [a, 'ks-a', of(ANA)],
        [b, 'ks-b', of(BEN)],
      ] as const) {
        const again = teller(t, log, name)
        again.tell(file)
        await again.close()
      }
    const entries = await told(a)
    assert.deepEqual(
      entries.map(({ credentials }) => [credentials?.instance, credentials?.may.map(({ id }) => id)]),
      [
        ['ks-a', ['ana']],
        ['ks-b', ['ben']],
      ],
    )
  })
})

t.test('while the store is away a kill is taken, and what was changed last is told after it', async t => {
  const redis = await startRedis(t)
  const log = await anInstance(t, redis)
  const telling = teller(t, log, 'ks-a')
  telling.tell(of(ANA))
  await whenTold(log, 1)
  await redis.stop()
  await until(() => !log.state.condition.isLive, 'it is away')
  telling.tell(of(ANA, BEN))
  telling.tell(of(BEN))
  assert.equal((await log.kill('ai_v1', 'k1')).durability, 'provisional')
  await redis.start()
  const [, second] = await whenTold(log, 2)
  assert.deepEqual(
    second?.credentials?.may.map(({ id }) => id),
    ['ben'],
  )
  assert.deepEqual(
    second?.credentials?.removed.map(({ id }) => id),
    ['ana'],
  )
  assert.ok(log.isKilled('ai_v1'))
})
