// The name of a box, a tab or a fold-out, as the bold label its steps lie under, and the mark where the label ends.

import { blankRow, type Row } from './rows.js'

/** Stands where a box is closed: what follows has no part in its label. The outline takes it out again. */
export const LABEL_END = '<!-- end of label -->'

/** The label as a block of its own; nothing but a blank row where there is no title. */
export function labelRows(row: Row, title: string | undefined, indent = ''): Row[] {
  const bare = (title ?? '')
    .replace(/[*\\]/g, '')
    .replace(/[\s:]+$/, '')
    .trim()
  if (bare === '') return [blankRow(row.line)]
  return [blankRow(row.line), { ...row, text: `${indent}**${bare}:**` }, blankRow(row.line)]
}

export const labelEnd = (row: Row, indent = ''): Row[] => [
  blankRow(row.line),
  { ...row, text: indent + LABEL_END },
  blankRow(row.line),
]
