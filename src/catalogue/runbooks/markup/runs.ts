// Which marks make a list: at least two of one style that count on, from the first letter or number, at one depth.

import { type Mark, markAt } from './marks.js'
import { indentOf, isBlank, type Row } from './rows.js'

/** One item of a list: its row, its depth, and the text without the mark. */
export type Marked = {
  run: number
  value: number
  quote: string
  indent: number
  offset: number
  rest: string
}

type Run = {
  id: number
  style: string
  kind: Mark['values'][number]['kind']
  quote: string
  indent: number
  last: number
  found: Map<number, Marked>
}

const HEADING = /^\s{0,3}#{1,6}\s/
const ITEM = /^(?:[-*+]|\d{1,9}[.)])\s/

/** By the index of its row, every item of every list. */
export function markedRows(rows: readonly Row[]): Map<number, Marked> {
  const marked = new Map<number, Marked>()
  let open: Run[] = []
  let ids = 0
  const settle = (run: Run) => {
    if (run.found.size > 1) for (const [index, item] of run.found) marked.set(index, item)
  }
  const keep = (stays: (run: Run) => boolean) => {
    if (open.every(stays)) return
    for (const run of open) if (!stays(run)) settle(run)
    open = open.filter(stays)
  }
  rows.forEach((row, index) => {
    if (row.isCode || isBlank(row)) return
    const { quote, indent, said } = partsOf(row.text)
    const mark = said.startsWith('|') ? undefined : markAt(said)
    if (mark === undefined) {
      if (HEADING.test(row.text)) keep(() => false)
      else if (open.length > 0) keep(run => !endsRun(run, indent, said, isBlank(rows[index - 1])))
      return
    }
    keep(run => run.indent <= indent + 1)
    const next = open.find(run => isNext(run, mark, quote, indent))
    const first = mark.values.findLast(({ value }) => value === 1)
    const run =
      next ??
      (first && { id: ids++, style: mark.style, kind: first.kind, quote, indent, last: 0, found: new Map() })
    if (!run) return
    if (!next) {
      keep(other => other.style !== mark.style || other.indent !== indent)
      open.push(run)
    }
    run.last++
    const offset = indent + mark.length
    run.found.set(index, {
      run: run.id,
      value: run.last,
      quote,
      indent,
      offset,
      rest: said.slice(mark.length),
    })
  })
  keep(() => false)
  return marked
}

export function partsOf(text: string): { quote: string; indent: number; said: string } {
  const quote = /^(?:\s{0,3}>\s?)+/.exec(text)?.[0] ?? ''
  const rest = text.slice(quote.length)
  return { quote, indent: indentOf(rest), said: rest.trimStart() }
}

const isNext = (run: Run, mark: Mark, quote: string, indent: number): boolean =>
  run.style === mark.style &&
  run.quote.trim() === quote.trim() &&
  Math.abs(run.indent - indent) <= 1 &&
  mark.values.some(({ kind, value }) => kind === run.kind && value === run.last + 1)

/** A letter and a dot may be a name: text at the margin ends such a list. Every list ends where a lesser depth goes on. */
function endsRun(run: Run, indent: number, said: string, isAfterBlank: boolean): boolean {
  const isItem = ITEM.test(said)
  if (indent < run.indent && (isItem || isAfterBlank)) return true
  return isAfterBlank && indent === 0 && !isItem && run.kind !== 'number' && run.style.endsWith('.')
}
