import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Journal } from '../../../src/log/journal/journal.js'
import { verify } from '../../../src/log/journal/verify.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { chainOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

const entries = chainOf({ count: 20 })

async function onDisk(t: Test, faults: Faults, segmentBytes = 1_000_000) {
  const folder = testdir(t)
  const journal = await Journal.open({ folder, segmentBytes, disk: failingDisk(faults) })
  return { folder, journal }
}

async function assertHolds(folder: string, count: number): Promise<void> {
  const said: string[] = []
  const journal = await Journal.open({ folder, log: message => said.push(message) })
  assert.equal(journal.head.seq, count)
  assert.equal((await verify(journal)).ok, true)
  assert.deepEqual(said, [])
  await journal.close()
}

t.test('one write and one sync for a batch', async t => {
  const faults: Faults = {}
  const { journal } = await onDisk(t, faults)
  t.after(() => journal.close())
  await journal.append(entries)
  assert.deepEqual([faults.writes, faults.syncs], [1, 1])
})

t.test('short counts are written on', async t => {
  const { folder, journal } = await onDisk(t, { most: 100 })
  await journal.append(entries)
  await journal.close()
  await assertHolds(folder, 20)
})

t.test(
  'a full disk takes nothing of a batch, at whatever byte it fills, and goes on once there is room',
  async t => {
    for (const segmentBytes of [1_000_000, 1]) {
      for (let room = 0; room < 700; room += 50) {
        const faults: Faults = {}
        const { folder, journal } = await onDisk(t, faults, segmentBytes)
        await journal.append(entries.slice(0, 2))
        faults.room = room
        await assert.rejects(journal.append(entries.slice(2, 6)), { code: 'journal-broken' })
        assert.match(journal.broken!, /is it full/)
        assert.equal(journal.head.seq, 2)
        assert.equal((await verify(journal)).ok, true)
        delete faults.room
        await journal.append(entries)
        assert.equal(journal.broken, undefined)
        await journal.close()
        await assertHolds(folder, 20)
      }
    }
  },
)

t.test('a write that fails is taken back; the first entry of all as well', async t => {
  const faults: Faults = { writeError: 'EIO' }
  const { folder, journal } = await onDisk(t, faults)
  await assert.rejects(journal.append(entries), { code: 'journal-broken' })
  assert.deepEqual(readdirSync(join(folder, 'log')), [])
  assert.equal(journal.firstHash, undefined)
  delete faults.writeError
  await journal.append(entries)
  await journal.close()
  await assertHolds(folder, 20)
})

t.test('after a failed sync it is broken for good, and never syncs again', async t => {
  const faults: Faults = {}
  const { folder, journal } = await onDisk(t, faults)
  await journal.append(entries.slice(0, 5))
  faults.syncError = 'EIO'
  await assert.rejects(journal.append(entries.slice(5, 9)), { code: 'journal-broken' })
  delete faults.syncError
  const syncs = faults.syncs
  await assert.rejects(journal.append(entries.slice(5, 9)), /started again/)
  assert.equal(faults.syncs, syncs)
  assert.match(journal.broken!, /EIO/)
  assert.equal((await journal.read(0, { limit: 50 })).length, 5)
  await journal.close()
  await assertHolds(folder, 5)
})

t.test('where even taking back fails it is broken for good, and a start recovers', async t => {
  const faults: Faults = {}
  const { folder, journal } = await onDisk(t, faults)
  await journal.append(entries.slice(0, 5))
  Object.assign(faults, { room: 70, truncateError: 'EIO' })
  await assert.rejects(journal.append(entries.slice(5)), { code: 'outcome-unknown' })
  delete faults.room
  await assert.rejects(journal.append(entries.slice(5)), /started again/)
  await journal.close()
  const again = await Journal.open({ folder })
  assert.equal(again.head.seq, 5)
  await again.append(entries)
  await again.close()
  await assertHolds(folder, 20)
})

t.test('a failed sync that cannot be taken back is not called undone: a start may find it', async t => {
  const faults: Faults = {}
  const { folder, journal } = await onDisk(t, faults)
  await journal.append(entries.slice(0, 5))
  // a file system that went read-only
  Object.assign(faults, { syncError: 'EIO', truncateError: 'EROFS' })
  await assert.rejects(journal.append(entries.slice(5)), { code: 'outcome-unknown', message: /EROFS/ })
  await assert.rejects(journal.append(entries.slice(5)), { code: 'journal-broken' })
  await journal.close()
  await assertHolds(folder, 20)
})

t.test('a real full disk', async t => {
  const folder = join(testdir(t), 'small')
  mkdirSync(folder)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder])
  if (mounted.status !== 0) return t.pass('not run', { skip: 'no right to mount a small tmpfs here' })
  try {
    await fillUp(folder)
  } finally {
    spawnSync('umount', ['-l', folder])
  }
})

async function fillUp(folder: string): Promise<void> {
  const journal = await Journal.open({ folder })
  const many = chainOf({ count: 2000 })
  let acknowledged = 0
  await assert.rejects(
    async () => {
      for (let from = 0; from < many.length; from += 7) {
        await journal.append(many.slice(from, from + 7))
        acknowledged = journal.head.seq
      }
    },
    { code: 'journal-broken' },
  )
  assert.ok(acknowledged > 100)
  assert.equal(journal.head.seq, acknowledged)
  await journal.close()
  await assertHolds(folder, acknowledged)
}

t.test('a file whose close fails leaves the folder free for the next start', async t => {
  const faults: Faults = {}
  const { folder, journal } = await onDisk(t, faults)
  await journal.append(entries)
  faults.closeError = 'EIO'
  await assert.rejects(journal.close(), { code: 'EIO' })
  assert.equal(faults.open, 0)
  await assertHolds(folder, 20)
})

t.test('no file stays open after a write, a sync, a repair or a close that failed', async t => {
  const failures: Faults[] = [
    { writeError: 'EIO' },
    { syncError: 'EIO' },
    { truncateError: 'EIO', writeError: 'EIO' },
    { truncateError: 'EIO', syncError: 'EIO' },
    { closeError: 'EIO' },
    { room: 100 },
  ]
  // with a segment in use, and with one that has to be made
  for (const segmentBytes of [1_000_000, 100])
    for (const before of [0, 10])
      for (const failure of failures) {
        const faults: Faults = {}
        const { journal } = await onDisk(t, faults, segmentBytes)
        await journal.append(entries.slice(0, before))
        Object.assign(faults, failure)
        await journal.append(entries).catch(() => {})
        await journal.close().catch(() => {})
        assert.equal(faults.open, 0, JSON.stringify({ failure, segmentBytes, before }))
      }
})
