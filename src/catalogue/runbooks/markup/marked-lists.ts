// Lists whose marks CommonMark does not know, written with its own numbers, each at the depth where people see it.

import { indentOf, isBlank, type Row, withText } from './rows.js'
import { type Marked, markedRows, partsOf } from './runs.js'

/** An item that is open: where it stood and where it stands now, and where its content begins, then and now. */
type Open = { run: number | string; indent: number; offset: number; newIndent: number; newOffset: number }

const ITEM = /^([-*+]|\d{1,9}[.)])(\s+)/

export function plainLists(rows: readonly Row[]): Row[] {
  const marked = markedRows(rows)
  if (marked.size === 0) return [...rows]
  let open: Open[] = []
  let fenceShift: number | undefined
  return rows.map((row, index) => {
    if (row.isCode) {
      fenceShift ??= shiftOf(indentOf(row.text), open)
      return withText(row, moved(row.text, fenceShift))
    }
    fenceShift = undefined
    if (isBlank(row)) return row
    const item = marked.get(index)
    const wasBlank = isBlank(rows[index - 1])
    if (item) {
      open = [...outer(open, item, wasBlank), itemOf(item, outer(open, item, wasBlank).at(-1))]
      return withText(row, `${item.quote}${' '.repeat(open.at(-1)!.newIndent)}${item.value}. ${item.rest}`)
    }
    const { quote, indent, said } = partsOf(row.text)
    if (quote !== '') return row
    const own = ITEM.exec(said)
    if (!own) {
      if (indent === 0 && wasBlank) open = []
      return withText(row, moved(row.text, shiftOf(indent, open)))
    }
    open = open.filter(one => one.indent < indent)
    const shift = shiftOf(indent, open)
    const offset = indent + own[0].length
    open.push({
      run: /\d/.test(own[1]!) ? '1' : own[1]!,
      indent,
      offset,
      newIndent: indent + shift,
      newOffset: offset + shift,
    })
    return withText(row, moved(row.text, shift))
  })
}

/** The items an item lies in. At the depth of an item of another kind, without a blank line, it lies in that one. */
function outer(open: readonly Open[], item: Marked, isAfterBlank: boolean): Open[] {
  const own = open.findIndex(({ run }) => run === item.run)
  if (own >= 0) return open.slice(0, own)
  const isInside = (one: Open) =>
    one.indent < item.indent || (one.indent === item.indent && !isAfterBlank && item.value === 1)
  return open.filter(isInside)
}

function itemOf(item: Marked, parent: Open | undefined): Open {
  const newIndent = parent ? parent.newOffset : Math.min(item.indent, 3)
  const newOffset = newIndent + `${item.value}. `.length
  return { run: item.run, indent: item.indent, offset: item.offset, newIndent, newOffset }
}

/** How far a row moves with the item it belongs to. */
function shiftOf(indent: number, open: readonly Open[]): number {
  const owner = open.findLast(one => one.indent < indent)
  if (!owner) return 0
  if (typeof owner.run === 'string') return owner.newOffset - owner.offset
  return indent >= owner.offset ? owner.newOffset - owner.offset : owner.newOffset - indent
}

const moved = (text: string, by: number): string =>
  by === 0 || text.trim() === '' ? text : ' '.repeat(Math.max(0, indentOf(text) + by)) + text.trimStart()
