// A backup is put back under apps that run: a kill that the backup does not have comes back once an app shows it, for
// everybody, as a kill of its first actor. What the log had, what was released, and what nobody of us sealed never does.

import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { TestInstance } from '../support/instance.js'
import { PROPER, startRedis } from '../support/redis.js'
import { aServer, type Given, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const kill = async ({ ask }: TestServer, flag: string, reason: string) =>
  (await ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: { reason } })).body
const restore = ({ ask }: TestServer, flag: string) =>
  ask('engineer', 'POST', `/v1/flags/${flag}/restore`, { body: { all: true, reason: 'well again' } })
const kills = async ({ ask }: TestServer, flag = 'ai_v1') =>
  (await ask('viewer', 'GET', `/v1/audit?flag=${flag}&action=kill`)).body.entries
/** The end of the service waits for what is under way. */
const heldAtEnd = async ({ close, parts }: TestServer) => {
  await close()
  return [...parts.log.known.flags.values()].flatMap(({ holds }) => holds)
}
const warrantsOf = ({ held }: TestInstance, flag = 'ai_v1') => held[flag]?.warrants as string[]

/** A service with a flag that was killed and restored, and one that was killed after the backup which is then put back. */
async function putBack(t: Test, isRedis: boolean) {
  const time = { now: Date.parse('2026-11-20T03:00:00.000Z') }
  const redis = isRedis ? await startRedis(t, PROPER) : undefined
  const given: Given = { isHasty: true, clock: () => time.now, ...(redis ? { redisUrl: redis.url } : {}) }
  const before = await aServer(t, given)
  const { dataDir, tokens } = before
  const again = () => aServer(t, { ...given, dataDir, tokens })
  const api = await new TestInstance(before.ask, 'api-1').apply()
  await kill(before, 'kyc_v1', 'over')
  const over = warrantsOf(await api.apply(), 'kyc_v1')
  await restore(before, 'kyc_v1')
  const backup = testdir(t)
  const folders = [[dataDir, join(backup, 'data')], ...(redis ? [[redis.dir, join(backup, 'redis')]] : [])]
  const down = async (server: TestServer) => {
    await server.close()
    await redis?.stop()
  }
  await down(before)
  for (const [folder, copy] of folders as [string, string][]) cpSync(folder, copy, { recursive: true })
  await redis?.start()
  const between = await again()
  const { hold } = await kill(between, 'ai_v1', 'the "model" is slow')
  const lost = warrantsOf(await api.at(between.ask).apply())
  await down(between)
  for (const [folder, copy] of folders as [string, string][]) {
    rmSync(folder, { recursive: true, force: true })
    cpSync(copy, folder, { recursive: true })
  }
  await redis?.start()
  const server = await again()
  return { server, again, api: api.at(server.ask), hold: hold as string, lost, over, time }
}

for (const isRedis of [false, true])
  t.test(
    `a kill that a backup does not have comes back, and restored it stays so (${isRedis ? 'Redis' : 'local'})`,
    async t => {
      const { server, api, hold, lost, over, time } = await putBack(t, isRedis)
      const fresh = await new TestInstance(server.ask, 'api-2').apply()
      assert.deepEqual([fresh.held, await kills(server)], [{}, []], 'without a word of the app it runs')
      const shown = { holding: { ai_v1: [hold] }, inForce: { ai_v1: 'off' }, warrants: [...lost, ...over] }
      assert.equal((await api.report(shown)).status, 202)
      await until(async () => 'ai_v1' in (await fresh.poll()).held, 'it is killed for everybody')
      assert.deepEqual(fresh.held.ai_v1?.holds, [hold])
      const [entry, ...more] = await kills(server)
      assert.deepEqual(more, [])
      assert.deepEqual(
        [entry.outcome, entry.hold, entry.actor, entry.shown],
        [
          'applied',
          hold,
          { id: 'shared-operator', role: 'operator', via: 'service' },
          { hold, app: 'trustflow', instance: 'api-1' },
        ],
      )
      assert.equal(
        entry.reason,
        'shown back by trustflow api-1: this log did not have it. shared-operator had written "the \\"model\\" is slow"',
      )
      assert.equal((await restore(server, 'ai_v1')).status, 200)
      time.now += 61_000
      assert.equal((await api.report(shown)).status, 202)
      assert.deepEqual(await heldAtEnd(server), [], 'it stays restored')
    },
  )

t.test(
  'nothing comes back that was forged, is of another, was released in the apps, or has no session',
  async t => {
    const { server, again, api, hold, lost } = await putBack(t, false)
    const [text = ''] = lost
    assert.equal((await api.report({ warrants: [`${text.slice(0, -4)}AAAA`, 'x'] })).status, 202)
    const other = await new TestInstance(server.ask, 'other-1', 'inflow').poll()
    assert.equal((await other.report({ warrants: lost })).status, 202, 'an app of another application')
    const { session: _s, number: _n, answer: _a, ...bare } = api.receipt({ warrants: lost })
    const sent = await server.ask('sdk', 'POST', '/v1/receipts', { body: { receipts: [bare] } })
    assert.equal(sent.status, 202)
    assert.deepEqual(await heldAtEnd(server), [])
    const second = await again()
    await api.at(second.ask).report({ holding: { ai_v1: [hold] } })
    const body = { app: 'trustflow', reason: 'it is over' }
    assert.equal((await second.ask('engineer', 'POST', '/v1/instances/reconcile', { body })).status, 200)
    await api.report({ holding: { ai_v1: [hold] }, warrants: lost })
    assert.deepEqual(await heldAtEnd(second), [])
  },
)

t.test(
  'a kill that one instance alone took without the store comes back once, whoever is shown it',
  async t => {
    const redis = await startRedis(t, PROPER)
    const given: Given = { redisUrl: redis.url, isHasty: true }
    const first = await aServer(t, given)
    const { dataDir, tokens } = first
    const api = await new TestInstance(first.ask, 'api-1').apply()
    await redis.stop()
    const { hold, durability } = await kill(first, 'ai_v1', 'slow')
    assert.equal(durability, 'provisional')
    const { provisional = [] } = (await api.poll()).heard ?? {}
    const warrants = provisional.map(({ warrant }) => warrant)
    await first.close()
    await redis.start()
    const more = { ...given, tokens, tokensFile: join(dataDir, 'tokens.yaml') }
    const others = [await aServer(t, more), await aServer(t, more)] as const
    const shown = { holding: { ai_v1: [hold] }, inForce: { ai_v1: 'off' }, warrants }
    await Promise.all(
      others.map(async ({ ask }) => {
        const { status, text } = await ask('sdk', 'POST', '/v1/receipts', {
          body: { receipts: [api.receipt(shown)] },
        })
        assert.equal(status, 202, text)
      }),
    )
    const holds = async ({ ask }: TestServer) =>
      (await ask('viewer', 'GET', '/v1/flags/ai_v1')).body.holds.map(({ id }: { id: string }) => id)
    for (const each of others) await until(async () => (await holds(each)).length > 0, 'it is killed again')
    assert.deepEqual([await holds(others[0]), (await kills(others[1])).length], [[hold], 1])
    assert.equal((await restore(others[1], 'ai_v1')).status, 200)
    // the instance that took the kill comes back with its own disk
    const last = await aServer(t, { ...given, dataDir, tokens })
    await until(() => last.parts.log.provisional.length === 0, 'it is done with its kill')
    for (const each of [...others, last]) {
      await each.parts.log.toEnd()
      const outcomes = (await kills(each)).map((entry: { outcome: string }) => entry.outcome)
      assert.deepEqual([await holds(each), outcomes], [[], ['unchanged', 'applied']], 'it stays restored')
    }
  },
)
