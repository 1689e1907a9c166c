// Running text: what a person reads of a paragraph, a cell or a heading, on one line, still knowing which source line
// every character came from and what stood in a code span.

import type { Nodes } from 'mdast'
import { lineOf } from './document.js'

export type Prose = {
  text: string
  /** Line of the first character. */
  line: number
  /** Ascending; the text from `from` on stands on `line`. */
  lines: { from: number; line: number }[]
  codes: { from: number; to: number }[]
  /** Where each link leads that begins in the text. */
  links?: { from: number; title: string; url: string }[]
}

export function proseOf(nodes: readonly Nodes[]): Prose {
  const prose: Prose = { text: '', line: nodes[0] ? lineOf(nodes[0]) : 1, lines: [], codes: [] }
  for (const node of nodes) append(prose, node)
  prose.text = prose.text.trimEnd()
  prose.line = prose.lines[0]?.line ?? prose.line
  return prose
}

/** One line of plain text, as found in a fence. */
export function proseOfLine(text: string, line: number): Prose {
  const prose: Prose = { text: '', line, lines: [], codes: [] }
  push(prose, text, line)
  prose.text = prose.text.trimEnd()
  return prose
}

export function joinProse(parts: readonly Prose[], separator: string): Prose {
  const joined: Prose = { text: '', line: parts[0]?.line ?? 1, lines: [], codes: [] }
  for (const part of parts) {
    if (part.text === '') continue
    if (joined.text !== '') joined.text += separator
    const shift = joined.text.length
    joined.text += part.text
    joined.lines.push(...part.lines.map(({ from, line }) => ({ from: from + shift, line })))
    joined.codes.push(...part.codes.map(({ from, to }) => ({ from: from + shift, to: to + shift })))
    withLinks(
      joined,
      (part.links ?? []).map(link => ({ ...link, from: link.from + shift })),
    )
  }
  joined.line = joined.lines[0]?.line ?? joined.line
  return joined
}

/** The prose without its first `count` characters. */
export function dropStart(prose: Prose, count: number): Prose {
  const skip = count + (prose.text.slice(count).length - prose.text.slice(count).trimStart().length)
  const line = lineAt(prose, skip)
  const shifted = prose.lines
    .filter(({ from }) => from > skip)
    .map(l => ({ from: l.from - skip, line: l.line }))
  const rest: Prose = {
    text: prose.text.slice(skip),
    line,
    lines: [{ from: 0, line }, ...shifted],
    codes: prose.codes.filter(c => c.from >= skip).map(c => ({ from: c.from - skip, to: c.to - skip })),
  }
  const links = (prose.links ?? []).filter(({ from }) => from >= skip)
  return withLinks(
    rest,
    links.map(link => ({ ...link, from: link.from - skip })),
  )
}

function withLinks(prose: Prose, links: NonNullable<Prose['links']>): Prose {
  if (links.length > 0) prose.links = [...(prose.links ?? []), ...links]
  return prose
}

/** The part of a text, without the spaces around it. */
export function partOf(prose: Prose, from: number, to: number): Prose {
  const { text, lines, codes, links = [] } = prose
  let [start, end] = [from, to]
  while (start < end && text.charAt(start) === ' ') start++
  while (end > start && text.charAt(end - 1) === ' ') end--
  const line = lineAt(prose, start)
  const within = (at: number) => at > start && at < end
  const part: Prose = {
    text: text.slice(start, end),
    line,
    lines: [
      { from: 0, line },
      ...lines.filter(mark => within(mark.from)).map(mark => ({ from: mark.from - start, line: mark.line })),
    ],
    codes: codes
      .filter(code => code.from >= start && code.to <= end)
      .map(code => ({ from: code.from - start, to: code.to - start })),
  }
  const own = links.filter(({ from }) => from >= start && from < end)
  return withLinks(
    part,
    own.map(link => ({ ...link, from: link.from - start })),
  )
}

export function lineAt(prose: Prose, offset: number): number {
  const { lines } = prose
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (lines[middle]!.from > offset) high = middle
    else low = middle + 1
  }
  return lines[low - 1]?.line ?? prose.line
}

/** An address of the web, of mail or of a telephone, or a path. */
const LEADS = /^(?:https?:|mailto:|tel:|[^:]*$|[./#])/i

function append(prose: Prose, node: Nodes): void {
  if (node.type === 'text') {
    node.value.split(/\r\n|\n|\r/).forEach((piece, index) => {
      if (index > 0) push(prose, ' ', lineOf(node) + index)
      push(prose, piece, lineOf(node) + index)
    })
  } else if (node.type === 'inlineCode') {
    const gap = prose.text.length
    push(prose, node.value, lineOf(node))
    prose.codes.push({ from: gap, to: prose.text.length })
  } else if (node.type === 'break' || (node.type === 'html' && /^<br\b/i.test(node.value))) {
    push(prose, ' ', lineOf(node))
  } else if (node.type === 'image' || node.type === 'imageReference') {
    push(prose, node.alt ?? '', lineOf(node))
  } else if ('children' in node && node.type !== 'delete') {
    // what is struck out is not said any more
    const from = prose.text.length
    for (const child of node.children) append(prose, child)
    if (node.type === 'link' && LEADS.test(node.url))
      withLinks(prose, [{ from, title: prose.text.slice(from).trim(), url: node.url }])
  }
}

function push(prose: Prose, raw: string, line: number): void {
  let piece = raw.replace(/\s+/g, ' ')
  if (prose.text === '' || prose.text.endsWith(' ')) piece = piece.trimStart()
  if (piece === '') return
  if (piece !== ' ' && prose.lines.at(-1)?.line !== line) prose.lines.push({ from: prose.text.length, line })
  prose.text += piece
}
