import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placeOf } from '../../src/domain/audit.js'
import type { ProvisionalKill } from '../../src/domain/provisional.js'
import { Recovery } from '../../src/service/recovery.js'
import { anActor, noStep } from '../support/domain.js'
import { aGate } from '../support/gate.js'
import { provisionalOf } from '../support/provisional.js'

const aKill = (flag: string, key: string): ProvisionalKill => ({
  v: 1,
  action: 'kill',
  flags: [flag],
  receivedAt: '2026-11-21T03:00:00.000Z',
  actor: anActor('operator'),
  claim: noStep,
  request: { id: key, key, digest: key },
})

describe('a store that is emptied while its branch is looked for', () => {
  it('costs no line of the journal: nothing seems to be held, and nothing is let go', async t => {
    const rig = await aGate(t)
    await rig.kill('ai_v1', 'k')
    const provisional = await provisionalOf(t, rig)
    // another log at the first look, and nothing at all from then on
    const store = Object.assign(Object.create(rig.store) as typeof rig.store, {
      head: async () => ({ epoch: 7, seq: 9, hash: 'another' }),
      whyLost: async () => 'the log in Redis is empty',
    })
    const faults: unknown[] = []
    const events = { onRecovered: () => {}, onFault: (e: unknown) => faults.push(e), onBranchLeft: () => {} }
    const branches = { add: () => assert.fail('no branch was left') }
    const recovery = new Recovery({ log: rig.log, store, gate: rig.gate, provisional, branches, events })
    const before = placeOf(rig.journal.head)
    recovery.start('it is another log')
    await recovery.close()
    assert.deepEqual([placeOf(rig.journal.head), rig.isKilled('ai_v1'), faults], [before, true, []])
  })
})

describe('a provisional kill of a flag that has no definition', () => {
  it('waits for one: it is not refused and dropped', async t => {
    const rig = await aGate(t)
    const provisional = await provisionalOf(t, rig)
    await provisional.take([aKill('gone', 'g'), aKill('ai_v1', 'k')])
    provisional.merge()
    await provisional.close()
    assert.deepEqual(
      provisional.kills.map(({ flags }) => flags),
      [['gone']],
    )
    assert.equal(rig.isKilled('ai_v1'), true)
  })
})
