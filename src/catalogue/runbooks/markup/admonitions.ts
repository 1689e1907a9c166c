// Boxes: MkDocs' `!!! danger "Title"`, `:::warning` of Docusaurus and Pandoc, GitHub's `> [!WARNING]`. Their fences go,
// their title is the label of what they hold, and an indented body comes to the margin.

import { labelEnd, labelRows } from './labels.js'
import { blankRow, dedent, indentOf, isBlank, type Row, withText } from './rows.js'

const INDENTED = /^(\s*)(?:!!!|\?\?\?\+?|===[!+]?)\s+(?:[\w-]+(?:[ \t]+(?:[\w-]+|\|))*\s*)?(?:"([^"]*)")?\s*$/
const COLONS = /^(\s*(?:>\s?)*\s*)(:{3,})\s*(.*)$/
const ALERT = /^(\s*(?:>\s?)+)\[!([\w-]+)\][+-]?[ \t]*(.*)$/

export function withoutBoxes(rows: readonly Row[]): Row[] {
  return colonBoxes(indentedBoxes(rows)).map(row => {
    const alert = row.isCode ? null : ALERT.exec(row.text)
    if (!alert) return row
    return withText(row, alert[3] ? `${alert[1]}**${alert[3].trim()}**` : alert[1]!.trimEnd())
  })
}

type Box = { inner: number; indent: string; isLabelled: boolean }

function indentedBoxes(rows: readonly Row[]): Row[] {
  let boxes: Box[] = []
  let line = 1
  const out: Row[] = []
  const close = (stays: (box: Box) => boolean) => {
    for (const box of boxes.filter(one => !stays(one)).toReversed())
      out.push(
        ...(box.isLabelled ? labelEnd({ text: '', line, isCode: false }, box.indent) : [blankRow(line)]),
      )
    boxes = boxes.filter(stays)
  }
  rows.forEach((row, index) => {
    const depth = indentOf(row.text)
    if (!isBlank(row) && boxes.length > 0) close(box => depth >= box.inner)
    const taken = 4 * boxes.length
    const match = row.isCode ? null : INDENTED.exec(row.text)
    if (match && hasBody(rows, index, depth)) {
      const indent = ' '.repeat(Math.max(0, depth - taken))
      out.push(...labelRows(row, match[2], indent))
      boxes.push({ inner: depth + 4, indent, isLabelled: Boolean(match[2]?.trim()) })
    } else out.push(boxes.length > 0 ? withText(row, isBlank(row) ? '' : dedent(row.text, taken)) : row)
    line = row.line
  })
  close(() => false)
  return out
}

function hasBody(rows: readonly Row[], index: number, depth: number): boolean {
  for (let at = index + 1; at < rows.length && at < index + 4; at++)
    if (!isBlank(rows[at])) return indentOf(rows[at]!.text) >= depth + 4
  return false
}

function colonBoxes(rows: readonly Row[]): Row[] {
  const labelled: boolean[] = []
  return rows.flatMap(row => {
    const match = row.isCode ? null : COLONS.exec(row.text)
    if (!match) return [row]
    const [, before = '', , said = ''] = match
    if (said.trim() === '' || /^:+$/.test(said.trim()))
      return labelled.pop() ? labelEnd(row, before) : [blankRow(row.line)]
    const title = titleOf(said)
    labelled.push(title !== '')
    return labelRows(row, title, before)
  })
}

/** `warning Title`, `warning[Title]`, `{.warning title="Title"}`; empty where the box has a kind only. */
function titleOf(said: string): string {
  const given = /\btitle=["']([^"']*)["']/.exec(said)?.[1] ?? /^\s*[\w-]+\s*\[([^\]]*)\]/.exec(said)?.[1]
  if (given !== undefined) return given
  return (
    /^\s*(?:\{[^}]*\}|[\w-]+)\s*(.*)$/
      .exec(said)?.[1]
      ?.replace(/\{[^}]*\}|:+$/g, '')
      .trim() ?? ''
  )
}
