// From the source of a runbook to a tree with positions. The only place that knows the Markdown parser.

import type { Nodes, Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { frontmatter } from 'micromark-extension-frontmatter'
import { gfm } from 'micromark-extension-gfm'
import { readHtml } from '../markup/html.js'

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
const PIECE = 512

/** Where a list, quotation or paragraph cannot go on: a heading or text at the margin, after an empty line. */
const MARGIN = /(?:\r\n|\n|\r)(?:[ \t]*(?:\r\n|\n|\r))+(?=#{1,6}[ \t]|\p{L}|\*\*)/gu
/** Where an item of a list at the margin begins. The list is put together again. */
const ITEM = /(?:\r\n|\n|\r)(?=(?:[-*+]|\d{1,9}[.)])[ \t]+\S)/g
const MARK = /^(?:([-*+])|\d{1,9}([.)]))[ \t]/

/** The tree of a Markdown text. `lines` are the lines its lines came from, where they are not the same. */
export function readTree(text: string, lines?: readonly number[]): Root {
  const root = parsePieces(text)
  readHtml(root, said => fromMarkdown(said, OPTIONS))
  resolveLinks(root)
  if (lines) renumber(root, lines)
  return root
}

/** `[the board][1]` leads where the definition of `[1]` says, wherever that stands. */
function resolveLinks(root: Root): void {
  const urls = new Map<string, string>()
  for (const node of root.children) if (node.type === 'definition') urls.set(node.identifier, node.url)
  if (urls.size > 0) resolveIn(root, urls)
}

function resolveIn(node: Nodes, urls: ReadonlyMap<string, string>): void {
  if (!('children' in node)) return
  for (const child of node.children) {
    const url = child.type === 'linkReference' ? urls.get(child.identifier) : undefined
    if (url !== undefined) Object.assign(child, { type: 'link', url })
    resolveIn(child, urls)
  }
}

function parsePieces(source: string): Root {
  if (source.length <= WHOLE) return fromMarkdown(source, OPTIONS)
  const root: Root = { type: 'root', children: [] }
  let from = 0
  let line = 0
  let enough = PIECE
  let open: string | undefined
  for (const to of [...cutsOf(source), source.length]) {
    if (to - from < enough && to < source.length) continue
    const text = source.slice(from, to)
    const piece = fromMarkdown(text, OPTIONS)
    // Twice as much next time: a fence that never ends is not read over and over.
    if (to < source.length && (isOpen(piece, text) || !mayCut(piece, text, kindAt(source, to)))) {
      enough = 2 * text.length
      continue
    }
    const last = lastKind(piece, text)
    shiftLines(piece, line)
    const kind = kindAt(source, from)
    joinPiece(root, piece, kind !== undefined && kind === open)
    open = last
    line += text.split(/\r\n|\n|\r/).length - 1
    from = to
    enough = PIECE
  }
  return root
}

function cutsOf(source: string): number[] {
  const cuts = [MARGIN, ITEM].flatMap(where =>
    Array.from(source.matchAll(where), match => match.index + match[0].length),
  )
  return cuts.sort((one, other) => one - other)
}

/** The sign that keeps the items of one list together: a bullet, or what follows its numbers. */
const kindAt = (text: string, at: number): string | undefined => {
  const match = MARK.exec(text.slice(at, at + 12))
  return match?.[1] ?? match?.[2]
}

/** An item is cut off after an empty line, or from the items of its own list. */
function mayCut(piece: Root, text: string, kind: string | undefined): boolean {
  return (
    kind === undefined ||
    /(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)$/.test(text.slice(-80)) ||
    lastKind(piece, text) === kind
  )
}

/** The kind of the list a piece ends with. */
function lastKind(piece: Root, text: string): string | undefined {
  const last = piece.children.at(-1)
  const item = last?.type === 'list' ? last.children.at(-1) : undefined
  return item && kindAt(text, item.position?.start.offset ?? 0)
}

/** One by one: a piece may hold more nodes than a call takes arguments. */
function joinPiece(root: Root, piece: Root, isSameList: boolean): void {
  const [list, ...others] = piece.children
  const open = root.children.at(-1)
  if (!isSameList || list?.type !== 'list' || open?.type !== 'list') {
    for (const child of piece.children) root.children.push(child)
    return
  }
  for (const item of list.children) open.children.push(item)
  for (const child of others) root.children.push(child)
}

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

/** Every piece is slimmed as well: half of what a tree holds is where its nodes end, and only of code it is asked. */
function shiftLines(node: Nodes, by: number): void {
  if (node.position) {
    const { start, end } = node.position
    const from = { line: start.line + by, column: start.column }
    node.position = {
      start: from,
      end: node.type === 'code' ? { line: end.line + by, column: end.column } : from,
    }
  }
  if ('children' in node) for (const child of node.children) shiftLines(child, by)
}

function renumber(node: Nodes, lines: readonly number[]): void {
  if (node.position) {
    node.position.start.line = lines[node.position.start.line - 1] ?? node.position.start.line
    if (node.position.end !== node.position.start)
      node.position.end.line = lines[node.position.end.line - 1] ?? node.position.end.line
  }
  if ('children' in node) for (const child of node.children) renumber(child, lines)
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
