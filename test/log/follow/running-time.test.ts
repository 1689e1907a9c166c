import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { KnownLog } from '../../../src/log/follow/known-log.js'
import { RunningTime } from '../../../src/log/follow/running-time.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { aCatalogue, aFlag, after, loaded } from '../../support/domain.js'
import { testdir } from '../../support/testdir.js'

const DAY = 24 * 3_600_000
const KEYS = ['a', 'b', 'c', 'd']

/** `days`: what the entry's date says, after NOW. */
const entry = (
  key: string,
  days: number,
  action: 'catalogue.loaded' | 'flip.voided' = 'catalogue.loaded',
) => ({
  ...loaded(aCatalogue(aFlag(key)), days * 24 * 3600),
  ...{ action, request: { id: key, key, digest: '' } },
})

t.test('an Idempotency-Key', async t => {
  t.test('is known for seven days of running time, whatever the dates say, over restarts', async t => {
    const folder = testdir(t)
    let steady = 0
    const open = async () =>
      KnownLog.open(await Journal.open({ folder }), {
        time: await RunningTime.open({ folder, steady: () => steady }),
      })
    const known = (log: KnownLog) => KEYS.filter(key => log.answered('killswitch', key) !== undefined)
    const first = await open()
    let { state } = first
    const take = async (log: KnownLog, ...drafts: ReturnType<typeof entry>[]) => {
      const more = after(state, ...drafts)
      state = more.state
      log.time.isCurrent(log.head.seq)
      await log.accept(more.entries)
    }
    await take(first, entry('a', 0, 'flip.voided'), entry('b', 0.1))
    steady += 1 * DAY
    await take(first, entry('a', 0.2))
    // one instance's clock is 400 days ahead, and its entries date all that come after them
    await take(first, entry('c', 400))
    assert.deepEqual(known(first), ['a', 'b', 'c'])
    await first.time.save()
    await first.close()
    steady += 5 * DAY
    const second = await open()
    await take(second, entry('d', 401))
    assert.deepEqual(known(second), KEYS)
    steady += 1.1 * DAY
    await take(second, entry('e', 402))
    assert.deepEqual(known(second), ['a', 'c', 'd'], 'b came in seven days ago, and a once more after that')
    await second.time.save()
    await second.close()
    steady += 7 * DAY
    const third = await open()
    t.after(() => third.close())
    await take(third, entry('f', 403))
    assert.deepEqual(known(third), [])
  })

  t.test('is not as old as another entry that had its place, and that this disk has lost', async t => {
    const folder = testdir(t)
    let steady = 0
    const time = await RunningTime.open({ folder, steady: () => steady })
    time.isCurrent(0)
    time.took(1)
    steady += 8 * DAY
    const log = await KnownLog.open(await Journal.open({ folder }), { time })
    t.after(() => log.close())
    time.isCurrent(0)
    const [first] = after(log.state, entry('a', 0)).entries
    await log.accept([first!])
    assert.equal(time.ageOf(1).atLeastMs, 0)
    assert.ok(log.answered('killswitch', 'a'))
  })

  t.test('is kept where it is not known how long the process was away', async t => {
    const folder = testdir(t)
    const first = await RunningTime.open({ folder, steady: () => 5 * DAY })
    first.isCurrent(7)
    await first.save()
    // the counter began anew, as with another boot
    const again = await RunningTime.open({ folder, steady: () => 0 })
    assert.equal(again.keepsKey(7, 1), true)
    assert.deepEqual(again.ageOf(7), { atLeastMs: 1 })
  })

  t.test('that was found in the log is kept among so many, and one that came in here always', async () => {
    const time = RunningTime.fresh(() => 0)
    assert.deepEqual([time.keepsKey(1, 200_000), time.keepsKey(1, 200_001)], [true, false])
    time.took(5)
    time.isCurrent(9)
    time.took(10)
    assert.deepEqual([time.keepsKey(9, 200_001), time.keepsKey(10, 200_001)], [false, true])
  })

  t.test('of a damaged file has no age, and the start goes on', async t => {
    const folder = testdir(t)
    writeFileSync(join(folder, 'running-time.json'), '{"v":1,"running":')
    const time = await RunningTime.open({ folder, steady: () => 0 })
    assert.deepEqual(time.ageOf(1), { atLeastMs: 0 })
  })
})
