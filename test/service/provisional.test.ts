import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProvisionalKill } from '../../src/domain/provisional.js'
import { ProvisionalFile } from '../../src/journal/provisional-file.js'
import { type Faults, failingDisk } from '../support/disks.js'
import { aGate } from '../support/gate.js'
import { aKill, provisionalOf } from '../support/provisional.js'
import { type Teardown, testdir } from '../support/testdir.js'

async function onDisk(t: Teardown, faults: Faults) {
  const rig = await aGate(t)
  const file = new ProvisionalFile<ProvisionalKill>(testdir(t), undefined, failingDisk(faults))
  return { rig, file, provisional: await provisionalOf(t, rig, file) }
}

describe('a provisional kill on a disk that fails', () => {
  it('is called undone where nothing of it is left, and unknown where a start may find it', async t => {
    const faults: Faults = { room: 500 }
    const { file, provisional } = await onDisk(t, faults)
    const kills = ['a', 'b', 'c'].map(key => aKill('ai_v1', key))
    await assert.rejects(provisional.take(kills), { code: 'journal-broken' })
    assert.deepEqual([await file.read(), provisional.kills], [[], []])
    delete faults.room
    faults.syncError = 'EIO'
    await assert.rejects(provisional.take(kills), { code: 'outcome-unknown', extra: { flip: 'a' } })
  })
})
