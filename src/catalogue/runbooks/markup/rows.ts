// The source of a runbook as rows. Each row knows its line in the file and whether it stands in a fence. A rewrite may
// add rows. It never changes the order of the rows, and never drops a line.

export type Row = { text: string; line: number; isCode: boolean }

/** What a rewrite could not read, for a finding. */
export type Note = { code: 'unread-list' | 'unknown-markup'; line: number; message: string }

export const LINE_END = /\r\n|\n|\r/

export const rowsOf = (source: string): Row[] =>
  source.split(LINE_END).map((text, index) => ({ text, line: index + 1, isCode: false }))

export const isBlank = (row: Row | undefined): boolean => row === undefined || row.text.trim() === ''

export const blankRow = (line: number): Row => ({ text: '', line, isCode: false })

export const withText = (row: Row, text: string): Row => ({ ...row, text })

/** Columns before the first character; a tab ends at the next fourth column. */
export function indentOf(text: string): number {
  let column = 0
  for (const char of text) {
    if (char === ' ') column++
    else if (char === '\t') column += 4 - (column % 4)
    else break
  }
  return column
}

/** The text without at most so many columns of its indentation. */
export const dedent = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, indentOf(text) - columns)) + text.trimStart()

const FENCE = /^(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}(?=[^`]*$)|~{3,})(.*)$/
/** MyST writes an admonition as a fence. What is in it is Markdown. */
const DIRECTIVE =
  /^\s*:?\{(note|warning|danger|tip|important|caution|attention|hint|error|admonition|dropdown|details|tab-item|tab-set)\}/

/** The rows, told apart by what Markdown takes as front matter or as a fence. */
export function markCode(rows: readonly Row[]): Row[] {
  let end = endOfFrontMatter(rows)
  let fence: { marks: string; isQuoted: boolean } | undefined
  return rows.map((row, index) => {
    if (index < end) return { ...row, isCode: true }
    end = 0
    if (fence?.isQuoted && !row.text.trimStart().startsWith('>')) fence = undefined
    if (fence) {
      if (closes(row.text, fence.marks)) fence = undefined
      return { ...row, isCode: true }
    }
    const opened = FENCE.exec(row.text)
    if (!opened || DIRECTIVE.test(opened[2]!)) return { ...row, isCode: false }
    fence = { marks: opened[1]!, isQuoted: row.text.trimStart().startsWith('>') }
    return { ...row, isCode: true }
  })
}

function closes(text: string, marks: string): boolean {
  const said = text.replace(/^[\s>]+/, '').trimEnd()
  return said.length >= marks.length && said === marks.charAt(0).repeat(said.length)
}

function endOfFrontMatter(rows: readonly Row[]): number {
  const mark = rows[0]?.text.trimEnd()
  if (mark !== '---' && mark !== '+++') return 0
  return rows.findIndex((row, index) => index > 0 && row.text.trimEnd() === mark) + 1
}

/** Each run of rows outside code, rewritten; code stays as it is. */
export function outsideCode(rows: readonly Row[], rewrite: (row: Row) => Row[]): Row[] {
  return rows.flatMap(row => (row.isCode ? [row] : rewrite(row)))
}
