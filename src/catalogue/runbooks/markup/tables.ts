// Rows of a table in another markup, as a table of Markdown: the line below the titles is added.

import { blankRow, type Row } from './rows.js'

export type Cells = { row: Row; cells: readonly string[] }

export function tableRows(lines: readonly Cells[]): Row[] {
  const [head] = lines
  if (!head) return []
  const width = Math.max(...lines.map(({ cells }) => cells.length))
  const rule = `|${'---|'.repeat(width)}`
  return lines.flatMap(({ row, cells }, index) => [
    ...(index === 0 ? [blankRow(row.line)] : []),
    { ...row, text: `|${Array.from({ length: width }, (_, at) => ` ${clean(cells[at])} |`).join('')}` },
    ...(index === 0 ? [{ ...row, text: rule }] : []),
    ...(index === lines.length - 1 ? [blankRow(row.line)] : []),
  ])
}

const clean = (cell = ''): string => cell.trim().replace(/(?<!\\)\|/g, '\\|')
