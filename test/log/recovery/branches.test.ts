import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { tellingOf } from '../../../src/domain/log/abandoned.js'
import { placeOf, type SealedEntry } from '../../../src/domain/log/audit.js'
import { Branches } from '../../../src/log/recovery/branches.js'
import { Obedience } from '../../../src/log/signing/obedience.js'
import { chainOf } from '../../support/entries.js'
import { aGate, KEYS, type Rig } from '../../support/gate.js'
import { provisionalOf } from '../../support/provisional.js'
import type { Teardown } from '../../support/testdir.js'

/** A branch on which ai_v1 was killed and restored, as an instance leaves it behind. */
async function aBranch(t: Teardown): Promise<SealedEntry[]> {
  const other = await aGate(t)
  await other.kill('ai_v1', 'kill-there', { incident: 'INC-7' })
  await other.restore('ai_v1', 'restore-there', { incident: 'INC-7' })
  return (await other.entries()).slice(1)
}

function leave(rig: Rig, branch: readonly SealedEntry[]): string {
  const forks = join(rig.folder, 'forks')
  mkdirSync(forks, { recursive: true })
  const file = join(forks, `after-1-${Date.now()}.ndjson`)
  writeFileSync(file, branch.map(({ line }) => `${line}\n`).join(''))
  return file
}

const toldOf = async (rig: Rig) =>
  (await rig.entries())
    .filter(({ entry }) => entry.origin !== undefined)
    .map(({ entry }) => [entry.action, entry.outcome, entry.request.key, entry.origin?.place])

async function branchesOf(t: Teardown, rig: Rig): Promise<Branches> {
  const provisional = await provisionalOf(t, rig)
  return Branches.open({ log: rig.log, gate: rig.gate, provisional, onFault: e => assert.fail(String(e)) })
}

t.test('a branch that was left', async t => {
  t.test('is told once the store takes it, however often it was away, and by a later run too', async t => {
    const rig = await aGate(t)
    const branch = await aBranch(t)
    leave(rig, branch)
    const first = await branchesOf(t, rig)
    rig.store.faults = ['away']
    first.tell()
    await first.close()
    assert.deepEqual(await toldOf(rig), [])
    const later = await branchesOf(t, rig)
    later.tell()
    await later.close()
    assert.deepEqual(await toldOf(rig), [
      ['kill', 'refused', 'kill-there', placeOf(branch[0]!.entry)],
      ['restore', 'refused', 'restore-there', placeOf(branch[1]!.entry)],
    ])
    assert.equal(rig.log.state.flags.get('ai_v1')?.notApplied?.length, 1, 'the flag says so')
    assert.match(readdirSync(join(rig.folder, 'forks')).join(), /\.told\.ndjson$/)
    const after = await branchesOf(t, rig)
    after.tell()
    await after.close()
    assert.equal((await toldOf(rig)).length, 2)
  })

  t.test('is told in commits that are signed, whatever the entry told of was the end of', async t => {
    const rig = await aGate(t)
    leave(rig, await aBranch(t))
    const branches = await branchesOf(t, rig)
    branches.tell()
    await branches.close()
    const entries = await rig.entries()
    assert.ok(entries.at(-1)?.entry.origin, 'the last commit tells of the branch')
    const verdict = new Obedience(KEYS, 'test').judge({ log: undefined }, entries)
    assert.deepEqual(verdict, { obeyed: entries.length }, 'another instance obeys all of it')
  })

  t.test('is told once by two instances that left it at the same time', async t => {
    const rig = await aGate(t)
    leave(rig, await aBranch(t))
    const both = [await branchesOf(t, rig), await branchesOf(t, rig)]
    // the file is named once only: the second finds it gone, and nothing left to tell
    const told = both.map(async each => {
      each.tell()
      await each.close()
    })
    await Promise.allSettled(told)
    assert.equal((await toldOf(rig)).length, 2)
  })

  t.test('is told again, with where it came from first, where the telling was on a branch too', async t => {
    const rig = await aGate(t)
    const branch = await aBranch(t)
    leave(rig, branch)
    const branches = await branchesOf(t, rig)
    branches.tell()
    await branches.close()
    const records = (await rig.entries()).filter(({ entry }) => entry.origin !== undefined)
    assert.deepEqual(
      records.map(record => tellingOf(record)?.origin),
      branch.map(({ entry, hash }) => ({ place: placeOf(entry), hash })),
    )
  })

  t.test('says again that an attempt is void, so that it can be asked for', async t => {
    const other = await aGate(t)
    other.store.faults = Array(100).fill('request-lost')
    await assert.rejects(other.kill('ai_v1', 'unknown'))
    other.store.faults = []
    other.gate.settleUnknown()
    await other.gate.close()
    const branch = (await other.entries()).slice(1)
    assert.deepEqual(
      branch.map(({ entry }) => entry.action),
      ['flip.voided'],
    )
    const rig = await aGate(t)
    leave(rig, branch)
    const branches = await branchesOf(t, rig)
    branches.tell()
    await branches.close()
    assert.equal(rig.log.answered('operator', 'unknown')?.outcome, 'voided')
  })

  t.test(
    'tells what was acknowledged also where an earlier attempt of it, on another branch, was void',
    async t => {
      const other = await aGate(t)
      await other.kill('ai_v1', 'kill-there', { incident: 'INC-7' })
      other.store.faults = Array(100).fill('request-lost')
      await assert.rejects(other.restore('ai_v1', 'restore-there', { incident: 'INC-7' }))
      other.store.faults = []
      other.gate.settleUnknown()
      await other.gate.close()
      const rig = await aGate(t)
      for (const branch of [(await other.entries()).slice(2), await aBranch(t)]) {
        leave(rig, branch)
        const branches = await branchesOf(t, rig)
        branches.tell()
        await branches.close()
      }
      assert.deepEqual(
        (await toldOf(rig)).map(([action]) => action),
        ['flip.voided', 'kill', 'restore'],
      )
    },
  )

  t.test(
    'is told above every place that was issued on it, where an earlier run had not come so far',
    async t => {
      const rig = await aGate(t)
      const branch = chainOf({ count: 2, after: { epoch: 41, seq: 9, hash: 'f'.repeat(64), at: '' } })
      leave(rig, branch)
      const branches = await branchesOf(t, rig)
      branches.tell()
      await branches.close()
      assert.ok(rig.log.head.epoch > 41, `epoch ${rig.log.head.epoch}`)
    },
  )

  t.test('needs no telling of what was asked for again, and is in the log', async t => {
    const rig = await aGate(t)
    leave(rig, await aBranch(t))
    await rig.kill('ai_v1', 'kill-there', { incident: 'INC-7' })
    const branches = await branchesOf(t, rig)
    branches.tell()
    await branches.close()
    assert.deepEqual(
      (await toldOf(rig)).map(([action]) => action),
      ['restore'],
    )
    assert.equal(rig.isKilled('ai_v1'), true)
  })
})
