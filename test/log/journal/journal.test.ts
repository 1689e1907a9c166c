import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { placeOf, seal } from '../../../src/domain/log/audit.js'
import { NO_ENTRY } from '../../../src/domain/log/chain.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { collect } from '../../support/collect.js'
import { chainOf, draftFrom, headOf, randomFrom } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

const SMALL = 4000
const logFiles = (folder: string): string[] => readdirSync(join(folder, 'log')).sort()

t.test('an empty journal has no head, no name and no lines', async t => {
  const journal = await Journal.open({ folder: testdir(t) })
  assert.deepEqual(journal.head, NO_ENTRY)
  assert.equal(journal.firstHash, undefined)
  assert.deepEqual(await journal.read(0, { limit: 10 }), [])
  assert.equal(await journal.line(1), undefined)
  assert.equal(await journal.placeFrom('2020-01-01T00:00:00.000Z'), undefined)
  await journal.append([])
  await journal.close()
})

t.test('what was appended is there after it was opened again, byte for byte', async t => {
  const folder = testdir(t)
  const entries = chainOf({ count: 60 })
  const journal = await Journal.open({ folder, segmentBytes: SMALL })
  await journal.append(entries.slice(0, 1))
  await journal.append(entries.slice(1, 40))
  await journal.append(entries.slice(40))
  await journal.close()

  const again = await Journal.open({ folder, segmentBytes: SMALL })
  t.after(() => again.close())
  assert.deepEqual(again.head, headOf(entries.at(-1)!))
  assert.equal(again.firstHash, entries[0]!.hash)
  assert.deepEqual(
    await collect(again.lines()),
    entries.map(({ line }) => line),
  )
  const files = logFiles(folder).map(name => readFileSync(join(folder, 'log', name), 'utf8'))
  assert.equal(files.join(''), entries.map(({ line }) => `${line}\n`).join(''))
})

t.test(
  'folders and files are for their owner alone, and segments are named by their first place',
  async t => {
    const folder = join(testdir(t), 'data')
    const journal = await Journal.open({ folder, segmentBytes: SMALL })
    t.after(() => journal.close())
    for (const entry of chainOf({ count: 20 })) await journal.append([entry])
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.equal(statSync(join(folder, 'log')).mode & 0o777, 0o700)
    const names = logFiles(folder)
    assert.ok(names.length > 2)
    assert.equal(names[0], '0000000000000001.ndjson')
    for (const name of names) {
      const file = join(folder, 'log', name)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      const first = JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!)
      assert.equal(placeOf(first), Number(name.slice(0, 16)))
    }
  },
)

t.test('read, line and placeFrom agree with the entries, in one segment or many', async t => {
  for (const segmentBytes of [SMALL, 100_000, 8 * 1024 * 1024]) {
    const entries = chainOf({ count: 500, seed: 7 })
    const journal = await Journal.open({ folder: testdir(t), segmentBytes })
    for (let from = 0; from < 500; from += 7) await journal.append(entries.slice(from, from + 7))
    for (const place of [0, 1, 2, 99, 250, 498, 499, 500, 501]) {
      const expected = entries.slice(place, place + 20).map(({ line }) => line)
      assert.deepEqual(await journal.read(place, { limit: 20 }), expected)
      assert.equal(await journal.line(place), place === 0 ? undefined : entries[place - 1]?.line)
    }
    for (const { entry } of entries.filter((_, index) => index % 17 === 0)) {
      const first = entries.find(other => other.entry.at >= entry.at)!
      assert.equal(await journal.placeFrom(entry.at), placeOf(first.entry))
    }
    assert.equal(await journal.placeFrom('2000'), 1)
    assert.equal(await journal.placeFrom('2100'), undefined)
    assert.equal((await collect(journal.lines(490))).length, 10)
    await journal.close()
  }
})

t.test('read stops at the bytes given, but always brings one line', async t => {
  const entries = chainOf({ count: 10 })
  const journal = await Journal.open({ folder: testdir(t) })
  t.after(() => journal.close())
  await journal.append(entries)
  assert.equal((await journal.read(0, { limit: 10, bytes: 1 })).length, 1)
  const two = Buffer.byteLength(entries[0]!.line) + Buffer.byteLength(entries[1]!.line)
  assert.equal((await journal.read(0, { limit: 10, bytes: two })).length, 2)
})

t.test('lines far longer than one read come whole', async t => {
  const long = chainOf({
    count: 9,
    with: (draft, index) => ({ ...draft, reason: 'ä'.repeat(index % 3 === 0 ? 700_000 : 10) }),
  })
  const journal = await Journal.open({ folder: testdir(t) })
  t.after(() => journal.close())
  await journal.append(long)
  assert.deepEqual(
    await journal.read(0, { limit: 10 }),
    long.map(({ line }) => line),
  )
  for (const { entry, line } of long) assert.equal(await journal.line(placeOf(entry)), line)
})

t.test('entries at or below the head are skipped', async t => {
  const entries = chainOf({ count: 6 })
  const journal = await Journal.open({ folder: testdir(t) })
  t.after(() => journal.close())
  await journal.append(entries.slice(0, 4))
  await journal.append(entries.slice(0, 3))
  await journal.append(entries)
  assert.equal((await journal.read(0, { limit: 10 })).length, 6)
})

t.test('appends at the same time are done one after the other, in order', async t => {
  const entries = chainOf({ count: 50 })
  const journal = await Journal.open({ folder: testdir(t), segmentBytes: SMALL })
  t.after(() => journal.close())
  await Promise.all(entries.map(entry => journal.append([entry])))
  assert.deepEqual(
    await collect(journal.lines()),
    entries.map(({ line }) => line),
  )
})

t.test(
  'an entry that does not chain is refused, with all of its batch, and the next good one is taken',
  async t => {
    const entries = chainOf({ count: 6 })
    const journal = await Journal.open({ folder: testdir(t) })
    t.after(() => journal.close())
    await journal.append(entries.slice(0, 3))
    await assert.rejects(journal.append(entries.slice(4)), { code: 'history-lost' })
    await assert.rejects(journal.append([entries[3]!, entries[5]!]), { code: 'history-lost' })
    assert.equal(journal.head.seq, 3)
    assert.equal(journal.broken, undefined)
    await journal.append(entries.slice(3))
    assert.equal(journal.head.seq, 6)
  },
)

t.test('seq may jump and the epoch may grow where the predecessor is named', async t => {
  const folder = testdir(t)
  const journal = await Journal.open({ folder })
  const [first] = chainOf({ count: 1 })
  const draft = draftFrom(randomFrom(1), 9)
  const jumped = seal(draft, { ...headOf(first!), seq: 40 }, 'test')
  const opened = seal(draft, { ...headOf(jumped), epoch: 3 }, 'test')
  await journal.append([first!, jumped, opened])
  await journal.close()
  const again = await Journal.open({ folder })
  t.after(() => again.close())
  assert.deepEqual(again.head, headOf(opened))
  assert.equal(await again.line(placeOf(opened.entry)), opened.line)
  assert.equal(await again.line(2), undefined)
  assert.deepEqual(await again.read(1, { limit: 5 }), [jumped.line, opened.line])
})

/** They are, once whoever appended has gone on. */
const untilTold = () => new Promise(resolve => setImmediate(resolve))

t.test('watchers are told of each append until they leave', async t => {
  const entries = chainOf({ count: 3 })
  const journal = await Journal.open({ folder: testdir(t) })
  t.after(() => journal.close())
  let told = 0
  const leave = journal.watch(() => told++)
  await journal.append(entries.slice(0, 2))
  await untilTold()
  leave()
  await journal.append(entries)
  await untilTold()
  assert.equal(told, 1)
})

t.test('a reader that began before an append ends at the head it saw', async t => {
  const entries = chainOf({ count: 30 })
  const journal = await Journal.open({ folder: testdir(t), segmentBytes: SMALL })
  t.after(() => journal.close())
  await journal.append(entries.slice(0, 10))
  const lines = journal.lines()
  assert.equal((await lines.next()).value, entries[0]!.line)
  await journal.append(entries.slice(10))
  assert.equal((await collect(lines)).length, 9)
})

t.test('a closed journal takes nothing', async t => {
  const journal = await Journal.open({ folder: testdir(t) })
  await journal.close()
  await assert.rejects(journal.append(chainOf({ count: 1 })), { code: 'journal-broken' })
})
