// Another key signs the log: by an entry that the key before signs, or, where that is lost, by an owner's act on the disk.

import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { placeOf } from '../../../src/domain/log/audit.js'
import { LogKeys } from '../../../src/domain/log/log-keys.js'
import { decideRekey } from '../../../src/domain/log/rekey.js'
import { signatureOf, signSealed } from '../../../src/domain/log/signature.js'
import { replaceLostKey } from '../../../src/process/rekey-log.js'
import { anActor, aRequest } from '../../support/domain.js'
import { startRedis } from '../../support/redis.js'
import {
  anInstance,
  FLAGS,
  forged,
  type Instance,
  inStore,
  KEY,
  newKey,
  restoreDraft,
  xadd,
} from '../../support/shared-log.js'
import { testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

const NEW = newKey()
const idOf = (key: typeof KEY): string => new LogKeys([key]).first!.id
const withKeys = (...keys: (typeof KEY)[]) => ({ keys: async () => new LogKeys(keys) })

const rekey = (instance: Instance, key: string) => {
  const request = aRequest()
  const actor = anActor('owner')
  const command = { actor, request, reason: 'the yearly change', key, keys: instance.keys }
  return instance.submit.entries({
    ...{ priority: 'note', actor: actor.id, key: request.key, digest: request.digest },
    decide: (state, now) => decideRekey(state, command, now),
  })
}

t.test(
  'an owner has another key sign: the others obey it, and the key before signs nothing any more',
  async t => {
    const redis = await startRedis(t)
    const one = await anInstance(t, redis, withKeys(KEY, NEW))
    const two = await anInstance(t, redis, withKeys(KEY, NEW))
    // it was not given the new one, and believes it because the key it has says so
    const old = await anInstance(t, redis, withKeys(KEY))
    await one.kill('ai_v1', 'k1')
    const { entries } = await rekey(one, idOf(NEW))
    assert.equal(entries[0]?.sig?.slice(0, 8), idOf(KEY), 'the key before signs that entry')
    await until(() => two.state.state.signing?.keyId === idOf(NEW), 'the other instance knows')
    await two.kill('kyc_v1', 'k2')
    for (const each of [one, old]) await until(() => each.isKilled('kyc_v1'), 'it is obeyed')
    assert.equal(signatureOf((await one.lines()).at(-1) as string)?.keyId, idOf(NEW))
    assert.equal(old.state.condition.signing.is, 'key-missing')
    assert.equal((await old.kill('other', 'k3')).durability, 'provisional')

    const at = { environment: 'test', log: one.state.state.log as string }
    const [before] = new LogKeys([KEY]).signing
    await xadd(redis, signSealed(forged(one, restoreDraft(one.state.state, 'kyc_v1')), at, before!))
    await until(() => two.state.condition.notSigned.count > 0, 'it is refused')
    assert.ok(two.isKilled('kyc_v1'))
    const verified = await two.state.find.verify(new AbortController().signal)
    assert.ok(verified.ok, JSON.stringify(verified))
  },
)

t.test('only an owner, and only a key that is given and does not sign already', async t => {
  const one = await anInstance(t, undefined, withKeys(KEY, NEW))
  const isRefused = (code: string) => (error: { code: string }) => error.code === code
  await assert.rejects(rekey(one, idOf(newKey())), isRefused('malformed-request'))
  await assert.rejects(rekey(one, idOf(KEY)), isRefused('malformed-request'))
  const command = { actor: anActor('coordinator'), request: aRequest(), reason: 'r', keys: one.keys }
  const { refusal } = decideRekey(one.state.state, { ...command, key: idOf(NEW) }, Date.now())
  assert.equal(refusal?.code, 'forbidden')
})

t.test('a lost key is replaced on the disk, for every instance that was given the new one', async t => {
  const redis = await startRedis(t)
  const folder = testdir(t)
  const first = await anInstance(t, redis, { folder, ...withKeys(KEY) })
  await first.kill('ai_v1', 'k1')
  await first.close()
  const keyFile = join(testdir(t), 'new.key')
  writeFileSync(keyFile, NEW.export({ type: 'pkcs8', format: 'pem' }))
  const lost = { dataDir: folder, environment: 'test', keyFile, reason: 'it is gone', actor: 'offline' }
  const { from, to, entry, lostKey } = await replaceLostKey(lost)
  assert.deepEqual([from, to, entry.sig?.slice(0, 8)], [idOf(KEY), idOf(NEW), idOf(NEW)])
  await assert.rejects(replaceLostKey(lost), /it is not lost/)
  const given = withKeys(NEW, createPublicKey(lostKey as string))
  const one = await anInstance(t, redis, { folder, ...given })
  await until(() => one.state.provisional.length === 0, 'it is there')
  await one.kill('kyc_v1', 'k2')
  const two = await anInstance(t, redis, given)
  await until(
    () => two.isKilled('ai_v1') && two.isKilled('kyc_v1'),
    'another one obeys it from the beginning',
  )
  assert.deepEqual(two.state.state.signing?.lost, [placeOf(entry)])
})

t.test('a key that was replaced does not say that its successor is lost', async t => {
  const redis = await startRedis(t)
  const one = await anInstance(t, redis, withKeys(KEY, NEW))
  await one.kill('ai_v1', 'k1')
  await rekey(one, idOf(NEW))
  const [before] = new LogKeys([KEY]).signing
  const draft = { ...restoreDraft(one.state.state, 'ai_v1'), action: 'log.rekeyed' as const }
  const { head, log = '' } = one.state.state
  const signing = { key: before!.publicKey, after: { place: placeOf(head), hash: head.hash }, lost: true }
  await xadd(redis, signSealed(forged(one, { ...draft, signing }), { environment: 'test', log }, before!))
  await until(() => one.state.condition.notSigned.count > 0, 'it is refused')
  assert.equal(one.state.state.signing?.keyId, idOf(NEW))
})

t.test(
  'a branch from before the change does not take it back, and nothing of that branch is lost',
  async t => {
    const redis = await startRedis(t)
    const keys = withKeys(KEY, NEW)
    const [here, there] = [testdir(t), testdir(t)]
    const one = await anInstance(t, redis, { folder: here, ...keys })
    await one.kill('ai_v1', 'k1')
    const before = await anInstance(t, redis, { folder: there, ...keys })
    await until(() => before.isKilled('ai_v1'), 'the other one has what is before it')
    await before.close()
    await rekey(one, idOf(NEW))
    await one.kill('kyc_v1', 'k2')
    await one.close()
    // the store goes back to before the change, and the other instance goes on from there with the key before
    await redis.admin.flushall()
    const other = await anInstance(t, redis, { folder: there, ...keys })
    await until(() => other.state.head.epoch > 0, 'it put back what it has')
    await other.kill('other', 'k3')
    assert.equal(other.state.state.signing?.keyId, idOf(KEY))
    const again = await anInstance(t, redis, { folder: here, ...keys })
    for (const each of [again, other]) {
      await until(() => each.state.state.signing?.keyId === idOf(NEW), 'the change stands')
      await until(() => FLAGS.every(each.isKilled), 'and every kill')
    }
    await until(() => other.state.provisional.length === 0, 'that of the branch is in the log')
    const stored = (await inStore(redis)).map(({ line }) => line)
    for (const each of [again, other])
      await until(async () => (await each.lines()).join() === stored.join(), 'all have one log')
  },
)
