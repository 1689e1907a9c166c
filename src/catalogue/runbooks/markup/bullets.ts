// Signs that stand for a bullet or a box to tick, written as Markdown's own.

import { outsideCode, type Row, withText } from './rows.js'

/** A bullet wherever a line begins with it. */
const SURE = '•‣⁃◦▪▫■●○►▶▸➤❖∙'
/** A bullet where the line above or below begins with one as well. */
const LIKELY = '–—·➜➔→⇒»✅✔✓❗⚠🔹🔸👉'
const BOX = '☐⬜◻▢□'
const TICKED = '☑☒✅✔✓'

const LINE = new RegExp(
  `^((?:\\s|>)*)(?:([${SURE}])\\ufe0f?\\s*|([${LIKELY}])\\ufe0f?\\s+|(o)\\t\\s*)(?=\\S)(.*)$`,
  'u',
)
const BOXED = new RegExp(
  `^((?:\\s|>)*)(?:[-*+]\\s+|\\d{1,3}[.)]\\s+)?([${BOX}]|[☑☒]|(?<=[-*+]\\s+)[${TICKED}])\\ufe0f?\\s*(?=\\S)(.*)$`,
  'u',
)
const BARE_BOX = /^((?:\s|>)*)\[([ xX]?)\]\s+(?=\S)(.*)$/

export function plainBullets(rows: readonly Row[]): Row[] {
  const kinds = rows.map(row => (row.isCode ? '' : kindOf(row.text)))
  return outsideCode(
    rows.map((row, index) => ({ ...row, index })),
    row => {
      const { index, ...plain } = row as Row & { index: number }
      return [bulleted(plain, kinds[index] === 'likely' && hasNeighbour(kinds, rows, index))]
    },
  )
}

function kindOf(text: string): '' | 'sure' | 'likely' {
  const match = LINE.exec(text)
  if (!match) return ''
  return match[3] === undefined ? 'sure' : 'likely'
}

function hasNeighbour(kinds: readonly string[], rows: readonly Row[], index: number): boolean {
  const isOne = (step: 1 | -1): boolean => {
    const near = rows[index + step]?.text.trim() === '' ? index + 2 * step : index + step
    return kinds[near] !== undefined && kinds[near] !== ''
  }
  return isOne(1) || isOne(-1)
}

function bulleted(row: Row, isLikely: boolean): Row {
  const boxed = BOXED.exec(row.text)
  if (boxed) return withText(row, `${boxed[1]}- [${/[☐⬜◻▢□]/u.test(boxed[2]!) ? ' ' : 'x'}] ${boxed[3]}`)
  const bare = BARE_BOX.exec(row.text)
  if (bare) return withText(row, `${bare[1]}- [${bare[2] || ' '}] ${bare[3]}`)
  const match = LINE.exec(row.text)
  if (!match || (match[3] !== undefined && !isLikely)) return row
  return withText(row, `${match[1]}- ${match[5]}`)
}
