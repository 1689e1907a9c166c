// Nothing is signed that does not extend what was signed here before, and nothing is shown that is not kept on this disk.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SealedEntry } from '../../../src/domain/log/audit.js'
import { originOf, parseCheckpoint } from '../../../src/domain/log/checkpoint.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { LastSigned } from '../../../src/log/proof/last-signed.js'
import { Signing } from '../../../src/log/proof/signing.js'
import { Tree } from '../../../src/log/proof/tree.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { chainOf, headOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

const key = generateKeyPairSync('ed25519').privateKey
const entries = chainOf({ count: 40 })
const MINUTE = 60_000

/** One run of an instance over the entries of a journal of its own. `note`: the file of what it signed before. */
async function anInstance(t: Test, log: readonly SealedEntry[], note?: string, faults: Faults = {}) {
  const folder = testdir(t)
  const file = join(folder, 'signed.checkpoint')
  if (note !== undefined) writeFileSync(file, note)
  const journal = await Journal.open({ folder })
  const tree = await Tree.open(journal)
  t.after(() => tree.close().then(() => journal.close()))
  await journal.append([...log])
  await tree.whole()
  const said: string[] = []
  const world = { now: Date.parse('2026-11-20T03:00:00.000Z'), isCurrent: true, isFull: false, key }
  const kept = await LastSigned.open(folder, failingDisk(faults))
  const making = {
    tree,
    kept,
    origin: () => originOf('test', journal.firstHash as string),
    clock: () => world.now,
    isCurrent: () => world.isCurrent,
    isFull: () => world.isFull,
    onRefused: (why: string) => said.push(why),
  }
  const begin = (by = key) => new Signing({ ...making, key: () => by })
  const signing = begin()
  const of = () => signing.of(tree.head as NonNullable<typeof tree.head>)
  const shown = () => signing.shown(tree.head as NonNullable<typeof tree.head>)
  return { journal, tree, signing, of, shown, said, world, file, begin, faults }
}

const sizeOf = (note: string | undefined) => note && parseCheckpoint(note)?.checkpoint.size
const signedBy = async (t: Test, log: readonly SealedEntry[]) => (await anInstance(t, log)).of()

t.test('signs what extends the last one, and keeps it before it is shown', async t => {
  const { of, shown, file, journal, tree } = await anInstance(t, entries.slice(0, 30))
  assert.equal(shown(), undefined, 'it is not on the disk yet')
  await until(() => shown() !== undefined, 'it was signed in the background')
  assert.equal(shown(), readFileSync(file, 'utf8'))
  await journal.append(entries.slice(30))
  await tree.whole()
  assert.equal(sizeOf(shown()), 30, 'a moment behind')
  const note = await of()
  assert.deepEqual([sizeOf(note), readFileSync(file, 'utf8'), shown()], [40, note, note])
  const again = await anInstance(t, entries, await signedBy(t, entries.slice(0, 17)))
  assert.equal(sizeOf(await again.of()), 40)
})

t.test('says the hour, and says it again every five minutes', async t => {
  const { of, world, begin, tree, shown } = await anInstance(t, entries)
  const note = await of()
  assert.match(note ?? '', /\ntime 2026-11-20T03:00:00.000Z\n\n/)
  world.now += 4 * MINUTE
  assert.equal(await of(), note)
  const other = generateKeyPairSync('ed25519').privateKey
  assert.notEqual(await begin(other).of(tree.head!), note, 'another key')
  world.now += 2 * MINUTE
  shown()
  await until(() => shown() !== note, 'it was signed again')
  assert.match((await of()) ?? '', /\ntime 2026-11-20T03:06:00.000Z\n\n/)
})

t.test('shows again after a restart what was signed a moment ago', async t => {
  const note = await signedBy(t, entries)
  assert.equal(await (await anInstance(t, entries, note)).of(), note)
})

t.test('signs nothing that does not extend the last one, and says so once', async t => {
  const rewritten = chainOf({
    count: 45,
    with: (draft, at) => (at === 10 ? { ...draft, reason: 'another' } : draft),
  })
  assert.deepEqual([rewritten[9]?.line, rewritten[10]?.line === entries[10]?.line], [entries[9]?.line, false])
  const note = await signedBy(t, entries)
  for (const [log, why] of [
    [
      rewritten,
      /^Nothing is signed: it signed 40 entries up to 0-40 before, and the first 40 of this disk are not/,
    ],
    [
      entries.slice(0, 39),
      /^Nothing is signed: it signed 40 entries up to 0-40 before, and the log on this disk has 39/,
    ],
    [
      chainOf({ count: 50, seed: 9 }),
      /^Nothing is signed: it signed the log killswitch\/test\/\S+ before, and this is/,
    ],
  ] as const) {
    const { of, shown, said, signing, file } = await anInstance(t, log, note)
    for (let times = 0; times < 2; times++) {
      await assert.rejects(of(), { code: 'not-extended' })
      assert.equal(shown(), undefined)
    }
    assert.equal(said.length, 1)
    assert.match(said[0] as string, why)
    assert.match(said[0] as string, /audit verify --against.*move .*signed\.checkpoint away/)
    assert.ok(signing.refused)
    assert.equal(readFileSync(file, 'utf8'), note, 'and the evidence stays')
  }
  const unreadable = await anInstance(t, entries, 'x')
  await assert.rejects(unreadable.of(), { code: 'not-extended' })
  assert.match(unreadable.said.join(), /signed\.checkpoint holds no checkpoint/)
})

t.test('goes on where a branch was left, and waits where the log is not followed to its end yet', async t => {
  const note = await signedBy(t, entries)
  const after = { ...headOf(entries[29]!), epoch: 3 }
  const { of, said } = await anInstance(
    t,
    [...entries.slice(0, 30), ...chainOf({ count: 3, seed: 5, after })],
    note,
  )
  assert.equal(sizeOf(await of()), 33)
  assert.deepEqual(said, [])
  const behind = await anInstance(t, entries.slice(0, 20), note)
  behind.world.isCurrent = false
  await assert.rejects(behind.of(), { code: 'no-known-state' })
  assert.deepEqual(behind.said, [])
  await behind.journal.append(entries.slice(20))
  await behind.tree.whole()
  assert.equal(sizeOf(await behind.of()), 40)
})

t.test('shows nothing that the disk did not take, and nothing of a branch that was left since', async t => {
  const { of, shown, faults, world, journal, tree } = await anInstance(t, entries.slice(0, 30))
  faults.writeError = 'ENOSPC'
  await assert.rejects(of(), { code: 'journal-broken', data: { cause: 'ENOSPC' } })
  assert.equal(shown(), undefined)
  delete faults.writeError
  world.isFull = true
  await assert.rejects(of(), { code: 'journal-broken' })
  world.isFull = false
  const note = await of()
  assert.equal(sizeOf(note), 30)
  world.isFull = true
  world.now += 6 * MINUTE
  assert.equal(await of(), note, 'the same tree is shown with the hour that is kept')
  await journal.append(entries.slice(30, 31))
  await tree.whole()
  world.now += 2_000
  shown()
  await until(() => shown() === undefined, 'a smaller tree would be taken for a log that shrank')
  world.isFull = false
  await journal.branchOff(headOf(entries[19]!))
  await journal.append(chainOf({ count: 3, seed: 5, after: { ...headOf(entries[19]!), epoch: 1 } }))
  await tree.whole()
  assert.equal(shown(), undefined)
  assert.equal(sizeOf(await of()), 23)
  assert.equal(sizeOf(shown()), 23)
})
