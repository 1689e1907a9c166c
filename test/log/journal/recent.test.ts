import assert from 'node:assert/strict'
import t from 'tap'
import { placeOf } from '../../../src/domain/log/audit.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { Recent } from '../../../src/log/journal/recent.js'
import { chainOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

const places = (lines: { bytes: Buffer }[] | undefined) =>
  lines?.map(({ bytes }) => placeOf(JSON.parse(bytes.toString())))

t.test('the newest lines', async t => {
  t.test('are all those after a place, or none where an older one would be missing', async () => {
    const recent = new Recent()
    const segment = { first: 1, file: '', size: 0 }
    assert.equal(recent.after(0), undefined, 'nothing is known of what is on the disk')
    const chain = chainOf({ count: 600 })
    recent.add(chain.slice(10, 20), 10, segment, 0)
    assert.equal(recent.after(9), undefined)
    assert.deepEqual(places(recent.after(17)), [18, 19, 20])
    assert.deepEqual([recent.after(20), recent.after(99)], [[], []])
    recent.add(chain.slice(20, 600), 20, segment, 0)
    assert.equal(recent.after(343), undefined, 'only so many are kept')
    assert.equal(recent.after(344)?.length, 256)
    recent.add(chain.slice(10, 12), 10, segment, 0)
    assert.deepEqual(places(recent.after(10)), [11, 12], 'after a branch was left')
    recent.clear()
    assert.equal(recent.after(11), undefined)
  })

  t.test('are located where the disk has them, whatever the batches and segments', async t => {
    const folder = testdir(t)
    const journal = await Journal.open({ folder, segmentBytes: 5_000 })
    const chain = chainOf({ count: 60 })
    for (let at = 0; at < 60; at += 1 + (at % 4)) await journal.append(chain.slice(at, at + 1 + (at % 4)))
    const known = await journal.located(0, { limit: 100 })
    await journal.close()
    const again = await Journal.open({ folder, segmentBytes: 5_000 })
    t.after(() => again.close())
    assert.deepEqual(known, await again.located(0, { limit: 100 }))
    assert.deepEqual(
      await again.readAt(known),
      chain.map(({ line }) => line),
    )
    assert.ok(again.segments().length > 3)
  })
})
