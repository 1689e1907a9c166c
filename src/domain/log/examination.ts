// Examines the lines of an export, one after the other, trusting none: whether they form one whole log, and which line was
// touched where they do not. Pure; whoever reads the file feeds it, and must feed it every byte.

import { type Entry, type Head, hashLine, isRedating, placeOf } from './audit.js'
import { parseEntry } from './chain.js'
import { type Checkpoint, isAbandoned, type Opening } from './checkpoint.js'
import { Frontier, leafHash } from './merkle.js'

type FaultKind =
  | 'unreadable' // the line is no entry
  | 'edited' // the line is not what it was when the next one was written
  | 'missing' // entries are gone between the line before and this one
  | 'inserted' // the line was not there when the next one was written
  | 'misplaced' // the line does not follow the one before
  | 'cut' // the log had more lines than this
  | 'rewritten' // the lines chain, and are not those that were signed
  | 'unsigned' // the lines chain, and nobody with the key of the log signed them

/**
 * `line` is 1-based; `place` that of the entry in it, or of the last one before it. `from`: the line that was touched is known
 * to be one of those from here to `line`, and no more.
 */
export type Fault = { kind: FaultKind; line: number; place: number; problem: string; from?: number }

type Line = Pick<Entry, 'epoch' | 'seq' | 'at' | 'prev' | 'action' | 'outcome'> & {
  line: number
  hash: string
}

/** What a checkpoint of an earlier time is held against: the tree as it was at its size. */
type At = { root: Buffer; head: Head }

export class Examination {
  /** The hash of the first line: the log's name. */
  log: string | undefined
  environment: string | undefined
  openings: Opening[] = []
  readonly #frontier = new Frontier()
  readonly #sizes: ReadonlySet<number>
  readonly #seen = new Map<number, At>()
  #before: Line | undefined
  #last: Line | undefined
  /** A line whose link does not hold, until the next one shows which of the two was touched. */
  #doubted: { line: Line; problem: string } | undefined
  #ended: Fault | undefined

  /** `sizes`: of the checkpoints that will be asked for. */
  constructor(sizes: readonly number[] = []) {
    this.#sizes = new Set(sizes)
  }

  get lines(): number {
    return this.#frontier.size
  }

  get root(): Buffer {
    return this.#frontier.root()
  }

  get head(): Head | undefined {
    return this.#last && headOf(this.#last)
  }

  /** Takes the next line, without its newline. The first fault is final; it may be of the line before. */
  add(bytes: Buffer): Fault | undefined {
    if (this.#ended) return this.#ended
    const number = this.lines + (this.#doubted ? 2 : 1)
    const entry = bytes.at(-1) === CARRIAGE_RETURN ? undefined : parseEntry(bytes.toString())
    if (entry === undefined) return this.#end(this.#settle(undefined) ?? this.#unreadable(number, bytes))
    const { epoch, seq, at, prev, action, outcome } = entry
    const line: Line = { epoch, seq, at, prev, action, outcome, line: number, hash: hashLine(bytes) }
    if (this.#doubted) return this.#end(this.#settle(line) as Fault)
    const problem = this.#problemOf(line)
    if (problem?.isOfLink) {
      this.#doubted = { line, problem: problem.text }
      return undefined
    }
    if (problem) return this.#end(faultOf('edited', line, problem.text))
    this.#take(line, entry, bytes)
    return undefined
  }

  /** The end of the file. `rest`: bytes after the last newline. */
  end(rest: Buffer = Buffer.alloc(0), vouched: readonly Checkpoint[] = []): Fault | undefined {
    if (this.#ended) return this.#ended
    const fault = this.#settle(undefined, vouched)
    if (fault) return this.#end(fault)
    if (rest.length === 0 && this.lines > 0) return undefined
    return this.#end({ kind: 'cut', line: this.lines + 1, place: this.#lastPlace, problem: endProblem(rest) })
  }

  /** What a checkpoint of this log says against it; undefined where it vouches for the first `size` lines. */
  against(checkpoint: Checkpoint): Fault | undefined {
    const { origin, size, root, head } = checkpoint
    if (this.log !== undefined && !origin.endsWith(`/${this.log.slice(0, 16)}`)) {
      const problem = `it does not begin the log that the checkpoint is of, ${origin}`
      return { kind: 'rewritten', line: 1, place: 1, problem }
    }
    if (size > this.lines) {
      const problem = `the log ends here with ${this.lines} entries, the checkpoint is of ${size}`
      return { kind: 'cut', line: this.lines + 1, place: this.#lastPlace, problem }
    }
    const at = this.#seen.get(size)
    if (size === 0 || at === undefined) return undefined
    if (at.root.equals(root) && (head === undefined || head.hash === at.head.hash)) return undefined
    const problem = `the first ${size} lines are not those of the checkpoint: one or more of them were rewritten`
    return { kind: 'rewritten', line: size, from: 1, place: placeOf(at.head), problem }
  }

  /**
   * What several checkpoints say: the first line that is not right. A chain that was hashed anew shows nothing by itself, and
   * lies between the largest checkpoint that holds and the smallest that does not. One of a left branch says nothing.
   */
  between(checkpoints: readonly Checkpoint[]): Fault | undefined {
    const own = checkpoints.filter(each => this.branchOf(each) === undefined)
    const faults = own.map(each => this.against(each)).filter(fault => fault !== undefined)
    const first = faults.sort((a, b) => a.line - b.line)[0]
    if (first?.from === undefined) return first
    const sizes = own.filter(each => this.against(each) === undefined).map(({ size }) => size)
    const held = Math.max(0, ...sizes.filter(size => size < first.line))
    const { line } = first
    const [place, from] = [first.place, held + 1]
    const by = held === 0 ? 'no smaller one holds' : `the one of ${held} entries holds`
    const which = from === line ? `line ${line} was` : `one or more of the lines ${from} to ${line} were`
    const problem = `${which} rewritten, and the chain holds all the same: the checkpoint of ${line} entries does not hold, and ${by}`
    return { kind: 'rewritten', line, place, problem, ...(from === line ? {} : { from }) }
  }

  /** Where the log left the branch that a checkpoint was signed on; undefined where it did not. */
  branchOf({ head }: Checkpoint): Opening | undefined {
    const { openings } = this
    const own: Checkpoint = { origin: '', size: this.lines, root: this.root, openings }
    if (head === undefined || this.head === undefined || !isAbandoned(head, { ...own, head: this.head }))
      return undefined
    return openings.find(({ after, epoch }) => after.epoch === head.epoch || epoch > head.epoch)
  }

  get #lastPlace(): number {
    return this.#last ? placeOf(this.#last) : 0
  }

  #end(fault: Fault): Fault {
    this.#ended = fault
    return fault
  }

  #unreadable(line: number, bytes: Buffer): Fault {
    const place = this.#lastPlace
    if (bytes.at(-1) !== CARRIAGE_RETURN)
      return { kind: 'unreadable', line, place, problem: 'it is not an entry' }
    const problem =
      'it ends with a carriage return, as no line of a log does: something has converted the file'
    return { kind: 'edited', line, place, problem }
  }

  #take(line: Line, { environment }: Entry, bytes: Buffer): void {
    this.log ??= line.hash
    this.environment ??= environment
    if (this.#last && line.epoch !== this.#last.epoch)
      this.openings.push({ epoch: line.epoch, after: headOf(this.#last) })
    this.#before = this.#last
    this.#last = line
    this.#frontier.append(leafHash(bytes))
    if (this.#sizes.has(this.lines)) this.#seen.set(this.lines, { root: this.root, head: headOf(line) })
  }

  #problemOf(line: Line): { text: string; isOfLink: boolean } | undefined {
    const last = this.#last
    const wanted = last?.hash ?? ''
    if (line.prev !== wanted) {
      const text = last
        ? `its prev is not the hash of the line before`
        : 'a log begins with an entry that has none before it: lines are missing at the beginning, or this is not a whole export'
      return { text, isOfLink: true }
    }
    if (last === undefined) return undefined
    const text = orderProblem(last, line)
    return text === undefined ? undefined : { text, isOfLink: false }
  }

  /** Of two lines that do not link, tells which one was touched, by the lines around them. */
  #settle(next: Line | undefined, vouched: readonly Checkpoint[] = []): Fault | undefined {
    if (this.#doubted === undefined) return undefined
    const { line, problem } = this.#doubted
    const [before, last] = [this.#before, this.#last]
    const isWhole = next ? next.prev === line.hash : vouched.some(({ head }) => head?.hash === line.hash)
    if (last === undefined) return faultOf(isWhole && line.seq > 1 ? 'missing' : 'edited', line, problem)
    if (line.hash === last.hash) return faultOf('inserted', line, 'it is the line before once more')
    if (before && line.prev === before.hash)
      return faultOf('inserted', last, 'the line after it was written on the line before it')
    if (next && next.prev === last.hash)
      return faultOf(next.seq + 1 === line.seq ? 'misplaced' : 'inserted', line, PASSED_OVER)
    const isInOrder = last.seq === (before?.seq ?? 0) + 1
    if (isInOrder && line.seq > last.seq + 1 && (isWhole || next === undefined)) {
      const count = line.seq - last.seq - 1
      return faultOf(
        'missing',
        line,
        `${count} ${count === 1 ? 'entry is' : 'entries are'} missing before it`,
      )
    }
    if (!isWhole) return faultOf(line.seq === last.seq + 1 ? 'edited' : 'misplaced', line, problem)
    if (isInOrder && line.seq <= last.seq) return faultOf('misplaced', line, problem)
    return faultOf('edited', last, 'the line after it was written on another one')
  }
}

const CARRIAGE_RETURN = 0x0d

function endProblem(rest: Buffer): string {
  if (rest.length === 0) return 'it is empty, and a log has at least one entry'
  if (parseEntry(rest.toString()) === undefined)
    return `the line has no end: the file was cut, ${rest.length} bytes into the line`
  return 'the line has no newline at its end: the file was cut there, or saved anew by something else'
}

const PASSED_OVER = 'the line after it was written on the line before it'

function orderProblem(last: Line, line: Line): string | undefined {
  if (line.epoch < last.epoch) return `its epoch ${line.epoch} is below ${last.epoch}, the one before`
  if (line.seq <= last.seq) return `its seq ${line.seq} is not above ${last.seq}, the one before`
  if (line.at < last.at && !isRedating(line)) return `its at ${line.at} is below ${last.at}, the one before`
  return undefined
}

const headOf = ({ epoch, seq, hash }: Line): Head => ({ epoch, seq, hash })

const faultOf = (kind: FaultKind, line: Line, problem: string): Fault => ({
  kind,
  line: line.line,
  place: placeOf(line),
  problem,
})
