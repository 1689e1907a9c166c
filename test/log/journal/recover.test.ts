import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { Journal } from '../../../src/log/journal/journal.js'
import { verify } from '../../../src/log/journal/verify.js'
import { collect } from '../../support/collect.js'
import { chainOf, headOf } from '../../support/entries.js'
import { testdir } from '../../support/testdir.js'

const entries = chainOf({ count: 8 })
const text = entries.map(({ line }) => `${line}\n`)
const FIRST = '0000000000000001.ndjson'

/** A journal's folder as a crash left it. */
function left(t: Test, files: Record<string, string | Uint8Array>): string {
  const folder = testdir(t)
  mkdirSync(join(folder, 'log'))
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, 'log', name), bytes)
  return folder
}

async function recovered(folder: string) {
  const said: string[] = []
  const journal = await Journal.open({ folder, log: message => said.push(message) })
  const lines = await collect(journal.lines())
  const head = journal.head
  // it takes what comes next
  await journal.append(entries)
  assert.deepEqual(await verify(journal), { ok: true, entries: 8, head: headOf(entries[7]!), provenTo: 0 })
  await journal.close()
  return { lines, head, said }
}

t.test(
  'cut at every byte of the last two entries: whole lines stay, the rest is cut off, kept and told',
  async t => {
    const bytes = Buffer.from(text.join(''))
    const from = Buffer.byteLength(text.slice(0, 6).join(''))
    const seventh = from + Buffer.byteLength(text[6]!)
    for (let size = from; size <= bytes.length; size++) {
      const folder = left(t, { [FIRST]: bytes.subarray(0, size) })
      const { lines, said } = await recovered(folder)
      const whole = size === bytes.length ? 8 : size >= seventh ? 7 : 6
      assert.deepEqual(
        lines,
        entries.slice(0, whole).map(({ line }) => line),
      )
      const end = Buffer.byteLength(text.slice(0, whole).join(''))
      assert.equal(said.length, size > end ? 1 : 0)
      if (size === end) continue
      const kept = readdirSync(join(folder, 'cut'))
      assert.equal(kept.length, 1)
      assert.deepEqual(readFileSync(join(folder, 'cut', kept[0]!)), bytes.subarray(end, size))
    }
  },
)

t.test('garbage, NULs and a line that is no entry at the end are cut off', async t => {
  const tails = ['\0'.repeat(5000), '\0\0\0\n', 'x', '\n', '{"v":1}\n', 'null\n', '{"v":1,"epoch":0\n\n\0']
  for (const tail of tails) {
    const { lines, said } = await recovered(left(t, { [FIRST]: text.slice(0, 5).join('') + tail }))
    assert.equal(lines.length, 5)
    assert.equal(said.length, 1)
  }
})

t.test('a whole entry without its newline was never acknowledged, and is cut off', async t => {
  const { lines } = await recovered(left(t, { [FIRST]: text.slice(0, 5).join('') + entries[5]!.line }))
  assert.equal(lines.length, 5)
})

t.test('a last segment with nothing whole in it disappears, and the one before goes on', async t => {
  const second = '0000000000000005.ndjson'
  for (const tail of ['', '\0\0', entries[4]!.line.slice(0, 30)]) {
    const folder = left(t, { [FIRST]: text.slice(0, 4).join(''), [second]: tail })
    const { lines, head } = await recovered(folder)
    assert.equal(lines.length, 4)
    assert.deepEqual(head, headOf(entries[3]!))
  }
  const { lines } = await recovered(left(t, { [FIRST]: text[0]!.slice(0, 9) }))
  assert.equal(lines.length, 0)
})

t.test('damage before whole entries is told with file, line and byte, and nothing is changed', async t => {
  const flipped = text.map((line, at) => (at === 3 ? line.replace('"reason":"', '"reason":"!') : line))
  const broken = text.map((line, at) => (at === 3 ? line.replace('"v"', '\0v"') : line))
  const without = text.filter((_, at) => at !== 3)
  const swapped = [...text.slice(0, 6), text[7]!, text[6]!]
  // changing the last but one leaves the last whole, and it may be an acknowledged kill
  const lastButOne = text.map((line, at) => (at === 6 ? line.replace('"reason":"', '"reason":"!') : line))
  const cases = [
    [flipped, 5],
    [broken, 4],
    [without, 4],
    [swapped, 7],
    [lastButOne, 8],
  ] as const
  for (const [lines, line] of cases) {
    const folder = left(t, { [FIRST]: lines.join('') })
    const offset = Buffer.byteLength(lines.slice(0, line - 1).join(''))
    const journal = await Journal.open({ folder })
    assert.match(journal.damage ?? '', new RegExp(`${FIRST} is damaged at line ${line} \\(byte ${offset}\\)`))
    assert.equal(journal.head.seq, lines === swapped ? 7 : 8, 'its head is the last entry there is')
    await journal.close()
    assert.equal(statSync(join(folder, 'log', FIRST)).size, Buffer.byteLength(lines.join('')))
  }
})

t.test('a segment under another name is damage, and so is one that cannot be read', async t => {
  const named = await Journal.open({ folder: left(t, { '0000000000000002.ndjson': text.join('') }) })
  t.after(() => named.close())
  assert.match(named.damage ?? '', /its place is 1, not that of the file's name/)
  const folder = left(t, { [FIRST]: text.join('') })
  mkdirSync(join(folder, 'log', '0000000000000009.ndjson'))
  const unread = await Journal.open({ folder })
  t.after(() => unread.close())
  assert.match(unread.damage ?? '', /0000000000000009.ndjson cannot be read: EISDIR/)
  assert.equal(unread.head.seq, 8)
})

t.test('damage in an earlier segment lets the journal open, and verify finds it', async t => {
  const second = '0000000000000005.ndjson'
  const damaged = text.slice(0, 4).map((line, at) => (at === 1 ? line.replace('"v":1', '"v":7') : line))
  const folder = left(t, { [FIRST]: damaged.join(''), [second]: text.slice(4).join('') })
  const journal = await Journal.open({ folder })
  t.after(() => journal.close())
  assert.equal(journal.head.seq, 8)
  const found = await verify(journal)
  assert.deepEqual(found, { ok: false, file: FIRST, line: 2, after: 1, problem: 'it is not an entry' })
})

t.test('files that are no segments are left alone', async t => {
  const folder = left(t, { [FIRST]: text.join(''), 'notes.txt': 'mine', '1.ndjson': 'x' })
  appendFileSync(join(folder, 'log', 'notes.txt'), '!')
  assert.equal((await recovered(folder)).lines.length, 8)
  assert.deepEqual(
    readdirSync(join(folder, 'log'))
      .map(name => basename(name))
      .sort(),
    [FIRST, '1.ndjson', 'notes.txt'],
  )
})
