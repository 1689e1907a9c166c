import assert from 'node:assert/strict'
import t from 'tap'
import { decideKill } from '../../../src/domain/flip/kill.js'
import type { Draft } from '../../../src/domain/log/audit.js'
import { INITIAL, isKilled } from '../../../src/domain/state.js'
import { KnownLog } from '../../../src/log/follow/known-log.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { aCatalogue, aFlag, after, aRequest, at, killOf, loaded } from '../../support/domain.js'
import { testdir } from '../../support/testdir.js'

const aNote = (): Draft => ({
  action: 'refused.summary',
  outcome: 'refused',
  actor: { id: 'vera', role: 'viewer', via: 'api' },
  receivedAt: at(0),
  summary: { count: 1, since: at(0) },
  request: aRequest(),
})

t.test('leaving a branch', async t => {
  t.test('un-kills nothing on the way, however long the log is that is folded again', async t => {
    const journal = await Journal.open({ folder: testdir(t) })
    const log = await KnownLog.open(journal)
    t.after(() => log.close())
    // much that comes before the kill, so that folding takes many turns of the event loop
    const notes = Array.from({ length: 3_000 }, () => aNote())
    const before = after(INITIAL, loaded(aCatalogue(aFlag('ai_v1'))), ...notes)
    const killed = after(before.state, ...decideKill(before.state, killOf('ai_v1')).drafts)
    const branch = after(killed.state, aNote())
    await log.accept([...before.entries, ...killed.entries, ...branch.entries])

    let looked = 0
    let isOver = false
    const looking = (async () => {
      while (!isOver) {
        const flag = log.known.flags.get('ai_v1')
        assert.ok(flag !== undefined && isKilled(flag), `not killed at look ${looked}`)
        looked++
        await new Promise(resolve => setImmediate(resolve))
      }
    })()
    const left = await log.branchOff(killed.state.head).finally(() => {
      isOver = true
    })
    await looking
    assert.equal(left.branch.length, 1)
    assert.equal(log.head.seq, killed.state.head.seq)
    assert.ok(looked > 3, `it was looked at ${looked} times`)
  })

  t.test('keeps of the branch also what is being accepted when it is left', async t => {
    const journal = await Journal.open({ folder: testdir(t) })
    const log = await KnownLog.open(journal)
    t.after(() => log.close())
    const before = after(INITIAL, loaded(aCatalogue(aFlag('ai_v1'))))
    await log.accept(before.entries)
    const killed = after(before.state, ...decideKill(before.state, killOf('ai_v1')).drafts)
    const accepting = log.accept(killed.entries)
    const kept: string[] = []
    await log.branchOff(before.state.head, async (branch, { flags }) => {
      const flag = flags.get('ai_v1')
      kept.push(...branch.map(({ entry }) => entry.action), String(flag && isKilled(flag)))
    })
    await accepting
    assert.deepEqual(kept, ['kill', 'true'])
  })
})

t.test('a checkpoint', async t => {
  t.test('waits where the reserve is given up: what room there is, is for kills', async t => {
    // more than any disk has: it is never there
    const journal = await Journal.open({ folder: testdir(t), reserveBytes: Number.MAX_SAFE_INTEGER })
    const log = await KnownLog.open(journal)
    t.after(() => log.close())
    await log.accept(after(INITIAL, loaded(aCatalogue(aFlag('ai_v1')))).entries)
    assert.equal(journal.reserve.isMissing, true)
    await log.checkpoint(true)
    assert.equal(await journal.savedCheckpoint(), undefined)
  })

  t.test('that cannot be saved at the end keeps neither a file open nor the folder taken', async t => {
    const folder = testdir(t)
    const faults: Faults = {}
    const log = await KnownLog.open(await Journal.open({ folder, disk: failingDisk(faults) }))
    await log.accept(after(INITIAL, loaded(aCatalogue(aFlag('ai_v1')))).entries)
    faults.writeError = 'EIO'
    await assert.rejects(log.close(), { code: 'EIO' })
    assert.equal(faults.open, 0)
    const again = await Journal.open({ folder })
    await again.close()
  })
})
