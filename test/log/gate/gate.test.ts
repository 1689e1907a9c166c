import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchError } from '../../../src/domain/errors.js'
import { decideKill } from '../../../src/domain/flip/kill.js'
import { nextEpoch } from '../../../src/log/gate/batch.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { LocalStore } from '../../../src/log/stores/local/store.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { anActor, killOf } from '../../support/domain.js'
import { randomFrom } from '../../support/entries.js'
import { aGate, type Rig } from '../../support/gate.js'
import { testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

const hasCode = (code: string) => (error: unknown) => error instanceof KillswitchError && error.code === code
const story = async (rig: Rig) =>
  (await rig.entries()).slice(1).map(({ entry }) => `${entry.action} ${entry.outcome} ${entry.request.key}`)

t.test(
  'a kill that was taken with a clock that was ahead is dated by the hour at which it is committed',
  async t => {
    const rig = await aGate(t)
    const kill = killOf('ai_v1', { receivedAt: '2099-01-01T00:00:00.000Z' })
    await rig.gate.submit({
      ...{ priority: 'kill', actor: kill.actor.id, key: 'k', digest: 'd' },
      decide: state => decideKill(state, kill, 'accepted'),
    })
    const { entry } = (await rig.entries()).at(-1)!
    assert.deepEqual([entry.at < '2099', entry.receivedAt], [true, entry.at])
  },
)

t.test('the gate', async t => {
  t.test('commits together what arrives together, kills first', async t => {
    const rig = await aGate(t)
    const before = rig.store.asked
    await rig.kill('ai_v1', 'k0')
    await Promise.all([
      rig.restore('ai_v1', 'r', { all: true }),
      rig.kill('kyc_v1', 'k1'),
      rig.kill('kyc_v1', 'k2', { incident: 'INC-1' }),
    ])
    assert.equal(rig.store.asked, before + 2)
    assert.deepEqual((await story(rig)).slice(1), ['kill applied k1', 'kill applied k2', 'restore applied r'])
  })

  t.test('goes on where a listener throws: the flip is acknowledged, and the others are told', async t => {
    const rig = await aGate(t)
    const told: string[] = []
    rig.log.subscribe(() => {
      throw new Error('a listener fell over')
    })
    rig.log.subscribe(entries => told.push(...entries.map(({ entry }) => entry.action)))
    assert.equal((await rig.kill('ai_v1', 'k')).durability, 'journal')
    assert.deepEqual([told, rig.faults.length, rig.isKilled('ai_v1')], [['kill'], 1, true])
  })

  t.test('does not acknowledge what the store lost before its answer came', async t => {
    const journal = await Journal.open({ folder: testdir(t) })
    t.after(() => journal.close())
    const beside = new LocalStore(journal)
    const [one, two] = [await aGate(t, { beside, kind: 'redis' }), await aGate(t, { beside, kind: 'redis' })]
    await one.kill('ai_v1', 'k')
    const { commit } = one.store
    one.store.commit = async asked => {
      one.store.commit = commit
      // it is done, lost with the store, and what others knew is put back, in an epoch of its own
      await two.gate.openEpoch({ why: 'lines were lost', restored: 2, above: 1 })
      await until(() => two.log.head.epoch > 0, 'the epoch is opened')
      await one.log.accept(await two.entries())
      assert.equal(asked.entries.length, 1)
      return { outcome: 'committed' }
    }
    const { places } = await one.restore('ai_v1', 'r', { all: true })
    const line = await journal.line(places[0] ?? 0)
    assert.match(line ?? 'none', /"action":"restore"/, 'decided anew, and in the log where it says')
  })

  t.test(
    'gives no place twice where two open an epoch, each on a store that knows nothing of the other',
    async t => {
      const numbers = [0, 0.5]
      const [here, there] = await Promise.all(numbers.map(each => aGate(t, { random: () => each })))
      const places: number[] = []
      for (const rig of [here!, there!]) {
        rig.store.faults = ['moved']
        places.push(...(await rig.kill('ai_v1', 'k')).places, ...(await rig.kill('kyc_v1', 'next')).places)
      }
      assert.equal(new Set(places).size, 4, places.join())
    },
  )

  t.test('never draws an epoch beyond which a place is no whole number, in 15,000 openings', async () => {
    let epoch = 0
    for (let opening = 0; opening < 15_000; opening++) {
      const next = nextEpoch(epoch, () => 0.999999)
      assert.ok(next > epoch && Number.isSafeInteger(next * 2 ** 32 + 2 ** 32 - 1), `${next} after ${epoch}`)
      epoch = next
      if (opening === 0) assert.equal(epoch, 1_024)
    }
  })

  t.test(
    'has epochs for 15,376 damages where each draw is the highest, and for 27,000 as they come',
    async () => {
      const openings = (random: () => number): number => {
        let [epoch, count] = [0, 0]
        while (Number.isSafeInteger(nextEpoch(epoch, random) * 2 ** 32 + 2 ** 32 - 1)) {
          epoch = nextEpoch(epoch, random)
          count++
        }
        return count
      }
      assert.equal(
        openings(() => 0.999999),
        15_376,
      )
      assert.ok(openings(randomFrom(1)) > 27_000)
    },
  )

  t.test('acknowledges nothing that a restarted store did not write: it opens a new epoch first', async t => {
    const rig = await aGate(t)
    rig.store.faults = ['moved']
    const kill = await rig.kill('ai_v1', 'k')
    assert.deepEqual([kill.places, rig.isKilled('ai_v1')], [[2 ** 32 + 3], true])
    assert.equal((await rig.kill('kyc_v1', 'next')).places[0], 2 ** 32 + 4)
    assert.deepEqual((await story(rig)).slice(1), ['kill applied k', 'kill applied next'])
    assert.equal((await rig.entries())[1]?.entry.action, 'log.recovered')
    rig.store.faults = Array<'moved'>(100_000).fill('moved')
    await assert.rejects(rig.kill('ai_v1', 'never', { incident: 'INC-1' }), hasCode('store-unavailable'))
  })

  t.test('settles everything where something nobody foresaw happens', async t => {
    const rig = await aGate(t)
    rig.store.faults = ['crash']
    assert.equal((await rig.kill('ai_v1', 'k')).places.length, 1)
    const broken = rig.gate.submit({
      ...{ priority: 'kill', actor: 'x', key: 'y', digest: '' },
      decide: () => {
        throw new TypeError('a rule fell over')
      },
    })
    await assert.rejects(broken, TypeError)
    assert.equal((await rig.kill('kyc_v1', 'next')).replayed, false)
  })

  t.test('lets the process breathe while it tries again', async t => {
    const rig = await aGate(t)
    rig.store.faults = ['request-lost', ...Array<'away'>(10_000).fill('away')]
    const asked = rig.store.asked
    let turns = 0
    const turn = () => {
      turns++
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    await assert.rejects(rig.kill('ai_v1', 'k'), hasCode('outcome-unknown'))
    clearImmediate(next)
    const tries = rig.store.asked - asked
    assert.ok(tries > 1 && turns >= tries, `the event loop turned ${turns} times in ${tries} tries`)
  })

  t.test('keeps no kill waiting behind a restore that the store does not answer', async t => {
    const trying = async (killed: boolean): Promise<number> => {
      const rig = await aGate(t, { kind: 'redis' })
      rig.store.faults = ['request-lost', ...Array<'away'>(10_000).fill('away')]
      const restore = assert.rejects(rig.restore('ai_v1', 'r', { incident: 'INC-1' }))
      await until(() => rig.store.asked > 2, 'the restore is being tried again')
      const before = rig.store.asked
      if (killed) await assert.rejects(rig.kill('ai_v1', 'k'), hasCode('store-unavailable'))
      else await restore
      const tries = rig.store.asked - before
      await restore
      return tries
    }
    const [alone, withKill] = [await trying(false), await trying(true)]
    assert.ok(withKill < alone / 2, `tried ${alone} times alone, ${withKill} before the kill was answered`)
  })

  t.test('takes a submit in any turn: none is left waiting', async t => {
    const rig = await aGate(t)
    for (let ticks = 0; ticks < 12; ticks++) {
      const first = rig.kill('ai_v1', `first-${ticks}`)
      let second: Promise<unknown> = first
      rig.log.subscribe(() => {
        if (second !== first) return
        second = (async () => {
          for (let i = 0; i < ticks; i++) await Promise.resolve()
          return rig.kill('kyc_v1', `second-${ticks}`)
        })()
      })
      await first
      await until(() => second !== first, 'the second was sent')
      await second
    }
  })

  t.test('answers a lost reply by what the log has: done once, not replayed', async t => {
    const rig = await aGate(t)
    rig.store.faults = ['reply-lost']
    const kill = await rig.kill('ai_v1', 'k')
    assert.deepEqual([kill.replayed, kill.places], [false, [2]])
    assert.deepEqual(await story(rig), ['kill applied k'])
  })

  t.test('records a refusal once, whatever becomes of the reply', async t => {
    const rig = await aGate(t)
    rig.store.faults = ['reply-lost']
    await assert.rejects(rig.restore('ai_v1', 'r', { all: true }), hasCode('nothing-to-release'))
    assert.deepEqual(await story(rig), ['restore refused r'])
    rig.store.faults = ['reply-lost', ...Array<'away'>(10_000).fill('away')]
    await assert.rejects(rig.restore('ai_v1', 'r2', { all: true }), hasCode('nothing-to-release'))
  })

  t.test('answers the refusal of the rules while the store is away', async t => {
    const rig = await aGate(t)
    rig.store.faults = ['away', 'away']
    await assert.rejects(rig.kill('ai_v1', 'k', { actor: anActor('viewer') }), hasCode('forbidden'))
    await assert.rejects(rig.kill('ai_v1', 'k'), hasCode('store-unavailable'))
    assert.equal(rig.gate.isPending('operator', 'k'), false)
  })

  t.test('never calls refused what may yet be done: a restore behind a kill of the same batch', async t => {
    const rig = await aGate(t)
    rig.store.faults = ['late', ...Array<'away'>(10_000).fill('away')]
    const kill = rig.kill('ai_v1', 'k', { incident: 'INC-1' })
    const restore = rig.restore('ai_v1', 'r', { incident: 'INC-1' })
    await assert.rejects(kill, hasCode('outcome-unknown'))
    await assert.rejects(restore, hasCode('outcome-unknown'))
    rig.store.faults = []
    await rig.store.arrive()
    assert.deepEqual(await story(rig), ['kill applied k', 'restore applied r'])
  })
})

t.test('an outcome that is unknown', async t => {
  const lost = async (rig: Rig, key: string) => {
    rig.store.faults = ['late', ...Array<'away'>(10_000).fill('away')]
    await assert.rejects(rig.kill('ai_v1', key), hasCode('outcome-unknown'))
    assert.equal(rig.gate.isPending('operator', key), true)
    rig.store.faults = []
  }
  const settled = (rig: Rig, key: string) => until(() => !rig.gate.isPending('operator', key), 'settled')

  t.test('is settled as never by an entry, after which the late command finds another head', async t => {
    const rig = await aGate(t)
    await lost(rig, 'k')
    rig.gate.settleUnknown()
    await settled(rig, 'k')
    assert.equal(rig.log.answered('operator', 'k')?.outcome, 'voided')
    const [late] = await rig.store.arrive()
    assert.equal(late?.outcome, 'conflict')
    assert.deepEqual(await story(rig), ['flip.voided refused k'])
    assert.equal(rig.isKilled('ai_v1'), false)
  })

  t.test('is settled as done where the command came through before', async t => {
    const rig = await aGate(t)
    await lost(rig, 'k')
    await rig.store.arrive()
    rig.gate.settleUnknown()
    await settled(rig, 'k')
    assert.equal(rig.log.answered('operator', 'k')?.outcome, 'applied')
    assert.deepEqual(await story(rig), ['kill applied k'])
  })

  t.test('stays pending while the store is away, and is tried again', async t => {
    const rig = await aGate(t)
    await lost(rig, 'k')
    rig.store.faults = ['away', 'crash', ...Array<'away'>(1000).fill('away')]
    rig.gate.settleUnknown()
    await rig.gate.close()
    await until(() => rig.gate.isPending('operator', 'k'), 'still pending')
    rig.gate.settleUnknown()
    await rig.gate.close()
    assert.equal(rig.gate.isPending('operator', 'k'), true)
    rig.store.faults = []
    rig.gate.settleUnknown()
    await settled(rig, 'k')
    assert.equal(rig.log.answered('operator', 'k')?.outcome, 'voided')
  })

  t.test('may be sent again after never: it is done then, once, also across a restart', async t => {
    const folder = testdir(t)
    const rig = await aGate(t, { folder })
    await lost(rig, 'k')
    rig.gate.settleUnknown()
    await settled(rig, 'k')
    assert.equal((await rig.kill('ai_v1', 'k')).replayed, false)
    assert.equal((await rig.kill('ai_v1', 'k')).replayed, true)
    await rig.close()
    const again = await aGate(t, { folder })
    const replay = await again.kill('ai_v1', 'k')
    assert.deepEqual([replay.replayed, replay.places], [true, [3]])
  })

  t.test('is settled by sending it again: never done twice', async t => {
    const rig = await aGate(t)
    await lost(rig, 'k')
    const sent = rig.kill('ai_v1', 'k')
    rig.gate.settleUnknown()
    const again = await sent
    await settled(rig, 'k')
    await rig.store.arrive()
    assert.equal(again.places.length, 1)
    assert.deepEqual(await story(rig), ['kill applied k'])
  })
})

t.test('a journal that fails beside a store that does not', async t => {
  /** The store is a journal of its own, as Redis would be; the instance's own journal is on a disk that fails. */
  async function besides(t: Parameters<typeof aGate>[0]) {
    const faults: Faults = {}
    const other = await Journal.open({ folder: testdir(t) })
    t.after(() => other.close())
    const rig = await aGate(t, { beside: new LocalStore(other), kind: 'redis', disk: failingDisk(faults) })
    return { rig, faults, other }
  }

  t.test('is durability "store", never "failed", for as long as it fails', async t => {
    const { rig, faults } = await besides(t)
    faults.writeError = 'ENOSPC'
    for (const key of ['a', 'b', 'c'])
      assert.equal((await rig.kill('ai_v1', key, { incident: key })).durability, 'store')
    assert.equal(
      (await rig.kill('ai_v1', 'a', { incident: 'a' })).durability,
      'store',
      'a replay says so too',
    )
    assert.ok(await rig.log.line(3), 'the entries can be shown')
    faults.syncError = 'EIO'
    delete faults.writeError
    assert.equal((await rig.kill('kyc_v1', 'd')).durability, 'store')
    assert.equal((await rig.kill('kyc_v1', 'e')).durability, 'store', 'broken for good')
  })

  t.test('catches up without a gap once there is room again, by itself', async t => {
    const { rig, faults, other } = await besides(t)
    faults.writeError = 'ENOSPC'
    await rig.kill('ai_v1', 'a')
    await rig.kill('kyc_v1', 'b')
    delete faults.writeError
    assert.equal(rig.log.isJournaled, false)
    await rig.log.retryJournal()
    assert.deepEqual([rig.log.isJournaled, rig.journal.broken], [true, undefined])
    assert.equal((await rig.kill('kyc_v1', 'c')).durability, 'both')
    assert.deepEqual(rig.journal.head, other.head)
  })

  t.test('leaves no checkpoint ahead of the journal', async t => {
    const { rig, faults } = await besides(t)
    await until(() => rig.journal.savedCheckpoint(), 'the state with the catalogue is kept')
    faults.writeError = 'ENOSPC'
    await rig.kill('ai_v1', 'a')
    await rig.log.checkpoint(true)
    assert.equal((await rig.journal.savedCheckpoint())?.head.seq, 1)
  })
})

t.test('a local journal that fails', async t => {
  t.test('is 503 with nothing done, and takes flips again when it can', async t => {
    const faults: Faults = {}
    const rig = await aGate(t, { disk: failingDisk(faults) })
    faults.writeError = 'ENOSPC'
    await assert.rejects(rig.kill('ai_v1', 'k'), hasCode('journal-broken'))
    assert.deepEqual([rig.isKilled('ai_v1'), rig.gate.isPending('operator', 'k')], [false, false])
    delete faults.writeError
    assert.equal((await rig.kill('ai_v1', 'k')).replayed, false)
  })
})
