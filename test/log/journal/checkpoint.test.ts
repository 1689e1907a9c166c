import assert from 'node:assert/strict'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Journal } from '../../../src/log/journal/journal.js'
import { chainOf, headOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

const entries = chainOf({ count: 10 })
const state = { v: 1, flags: { ai_v1: ['hold'] } }

async function withCheckpoint(t: Test) {
  const journal = await Journal.open({ folder: testdir(t) })
  t.after(() => journal.close())
  await journal.append(entries)
  await journal.saveCheckpoint({ head: headOf(entries[5]!), state })
  return { journal, file: join(journal.folder, 'checkpoint.json') }
}

t.test('a checkpoint comes back with its head, the last one saved wins', async t => {
  const { journal } = await withCheckpoint(t)
  const { epoch, seq, hash } = headOf(entries[5]!)
  assert.deepEqual(await journal.savedCheckpoint(), { head: { epoch, seq, hash }, state })
  await Promise.all(
    [6, 7, 8].map(at => journal.saveCheckpoint({ head: headOf(entries[at]!), state: { at } })),
  )
  assert.deepEqual((await journal.savedCheckpoint())?.state, { at: 8 })
})

t.test('one of a branch that is left goes with it, an older one stays', async t => {
  const { journal } = await withCheckpoint(t)
  await journal.branchOff(headOf(entries[7]!))
  assert.deepEqual((await journal.savedCheckpoint())?.state, state)
  await journal.branchOff(headOf(entries[4]!))
  assert.equal(await journal.savedCheckpoint(), undefined)
})

t.test('a missing checkpoint is none, and so is one cut or changed at any byte', async t => {
  const { journal, file } = await withCheckpoint(t)
  const whole = readFileSync(file)
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole)
    changed[at]! ^= 1
    writeFileSync(file, changed)
    const found = await journal.savedCheckpoint()
    // no single bit may bring another state
    if (found) assert.deepEqual(found.state, state)
    if (at === whole.length - 1) continue
    writeFileSync(file, whole)
    truncateSync(file, at)
    assert.equal(await journal.savedCheckpoint(), undefined)
  }
  rmSync(file)
  assert.equal(await journal.savedCheckpoint(), undefined)
})
