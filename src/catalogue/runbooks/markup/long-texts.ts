// Paragraphs of many pages, broken up between sentences: the time to read one grows with the square of its length. The
// parts stay in the item they stood in.

import { isBlank, type Row, withText } from './rows.js'
import { partsOf } from './runs.js'

/** Characters; few paragraphs that people write have as many. */
const LONGEST = 4096
const ITEM = /^(?:[-*+]|\d{1,9}[.)])\s+/

export function brokenUp(rows: readonly Row[]): Row[] {
  let size = 0
  let offset = 0
  return rows.flatMap((row, index) => {
    const before = rows[index - 1]
    if (row.isCode || isBlank(row) || /^\s*[|#<]/.test(row.text)) {
      size = 0
      return [row]
    }
    const { quote, indent, said } = partsOf(row.text)
    const item = ITEM.exec(said)
    if (item) offset = indent + item[0].length
    else if (size === 0) offset = indent
    if (item || isBlank(before)) size = 0
    const wasLong = size > 0 && size > LONGEST / 2 && (size > LONGEST || /[.!?:;]\s*$/.test(before!.text))
    const start = quote + ' '.repeat(offset)
    const parts = partsAtSentences(said)
    size = (wasLong || parts.length > 1 ? 0 : size) + (parts.at(-1)?.length ?? 0)
    const texts = parts.map((part, at) =>
      at === 0 && !wasLong ? row.text.slice(0, row.text.length - said.length) + part : start + part,
    )
    const blank = withText(row, quote.trimEnd())
    return texts.flatMap((text, at) =>
      at === 0 && !wasLong ? [withText(row, text)] : [blank, withText(row, text)],
    )
  })
}

/** Cut behind sentences where there are any, at spaces otherwise, and in no code span. */
function partsAtSentences(text: string): string[] {
  if (text.length <= LONGEST) return [text]
  const parts: string[] = []
  let from = 0
  let sentence = -1
  let space = -1
  for (const { 0: found, index } of text.matchAll(/(`+)[^`]*\1(?!`)|[.!?;]\s+|\s+/g)) {
    if (index - from > LONGEST && Math.max(sentence, space) > from) {
      const at = sentence > from ? sentence : space
      parts.push(text.slice(from, at).trimEnd())
      from = at
    }
    if (found.startsWith('`')) continue
    if (/^\s/.test(found)) space = index + found.length
    else sentence = index + found.length
  }
  parts.push(text.slice(from))
  return parts
}
