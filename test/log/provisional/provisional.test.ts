import assert from 'node:assert/strict'
import t from 'tap'
import type { KillswitchError } from '../../../src/domain/errors.js'
import { decideKill, type Kill } from '../../../src/domain/flip/kill.js'
import { holdsOf } from '../../../src/domain/flip/provisional.js'
import type { Disk, Handle } from '../../../src/log/journal/disk.js'
import { ProvisionalFile } from '../../../src/log/provisional/provisional-file.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { aFlag, killOf } from '../../support/domain.js'
import { aGate } from '../../support/gate.js'
import { aKill, provisionalOf } from '../../support/provisional.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

async function onDisk(t: Teardown, faults: Faults) {
  const rig = await aGate(t)
  const file = new ProvisionalFile<Kill>(testdir(t), undefined, failingDisk(faults))
  return { rig, file, provisional: await provisionalOf(t, rig, file) }
}

t.test('a provisional kill on a disk that fails', async t => {
  t.test('is called undone where nothing of it is left, and unknown where a start may find it', async t => {
    const faults: Faults = { room: 500 }
    const { file, provisional } = await onDisk(t, faults)
    const kills = ['a', 'b', 'c'].map(key => aKill('ai_v1', key))
    await assert.rejects(provisional.take(kills), { code: 'journal-broken' })
    assert.deepEqual([await file.read(), provisional.kills], [[], []])
    delete faults.room
    faults.syncError = 'EIO'
    await assert.rejects(provisional.take(kills), (error: KillswitchError) => {
      assert.deepEqual([error.code, error.data.flip], ['outcome-unknown', 'a'])
      return true
    })
  })

  t.test('leaves the file once it is in the log, at a later look where the first could not', async t => {
    const faults: Faults = {}
    const { rig, file, provisional } = await onDisk(t, faults)
    await provisional.take([aKill('ai_v1', 'k'), aKill('gone', 'g')])
    const look = async () => {
      provisional.merge()
      await provisional.close()
      return (await file.read()).map(kill => kill.request.key)
    }
    faults.room = 0
    assert.deepEqual(await look(), ['k', 'g'])
    assert.equal(rig.isKilled('ai_v1'), true)
    delete faults.room
    assert.deepEqual(await look(), ['g'])
  })

  t.test(
    'is not put into the file by a rewrite, where it was called undone; what was kept stays',
    async t => {
      for (const failing of ['the one before', 'the one after']) {
        const rig = await aGate(t)
        const faults: Faults = {}
        const disk = failingDisk(faults)
        let opening = Promise.resolve()
        const held: Disk = {
          open: async (...asked) => {
            const handle = await disk.open(...asked)
            const stat = handle.stat.bind(handle)
            return Object.assign(handle, { stat: () => opening.then(() => stat()) }) as Handle
          },
        }
        const file = new ProvisionalFile<Kill>(testdir(t), undefined, held)
        const provisional = await provisionalOf(t, rig, file)
        await provisional.take([aKill('ai_v1', 'merged')])
        let goOn = () => {}
        opening = new Promise<void>(resolve => {
          goOn = resolve
        })
        const before = provisional.take([aKill('kyc_v1', 'before')])
        provisional.merge()
        await until(
          () => provisional.kills.length === 0,
          'the first is in the log, and waits to leave the file',
        )
        const after = provisional.take([aKill('kyc_v1', 'after')])
        if (failing === 'the one before') faults.syncErrorOnce = 'EIO'
        else
          void before.then(() => {
            faults.syncErrorOnce = 'EIO'
          })
        goOn()
        const [undone, kept] = failing === 'the one before' ? [before, after] : [after, before]
        await assert.rejects(undone, { code: 'journal-broken' }, failing)
        await kept
        await provisional.close()
        const left = failing === 'the one before' ? 'after' : 'before'
        assert.deepEqual(
          (await file.read()).map(kill => kill.request.key),
          [left],
          failing,
        )
      }
    },
  )
})

t.test('a provisional kill that is taken again while it is merged', async t => {
  t.test('stays, since what it was merged into may have been left', async t => {
    const rig = await aGate(t)
    await rig.kill('kyc_v1', 'used')
    const provisional = await provisionalOf(t, rig)
    // the second finds its key used, and comes in with a later commit
    await provisional.take([aKill('ai_v1', 'k'), aKill('kyc_v1', 'used')])
    const again = { ...aKill('ai_v1', 'k'), origin: { place: 7, hash: 'on a branch' } }
    let taken = Promise.resolve()
    rig.log.subscribe(entries => {
      if (entries.some(({ entry }) => entry.request.key === 'k')) taken = provisional.take([again])
    })
    const commit = rig.store.commit.bind(rig.store)
    rig.store.commit = async given => {
      await taken
      return commit(given)
    }
    provisional.merge()
    await provisional.close()
    assert.deepEqual(provisional.kills, [again])
  })
})

t.test('a branch that begins inside a step run', async t => {
  t.test('has the rest of its kills come in: the log knows the key, and has only the first', async t => {
    const flags = ['ai_v1', 'kyc_v1', 'bridge.intake']
    const rig = await aGate(t, { flags: flags.map(flag => aFlag(flag)) })
    const { actor, request, claim } = aKill('ai_v1', 'run')
    await rig.gate.submit({
      priority: 'kill',
      actor: actor.id,
      key: 'run',
      digest: 'run',
      decide: (state, now) => ({
        drafts: decideKill(state, killOf('', { actor, request, claim, flags, now })).drafts.slice(0, 2),
      }),
    })
    const provisional = await provisionalOf(t, rig)
    const kill = { ...aKill('kyc_v1', 'run'), flags: flags.slice(1) }
    await provisional.take([kill])
    for (let look = 0; look < 2; look++) {
      provisional.merge()
      await provisional.close()
    }
    assert.deepEqual([provisional.kills, flags.filter(rig.isKilled)], [[], flags])
    const told = rig.log.state.merged
    for (const { id } of holdsOf(kill)) assert.ok(told.includes(id), 'apps let go of the provisional holds')
  })
})
