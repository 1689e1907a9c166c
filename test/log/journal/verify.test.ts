import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Journal } from '../../../src/log/journal/journal.js'
import { verify } from '../../../src/log/journal/verify.js'
import { chainOf, headOf, randomFrom } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

const entries = chainOf({ count: 40 })

async function opened(t: Test) {
  const journal = await Journal.open({ folder: testdir(t), segmentBytes: 6000 })
  t.after(() => journal.close())
  for (let from = 0; from < 40; from += 4) await journal.append(entries.slice(from, from + 4))
  const folder = join(journal.folder, 'log')
  return {
    journal,
    files: readdirSync(folder)
      .sort()
      .map(name => join(folder, name)),
  }
}

t.test('a whole log verifies, and says how far it is', async t => {
  const { journal } = await opened(t)
  const told: number[] = []
  const result = await verify(journal, { onProgress: entries => told.push(entries) })
  assert.deepEqual(result, { ok: true, entries: 40, head: headOf(entries[39]!), provenTo: 0 })
  assert.equal(told.at(-1), 40)
})

t.test('any single bit changed on disk is found, and so is any byte cut or a file gone', async t => {
  const { journal, files } = await opened(t)
  const random = randomFrom(3)
  for (let round = 0; round < 300; round++) {
    const file = files[Math.floor(random() * files.length)]!
    const whole = readFileSync(file)
    const at = Math.floor(random() * whole.length)
    if (round % 3 === 0) truncateSync(file, at)
    else {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 << Math.floor(random() * 8)
      writeFileSync(file, changed)
    }
    assert.equal((await verify(journal)).ok, false, `${file} at ${at}`)
    writeFileSync(file, whole)
  }
  assert.equal((await verify(journal)).ok, true)
  rmSync(files[1]!)
  assert.match(JSON.stringify(await verify(journal)), /cannot be read/)
})

t.test('it can be called off', async t => {
  const { journal } = await opened(t)
  await assert.rejects(verify(journal, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})

t.test(
  'whole lines cut from the end, or a log rewritten, are found against a head that is known',
  async t => {
    const { journal, files } = await opened(t)
    await journal.saveCheckpoint({ head: headOf(entries[37]!), state: {} })
    const known = [headOf(entries[20]!)]
    assert.deepEqual(await verify(journal, { known }), {
      ok: true,
      entries: 40,
      head: headOf(entries[39]!),
      provenTo: 38,
    })
    const rewritten = chainOf({ count: 40, seed: 9 })
    assert.match(
      JSON.stringify(await verify(journal, { known: [headOf(rewritten[20]!)] })),
      /another entry 0-21: it was rewritten/,
    )
    await journal.close()
    rmSync(files.at(-1)!)
    // nothing is wrong with what is left, so it opens; the checkpoint tells that it is not all
    const again = await Journal.open({ folder: journal.folder })
    t.after(() => again.close())
    assert.match(JSON.stringify(await verify(again)), /the log once had entry 0-38, which is not in it/)
  },
)
