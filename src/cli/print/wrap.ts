// Breaks what is too wide for a terminal between words, so that nothing is lost and no word is torn that fits.

import { stripVTControlCharacters } from 'node:util'

export const widthOf = (text: string): number => Array.from(stripVTControlCharacters(text)).length

/** One line as several, none wider than `columns`; the later ones begin below the text of the first. Colours go on. */
export function wrapLine(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line]
  const indent = ' '.repeat(indentOf(line, columns))
  const lines: string[] = []
  let current = ''
  for (const [, gap = '', word = ''] of line.matchAll(/(\s*)(\S+)/g)) {
    if (widthOf(current) > indent.length && widthOf(current + gap + word) > columns) {
      lines.push(current)
      current = indent + word
    } else current += gap + word
  }
  return [...lines, current]
}

/** Where the value of `  name   value` begins; two spaces further in where that is too far, or there is none. */
function indentOf(line: string, columns: number): number {
  const plain = stripVTControlCharacters(line)
  const [start = ''] = /^\s*/.exec(plain) ?? []
  const [label = ''] = /^\s+\S+(?: \S+)*\s{2,}/.exec(plain) ?? []
  return label !== '' && label.length <= columns / 3 ? label.length : start.length + 2
}

const COLOURS = new RegExp(`^(?:${'\u001b'}\\[\\d+m)*`)

/** A cell of a table in pieces of at most `width`. A word that does not fit is torn. One colour of the whole cell stays. */
export function wrapCell(cell: string, width: number): string[] {
  if (widthOf(cell) <= width) return [cell]
  const [colours = ''] = COLOURS.exec(cell) ?? []
  const words = stripVTControlCharacters(cell)
    .split(' ')
    .flatMap(word => pieces(word, width))
  const lines = words.reduce<string[]>(([...done], word) => {
    const last = done.pop()
    if (last === undefined) return [word]
    return widthOf(last) + 1 + widthOf(word) <= width ? [...done, `${last} ${word}`] : [...done, last, word]
  }, [])
  return lines.map(text => (colours === '' ? text : `${colours}${text}\u001b[0m`))
}

function pieces(word: string, width: number): string[] {
  const letters = Array.from(word)
  return Array.from({ length: Math.max(1, Math.ceil(letters.length / width)) }, (_, index) =>
    letters.slice(index * width, (index + 1) * width).join(''),
  )
}
