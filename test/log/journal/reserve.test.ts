// A disk that is really full: a small tmpfs, which takes root. Skipped aloud without.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Journal } from '../../../src/log/journal/journal.js'
import { ProvisionalFile } from '../../../src/log/provisional/provisional-file.js'
import { chainOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'

/** A disk of so many KiB, unmounted with the test; undefined where this user may not mount one. */
function smallDisk(t: Test, kib: number): string | undefined {
  const folder = testdir(t)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', folder])
  if (mounted.status !== 0) {
    t.pass('not run', { skip: `a full disk needs root and mount: ${String(mounted.stderr).trim()}` })
    return undefined
  }
  t.after(() => void spawnSync('umount', ['-l', folder]))
  return folder
}

/** Takes all the room there is. */
function fill(folder: string): string {
  const file = join(folder, 'ballast')
  for (const size of [65536, 4096])
    for (let full = false; !full; )
      try {
        writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
      } catch {
        full = true
      }
  return file
}

t.test('the reserve', async t => {
  t.test(
    'is given up on a full disk, so that the journal goes on, and comes back with the space',
    async t => {
      const folder = smallDisk(t, 2048)
      if (folder === undefined) return
      const entries = chainOf({ count: 400 })
      const journal = await Journal.open({ folder, reserveBytes: 256 * 1024 })
      t.after(() => journal.close())
      await journal.append(entries.slice(0, 10))
      assert.equal(journal.reserve.isMissing, false)
      const ballast = fill(folder)
      let written = 10
      for (; !journal.reserve.isMissing; written += 10)
        await journal.append(entries.slice(written, written + 10))
      await journal.append(entries.slice(written, written + 10))
      assert.equal(journal.broken, undefined)
      await journal.reserve.keep()
      assert.equal(journal.reserve.isMissing, true, 'there is no space yet')
      rmSync(ballast)
      await until(async () => {
        await journal.reserve.keep()
        return !journal.reserve.isMissing
      }, 'the reserve is back')
      assert.ok(existsSync(join(folder, 'reserve')))
      assert.equal(journal.head.seq, written + 10)
    },
  )

  t.test('is not made anew of the room that a kill needs', async t => {
    const folder = smallDisk(t, 2048)
    if (folder === undefined) return
    const entries = chainOf({ count: 2_000 })
    const journal = await Journal.open({ folder, reserveBytes: 512 * 1024 })
    t.after(() => journal.close())
    fill(folder)
    let written = 0
    const append = () => journal.append(entries.slice(written, ++written))
    while (!journal.reserve.isMissing) await append()
    const later = performance.now() + 60_000
    t.intercept(performance, 'now', { value: () => later })
    const before = statSync(folder).mtimeMs
    await journal.reserve.keep()
    assert.equal(statSync(folder).mtimeMs, before, 'a file came and went')
    await append()
    assert.equal(journal.broken, undefined)
  })

  t.test('is still there after a start on a full disk', async t => {
    const folder = smallDisk(t, 1024)
    if (folder === undefined) return
    const given = { folder, reserveBytes: 128 * 1024 }
    await (await Journal.open(given)).close()
    fill(folder)
    const journal = await Journal.open(given)
    t.after(() => journal.close())
    assert.equal(journal.reserve.isMissing, false)
  })

  t.test('lets a provisional kill be kept on a full disk', async t => {
    const folder = smallDisk(t, 1024)
    if (folder === undefined) return
    const journal = await Journal.open({ folder, reserveBytes: 128 * 1024 })
    t.after(() => journal.close())
    fill(folder)
    const file = new ProvisionalFile<{ kill: string }>(folder, journal.reserve)
    await file.append([{ kill: 'x'.repeat(5_000) }])
    assert.equal((await file.read()).length, 1)
    assert.equal(journal.reserve.isMissing, true)
    const without = new ProvisionalFile<{ kill: string }>(folder)
    fill(folder)
    await assert.rejects(without.append([{ kill: 'y'.repeat(5_000) }]), { code: 'ENOSPC' })
  })
})
