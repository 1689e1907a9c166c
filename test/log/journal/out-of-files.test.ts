// No file is left to open: what is open already is enough for a kill, and nothing says that the disk is full or damaged.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { KillswitchError } from '../../../src/domain/errors.js'
import { Inspection } from '../../../src/log/journal/inspect.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { verify } from '../../../src/log/journal/verify.js'
import { ProvisionalFile } from '../../../src/log/provisional/provisional-file.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { chainOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

for (const code of ['EMFILE', 'ENFILE'])
  t.test(`a journal whose process is out of files (${code})`, async t => {
    const aJournal = async (faults: Faults, segmentBytes?: number) => {
      const folder = testdir(t)
      const journal = await Journal.open({
        folder,
        reserveBytes: 4_096,
        disk: failingDisk(faults),
        ...(segmentBytes === undefined ? {} : { segmentBytes }),
      })
      t.after(() => journal.close())
      return journal
    }

    t.test('goes on after a start, and past the size of a segment', async t => {
      const faults: Faults = {}
      const entries = chainOf({ count: 40 })
      const folder = testdir(t)
      const first = await Journal.open({ folder, segmentBytes: 2_000 })
      await first.append(entries.slice(0, 2))
      await first.close()
      const journal = await Journal.open({ folder, segmentBytes: 2_000, disk: failingDisk(faults) })
      t.after(() => journal.close())
      faults.openError = code
      for (let at = 2; at < 30; at++) await journal.append(entries.slice(at, at + 1))
      assert.equal(readdirSync(join(folder, 'log')).length, 1)
      faults.openError = undefined
      for (let at = 30; at < 40; at++) await journal.append(entries.slice(at, at + 1))
      assert.ok(readdirSync(join(folder, 'log')).length > 1, 'and begins a new one when it may')
      assert.deepEqual(
        await journal.read(0, { limit: 100 }),
        entries.map(({ line }) => line),
      )
    })

    t.test(
      'says so where its first file cannot be opened, keeps its reserve, and is not broken',
      async () => {
        const faults: Faults = {}
        const journal = await aJournal(faults)
        const entries = chainOf({ count: 2 })
        faults.openError = code
        await assert.rejects(journal.append(entries), error => {
          const { code: found, data } = error as KillswitchError
          assert.deepEqual([found, data.cause], ['out-of-files', code])
          return true
        })
        assert.deepEqual([journal.broken, journal.reserve.isMissing], [undefined, false])
        faults.openError = undefined
        await journal.append(entries)
        assert.equal(journal.head.seq, 2)
      },
    )

    t.test('is not called damaged by whoever cannot look', async () => {
      const faults: Faults = {}
      const journal = await aJournal(faults, 2_000)
      for (const entry of chainOf({ count: 20 })) await journal.append([entry])
      faults.openError = code
      const inspection = new Inspection(journal, failingDisk(faults))
      await assert.rejects(inspection.all(), { code })
      await assert.rejects(verify(journal, { disk: failingDisk(faults) }), { code: 'out-of-files' })
    })

    t.test('keeps a provisional kill', async t => {
      const faults: Faults = {}
      const file = new ProvisionalFile<{ kill: number }>(testdir(t), undefined, failingDisk(faults))
      t.after(() => file.close())
      await file.open()
      faults.openError = code
      await file.append([{ kill: 1 }])
      assert.deepEqual(await file.read(), [{ kill: 1 }])
    })
  })

t.test('whoever takes lines slowly keeps no file open', async t => {
  const faults: Faults = {}
  const journal = await Journal.open({ folder: testdir(t), disk: failingDisk(faults) })
  t.after(() => journal.close())
  await journal.append(chainOf({ count: 20 }))
  const before = faults.open
  const readers = Array.from({ length: 50 }, () => journal.lines())
  for (const reader of readers) await reader.next()
  assert.equal(faults.open, before)
})
