import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchError } from '../../../src/domain/errors.js'
import { type Head, hashLine, placeOf, seal } from '../../../src/domain/log/audit.js'
import { KnownLog } from '../../../src/log/follow/known-log.js'
import { Tail } from '../../../src/log/follow/tail.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { LocalStore } from '../../../src/log/stores/local/store.js'
import type { Followed } from '../../../src/log/stores/store.js'
import { aCatalogue, aFlag, after, loaded } from '../../support/domain.js'
import { FaultyStore } from '../../support/faulty-store.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

/** A store whose following can be spoilt once: the first lines are not JSON, or reading them fails. */
class SpoiltStore extends FaultyStore {
  spoil: 'garbage' | 'throw' | undefined

  override async *follow(head: () => Head, signal: AbortSignal): AsyncGenerator<Followed> {
    for await (const followed of super.follow(head, signal)) {
      const spoil = followed.kind === 'lines' ? this.spoil : undefined
      if (spoil !== undefined) this.spoil = undefined
      if (spoil === 'throw') throw new Error('EIO: the disk')
      yield spoil === 'garbage' ? { kind: 'lines', lines: ['{"v":1,'] } : followed
    }
  }
}

async function aTail(t: Teardown) {
  const there = await Journal.open({ folder: testdir(t) })
  const here = await Journal.open({ folder: testdir(t) })
  const log = await KnownLog.open(here)
  const store = new SpoiltStore(new LocalStore(there))
  const faults: unknown[] = []
  const lost: string[] = []
  const tail = new Tail(log, store, {
    onAlive: () => {},
    onBare: () => {},
    onLost: why => lost.push(why),
    onTime: () => {},
    onFault: error => faults.push(error),
  })
  t.after(async () => {
    await tail.close()
    await store.close()
    await log.close()
    await there.close()
  })
  const commit = async (key: string) => {
    const draft = { ...loaded(aCatalogue(aFlag(key))), request: { id: key, key, digest: '' } }
    const sealed = seal(draft, there.head, 'test')
    await store.commit({ expectedHead: there.head, entries: [sealed], flags: new Map() })
  }
  const caughtUp = () => until(() => placeOf(log.head) === placeOf(there.head), 'the log is followed')
  return { tail, log, there, store, faults, lost, commit, caughtUp }
}

t.test('the tail', async t => {
  for (const spoil of ['garbage', 'throw'] as const) {
    t.test(
      `goes on where it was after ${spoil}: no entry is skipped, and it never calls itself live meanwhile`,
      async t => {
        const { tail, log, store, faults, lost, commit, caughtUp } = await aTail(t)
        store.spoil = spoil
        await commit('one')
        await commit('two')
        tail.start()
        await until(() => faults.length + lost.length > 0, 'the fault is told')
        assert.equal(tail.isLive && log.head.seq === 0, false)
        await caughtUp()
        assert.equal(tail.isLive, true)
        await commit('three')
        await caughtUp()
        assert.equal(log.head.seq, 3)
      },
    )
  }

  t.test('stays lost while the store is another log, and takes nothing of it', async t => {
    const { tail, log, lost, commit, there } = await aTail(t)
    await commit('theirs')
    await log.accept(after(log.state, loaded(aCatalogue(aFlag('ours')))).entries)
    const ours = log.head
    assert.notEqual(there.head.hash, ours.hash)
    tail.start()
    await until(() => tail.lost, 'it is lost')
    await commit('more of theirs')
    assert.deepEqual([log.head, lost.length, tail.isLive], [ours, 1, false])
  })
})

t.test('the log', async t => {
  t.test('refuses an entry that does not follow, and goes on with one that does', async t => {
    const { log } = await aTail(t)
    const { entries } = after(log.state, loaded(aCatalogue(aFlag('a'))), loaded(aCatalogue(aFlag('b')), 1))
    const [first, second] = entries
    assert.ok(first && second)
    const isLost = (error: unknown) => error instanceof KillswitchError && error.code === 'history-lost'
    await assert.rejects(log.accept([second]), isLost)
    await Promise.all([log.accept([first]), log.accept(entries), log.accept([first])])
    assert.deepEqual([log.head.seq, log.head.hash], [2, hashLine(second.line)])
  })

  t.test('comes back from a checkpoint as it was: state, and what each key led to', async t => {
    const folder = testdir(t)
    const first = await KnownLog.open(await Journal.open({ folder }))
    const run = { key: 'run', id: 'r', digest: 'd' }
    const drafts = ['a', 'b', 'c'].map(key => ({ ...loaded(aCatalogue(aFlag(key))), request: run }))
    const { entries } = after(first.state, ...drafts)
    first.subscribe(() => void first.checkpoint(true))
    // as pages that cut one request in two bring them
    await Promise.all(entries.map(entry => first.accept([entry])))
    const { state } = first
    await first.close()
    const again = await KnownLog.open(await Journal.open({ folder }))
    t.after(() => again.close())
    assert.deepEqual(again.state, state)
    assert.deepEqual(again.answered('killswitch', 'run')?.places, [1, 2, 3])
  })
})
