// reStructuredText in the place of Markdown: titles by their underline, `#. items`, and directives.

import { labelEnd, labelRows } from './labels.js'
import { blankRow, dedent, indentOf, isBlank, markCode, type Note, type Row, withText } from './rows.js'

const RULE = /^([=\-`:.'"~^_*+#<>])\1{2,}\s*$/
const DIRECTIVE = /^(\s*)\.\.\s+([\w-]+)::\s*(.*)$/
const CODE = /^(?:code|code-block|sourcecode|highlight|prompt|literalinclude)$/
/** Directives that hold no text of their own. */
const EMPTY =
  /^(?:contents|toctree|image|figure|meta|index|include|raw|default-role|role|highlight|sectnum|_.*)$/
const TABLE = /^(?:list-table|csv-table|table)$/
const GRID = /^\s*\+(?:[-=]{2,}\+){1,}\s*$/
const SIMPLE = /^\s*={2,}(?:\s+={2,})+\s*$/

/** A directive or an item with `#.`: no Markdown has either. */
export function isRestructured(rows: readonly Row[]): boolean {
  const isSign = ({ text }: Row) => /^\s*\.\.\s+[\w-]+::/.test(text) || /^\s*#[.)]\s+\S/.test(text)
  const first = rows.findIndex(isSign)
  return (
    first >= 0 && (rows.some(row => !row.isCode && isSign(row)) || rows.slice(0, first).some(isUnderline))
  )
}

/** A line of `~` as long as the title above it opens no fence. */
function isUnderline(row: Row, index: number, rows: readonly Row[]): boolean {
  const [before, above] = [rows[index - 1], rows[index - 2]]
  return (
    /^~{4,}\s*$/.test(row.text) &&
    !isBlank(before) &&
    isBlank(above) &&
    before!.text.trimEnd().length === row.text.trimEnd().length
  )
}

export function fromRestructured(rows: readonly Row[], notes: Note[]): Row[] {
  const titled = markCode(withTitles(rows))
  const out: Row[] = []
  const counts = new Map<number, number>()
  for (let index = 0; index < titled.length; index++) {
    const row = titled[index]!
    if (row.isCode) {
      out.push(row)
      continue
    }
    const directive = DIRECTIVE.exec(row.text)
    if (directive) {
      const end = endOfBody(titled, index)
      out.push(...ofDirective(titled.slice(index, end + 1), directive, notes))
      index = end
      continue
    }
    if (/^\s*\.\.\s+(?:_[^:]*:|\|)/.test(row.text)) {
      out.push(blankRow(row.line))
      continue
    }
    noteTable(row, titled, index, notes)
    out.push(numbered(row, counts))
  }
  return out
}

/** `#.` counts on at its depth; text at the margin of it begins anew. */
function numbered(row: Row, counts: Map<number, number>): Row {
  const item = /^(\s*)#([.)])\s+(\S.*)$/.exec(row.text)
  if (!item) {
    if (/^#{1,6}\s/.test(row.text)) counts.clear()
    return row
  }
  const depth = indentOf(row.text)
  for (const deeper of counts.keys()) if (deeper > depth) counts.delete(deeper)
  counts.set(depth, (counts.get(depth) ?? 0) + 1)
  return withText(row, `${item[1]}${counts.get(depth)}${item[2]} ${item[3]}`)
}

/** The levels of the titles are the order in which their underlines first come. */
function withTitles(rows: readonly Row[]): Row[] {
  const styles: string[] = []
  const out = rows.map(row => ({ ...row }))
  for (let index = 0; index + 1 < out.length; index++) {
    const [row, below] = [out[index]!, out[index + 1]!]
    const rule = RULE.exec(below.text)?.[1]
    const isTitle = rule && !isBlank(row) && !/^\s|^[#>|]/.test(row.text) && !RULE.test(row.text)
    if (!isTitle || below.text.trimEnd().length < Math.min(row.text.trimEnd().length, 4)) continue
    const over = RULE.exec(out[index - 1]?.text ?? '')?.[1] === rule ? out[index - 1] : undefined
    if (!over && !isBlank(out[index - 1])) continue
    const style = over ? `${rule}${rule}` : rule
    if (!styles.includes(style)) styles.push(style)
    row.text = `${'#'.repeat(Math.min(styles.indexOf(style) + 1, 6))} ${row.text.trim()}`
    row.isCode = below.isCode = false
    below.text = ''
    if (over) over.text = ''
  }
  return out
}

function endOfBody(rows: readonly Row[], from: number): number {
  const depth = indentOf(rows[from]!.text)
  let end = from
  for (let index = from + 1; index < rows.length; index++) {
    if (isBlank(rows[index])) continue
    if (indentOf(rows[index]!.text) <= depth) break
    end = index
  }
  return end
}

function ofDirective(rows: readonly Row[], match: RegExpExecArray, notes: Note[]): Row[] {
  const [, indent = '', name = '', said = ''] = match
  const [head, ...body] = rows as [Row, ...Row[]]
  const inner = Math.min(...body.filter(row => !isBlank(row)).map(row => indentOf(row.text)))
  if (CODE.test(name)) return codeRows(head, body, indent, said, inner)
  if (EMPTY.test(name)) return rows.map(row => blankRow(row.line))
  if (TABLE.test(name)) {
    const message = `the table on line ${head.line} (reStructuredText, "${name}") is not read (${body.filter(row => /^\s*\* -|,/.test(row.text)).length} rows); write it in Markdown`
    notes.push({ code: 'unread-list', line: head.line, message })
    return rows.map(row => blankRow(row.line))
  }
  const isTitled = !/^(?:note|tip|hint|warning|danger|caution|important|attention|error|seealso|todo)$/.test(
    name,
  )
  const bare = body.map(row =>
    isOption(row) ? blankRow(row.line) : withText(row, indent + dedent(row.text, inner)),
  )
  const text = fromRestructured(bare, notes)
  if (!isTitled || said === '') {
    const own = said === '' ? [] : [withText(head, indent + said)]
    return [blankRow(head.line), ...own, ...text, blankRow(rows.at(-1)!.line)]
  }
  return [...labelRows(head, said, indent), ...text, ...labelEnd(rows.at(-1)!, indent)]
}

const isOption = (row: Row): boolean => /^\s+:[\w-]+:/.test(row.text)

function codeRows(head: Row, body: readonly Row[], indent: string, language: string, inner: number): Row[] {
  const fence = (row: Row, text: string): Row => ({ ...row, text: indent + text, isCode: true })
  const text = body.map(row =>
    isOption(row) ? { ...blankRow(row.line), isCode: true } : fence(row, dedent(row.text, inner)),
  )
  return [
    blankRow(head.line),
    fence(head, `\`\`\`${language.trim()}`),
    ...text,
    fence(body.at(-1) ?? head, '```'),
    blankRow((body.at(-1) ?? head).line),
  ]
}

function noteTable(row: Row, rows: readonly Row[], index: number, notes: Note[]): void {
  const isTable = [GRID, SIMPLE].some(edge => edge.test(row.text) && isBlank(rows[index - 1]))
  if (!isTable) return
  const end = rows.findIndex((one, at) => at > index && isBlank(one))
  const lines = rows.slice(index, end < 0 ? undefined : end)
  const count = lines.filter(({ text }) => !GRID.test(text) && !SIMPLE.test(text)).length
  const message = `the table on line ${row.line} (reStructuredText) is not read (${count} rows); write it in Markdown`
  notes.push({ code: 'unread-list', line: row.line, message })
}
