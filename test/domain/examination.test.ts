// Every single tamper with an export is found, and found where it was made: edits, deletions, insertions, reordering,
// truncation. With a checkpoint, the last line and the end are no exception.

import assert from 'node:assert/strict'
import t from 'tap'
import { hashLine } from '../../src/domain/log/audit.js'
import { type Checkpoint, originOf } from '../../src/domain/log/checkpoint.js'
import { Comparison } from '../../src/domain/log/comparison.js'
import { Examination, type Fault } from '../../src/domain/log/examination.js'
import { Frontier, leafHash } from '../../src/domain/log/merkle.js'
import { chainOf, headOf, randomFrom } from '../support/entries.js'
import { rehashed } from '../support/rehashed.js'
import { rootOf } from '../support/trees.js'

/** Two epochs, so that places jump. */
function anExport(count: number, seed = 1): { lines: string[]; checkpoint: Checkpoint } {
  const first = chainOf({ count: Math.ceil(count / 2), seed })
  const end = headOf(first.at(-1)!)
  const second = chainOf({ count: Math.floor(count / 2), seed, after: { ...end, epoch: 3 } })
  return {
    lines: [...first, ...second].map(({ line }) => line),
    checkpoint: checkpointOf([...first, ...second]),
  }
}

function checkpointOf(entries: ReturnType<typeof chainOf>): Checkpoint {
  const frontier = new Frontier()
  for (const { line } of entries) frontier.append(leafHash(line))
  const { epoch, seq, hash } = headOf(entries.at(-1)!)
  const openings: Checkpoint['openings'] = []
  const origin = originOf('test', entries[0]!.hash)
  return { origin, size: entries.length, root: frontier.root(), head: { epoch, seq, hash }, openings }
}

function examine(file: Buffer, checkpoints: readonly Checkpoint[] = []) {
  const examination = new Examination(checkpoints.map(({ size }) => size))
  let start = 0
  for (let end = file.indexOf(10); end !== -1; end = file.indexOf(10, start)) {
    examination.add(file.subarray(start, end))
    start = end + 1
  }
  const fault = examination.end(file.subarray(start), checkpoints)
  return { examination, fault: fault ?? examination.between(checkpoints) }
}

/** The first line of a copy that is another one in the other, read in portions as from two files. */
function differenceOf(one: Buffer, other: Buffer): number | undefined {
  const comparison = new Comparison()
  const PORTION = 1_000
  for (let at = 0; comparison.add(one.subarray(at, at + PORTION), other.subarray(at, at + PORTION)); )
    at += PORTION
  return comparison.line
}

const fileOf = (lines: readonly string[]): Buffer => Buffer.from(lines.map(line => `${line}\n`).join(''))

/** A tampered file, and the lines (1-based) at which saying so is right. */
type Tampered = { what: string; file: Buffer; lines: number[]; isRehashed?: true }

function tamper(random: () => number, lines: readonly string[]): Tampered {
  const at = Math.floor(random() * lines.length)
  const other = Math.floor(random() * lines.length)
  const copy = [...lines]
  switch (Math.floor(random() * 9)) {
    case 0:
    case 1:
      return editByte(random, lines)
    case 2:
      copy.splice(at, 1)
      return { what: `delete ${at + 1}`, file: fileOf(copy), lines: [at + 1] }
    case 3: {
      const count = 1 + Math.floor(random() * (lines.length - at))
      copy.splice(at, count)
      return { what: `delete ${count} from ${at + 1}`, file: fileOf(copy), lines: [at + 1] }
    }
    case 4:
      copy.splice(at, 0, lines[other]!)
      // of two equal lines side by side nobody can tell which is the copy
      return {
        what: `insert ${other + 1} at ${at + 1}`,
        file: fileOf(copy),
        lines: other === at ? [at + 1, at + 2] : [at + 1],
      }
    case 5: {
      if (other === at) return editByte(random, lines)
      ;[copy[at], copy[other]] = [copy[other]!, copy[at]!]
      return { what: `swap ${at + 1} and ${other + 1}`, file: fileOf(copy), lines: [Math.min(at, other) + 1] }
    }
    case 6: {
      if (other === at) return editByte(random, lines)
      const [moved] = copy.splice(at, 1)
      copy.splice(other, 0, moved!)
      return { what: `move ${at + 1} to ${other + 1}`, file: fileOf(copy), lines: [Math.min(at, other) + 1] }
    }
    case 7: {
      const file = fileOf(rehashed(lines, at, line => line.replace(/"action":"/, '"action":"not ')))
      return { what: `hash anew from ${at + 1}`, file, lines: [at + 1], isRehashed: true }
    }
    default: {
      const file = fileOf(lines)
      const cut = file.subarray(0, Math.floor(random() * file.length))
      const whole = cut.filter(byte => byte === 10).length
      return { what: `cut at byte ${cut.length}`, file: Buffer.from(cut), lines: [whole + 1] }
    }
  }
}

function editByte(random: () => number, lines: readonly string[]): Tampered {
  const file = fileOf(lines)
  const offset = Math.floor(random() * file.length)
  const byte = (file[offset]! + 1 + Math.floor(random() * 254)) % 256
  const line = file.subarray(0, offset).filter(each => each === 10).length + 1
  file[offset] = byte
  return { what: `byte ${offset} of line ${line} to ${byte}`, file, lines: [line] }
}

/** A log, and checkpoints of some of its sizes: the last one always. */
function aLog(count: number) {
  const { lines, checkpoint } = anExport(count, count)
  const sizes = [...new Set([3, 4, 11, 20].filter(size => size < count))]
  const earlier = sizes.map(size => {
    const { epoch, seq } = JSON.parse(lines[size - 1] as string) as { epoch: number; seq: number }
    const head = { epoch, seq, hash: hashLine(lines[size - 1] as string) }
    return { ...checkpoint, size, root: rootOf(lines, size), head }
  })
  return { lines, whole: fileOf(lines), checkpoints: [...earlier, checkpoint] }
}

t.test('an examination', async t => {
  t.test('finds nothing in an export as it was written', async () => {
    const { lines, checkpoint } = anExport(40)
    const { examination, fault } = examine(fileOf(lines), [checkpoint])
    assert.equal(fault, undefined)
    assert.equal(examination.lines, 40)
    assert.deepEqual(examination.root, checkpoint.root)
    assert.equal(examination.openings.length, 1)
  })

  t.test(
    'finds 10,000 random tampers, and locates all: a chain that was hashed anew between two checkpoints',
    async () => {
      const random = randomFrom(20261120)
      const logs = [2, 3, 5, 12, 30].map(count => aLog(count))
      for (let round = 0; round < 10_000; round++) {
        const { lines, whole, checkpoints } = logs[round % logs.length]!
        const { what, file, lines: expected, isRehashed = false } = tamper(random, lines)
        const { fault } = examine(file, checkpoints)
        const where = `round ${round}, ${lines.length} lines, ${what}: ${JSON.stringify(fault)}`
        assert.ok(fault, where)
        const sizes = checkpoints.map(({ size }) => size)
        if (isRehashed) {
          const [line] = expected as [number]
          const held = Math.max(0, ...sizes.filter(size => size < line))
          // a log's name is the hash of its first line
          const end = line === 1 ? 1 : sizes.find(size => size >= line)
          assert.deepEqual([fault.from ?? fault.line, fault.line], [held + 1, end], where)
          assert.equal(differenceOf(file, whole), line, where)
        } else assert.ok(expected.includes(fault.line), where)
      }
    },
  )

  t.test(
    'finds the same without a checkpoint, but for the last line and what may stand after it',
    async () => {
      const random = randomFrom(7)
      const { lines } = anExport(30)
      let unproven = 0
      for (let round = 0; round < 2_000; round++) {
        const { what, file, lines: expected, isRehashed } = tamper(random, lines)
        const { fault, examination } = examine(file)
        if (isRehashed) {
          assert.equal(fault, undefined, 'a chain that was hashed anew is one, and nothing else')
          continue
        }
        if (fault === undefined) {
          // the end is gone, or the last line is another one: what a tail without a checkpoint cannot tell
          const last = Math.min(...expected)
          assert.ok(last >= Math.min(examination.lines, lines.length), `${what} was not found`)
          unproven++
        } else
          assert.ok(
            expected.some(line => Math.abs(line - fault.line) <= 1),
            `${what}: ${JSON.stringify(fault)}`,
          )
      }
      assert.ok(unproven < 1_000)
    },
  )

  t.test('says what was done', async () => {
    const { lines, checkpoint } = anExport(12)
    const kindOf = (...changed: string[]): Fault['kind'] | undefined =>
      examine(fileOf(changed), [checkpoint]).fault?.kind
    const [a, b, c, d, ...rest] = lines as [string, string, string, string]
    assert.equal(kindOf(a, b.replace('"v":1', '"v":2'), c, d, ...rest), 'unreadable')
    assert.equal(kindOf(a, b.replace(/"reason":"/, '"reason":"not '), c, d, ...rest), 'edited')
    assert.equal(kindOf(a, c, d, ...rest), 'missing')
    assert.equal(kindOf(b, c, d, ...rest), 'missing')
    assert.equal(kindOf(a, b, b, c, d, ...rest), 'inserted')
    assert.equal(kindOf(a, b, a, c, d, ...rest), 'inserted')
    assert.equal(kindOf(a, c, b, d, ...rest), 'misplaced')
    assert.equal(kindOf(a, b, c, d), 'cut')
    assert.equal(kindOf(), 'cut')
  })

  t.test('tells what became of a file on its way', async () => {
    const { lines } = anExport(12)
    const faultOf = (file: Buffer) => {
      const { kind, line, problem } = examine(file).fault ?? {}
      return [kind, line, problem]
    }
    const crlf = Buffer.from(lines.map(line => `${line}\r\n`).join(''))
    assert.match(faultOf(crlf).join(), /^edited,1,it ends with a carriage return/)
    const half = Buffer.from(`${lines[0]}\n${lines[1]}\r\n${lines[2]}\n`)
    assert.match(faultOf(half).join(), /^edited,2,it ends with a carriage return/)
    assert.match(faultOf(fileOf(lines).subarray(0, -1)).join(), /^cut,12,the line has no newline at its end/)
    assert.match(
      faultOf(fileOf(lines).subarray(0, -9)).join(),
      /^cut,12,the line has no end: the file was cut/,
    )
    assert.match(faultOf(Buffer.alloc(0)).join(), /^cut,1,it is empty/)
    assert.match(faultOf(Buffer.from('\n')).join(), /^unreadable,1,/)
    assert.equal(examine(fileOf(lines.slice(0, 1))).fault, undefined, 'one line is a log')
    assert.match(faultOf(fileOf([...lines, ''])).join(), /^unreadable,13,/)
    assert.match(faultOf(fileOf([...lines, ...lines])).join(), /^\w+,1[23],/)
  })

  t.test(
    'is not taken in by a log that was rewritten from some line on, as long as somebody has a checkpoint',
    async () => {
      const { checkpoint } = anExport(12)
      const forged = chainOf({ count: 12, seed: 99 })
      assert.equal(examine(fileOf(forged.map(({ line }) => line))).fault, undefined)
      assert.equal(examine(fileOf(forged.map(({ line }) => line)), [checkpoint]).fault?.kind, 'rewritten')
      const half = chainOf({ count: 6, seed: 12 })
      const rest = chainOf({ count: 9, seed: 99, after: headOf(half.at(-1)!) })
      const early = checkpointOf(chainOf({ count: 9, seed: 12 }))
      const { fault } = examine(fileOf([...half, ...rest].map(({ line }) => line)), [early])
      assert.deepEqual([fault?.kind, fault?.line], ['rewritten', 9])
    },
  )

  t.test('tells a checkpoint of a branch that was left from a fork', async () => {
    const common = chainOf({ count: 6 })
    const left = chainOf({ count: 4, seed: 5, after: headOf(common.at(-1)!) })
    const kept = chainOf({ count: 3, seed: 9, after: { ...headOf(common.at(-1)!), epoch: 1 } })
    const old = checkpointOf([...common, ...left])
    const { examination, fault } = examine(fileOf([...common, ...kept].map(({ line }) => line)), [old])
    assert.deepEqual([fault, examination.against(old)?.kind], [undefined, 'cut'])
    assert.deepEqual(examination.branchOf(old)?.after.seq, 6)
    assert.equal(examination.branchOf(checkpointOf(common)), undefined)
  })
})

t.test(
  'a log that was dated anew is whole, and nothing else may be dated before its predecessor',
  async () => {
    const anew = (outcome: 'applied' | 'refused') => {
      const first = chainOf({ count: 5 })
      const at = { ...headOf(first.at(-1)!), at: '2028-01-01T00:00:00.000Z' }
      const ahead = chainOf({ count: 1, after: at, with: draft => ({ ...draft, receivedAt: at.at }) })
      const [after] = chainOf({
        count: 1,
        after: { ...headOf(ahead[0]!), at: '' },
        with: draft => ({ ...draft, action: 'log.redated', outcome }),
      })
      return [...first, ...ahead, after!].map(({ line }) => line)
    }
    assert.equal(examine(fileOf(anew('applied'))).fault, undefined)
    assert.equal(examine(fileOf(anew('refused'))).fault?.line, 7)
  },
)
