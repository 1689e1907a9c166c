// A runbook's template for a post-mortem, by its lines: headings, lists, tables, rules, bold and code are kept as such, and
// all else in it is text. It is not read as Markdown: a parser takes seconds for a page that was written to hold it up.

import type { List, ListItem, Paragraph } from 'mdast'
import { linesOf, oneLine } from './characters.js'
import {
  type Block,
  code,
  gap,
  heading,
  item,
  list,
  type Phrase,
  paragraph,
  plainWords,
  prose,
  strong,
  table,
} from './markdown.js'

/** What is known and stands in a line of the template: a mark there, and the words beside it. */
export class Values {
  readonly #values: string[] = []

  put(value: string): string {
    this.#values.push(value)
    return `\ue000${this.#values.length - 1}\ue001`
  }

  get(mark: string): string {
    return this.#values[Number(mark.slice(1, -1))] ?? ''
  }
}

/** The template's lines, without the characters of which marks are made. */
export const templateLines = (template: string): string[] =>
  linesOf(template.replace(/[\ue000\ue001]/g, '\ufffd'))

const INLINE =
  /(?<mark>\ue000\d+\ue001)|\*\*(?<bold>[^*\n]+)\*\*|`(?<code>[^`\n]+)`|\[(?<gap>[\p{L}\p{N} ,.'/_-]{1,80})\](?![([:])/gu

/** One line's worth of a template. */
function phrases(line: string, values: Values): Phrase[] {
  const found: Phrase[] = []
  let from = 0
  for (const match of line.matchAll(INLINE)) {
    const { mark, bold, code: literal, gap: name } = match.groups as Record<string, string | undefined>
    found.push(...plainWords(line.slice(from, match.index)))
    if (mark !== undefined) found.push(...prose`${values.get(mark)}`)
    else if (bold !== undefined) found.push(strong(phrases(bold, values)))
    else if (literal !== undefined) found.push(code(filled(literal, values)))
    else found.push(gap(name as string))
    from = match.index + match[0].length
  }
  found.push(...plainWords(line.slice(from)))
  return prose`${found.filter(phrase => phrase.type !== 'text' || phrase.value !== '')}`
}

const filled = (line: string, values: Values): string =>
  line.replace(/\ue000\d+\ue001/g, mark => oneLine(values.get(mark)))

type Row = { indent: number; start: number | undefined; words: string }

export function blocksIn(lines: readonly string[], values: Values): Block[] {
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; ) {
    const taken = KINDS.map(kind => lines.slice(at, at + run(lines, at, kind.is)))
    const index = taken.findIndex(rows => rows.length > 0)
    if (index === -1) at += 1
    else {
      const rows = taken[index] as string[]
      blocks.push(...(KINDS[index] as Kind).read(rows, values))
      at += rows.length
    }
  }
  return blocks
}

/** How many lines in a row are of a kind. */
function run(lines: readonly string[], from: number, is: Kind['is']): number {
  let count = 0
  while (from + count < lines.length && is(lines[from + count] as string)) count++
  return count
}

type Kind = { is: (line: string) => boolean; read: (rows: string[], values: Values) => Block[] }

const HEADING = /^(#{1,6})\s+(.+?)\s*$/
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(\S.*)$/
const isHeading = (line: string) => HEADING.test(line)
const isRule = (line: string) => RULE.test(line)
const isItem = (line: string) => ITEM.test(line) && !RULE.test(line)
const isRow = (line: string) => /^\s*\|.*\|\s*$/.test(line)

const KINDS: Kind[] = [
  {
    is: isHeading,
    read: (rows, values) =>
      rows.map(row => {
        const [, marks = '', words = ''] = HEADING.exec(row) ?? []
        return heading(marks.length, phrases(words, values))
      }),
  },
  { is: isRule, read: rows => rows.map(() => ({ type: 'thematicBreak' })) },
  { is: isItem, read: (rows, values) => listsOf(rows.map(itemOf), values) },
  { is: isRow, read: (rows, values) => [tableOf(rows, values)] },
  {
    is: line => ![isHeading, isRule, isItem, isRow].some(is => is(line)) && line.trim() !== '',
    read: (rows, values) => [
      paragraph(
        rows.flatMap((row, index) => [
          ...(index === 0 ? [] : [{ type: 'break' } as const]),
          ...phrases(row.trim(), values),
        ]),
      ),
    ],
  },
]

function itemOf(row: string): Row {
  const [, indent = '', number, words = ''] = ITEM.exec(row) ?? []
  // a page that was written to go ever further in would end the stack
  return {
    indent: Math.min(indent.length, 12),
    start: number === undefined ? undefined : Number(number),
    words,
  }
}

/** Items that are further in belong to the one above them; a number and a bullet are of two lists. */
function listsOf(rows: readonly Row[], values: Values): List[] {
  const lists: List[] = []
  for (let at = 0; at < rows.length; ) {
    const { indent, start, words } = rows[at] as Row
    let end = at + 1
    while (end < rows.length && (rows[end] as Row).indent > indent) end++
    const own: (Paragraph | List)[] = [paragraph(phrases(words, values))]
    const made: ListItem = item(...own, ...listsOf(rows.slice(at + 1, end), values))
    const last = lists.at(-1)
    if (last !== undefined && last.ordered === (start !== undefined)) last.children.push(made)
    else lists.push(list([made], start))
    at = end
  }
  return lists
}

function tableOf(rows: readonly string[], values: Values): Block {
  const cells = rows
    .filter(row => !/^[\s|:-]+$/.test(row))
    .map(row =>
      row
        .trim()
        .slice(1, -1)
        .split('|')
        .map(cell => phrases(cell.trim(), values)),
    )
  return table(cells)
}
