// HTML lists and tables inside Markdown, kept together: a blank line would end them for the Markdown parser.

import { blankRow, isBlank, type Row, withText } from './rows.js'

const OPENS = /<(?:ol|ul|table|dl)\b[^<>]*>/i
const TAGS = /<(\/?)(?:ol|ul|table|dl)\b[^<>]*>/gi
/** A line break before a number or a bullet begins an item. */
const BREAK = /\s*<br\s*\/?>\s*(?=(?:\(?\d{1,3}[.)]|[-*•])\s)/i
/** Stands for a blank line inside a list or a table. */
const FILLER = '<!---->'

export function wholeBlocks(rows: readonly Row[]): Row[] {
  const out: Row[] = []
  const split = rows.flatMap(splitRow)
  for (let index = 0; index < split.length; index++) {
    const row = split[index]!
    const end = row.isCode || !/^\s*(?:>\s*)*<(?:ol|ul|table|dl)\b/i.test(row.text) ? -1 : endOf(split, index)
    if (end < 0) {
      out.push(row)
      continue
    }
    if (!isBlank(out.at(-1)) && /^\s*<ta/i.test(row.text)) out.push(blankRow(row.line))
    for (const inner of split.slice(index, end + 1))
      out.push(isBlank(inner) ? withText(inner, FILLER) : { ...inner, isCode: true })
    out.push(blankRow(split[end]!.line))
    index = end
  }
  return out
}

/** The row where what opens on this one is closed; -1 where it never is. */
function endOf(rows: readonly Row[], from: number): number {
  let depth = 0
  for (let index = from; index < rows.length; index++) {
    for (const [, slash] of rows[index]!.text.matchAll(TAGS)) depth += slash === '/' ? -1 : 1
    if (depth <= 0) return index
    if (/^#{1,6}\s/.test(rows[index]!.text)) return -1
  }
  return -1
}

function splitRow(row: Row): Row[] {
  if (row.isCode || !row.text.includes('<')) return [row]
  const parts = row.text.includes('|') ? [row.text] : row.text.split(new RegExp(BREAK, 'gi'))
  const indent = /^\s*/.exec(row.text)![0]
  return parts.flatMap((part, index) => {
    const text = index === 0 ? part : indent + part
    const at = OPENS.exec(text.replace(/`[^`]*`/g, code => ' '.repeat(code.length)))?.index ?? -1
    if (at <= 0 || text.slice(0, at).trim() === '' || row.text.trimStart().startsWith('|'))
      return [withText(row, text)]
    const depth = ' '.repeat(/^\s*(?:[-*+]\s+|\d{1,9}[.)]\s+)?/.exec(text)![0].length)
    return [withText(row, text.slice(0, at)), withText(row, depth + text.slice(at))]
  })
}
