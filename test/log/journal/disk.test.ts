import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replaceFile } from '../../../src/log/journal/disk.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { testdir } from '../../support/testdir.js'

t.test(
  'a file that could not be replaced stays as it was, and nothing of the new one keeps room',
  async t => {
    const folder = testdir(t)
    const file = join(folder, 'whole')
    const faults: Faults = {}
    await replaceFile(failingDisk(faults), file, Buffer.from('old'))
    faults.room = 2
    await assert.rejects(replaceFile(failingDisk(faults), file, Buffer.from('newer')), /is it full/)
    assert.deepEqual([readdirSync(folder), readFileSync(file, 'utf8')], [['whole'], 'old'])
  },
)
