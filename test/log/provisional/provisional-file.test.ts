import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import t from 'tap'
import { NotTakenBack, ProvisionalFile } from '../../../src/log/provisional/provisional-file.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { type Teardown, testdir } from '../../support/testdir.js'

type Kill = { kill: string }
const [a, b]: Kill[] = ['a', 'b'].map(kill => ({ kill }))

function onDisk(t: Teardown, faults: Faults) {
  const folder = testdir(t)
  return { folder, file: new ProvisionalFile<Kill>(folder, undefined, failingDisk(faults)) }
}

t.test('a rewrite that fails leaves the file as it was, and nothing of its own', async t => {
  const faults: Faults = {}
  const { folder, file } = onDisk(t, faults)
  await file.append([a!, b!])
  faults.room = 5
  await assert.rejects(
    file.rewrite(() => [b!]),
    /is it full/,
  )
  assert.deepEqual([await file.read(), readdirSync(folder)], [[a, b], ['provisional.ndjson']])
  delete faults.room
  await file.rewrite(() => [b!])
  assert.deepEqual(await file.read(), [b])
})

t.test(
  'a full disk takes nothing of a batch, at whatever byte it fills: what was called undone is not found later',
  async t => {
    for (let room = 0; room < 2 * '{"kill":"a"}\n'.length; room += 4) {
      const faults: Faults = {}
      const { file } = onDisk(t, faults)
      await file.append([a!])
      faults.room = room
      await assert.rejects(Promise.all([file.append([b!]), file.append([a!])]), /is it full/)
      assert.deepEqual(await file.read(), [a], `with room for ${room} bytes`)
      delete faults.room
      await file.append([b!])
      assert.deepEqual(await file.read(), [a, b])
    }
  },
)

t.test('a failed sync is taken back too', async t => {
  const faults: Faults = { syncErrorOnce: 'EIO' }
  const { file } = onDisk(t, faults)
  await assert.rejects(file.append([a!]), { code: 'EIO' })
  assert.deepEqual(await file.read(), [])
})

t.test('what cannot be taken back is not called undone: a start may find it', async t => {
  for (const faults of [{ syncErrorOnce: 'EIO', truncateError: 'EROFS' }, { syncError: 'EIO' }]) {
    const { file } = onDisk(t, faults)
    await assert.rejects(file.append([a!]), NotTakenBack)
  }
})

t.test('the folder is synced with the first line, when the file may be new', async t => {
  const faults: Faults = {}
  const { file } = onDisk(t, faults)
  await file.append([a!])
  assert.equal(faults.wholeSyncs, 1)
  await file.append([b!])
  assert.equal(faults.wholeSyncs, 1)
})
