// The Merkle tree over lines in memory, computed anew for each question: what a service signs and proves of a log.

import {
  consistencyRanges,
  Frontier,
  inclusionRanges,
  leafHash,
  type Node,
  type Range,
  rangeHash,
} from '../../src/domain/log/merkle.js'

/** The root over the first `size` lines. */
export function rootOf(lines: readonly string[], size = lines.length): Buffer {
  const frontier = new Frontier()
  for (const line of lines.slice(0, size)) frontier.append(leafHash(line))
  return frontier.root()
}

/** RFC 6962 2.1.2, in hex. */
export const proofOf = (lines: readonly string[], from: number, to: number): string[] =>
  hashesOf(lines, consistencyRanges(from, to))

/** RFC 6962 2.1.1, in hex. */
export const inclusionOf = (lines: readonly string[], index: number): string[] =>
  hashesOf(lines, inclusionRanges(index, lines.length))

function hashesOf(lines: readonly string[], ranges: readonly Range[]): string[] {
  const at = ({ level, index }: Node) => rootOf(lines.slice(index * 2 ** level, (index + 1) * 2 ** level))
  return ranges.map(range => rangeHash(range, at).toString('hex'))
}
