// The Merkle tree over the log's lines, as RFC 6962 section 2.1 has it: one leaf per line, over its exact stored bytes.
// Knows hashes and where they are kept in a flat file, never what the lines say.

import * as crypto from 'node:crypto'

/** Half-open, by leaf index: `[from, to)`. */
export type Range = readonly [from: number, to: number]
/** The root of a complete subtree: its leaves are `index * 2^level` and the 2^level - 1 after it. */
export type Node = { level: number; index: number }
export type NodeHash = (node: Node) => Buffer

const LEAF = Buffer.of(0)
const INNER = Buffer.of(1)
/** Half the time of the other, and not there before Node 20.12, on which an SDK may run. */
const once: typeof crypto.hash | undefined = crypto.hash
const digest = (...parts: Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(parts)
  return once?.('sha256', bytes, 'buffer') ?? crypto.createHash('sha256').update(bytes).digest()
}

export const EMPTY_ROOT = digest()
export const leafHash = (line: string | Uint8Array): Buffer =>
  digest(LEAF, typeof line === 'string' ? Buffer.from(line) : line)
const innerHash = (left: Uint8Array, right: Uint8Array): Buffer => digest(INNER, left, right)

/** The right edge of a tree: the roots of its complete subtrees, largest first. All that an append needs. */
export class Frontier {
  size: number
  readonly #peaks: Buffer[]

  constructor(size = 0, peaks: readonly Buffer[] = []) {
    this.size = size
    this.#peaks = [...peaks]
  }

  /** Adds a leaf. Returns what is to be stored for it, in the order of `storedAt`: O(log n). */
  append(leaf: Buffer): Buffer[] {
    const stored = [leaf]
    let top = leaf
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      top = innerHash(this.#peaks.pop() as Buffer, top)
      stored.push(top)
    }
    this.#peaks.push(top)
    this.size++
    return stored
  }

  copy(): Frontier {
    return new Frontier(this.size, this.#peaks)
  }

  root(): Buffer {
    const [last, ...others] = [...this.#peaks].reverse()
    return last === undefined ? EMPTY_ROOT : others.reduce((right, left) => innerHash(left, right), last)
  }
}

/**
 * Where a node's hash stands in the flat file, counted in hashes: each leaf is followed by the subtrees it completes, so
 * that a smaller tree's file is the beginning of a larger one's. The layout of golang.org/x/mod/sumdb/tlog.
 */
export function storedAt({ level, index }: Node): number {
  const lastLeaf = (index + 1) * 2 ** level - 1
  return storedCount(lastLeaf) + level
}

/** How many hashes are stored for a tree of so many leaves: one for every complete subtree. */
export function storedCount(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest
  return count
}

/** The complete subtrees that make up a range, left to right; `from` must be where a subtree of that size may begin. */
export function nodesOf([from, to]: Range): Node[] {
  const nodes: Node[] = []
  for (let at = from; at < to; ) {
    const level = Math.floor(Math.log2(to - at))
    nodes.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return nodes
}

export function rangeHash(range: Range, at: NodeHash): Buffer {
  const [last, ...others] = nodesOf(range).reverse().map(at)
  return others.reduce((right, left) => innerHash(left, right), last ?? EMPTY_ROOT)
}

/** RFC 6962 2.1.1, PATH(index, D[size]): the ranges whose hashes prove that a leaf is in the tree, leaf first. */
export function inclusionRanges(index: number, size: number, from = 0): Range[] {
  if (size <= 1) return []
  const split = largestPowerBelow(size)
  return index < split
    ? [...inclusionRanges(index, split, from), [from + split, from + size]]
    : [...inclusionRanges(index - split, size - split, from + split), [from, from + split]]
}

/** RFC 6962 2.1.2, PROOF(first, D[second]): the ranges whose hashes prove that one tree extends another. */
export function consistencyRanges(first: number, second: number, from = 0, isWhole = true): Range[] {
  if (first === 0) return []
  if (first === second) return isWhole ? [] : [[from, from + second]]
  const split = largestPowerBelow(second)
  return first <= split
    ? [...consistencyRanges(first, split, from, isWhole), [from + split, from + second]]
    : [...consistencyRanges(first - split, second - split, from + split, false), [from, from + split]]
}

const largestPowerBelow = (size: number): number => 2 ** Math.floor(Math.log2(size - 1))

export type Inclusion = { index: number; size: number; leaf: Buffer; proof: readonly Buffer[]; root: Buffer }

/** RFC 9162 2.1.3.2. */
export function verifyInclusion({ index, size, leaf, proof, root }: Inclusion): boolean {
  if (index < 0 || index >= size || !proof.every(isHash)) return false
  let [at, last, hashed] = [index, size - 1, leaf]
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hashed = innerHash(sibling, hashed)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else hashed = innerHash(hashed, sibling)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && hashed.equals(root)
}

export type Consistency = {
  first: number
  second: number
  firstRoot: Buffer
  secondRoot: Buffer
  proof: readonly Buffer[]
}

/** RFC 9162 2.1.4.2. */
export function verifyConsistency({ first, second, firstRoot, secondRoot, proof }: Consistency): boolean {
  if (first > second || first < 0 || !proof.every(isHash)) return false
  if (first === second) return proof.length === 0 && firstRoot.equals(secondRoot)
  if (first === 0) return proof.length === 0
  const isComplete = Number.isInteger(Math.log2(first))
  const [start, ...rest] = isComplete ? [firstRoot, ...proof] : proof
  if (start === undefined) return false
  let [at, last, one, two] = [first - 1, second - 1, start, start]
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  for (const sibling of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      one = innerHash(sibling, one)
      two = innerHash(sibling, two)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else two = innerHash(two, sibling)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && one.equals(firstRoot) && two.equals(secondRoot)
}

const isHash = (part: Buffer): boolean => part.length === EMPTY_ROOT.length
const half = (n: number): number => Math.floor(n / 2)
