// The tree beside the journal: the same root however it came to be, on whatever branch, and from whatever is left of it.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { placeOf, type SealedEntry } from '../../../src/domain/log/audit.js'
import { Frontier, leafHash, verifyInclusion } from '../../../src/domain/log/merkle.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { Tree } from '../../../src/log/proof/tree.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { chainOf, headOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

async function opened(t: Test, folder = testdir(t)) {
  const journal = await Journal.open({ folder, segmentBytes: 50_000 })
  const tree = await Tree.open(journal)
  let isOpen = true
  const close = async () => {
    if (isOpen) await tree.close().then(() => journal.close())
    isOpen = false
  }
  t.after(close)
  return { folder, journal, tree, close }
}

function rootOf(entries: readonly SealedEntry[]): Buffer {
  const frontier = new Frontier()
  for (const { line } of entries) frontier.append(leafHash(line))
  return frontier.root()
}

async function assertTreeOf(tree: Tree, entries: readonly SealedEntry[]): Promise<void> {
  await tree.whole()
  const last = entries.at(-1)!
  const { epoch, seq, hash } = headOf(last)
  assert.deepEqual(tree.head?.head, { epoch, seq, hash })
  assert.equal(tree.head.size, entries.length)
  assert.deepEqual(tree.head.root, rootOf(entries))
}

t.test('follows the journal, in whatever portions', async t => {
  const { journal, tree } = await opened(t)
  assert.equal(tree.head, undefined)
  const entries: SealedEntry[] = []
  for (const count of [1, 1, 2, 37, 600, 3]) {
    const more = chainOf({ count, after: journal.head })
    entries.push(...more)
    await journal.append(more)
    if (count !== 37) await assertTreeOf(tree, entries)
  }
})

t.test('proves every entry, and nothing that is not there', async t => {
  const { journal, tree } = await opened(t)
  const first = chainOf({ count: 20 })
  const second = chainOf({ count: 21, after: { ...headOf(first.at(-1)!), epoch: 2 } })
  const entries = [...first, ...second]
  await journal.append(entries)
  await tree.whole()
  for (const [index, { entry, line }] of entries.entries()) {
    const found = await tree.inclusion(placeOf(entry))
    assert.ok(found)
    const { leaf, proof, tree: at } = found
    assert.equal(found.index, index)
    assert.deepEqual(leaf, leafHash(line))
    assert.ok(verifyInclusion({ index, size: at.size, leaf, proof, root: rootOf(entries) }))
  }
  for (const place of [
    0,
    21,
    placeOf({ epoch: 1, seq: 21 }),
    placeOf({ epoch: 2, seq: 20 }),
    placeOf({ epoch: 2, seq: 42 }),
  ])
    assert.equal(await tree.inclusion(place), undefined)
  assert.deepEqual(tree.head?.openings, [
    { epoch: 2, after: { epoch: 0, seq: 20, hash: first.at(-1)!.hash } },
  ])
})

t.test('goes on from what it saved', async t => {
  const { folder, journal, tree, close } = await opened(t)
  const entries = chainOf({ count: 90 })
  await journal.append(entries)
  await tree.whole()
  await close()
  const again = await opened(t, folder)
  await assertTreeOf(again.tree, entries)
})

t.test('comes out the same from whatever is left of it', async t => {
  const { folder, journal, tree, close } = await opened(t)
  const entries = chainOf({ count: 90 })
  await journal.append(entries)
  await tree.whole()
  await close()
  const [hashes, head] = [join(folder, 'tree', 'hashes'), join(folder, 'tree', 'head.json')]
  const harm: (() => void)[] = [
    () => rmSync(join(folder, 'tree'), { recursive: true }),
    () => rmSync(head),
    () => writeFileSync(head, '{"v":1,"size":'),
    () => writeFileSync(head, readFileSync(head, 'utf8').replace('"size":90', '"size":80')),
    () => truncateSync(hashes, 1000),
    () => writeFileSync(hashes, Buffer.alloc(90 * 64, 7)),
    () => rmSync(hashes),
  ]
  for (const act of harm) {
    act()
    const again = await opened(t, folder)
    await assertTreeOf(again.tree, entries)
    assert.ok(await again.tree.inclusion(45))
    await again.close()
  }
})

t.test('answers no proof that does not hold, and is built anew', async t => {
  const { folder, journal, tree, close } = await opened(t)
  const entries = chainOf({ count: 64 })
  await journal.append(entries)
  await tree.whole()
  await close()
  const hashes = join(folder, 'tree', 'hashes')
  const bytes = readFileSync(hashes)
  // a leaf within the only peak: the root does not show it
  bytes[3] = bytes[3]! ^ 1
  writeFileSync(hashes, bytes)
  const again = await opened(t, folder)
  const found = await again.tree.inclusion(2)
  assert.ok(found)
  assert.deepEqual(found.tree.root, rootOf(entries))
  await assertTreeOf(again.tree, entries)
})

t.test('leaves a branch with the journal, whatever the journal has done since', async t => {
  const { folder, journal, tree, close } = await opened(t)
  const common = chainOf({ count: 30 })
  await journal.append([...common, ...chainOf({ count: 10, seed: 7, after: headOf(common.at(-1)!) })])
  await tree.whole()
  await journal.branchOff(headOf(common.at(-1)!))
  const { head } = tree
  assert.equal(head, undefined, 'it is the tree of a branch that the journal has left')
  await assertTreeOf(tree, common)
  const kept = chainOf({ count: 25, seed: 9, after: { ...headOf(common.at(-1)!), epoch: 1 } })
  await journal.append(kept)
  await assertTreeOf(tree, [...common, ...kept])
  assert.equal(tree.head?.openings[0]?.after.seq, 30)
  // and where it happened while there was no tree
  await tree.close()
  await journal.branchOff(headOf(common[19]!))
  const other = chainOf({ count: 40, seed: 3, after: { ...headOf(common[19]!), epoch: 2 } })
  await journal.append(other)
  await close().catch(() => {})
  await journal.close().catch(() => {})
  const again = await opened(t, folder)
  await assertTreeOf(again.tree, [...common.slice(0, 20), ...other])
})

t.test('of another log in the same folder begins anew', async t => {
  const { folder, journal, tree, close } = await opened(t)
  await journal.append(chainOf({ count: 20 }))
  await tree.whole()
  await close()
  rmSync(join(folder, 'log'), { recursive: true })
  const again = await opened(t, folder)
  const entries = chainOf({ count: 30, seed: 5 })
  await again.journal.append(entries)
  await assertTreeOf(again.tree, entries)
})

t.test('that cannot be opened leaves no file open', async t => {
  const { journal, tree } = await opened(t)
  await journal.append(chainOf({ count: 20 }))
  await tree.close()
  const faults: Faults = { truncateError: 'EIO' }
  await assert.rejects(Tree.open(journal, undefined, failingDisk(faults)), { code: 'EIO' })
  assert.equal(faults.open, 0)
})
