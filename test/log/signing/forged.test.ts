// What somebody writes into the log who has the store, or the disk, and not the key: nothing of it is obeyed.

import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hashLine, open, type SealedEntry } from '../../../src/domain/log/audit.js'
import { LogKeys } from '../../../src/domain/log/log-keys.js'
import { isSigned, signSealed } from '../../../src/domain/log/signature.js'
import { startRedis } from '../../support/redis.js'
import {
  anInstance,
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

const signedBy = (
  key: ReturnType<typeof newKey>,
  sealed: SealedEntry,
  at: { environment: string; log: string },
) => {
  const [signer] = new LogKeys([key]).signing
  return signSealed(sealed, at, signer!)
}
const whole = (folder: string) =>
  existsSync(folder) && readdirSync(folder).find(name => name.endsWith('.ndjson'))
const nameOf = ({ state }: Instance): string => state.state.log as string

/** Each is what somebody writes after the newest entry, on a flag that is killed. */
const FORGERIES: Record<string, (one: Instance) => SealedEntry[]> = {
  'a restore that nobody signed': one => [forged(one, restoreDraft(one.state.state, 'ai_v1'))],
  'a restore that another key signed': one => [
    signedBy(newKey(), forged(one, restoreDraft(one.state.state, 'ai_v1')), {
      environment: 'test',
      log: nameOf(one),
    }),
  ],
  'a restore with the signature of another environment': one => [
    signedBy(KEY, forged(one, restoreDraft(one.state.state, 'ai_v1')), {
      environment: 'staging',
      log: nameOf(one),
    }),
  ],
  'a restore with the signature of another log': one => [
    signedBy(KEY, forged(one, restoreDraft(one.state.state, 'ai_v1')), {
      environment: 'test',
      log: hashLine('another'),
    }),
  ],
  'an epoch that nobody signed, and a restore in it': one => {
    const draft = restoreDraft(one.state.state, 'ai_v1')
    return [forged(one, { ...draft, action: 'log.recovered', recovered: { why: 'x', restored: 0 } }, 9)]
  },
  'a takeover by a key of their own': one => {
    const key = newKey()
    const [{ publicKey } = { publicKey: '' }] = new LogKeys([key]).signing
    const { head } = one.state.state
    const draft = { ...restoreDraft(one.state.state, 'ai_v1'), action: 'log.rekeyed' as const }
    const signing = { key: publicKey, after: { place: 1, hash: head.hash }, lost: true }
    const at = { environment: 'test', log: nameOf(one) }
    return [signedBy(key, forged(one, { ...draft, signing }), at)]
  },
}

t.test('written into Redis, it is not obeyed by any instance, and said', async t => {
  for (const [what, forge] of Object.entries(FORGERIES))
    t.test(what, async t => {
      const redis = await startRedis(t)
      const [one, two] = [await anInstance(t, redis), await anInstance(t, redis)]
      await one.kill('ai_v1', 'k1')
      await until(() => two.isKilled('ai_v1'), 'the other instance has it')
      await xadd(redis, ...forge(one))
      for (const each of [one, two])
        await until(() => each.state.condition.notSigned.count === 1, 'it is said')
      assert.deepEqual([one.isKilled('ai_v1'), two.isKilled('ai_v1')], [true, true])
      const kept = join(two.folder, 'not-signed')
      const name = await until(() => whole(kept), 'it is kept')
      assert.match(readFileSync(join(kept, name), 'utf8'), /"nobody-we-know"/)
      const kill = await two.kill('kyc_v1', 'k2')
      assert.equal(kill.entries[0]?.flag, 'kyc_v1')
      assert.ok(two.isKilled('kyc_v1'))
      await until(() => one.isKilled('kyc_v1'), 'the store is mended, and the kill is in force everywhere')
      await until(async () => {
        const stored = (await inStore(redis)).map(({ line }) => line)
        const kept = [await one.lines(), await two.lines()].map(lines => lines.join('\n'))
        return kept.every(lines => lines === stored.join('\n'))
      }, 'all have one log')
      assert.doesNotMatch((await one.lines()).join('\n'), /nobody-we-know/)
    })
})

t.test('every commit ends with a signature, of several entries only the last', async t => {
  const redis = await startRedis(t)
  const one = await anInstance(t, redis)
  await Promise.all(['ai_v1', 'kyc_v1', 'other'].map(flag => one.kill(flag, `k-${flag}`)))
  const lines = (await inStore(redis)).map(({ line }) => isSigned(line))
  assert.equal(lines[0], true)
  assert.equal(lines.at(-1), true)
  assert.ok(lines.includes(false), 'those that came together have one signature')
})

t.test('an instance without the key of the log, or with another', async t => {
  for (const [what, keys, is] of [
    ['none', new LogKeys(), 'unverified'],
    ['another', new LogKeys([newKey()]), 'key-missing'],
  ] as const)
    t.test(`${what}: takes kills provisionally, and nothing else`, async t => {
      const redis = await startRedis(t)
      const one = await anInstance(t, redis)
      // it knew the log before it lost the key
      const folder = testdir(t)
      const before = await anInstance(t, redis, { folder })
      await before.close()
      const two = await anInstance(t, redis, { folder, keys: async () => keys })
      assert.equal(two.state.condition.signing.is, is)
      const kill = await two.kill('ai_v1', 'k')
      assert.deepEqual([kill.durability, two.isKilled('ai_v1')], ['provisional', true])
      const note = { priority: 'note' as const, actor: 'x', key: 'n', digest: 'n' }
      const draft = restoreDraft(one.state.state, 'ai_v1')
      await assert.rejects(
        two.submit.entries({ ...note, decide: () => ({ drafts: [draft] }) }),
        (error: Error) =>
          /signed with the key [0-9a-f]{8}, which this instance was not given/.test(error.message),
      )
      await two.close()
      const again = await anInstance(t, redis, { folder })
      await until(() => one.isKilled('ai_v1'), 'with the key it comes in')
      await until(() => again.state.provisional.length === 0, 'and is provisional no more')
    })
})

t.test('written on the disk, it is set aside at the next start, and kept', async t => {
  for (const isWhole of [true, false])
    t.test(isWhole ? 'signed by another key' : 'signed by nobody', async t => {
      const folder = testdir(t)
      const one = await anInstance(t, undefined, { folder })
      await one.kill('ai_v1', 'k1')
      const false_ = forged(one, restoreDraft(one.state.state, 'ai_v1'))
      const at = { environment: 'test', log: nameOf(one) }
      const { line } = isWhole ? signedBy(newKey(), false_, at) : false_
      const lines = await one.lines()
      await one.close()
      const [file = ''] = readdirSync(join(folder, 'log'))
      appendFileSync(join(folder, 'log', file), `${line}\n`)
      const again = await anInstance(t, undefined, { folder })
      assert.ok(again.isKilled('ai_v1'))
      assert.deepEqual((await again.lines()).slice(0, lines.length), lines)
      assert.equal(existsSync(join(folder, isWhole ? 'not-signed' : 'cut')), true)
      await again.kill('kyc_v1', 'k2')
      const { epoch } = open((await again.lines()).at(-1) as string).entry
      if (isWhole) assert.ok(epoch > 0, 'no place is given twice')
    })

  t.test('a state beside the log that this instance did not keep is not believed', async t => {
    const folder = testdir(t)
    const one = await anInstance(t, undefined, { folder })
    await one.kill('ai_v1', 'k1')
    await one.close()
    const file = join(folder, 'checkpoint.json')
    const [top = '', body = ''] = readFileSync(file, 'utf8').split('\n')
    const state = JSON.parse(body)
    for (const [, flag] of state.flags) flag.holds = []
    const changed = JSON.stringify(state)
    const digest = hashLine(changed)
    writeFileSync(file, `${JSON.stringify({ ...JSON.parse(top), digest })}\n${changed}\n`)
    assert.ok((await anInstance(t, undefined, { folder })).isKilled('ai_v1'))
  })
})
