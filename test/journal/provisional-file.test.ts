import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { ProvisionalFile } from '../../src/journal/provisional-file.js'
import { type Faults, failingDisk } from '../support/disks.js'
import { type Teardown, testdir } from '../support/testdir.js'

type Kill = { kill: string }
const [a, b]: Kill[] = ['a', 'b'].map(kill => ({ kill }))

function onDisk(t: Teardown, faults: Faults) {
  const folder = testdir(t)
  return { folder, file: new ProvisionalFile<Kill>(folder, undefined, failingDisk(faults)) }
}

test('a rewrite that fails leaves the file as it was, and nothing of its own', async t => {
  const faults: Faults = {}
  const { folder, file } = onDisk(t, faults)
  await file.append([a!, b!])
  faults.room = 5
  await assert.rejects(file.rewrite([b!]), /is it full/)
  assert.deepEqual([await file.read(), readdirSync(folder)], [[a, b], ['provisional.ndjson']])
  delete faults.room
  await file.rewrite([b!])
  assert.deepEqual(await file.read(), [b])
})
