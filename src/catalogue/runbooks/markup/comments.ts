// HTML comments are no text: they are blanked, wherever they end. One without an end hides the rest of a page, which is
// told.

import type { Note, Row } from './rows.js'

const CLOSE = '-->'

export function withoutComments(rows: readonly Row[], notes: Note[]): Row[] {
  const lastClose = rows.findLastIndex(({ text, isCode }) => !isCode && text.includes(CLOSE))
  let isInside = false
  return rows.map((row, index) => {
    if (row.isCode && !isInside) return row
    if (!isInside && !row.text.includes('<!--')) return row
    let rest = row.text
    let kept = ''
    while (rest !== '') {
      if (isInside) {
        const end = rest.indexOf(CLOSE)
        if (end < 0) break
        rest = rest.slice(end + CLOSE.length)
        isInside = false
        continue
      }
      const start = openingIn(rest)
      const hasEnd = start >= 0 && (index < lastClose || rest.indexOf(CLOSE, start) >= 0)
      if (start >= 0 && !hasEnd) notes.push(endless(row.line))
      kept += hasEnd ? rest.slice(0, start) : rest
      rest = hasEnd ? rest.slice(start + 4) : ''
      isInside = hasEnd
    }
    return { ...row, text: kept.trim() === '' ? '' : kept, isCode: false }
  })
}

/** Where a comment opens outside a code span; -1 where none does. */
function openingIn(text: string): number {
  const at = text.indexOf('<!--')
  if (at < 0 || !text.includes('`')) return at
  for (const { index, 0: said } of text.matchAll(/(`+)[^`]*\1|<!--/g)) if (said === '<!--') return index
  return -1
}

const endless = (line: number): Note => ({
  code: 'unknown-markup',
  line,
  message: `the comment that opens on line ${line} has no end, so nothing below it is read; close it with -->`,
})
