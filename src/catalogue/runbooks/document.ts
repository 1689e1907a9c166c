// From the source of a runbook to a tree with positions. The only place that knows the Markdown parser.

import type { Nodes, Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { frontmatter } from 'micromark-extension-frontmatter'
import { gfm } from 'micromark-extension-gfm'

const OPTIONS = {
  extensions: [gfm(), frontmatter(['yaml', 'toml'])],
  // Without their transforms, a second walk over every text that looks for addresses nobody needs as links here.
  mdastExtensions: [
    gfmFromMarkdown().map(({ transforms: _, ...extension }) => extension),
    frontmatterFromMarkdown(['yaml', 'toml']),
  ],
}

/** What is given to the parser as a whole. Its time grows with the square of the lists it is given at once. */
const WHOLE = 16 * 1024
/** Anything longer is given to it in pieces of about this size. */
const PIECE = 1024

/** Where a list, quotation or paragraph cannot go on: a heading or text at the margin, after an empty line. */
const MARGIN = /(?:\r\n|\n|\r)(?:[ \t]*(?:\r\n|\n|\r))+(?=#{1,6}[ \t]|\p{L}|\*\*)/gu

export function readTree(source: string): Root {
  if (source.length <= WHOLE) return fromMarkdown(source, OPTIONS)
  const root: Root = { type: 'root', children: [] }
  let from = 0
  let line = 0
  let enough = PIECE
  for (const to of [...cutsOf(source), source.length]) {
    if (to - from < enough && to < source.length) continue
    const text = source.slice(from, to)
    const piece = fromMarkdown(text, OPTIONS)
    // Twice as much next time: a fence that never ends is not read over and over.
    if (to < source.length && isOpen(piece, text)) {
      enough = 2 * text.length
      continue
    }
    shiftLines(piece, line)
    // One by one: a piece may hold more nodes than a call takes arguments.
    for (const child of piece.children) root.children.push(child)
    line += text.split(/\r\n|\n|\r/).length - 1
    from = to
    enough = PIECE
  }
  return root
}

const cutsOf = (source: string): number[] =>
  Array.from(source.matchAll(MARGIN), match => match.index + match[0].length)

/** Does the piece end inside a fence or HTML? Then what follows belongs to it, whatever it looks like. */
function isOpen(piece: Root, text: string): boolean {
  const last = piece.children.at(-1)
  if (last?.type === 'html') return true
  if (last?.type !== 'code') return false
  const [first = '', ...rest] = text
    .slice(last.position?.start.offset, last.position?.end.offset)
    .split(/\r\n|\n|\r/)
  const fence = /^(`{3,}|~{3,})/.exec(first)?.[1]
  const end = rest.at(-1)?.trim() ?? ''
  return fence !== undefined && !(end.startsWith(fence) && end.replaceAll(fence.charAt(0), '') === '')
}

function shiftLines(node: Nodes, by: number): void {
  if (by === 0) return
  if (node.position) {
    node.position.start.line += by
    node.position.end.line += by
  }
  if ('children' in node) for (const child of node.children) shiftLines(child, by)
}

/** 1-based line a node starts on. */
export const lineOf = (node: Nodes): number => node.position?.start.line ?? 1

export const columnOf = (node: Nodes): number => node.position?.start.column ?? 1

/** The lines of a fence or an indented block, each with its 1-based line in the source. */
export function linesOfCode(node: Nodes & { value: string }): { text: string; line: number }[] {
  const lines = node.value.split(/\r\n|\n|\r/)
  const span = (node.position?.end.line ?? 1) - lineOf(node) + 1
  const first = lineOf(node) + (span > lines.length ? 1 : 0)
  return lines.map((text, index) => ({ text, line: first + index }))
}
