// AsciiDoc in the place of Markdown: its headings, `. items`, blocks and tables.

import { labelRows } from './labels.js'
import { Nesting } from './nesting.js'
import { blankRow, isBlank, type Note, type Row, withText } from './rows.js'
import { type Cells, tableRows } from './tables.js'

const HEADING = /^(={1,6})\s+(\S.*?)(?:\s+=+)?\s*$/
const ITEM = /^\s*(\.{1,5}|\*{1,5}|-)\s+(\S.*)$/
const SOURCE = /^\[(?:source|listing|%?\w*,)?,?\s*([\w-]*)[^\]]*\]\s*$/
const ATTRIBUTES = /^\[[^\]]*\]\s*$/
const LISTING = /^(-{4,}|\.{4,})\s*$/
const EDGE = /^(?:={4,}|\*{4,}|_{4,}|--|\+)\s*$/
const TABLE = /^\|={3,}\s*$/

/** A heading, a source block or a table of AsciiDoc: no Markdown has any of them. */
export function isAsciidoc(rows: readonly Row[]): boolean {
  return rows.some(
    (row, index) =>
      !row.isCode &&
      (/^={2,6} \S/.test(row.text) ||
        TABLE.test(row.text) ||
        (/^\[source\b/.test(row.text) && /^-{4,}\s*$/.test(rows[index + 1]?.text ?? '')) ||
        (/^= \S/.test(row.text) && rows.slice(0, index).every(isBlank))),
  )
}

export function fromAsciidoc(rows: readonly Row[], notes: Note[]): Row[] {
  const out: Row[] = []
  const lists = new Nesting()
  const edges: string[] = []
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!
    const block = row.isCode ? undefined : (listing(rows, index) ?? table(rows, index, notes))
    if (block) {
      out.push(...block.rows)
      index = block.end
    } else if (!row.isCode && isEdge(rows, index, edges)) out.push(blankRow(row.line))
    else out.push(...(row.isCode ? [row] : lineOf(row, rows, index, lists)))
  }
  return out
}

function lineOf(row: Row, rows: readonly Row[], index: number, lists: Nesting): Row[] {
  const heading = HEADING.exec(row.text)
  if (heading) {
    lists.reset()
    return [withText(row, `${'#'.repeat(heading[1]!.length)} ${heading[2]}`)]
  }
  const item = ITEM.exec(row.text)
  if (item)
    return [lists.item(row, item[1]!, item[2]!.replace(/^\[([ xX*])\]\s/, '[$1] ').replace(/^\[\*\]/, '[x]'))]
  if (ATTRIBUTES.test(row.text) && !isBlank(rows[index + 1])) return [blankRow(row.line)]
  if (/^:[\w!-]+:/.test(row.text) || /^\/\/(?!\/)/.test(row.text)) return [blankRow(row.line)]
  const title = /^\.([^\s.].*)$/.exec(row.text)
  if (title) {
    lists.reset()
    return labelRows(row, title[1])
  }
  if (!isBlank(row) && isBlank(rows[index - 1]) && !/^\s/.test(row.text)) lists.reset()
  return [row]
}

/** Where a block opens or closes. Below text, and with no such block open, `====` is the line under a title. */
function isEdge(rows: readonly Row[], index: number, edges: string[]): boolean {
  const said = rows[index]!.text.trimEnd()
  if (!EDGE.test(said)) return false
  if (said === '+') return true
  if (edges.at(-1) === said) {
    edges.pop()
    return true
  }
  const before = rows[index - 1]
  const opens =
    isBlank(before) ||
    ATTRIBUTES.test(before!.text) ||
    EDGE.test(before!.text) ||
    /^\.[^\s.]/.test(before!.text)
  if (opens) edges.push(said)
  return opens
}

/** `----` to `----`, with the language of the `[source,bash]` above it. */
function listing(rows: readonly Row[], from: number): { rows: Row[]; end: number } | undefined {
  const hasAttributes = ATTRIBUTES.test(rows[from]!.text) && LISTING.test(rows[from + 1]?.text ?? '')
  const open = hasAttributes ? from + 1 : from
  const edge = LISTING.exec(rows[open]!.text)?.[1]
  if (!edge || (!hasAttributes && !isBlank(rows[from - 1]) && rows[from - 1]!.text.trim() !== '+'))
    return undefined
  const end = rows.findIndex((row, index) => index > open && row.text.trimEnd() === edge)
  if (end < 0) return undefined
  const language = hasAttributes ? (SOURCE.exec(rows[from]!.text)?.[1] ?? '') : ''
  const inner = rows.slice(open + 1, end).map(row => ({ ...row, isCode: true }))
  return {
    rows: [
      ...(hasAttributes ? [blankRow(rows[from]!.line)] : []),
      { ...rows[open]!, text: `\`\`\`${language}`, isCode: true },
      ...inner,
      { ...rows[end]!, text: '```', isCode: true },
    ],
    end,
  }
}

/** `|===` to `|===`; read where every line has the cells of a row, or every row as many lines as there are titles. */
function table(rows: readonly Row[], from: number, notes: Note[]): { rows: Row[]; end: number } | undefined {
  if (!TABLE.test(rows[from]!.text)) return undefined
  const end = rows.findIndex((row, index) => index > from && TABLE.test(row.text))
  if (end < 0) return undefined
  const lines = rows.slice(from + 1, end).filter(row => !isBlank(row))
  const cells = lines.map(row => ({ row, cells: cellsOf(row.text) }))
  const width = cells[0]?.cells.length ?? 0
  const whole = cells.every(one => one.cells.length === width) ? cells : regrouped(cells, width)
  if (whole)
    return { rows: [blankRow(rows[from]!.line), ...tableRows(whole), blankRow(rows[end]!.line)], end }
  const { line } = rows[from]!
  const message = `the AsciiDoc table on line ${line} is not read (${lines.length} lines); give each row a line with all its cells, or write it in Markdown`
  notes.push({ code: 'unread-list', line, message })
  return { rows: rows.slice(from, end + 1).map(row => blankRow(row.line)), end }
}

const cellsOf = (text: string): string[] => text.split(/(?:^|\s)(?:\d*[+*]?[.^<>]*[a-z]?)?\|/).slice(1)

/** The titles on one line, then a cell a line. */
function regrouped(lines: readonly Cells[], width: number): Cells[] | undefined {
  const [head, ...others] = lines
  const flat = others.flatMap(({ row, cells }) => cells.map(cell => ({ row, cell })))
  if (!head || width < 2 || others.some(({ cells }) => cells.length === 0) || flat.length % width !== 0)
    return undefined
  return [
    head,
    ...Array.from({ length: flat.length / width }, (_, at) => {
      const group = flat.slice(at * width, (at + 1) * width)
      return { row: group[0]!.row, cells: group.map(({ cell }) => cell) }
    }),
  ]
}
