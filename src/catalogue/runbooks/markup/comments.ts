// HTML comments are no text: they are blanked, wherever they end. One without an end hides the rest of a page, which is
// told.

import type { Note, Row } from './rows.js'

const CLOSE = '-->'

export function withoutComments(rows: readonly Row[], notes: Note[]): Row[] {
  const lastClose = rows.findLastIndex(({ text, isCode }) => !isCode && text.includes(CLOSE))
  let isInside = false
  return rows.map((row, index) => {
    if (!isInside && (row.isCode || !row.text.includes('<!--'))) return row
    const { kept, isOpen, isEndless } = textOutside(row.text, isInside, index < lastClose)
    if (isEndless) notes.push(endless(row.line))
    isInside = isOpen
    return { ...row, text: kept.trim() === '' ? '' : kept, isCode: false }
  })
}

type Outside = { kept: string; isOpen: boolean; isEndless: boolean }

/** The text of a row outside comments. `closesBelow`: what is open at its end has an end. */
function textOutside(text: string, isInside: boolean, closesBelow: boolean): Outside {
  let rest = text
  let kept = ''
  let isOpen = isInside
  while (rest !== '') {
    if (isOpen) {
      const end = rest.indexOf(CLOSE)
      if (end < 0) break
      rest = rest.slice(end + CLOSE.length)
      isOpen = false
      continue
    }
    const start = openingIn(rest)
    const hasEnd = start >= 0 && (closesBelow || rest.indexOf(CLOSE, start) >= 0)
    if (!hasEnd) return { kept: kept + rest, isOpen: false, isEndless: start >= 0 }
    kept += rest.slice(0, start)
    rest = rest.slice(start + 4)
    isOpen = true
  }
  return { kept, isOpen, isEndless: false }
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
