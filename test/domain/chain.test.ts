import assert from 'node:assert/strict'
import t from 'tap'
import { type Entry, placeOf } from '../../src/domain/log/audit.js'
import { Chain, linkOf, NO_ENTRY, parseEntry, problemAfter } from '../../src/domain/log/chain.js'
import { chainOf, headOf } from '../support/entries.js'

const entries = chainOf({ count: 20 })
const lines = entries.map(({ line }) => line)

/** The index of the first line that does not hold, or -1. */
const firstProblem = (given: readonly Parameters<Chain['add']>[0][]): number => {
  const chain = new Chain()
  return given.findIndex(line => chain.add(line) !== undefined)
}

t.test('a chain holds from its beginning, or from a head that is known', async () => {
  assert.equal(firstProblem(lines), -1)
  assert.equal(firstProblem(lines.map(line => Buffer.from(line))), -1)
  const chain = new Chain(headOf(entries[4]!))
  for (const line of lines.slice(5)) assert.equal(chain.add(line), undefined)
  assert.deepEqual(chain.head, headOf(entries[19]!))
  assert.equal(chain.entries, 15)
})

t.test('an edit, a deletion, an insertion and a swap are found at the next line at the latest', async () => {
  const edited = lines.with(7, lines[7]!.replace('"v":1', '"v":1 '))
  assert.equal(firstProblem(edited), 8)
  assert.equal(firstProblem(lines.toSpliced(7, 1)), 7)
  assert.equal(firstProblem(lines.toSpliced(7, 0, lines[7]!)), 8)
  assert.equal(firstProblem(lines.with(7, lines[8]!).with(8, lines[7]!)), 7)
  assert.equal(firstProblem(lines.slice(1)), 0)
})

t.test('bytes that read alike are not alike', async () => {
  const broken = Buffer.from(lines[3]!.replace('"via"', '"v\u00ffa"'), 'latin1')
  const readAlike = Buffer.from(broken.toString())
  const chain = (line: Buffer) => {
    const one = new Chain(headOf(entries[2]!))
    one.add(line)
    return one.head.hash
  }
  assert.notEqual(chain(broken), chain(readAlike))
})

t.test('place and hour may not go back, though prev holds', async () => {
  const head = headOf(entries[5]!)
  const next = entries[6]!.entry
  assert.equal(problemAfter(head, next), undefined)
  assert.equal(problemAfter(head, { ...next, seq: 99, epoch: 4 }), undefined)
  assert.match(problemAfter(head, { ...next, seq: 6 })!, /seq/)
  assert.match(problemAfter({ ...head, epoch: 1 }, next)!, /epoch/)
  assert.match(problemAfter(head, { ...next, at: '2020' })!, /at/)
  assert.match(problemAfter(NO_ENTRY, next)!, /prev/)
  const anew = { ...next, at: '2020', action: 'log.redated' }
  assert.equal(problemAfter(head, { ...anew, outcome: 'applied' }), undefined, 'but of an owner who says so')
  assert.match(problemAfter(head, { ...anew, outcome: 'refused' })!, /at/)
})

t.test('what is not an entry', async () => {
  const wrong = ['', 'null', '3', '"x"', '{}', '[]', '{"v":1}', lines[0]!.slice(0, -1)]
  for (const line of wrong) assert.equal(parseEntry(line), undefined, line)
  const bad: Partial<Record<keyof Entry, unknown>>[] = [
    { v: 2 },
    { seq: 0 },
    { seq: 1.5 },
    { seq: 2 ** 32 },
    { epoch: -1 },
    { epoch: 2 ** 40 },
    { prev: null },
    { at: 3 },
  ]
  for (const change of bad)
    assert.equal(parseEntry(JSON.stringify({ ...entries[0]!.entry, ...change })), undefined)
})

t.test('the link is read the same from a sealed line and from one in another order', async () => {
  for (const { entry, line } of entries) {
    const expected = { place: placeOf(entry), at: entry.at }
    assert.deepEqual(linkOf(line), expected)
    assert.deepEqual(linkOf(JSON.stringify({ reason: 'first', ...entry })), expected)
  }
  assert.equal(linkOf('no entry'), undefined)
})
