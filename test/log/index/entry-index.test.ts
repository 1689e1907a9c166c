import assert from 'node:assert/strict'
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import t, { type Test } from 'tap'
import { placeOf } from '../../../src/domain/log/audit.js'
import { EntryIndex } from '../../../src/log/index/entry-index.js'
import { AuditQueries } from '../../../src/log/index/query.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { collect } from '../../support/collect.js'
import { chainOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

const entries = chainOf({ count: 2500 })
const ofFlag = entries.filter(({ entry }) => entry.flag === 'ai_v1' || entry.flags?.includes('ai_v1'))

async function opened(folder: string) {
  const said: string[] = []
  const journal = await Journal.open({ folder, segmentBytes: 50_000 })
  const index = await EntryIndex.open(journal, message => said.push(message))
  const close = async () => {
    await index.close()
    await journal.close()
  }
  return { journal, index, close, said }
}

/** A folder with all entries in journal and index, closed. */
async function filled(t: Test): Promise<string> {
  const folder = testdir(t)
  const { journal, index, close } = await opened(folder)
  await journal.append(entries)
  await index.reached(placeOf(journal.head))
  await close()
  return folder
}

async function assertComplete({ journal, index }: { journal: Journal; index: EntryIndex }): Promise<void> {
  const queries = new AuditQueries(journal, index)
  const found = await collect(queries.stream({ flag: 'ai_v1' }, 'oldest'))
  assert.deepEqual(
    found.map(({ line }) => line),
    ofFlag.map(({ line }) => line),
  )
  assert.equal(await index.count(['flag=ai_v1']), ofFlag.length)
}

t.test('it follows the journal, and a reader waits for what it wrote', async t => {
  const { journal, index, close } = await opened(testdir(t))
  t.after(close)
  for (let from = 0; from < entries.length; from += 100) {
    await journal.append(entries.slice(from, from + 100))
    await index.reached(placeOf(journal.head))
    assert.equal(index.place, placeOf(journal.head))
  }
  await assertComplete({ journal, index })
})

t.test('it goes on where it stopped, without building anew', async t => {
  const folder = await filled(t)
  const again = await opened(folder)
  t.after(again.close)
  assert.equal(again.index.place, entries.length)
  await assertComplete(again)
  assert.deepEqual(again.said, [])
  assert.equal(statSync(join(folder, 'index')).mode & 0o777, 0o700)
})

t.test('what the journal took while the index was not there is caught up', async t => {
  const folder = testdir(t)
  const first = await opened(folder)
  await first.journal.append(entries.slice(0, 100))
  await first.index.reached(100)
  await first.index.close()
  await first.journal.append(entries)
  await first.journal.close()
  const again = await opened(folder)
  t.after(again.close)
  await assertComplete(again)
  assert.deepEqual(again.said, [])
})

t.test('deleted, cut, overwritten: it is built anew, aloud', async t => {
  const damages: ((index: string) => void)[] = [
    index => rmSync(index, { recursive: true }),
    index => rmSync(join(index, 'CURRENT')),
    index => writeFileSync(join(index, 'CURRENT'), 'nonsense'),
    index => {
      for (const name of readdirSync(index))
        if (name.startsWith('MANIFEST')) writeFileSync(join(index, name), 'x')
    },
    index => {
      rmSync(index, { recursive: true })
      writeFileSync(index, 'a file')
    },
  ]
  for (const [at, damage] of damages.entries()) {
    const folder = await filled(t)
    damage(join(folder, 'index'))
    const again = await opened(folder)
    await assertComplete(again)
    assert.deepEqual(again.said, ['building the index of the log anew'], `damage ${at}`)
    await again.close()
  }
})

t.test('an index of another log, of another form, or of a branch that was left, is built anew', async t => {
  const others = [{ log: 'ffff' }, { format: 0 }, { hash: 'ffff' }, { place: 9999 }]
  for (const change of others) {
    const folder = await filled(t)
    const level = new ClassicLevel(join(folder, 'index'))
    const meta = JSON.parse((await level.get('m'))!)
    await level.put('m', JSON.stringify({ ...meta, ...change }))
    await level.close()
    const again = await opened(folder)
    await assertComplete(again)
    assert.equal(again.said.length, 1)
    await again.close()
  }
})

t.test(
  'an index whose database fails while it is asked is built anew, and the query is answered',
  async t => {
    const folder = await filled(t)
    const { journal, index, close, said } = await opened(folder)
    t.after(close)
    const fail = (code: string) => async () => {
      throw Object.assign(new Error('injected'), { code })
    }
    let asked = 0
    const answer = await index.reading(() =>
      ++asked === 1 ? fail('LEVEL_CORRUPTION')() : index.count(['flag=ai_v1']),
    )
    assert.equal(answer, ofFlag.length)
    assert.equal(said.length, 1)
    // not its own failure: nothing is built anew
    await assert.rejects(index.reading(fail('EIO')), { code: 'EIO' })
    await assert.rejects(index.reading(fail('LEVEL_IO_ERROR')), { code: 'LEVEL_IO_ERROR' })
    assert.equal(said.length, 2)
    await assertComplete({ journal, index })
  },
)

t.test('waiting can be called off, and ends when the index is closed', async t => {
  const { index, close } = await opened(testdir(t))
  const abort = new AbortController()
  const waiting = index.reached(5, abort.signal)
  abort.abort()
  await assert.rejects(waiting, { name: 'AbortError' })
  await assert.rejects(index.reached(5, abort.signal), { name: 'AbortError' })
  const closed = assert.rejects(index.reached(5), /closed/)
  await close()
  await closed
  await assert.rejects(index.reached(5), /closed/)
})

t.test('terms that are long, alike at their beginning, or hold a NUL find what is theirs', async t => {
  const { journal, index, close } = await opened(testdir(t))
  t.after(close)
  const names = [`${'ü'.repeat(300)}a`, `${'ü'.repeat(300)}b`, 'x\0y', 'x y', 'x', 'x\0']
  const odd = chainOf({
    count: 60,
    with: (draft, at) => ({ ...draft, incident: names[at % names.length]! }),
  })
  await journal.append(odd)
  const queries = new AuditQueries(journal, index)
  for (const [at, incident] of names.entries()) {
    const found = await collect(queries.stream({ incident }, 'oldest'))
    assert.deepEqual(
      found.map(({ place }) => (place - 1) % names.length),
      Array(10).fill(at),
    )
  }
})
