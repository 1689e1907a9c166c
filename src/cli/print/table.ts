// Aligned columns. Widths are counted without colours; on a terminal the widest cells are broken into lines until all fits.

import { folded } from '../../text/terminal.js'
import type { Style } from './style.js'
import { widthOf, wrapCell } from './wrap.js'

type Look = { style: Style; columns?: number | undefined }

const GAP = '  '
/** A column is not made narrower than this to fit. */
const NARROWEST = 12

/** Lines of a table; columns in which no row has anything are left out. */
export function table(head: string[], rows: string[][], { style, columns }: Look): string[] {
  const kept = head.map((_, index) => index).filter(index => rows.some(row => (row[index] ?? '') !== ''))
  const body = rows.map(row => kept.map(index => folded(row[index] ?? '')))
  const names = kept.map(index => head[index] as string)
  const wanted = names.map((name, index) =>
    Math.max(widthOf(name), ...body.map(row => widthOf(row[index] as string))),
  )
  const widths = fitted(wanted, columns)
  return [names.map(name => style.dim(name)), ...body].flatMap(row => rowLines(row, widths))
}

function rowLines(row: readonly string[], widths: readonly number[]): string[] {
  const cells = row.map((cell, index) => wrapCell(cell, widths[index] as number))
  const height = Math.max(1, ...cells.map(lines => lines.length))
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((lines, index) => pad(lines[line] ?? '', widths[index] as number))
      .join(GAP)
      .trimEnd(),
  )
}

/** The widest column gives way first, again and again, until the terminal has room for all. */
function fitted(wanted: readonly number[], columns: number | undefined): number[] {
  const widths = [...wanted]
  const room = (columns ?? Number.POSITIVE_INFINITY) - GAP.length * (widths.length - 1)
  while (sum(widths) > room) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] as number) <= NARROWEST) break
    widths[widest] = (widths[widest] as number) - 1
  }
  return widths
}

/** `name  value` lines, the names aligned; those without a value left out. */
export function pairs(rows: [string, string | undefined][], style: Style): string[] {
  const kept = rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '')
  const width = Math.max(0, ...kept.map(([name]) => name.length))
  return kept.map(([name, value]) => `  ${style.dim(name.padEnd(width))}  ${folded(value)}`)
}

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0)
const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
