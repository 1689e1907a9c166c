import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchError } from '../../../src/domain/errors.js'
import { EMPTY, type Head, placeOf, type SealedEntry } from '../../../src/domain/log/audit.js'
import { type LocalJournal, LocalStore } from '../../../src/log/stores/local/store.js'
import { Follower } from '../../support/follower.js'
import { headOf, lastHead, sealAfter } from '../../support/log.js'
import { commitAfter, commitAll, describeStore } from './contract.js'

/** As much of a journal as the store needs, in memory. Takes a turn of the event loop for each append, as a disk does. */
class MemoryJournal implements LocalJournal {
  readonly folder = 'memory'
  head: Head = EMPTY
  broken = false
  readonly #entries: SealedEntry[] = []

  async append(entries: readonly SealedEntry[]): Promise<void> {
    await new Promise(setImmediate)
    if (this.broken) throw new KillswitchError('journal-broken', 'The journal could not be synced.')
    const fresh = entries.filter(({ entry }) => placeOf(entry) > placeOf(this.head))
    this.#entries.push(...fresh)
    this.head = lastHead(fresh, this.head)
  }

  async read(afterPlace: number, options: { limit: number; bytes?: number }): Promise<string[]> {
    await new Promise(setImmediate)
    const lines: string[] = []
    let bytes = 0
    for (const { entry, line } of this.#entries) {
      if (placeOf(entry) <= afterPlace) continue
      bytes += Buffer.byteLength(line)
      if (lines.length === options.limit || (lines.length > 0 && bytes > (options.bytes ?? Infinity))) break
      lines.push(line)
    }
    return lines
  }
}

describeStore('local', async t => {
  const store = new LocalStore(new MemoryJournal())
  t.after(() => store.close())
  return { store, second: store }
})

t.test('local: one commit at a time, in the order they came', async t => {
  const store = new LocalStore(new MemoryJournal())
  const follower = new Follower(t, store)
  const entries = sealAfter(EMPTY, ...Array.from({ length: 50 }, (_, i) => `reason ${i}`))
  const results = await Promise.all(
    entries.map((entry, i) => commitAll(store, i === 0 ? EMPTY : headOf(entries[i - 1]!), [entry])),
  )
  assert.ok(results.every(({ outcome }) => outcome === 'committed'))
  await follower.lineCount(50)
})

t.test('local: a broken journal is told as such, and holds up nobody else', async () => {
  const journal = new MemoryJournal()
  const store = new LocalStore(journal)
  const entries = await commitAfter(store, EMPTY, 'one')
  journal.broken = true
  const head = lastHead(entries)
  const broken = (error: unknown): boolean =>
    error instanceof KillswitchError && error.code === 'journal-broken'
  await assert.rejects(commitAll(store, head, sealAfter(head, 'two')), broken)
  await assert.rejects(commitAll(store, head, sealAfter(head, 'two')), broken)
  assert.deepEqual(await store.head(), head)
  const stale = await commitAll(store, EMPTY, sealAfter(EMPTY, 'late'))
  assert.equal(stale.outcome, 'conflict')
})
