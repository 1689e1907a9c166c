// The Merkle tree over the journal's lines, kept beside it. Made from the journal and following it in the background, onto
// another branch too; may be thrown away at any time, and must never be on the way of an append.

import { join } from 'node:path'
import { fromPlace, type Head, hashLine, placeOf } from '../../domain/log/audit.js'
import { isAfter, linkOf, parseEntry } from '../../domain/log/chain.js'
import type { Opening } from '../../domain/log/checkpoint.js'
import {
  consistencyRanges,
  Frontier,
  inclusionRanges,
  leafHash,
  nodesOf,
  type Range,
  rangeHash,
  storedAt,
  verifyConsistency,
  verifyInclusion,
} from '../../domain/log/merkle.js'
import { cutTo, entryAt, leafOf, openingsOf, type Runs, withPlace } from '../../domain/log/places.js'
import { type Disk, type Log, realDisk } from '../journal/disk.js'
import type { Journal } from '../journal/journal.js'
import type { Located } from '../journal/segment.js'
import { type Saved, TreeFile } from './tree-file.js'

export type TreeHead = { size: number; root: Buffer; head: Head; openings: Opening[] }
export type Inclusion = { index: number; leaf: Buffer; proof: Buffer[]; tree: TreeHead }
/** `root`: of the smaller tree. */
export type Extension = { root: Buffer; proof: Buffer[]; tree: TreeHead }

/** Small enough that a kill does not wait for a log being hashed. */
const BATCH = { limit: 500, bytes: 2 * 1024 * 1024 }
/** What was not saved is hashed again by the next start. */
const SAVE_EVERY = 2_000
const SAY_EVERY = 100_000

export class Tree {
  readonly #journal: Journal
  readonly #log: Log
  readonly #file: TreeFile
  #frontier = new Frontier()
  #runs: Runs
  /** Of the last line in the tree. */
  #hash: string
  #savedSize: number
  #isClosed = false
  /** A proof did not hold: the file is not what was written. */
  #isDamaged = false
  #fault: unknown
  #running: Promise<void> | undefined
  #unwatch = () => {}

  /** Opens what is there as far as the journal still holds it, and follows the journal from there. `disk`: for tests. */
  static async open(journal: Journal, log: Log = () => undefined, disk: Disk = realDisk): Promise<Tree> {
    const { file, saved } = await TreeFile.open(join(journal.folder, 'tree'), disk)
    const tree = new Tree(journal, log, file, saved)
    await tree.#agree(saved.size).catch(async error => {
      await file.close().catch(() => undefined)
      throw error
    })
    tree.#unwatch = journal.watch(() => tree.#wake())
    tree.#wake()
    return tree
  }

  private constructor(journal: Journal, log: Log, file: TreeFile, saved: Saved) {
    this.#journal = journal
    this.#log = log
    this.#file = file
    this.#runs = saved.runs
    this.#hash = saved.hash
    this.#savedSize = saved.size
  }

  /** The tree of the log as the journal has it; undefined where there is none, or the tree is behind it. */
  get head(): TreeHead | undefined {
    return this.#isWhole && this.#frontier.size > 0 ? this.#head : undefined
  }

  /** Resolves once the tree has all of the journal, or `signal` aborts. Rejects where it cannot go on. */
  async whole(signal?: AbortSignal): Promise<void> {
    while (!this.#isWhole && !signal?.aborted) {
      if (this.#isClosed) throw new Error('the tree is closed')
      this.#wake()
      await this.#running
      if (this.#fault !== undefined) throw this.#fault
    }
  }

  /** The proof that an entry is in the tree as it is now; undefined where it is not. */
  async inclusion(place: number): Promise<Inclusion | undefined> {
    const index = leafOf(this.#runs, place, this.#frontier.size)
    if (index === undefined) return undefined
    const tree = this.#head
    const ranges: Range[] = [[index, index + 1], ...inclusionRanges(index, tree.size)]
    const [leaf, ...proof] = (await this.#hashesOf(ranges)) as [Buffer, ...Buffer[]]
    if (verifyInclusion({ index, size: tree.size, leaf, proof, root: tree.root }))
      return { index, leaf, proof, tree }
    await this.#mend({ place })
    return this.inclusion(place)
  }

  /** The proof that a tree of `to` leaves extends one of `from`; undefined where this tree has not so many. */
  async consistency(from: number, to: number): Promise<Extension | undefined> {
    const tree = this.#head
    if (to > tree.size || from > to) return undefined
    const ends = [[0, from] as const, [0, to] as const]
    const [root, larger] = (await this.#hashesOf(ends)) as [Buffer, Buffer]
    const proof = await this.#hashesOf(consistencyRanges(from, to))
    const rest = await this.#hashesOf(consistencyRanges(to, tree.size))
    const isProven =
      verifyConsistency({ first: from, second: to, firstRoot: root, secondRoot: larger, proof }) &&
      // as far as the root in memory, which no damage of the file reaches
      verifyConsistency({
        first: to,
        second: tree.size,
        firstRoot: larger,
        secondRoot: tree.root,
        proof: rest,
      })
    if (isProven) return { root, proof, tree }
    await this.#mend({ from, to })
    return this.consistency(from, to)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unwatch()
    await this.#running
    await this.#save().catch(error => this.#say(error))
    await this.#file.close()
  }

  /** After a proof that did not hold. Rejects where the tree cannot be built. */
  async #mend(asked: Record<string, unknown>): Promise<void> {
    this.#log('the tree of the log is damaged, and is built anew', asked)
    this.#isDamaged = true
    await this.whole()
  }

  get #place(): number {
    return this.#frontier.size === 0 ? 0 : placeOf(entryAt(this.#runs, this.#frontier.size - 1))
  }

  get #isWhole(): boolean {
    return !this.#isDamaged && this.#place === placeOf(this.#journal.head)
  }

  get #head(): TreeHead {
    const { size } = this.#frontier
    const head = { ...entryAt(this.#runs, size - 1), hash: this.#hash }
    return { size, root: this.#frontier.root(), head, openings: openingsOf(this.#runs) }
  }

  async #hashesOf(ranges: readonly Range[]): Promise<Buffer[]> {
    const positions = ranges.flatMap(range => nodesOf(range)).map(storedAt)
    const read = await this.#file.read(positions)
    const found = new Map(positions.map((position, at) => [position, read[at] as Buffer]))
    return ranges.map(range => rangeHash(range, node => found.get(storedAt(node)) as Buffer))
  }

  /** Once at a time; what came between the last look and now is looked at again. */
  #wake(): void {
    if (this.#running !== undefined || this.#isClosed) return
    this.#running = this.#follow().finally(() => {
      this.#running = undefined
      if (this.#fault === undefined && !this.#isWhole) this.#wake()
    })
  }

  async #follow(): Promise<void> {
    try {
      while (!this.#isClosed && !this.#isWhole) await this.#catchUp()
      this.#fault = undefined
    } catch (error) {
      this.#fault = error
      this.#say(error)
    }
  }

  async #catchUp(): Promise<void> {
    const { size } = this.#frontier
    if (this.#isDamaged) {
      await this.#agree(0)
      this.#isDamaged = false
    }
    const lines = await this.#journal.located(this.#place, BATCH)
    const first = lines[0] && parseEntry(lines[0].bytes.toString())
    if (first !== undefined && first.prev === this.#hash) return this.#take(lines)
    // the journal ends before the tree, or goes on from another entry: it has left a branch
    await this.#agree(size)
    if (this.#frontier.size === size) throw new Error(`the journal is damaged after place ${this.#place}`)
  }

  async #take(lines: readonly Located[]): Promise<void> {
    const frontier = this.#frontier.copy()
    const stored: Buffer[] = []
    let [runs, hash] = [this.#runs, this.#hash]
    for (const { bytes } of lines) {
      const link = linkOf(bytes.toString())
      if (link === undefined || !isAfter(bytes.toString(), hash))
        throw new Error(`the journal is damaged after place ${this.#place}`)
      runs = withPlace(runs, frontier.size, fromPlace(link.place), hash)
      stored.push(...frontier.append(leafHash(bytes)))
      hash = hashLine(bytes)
    }
    await this.#file.append(stored)
    const before = this.#frontier.size
    ;[this.#frontier, this.#runs, this.#hash] = [frontier, runs, hash]
    if (Math.floor(frontier.size / SAY_EVERY) > Math.floor(before / SAY_EVERY))
      this.#log('hashing the log', { entries: frontier.size })
    if (frontier.size - this.#savedSize >= SAVE_EVERY) await this.#save()
  }

  /** Keeps of a tree of so many leaves what the journal has too, by halving: up to some leaf they are the same. */
  async #agree(size: number): Promise<void> {
    let [kept, differs] = [0, size + 1]
    let middle = size
    while (differs - kept > 1) {
      if (await this.#isInJournal(middle - 1)) kept = middle
      else differs = middle
      middle = Math.floor((kept + differs) / 2)
    }
    const peaks = await this.#file.read(nodesOf([0, kept]).map(storedAt))
    const line = kept === 0 ? undefined : await this.#journal.line(placeOf(entryAt(this.#runs, kept - 1)))
    await this.#file.cut(kept)
    this.#frontier = new Frontier(kept, peaks)
    this.#runs = cutTo(this.#runs, kept)
    this.#hash = line === undefined ? '' : hashLine(line)
    this.#savedSize = Math.min(this.#savedSize, kept)
  }

  async #isInJournal(leaf: number): Promise<boolean> {
    const line = await this.#journal.line(placeOf(entryAt(this.#runs, leaf)))
    const [stored] = await this.#file.read([storedAt({ level: 0, index: leaf })])
    return line !== undefined && stored !== undefined && leafHash(line).equals(stored)
  }

  async #save(): Promise<void> {
    const { size } = this.#frontier
    if (size === this.#savedSize) return
    await this.#file.save({
      size,
      hash: this.#hash,
      runs: this.#runs,
      root: this.#frontier.root().toString('hex'),
    })
    this.#savedSize = size
  }

  #say(error: unknown): void {
    this.#log('the tree of the log cannot go on; it is tried again with the next entry', {
      reason: String(error),
    })
  }
}
