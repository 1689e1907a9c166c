// Markups that are not read, told by their items, so that nobody takes silence for a runbook that was read.

import { LINE_END, type Note, type Row } from './rows.js'

const OTHERS: readonly (readonly [name: string, sign: RegExp, item: RegExp])[] = [
  ['LaTeX', /\\begin\{(?:enumerate|itemize|description|document)\}/, /\\item\b/g],
  ['BBCode', /\[list(?:=\w+)?\]/i, /\[\*\]|\[li\]/gi],
  ['RTF', /^\{\\rtf1?/, /\\pntext|\\listtext|\\bullet/g],
  ['troff', /^\.(?:TH|SH|IP|LP|PP)\b/m, /^\.IP\b/gm],
  ['Typst', /^#set \w+\(/m, /^\s*\+ \S/gm],
]

/** What the text looks like, from where on, and how many items of lists nobody reads. */
export function unknownMarkup(rows: readonly Row[], notes: Note[]): void {
  const text = rows.map(row => (row.isCode ? '' : row.text)).join('\n')
  for (const [name, sign, item] of OTHERS) {
    const at = sign.exec(text)?.index
    if (at === undefined) continue
    const line = rows[text.slice(0, at).split(LINE_END).length - 1]?.line ?? 1
    const count = text.match(item)?.length ?? 0
    const message = `this looks like ${name} from line ${line} on, and ${count} ${count === 1 ? 'item of a list is' : 'items of its lists are'} not read; write the runbook in Markdown`
    notes.push({ code: 'unknown-markup', line, message })
  }
}
