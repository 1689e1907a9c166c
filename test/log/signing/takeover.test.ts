// A log from before there were signatures, and what becomes of it while its instances are updated one after the other.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { open } from '../../../src/domain/log/audit.js'
import { LogKeys } from '../../../src/domain/log/log-keys.js'
import { isSigned } from '../../../src/domain/log/signature.js'
import { keysOf } from '../../../src/log/stores/redis/keys.js'
import { startRedis } from '../../support/redis.js'
import { ROOT } from '../../support/server.js'
import { anInstance, forged, type Instance, inStore, restoreDraft, xadd } from '../../support/shared-log.js'
import { testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

const NONE = { keys: async () => new LogKeys(), takeover: { sayMs: 10, quietMs: 300 } }
const QUICK = { takeover: { sayMs: 10, quietMs: 300 } }
const isTaken = ({ state }: Instance): boolean => state.state.signing !== undefined

t.test('a log on one machine is taken over at the next start', async t => {
  const folder = testdir(t)
  const old = await anInstance(t, undefined, { folder, ...NONE })
  await old.kill('ai_v1', 'k1')
  const lines = await old.lines()
  assert.deepEqual(lines.map(isSigned), [false, false])
  await old.close()
  const one = await anInstance(t, undefined, { folder })
  await until(() => isTaken(one), 'it is taken over')
  await one.kill('kyc_v1', 'k2')
  const after = await one.lines()
  assert.deepEqual([after.slice(0, 2), after.slice(2).map(isSigned)], [lines, [true, true]])
  const { action, signing, prev } = open(after[2] as string).entry
  assert.deepEqual([action, signing?.after.hash], ['log.signed', prev])
  assert.ok(one.isKilled('ai_v1'))
})

t.test('a log on Redis is taken over when the last instance would sign', async t => {
  const redis = await startRedis(t)
  const folders = [testdir(t), testdir(t)] as const
  const old = [
    await anInstance(t, redis, { folder: folders[0], ...NONE }),
    await anInstance(t, redis, { folder: folders[1], ...NONE }),
  ] as const
  await old[0].kill('ai_v1', 'k1')
  await old[0].close()
  const one = await anInstance(t, redis, { folder: folders[0], ...QUICK })
  // the other one would not sign, and says so for longer than the new one waits
  for (let n = 0; n < 60; n++) {
    await one.kill('kyc_v1', `one-${n}`)
    await old[1].kill('other', `old-${n}`)
  }
  assert.deepEqual([isTaken(one), (await inStore(redis)).some(({ line }) => isSigned(line))], [false, false])
  assert.ok(old[1].isKilled('kyc_v1'), 'and what either writes is obeyed by the other')
  await old[1].close()
  const two = await anInstance(t, redis, { folder: folders[1], ...QUICK })
  await Promise.all([one.kill('ai_v1', 'meanwhile-1'), two.kill('ai_v1', 'meanwhile-2')])
  for (const each of [one, two]) await until(() => isTaken(each), 'it is taken over')
  await two.kill('other', 'after')
  const lines = await inStore(redis)
  const at = lines.findIndex(({ entry }) => entry.action === 'log.signed')
  assert.equal(lines.filter(({ entry }) => entry.action === 'log.signed').length, 1, 'once')
  assert.deepEqual([isSigned(lines[at]!.line), isSigned(lines.at(-1)!.line)], [true, true])
  for (const flag of ['ai_v1', 'kyc_v1', 'other']) assert.ok(one.isKilled(flag) && two.isKilled(flag))
})

t.test('before it is taken over, what nobody signed is obeyed, and not after', async t => {
  const redis = await startRedis(t)
  const old = await anInstance(t, redis, NONE)
  await old.kill('ai_v1', 'k1')
  await old.close()
  const one = await anInstance(t, redis, { takeover: { sayMs: 10, quietMs: 400 } })
  await xadd(redis, forged(one, restoreDraft(one.state.state, 'ai_v1')))
  await until(() => !one.isKilled('ai_v1'), 'it is obeyed')
  await until(() => isTaken(one), 'it is taken over')
  await one.kill('kyc_v1', 'k2')
  await xadd(redis, forged(one, restoreDraft(one.state.state, 'kyc_v1')))
  await until(() => one.state.condition.notSigned.count > 0, 'it is refused')
  assert.ok(one.isKilled('kyc_v1'))
})

t.test('an instance from before there were signatures writes nothing into a log that is signed', async t => {
  const redis = await startRedis(t)
  const one = await anInstance(t, redis)
  await one.kill('ai_v1', 'k1')
  const { log, flags, meta, about } = keysOf('test')
  const { entry, line, hash } = forged(one, restoreDraft(one.state.state, 'ai_v1'))
  const { head } = one.state.state
  const asBefore = () =>
    redis.admin.eval(
      readFileSync(join(ROOT, 'test/log/signing/commit-before-signatures.lua'), 'utf8'),
      ...[3, log, flags, meta, 'write', `${head.epoch}-${head.seq}`, head.hash, 500, 1_000_000],
      ...[1, `${entry.epoch}-${entry.seq}`, line, hash],
    )
  await assert.rejects(asBefore(), /WRONGTYPE .*meta is a stream/)
  // also after the store lost everything, and after somebody took the guard away
  await redis.admin.flushall()
  await until(async () => (await inStore(redis)).length > 2, 'the log is put back')
  await assert.rejects(asBefore(), /WRONGTYPE/)
  await redis.admin.del(meta, about)
  await until(async () => (await redis.admin.type(meta)) === 'stream', 'the guard is there again')
  assert.ok((await one.kill('kyc_v1', 'k2')).entries.length > 0)
  assert.ok(one.isKilled('ai_v1') && one.isKilled('kyc_v1'))
})
