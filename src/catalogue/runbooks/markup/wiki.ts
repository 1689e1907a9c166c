// Confluence and MediaWiki markup in the place of Markdown: `h2. Title`, `== Title ==`, `# item`, `{code}`, `||head||`.

import { labelEnd, labelRows } from './labels.js'
import { Nesting } from './nesting.js'
import { blankRow, isBlank, type Row, withText } from './rows.js'
import { type Cells, tableRows } from './tables.js'

const HEADING = /^h([1-6])\.\s+(\S.*)$/
const MEDIAWIKI = /^(={1,6})\s*([^=\s].*?)\s*\1\s*$/
const ITEM = /^\s*([#*]{1,6}|-)\s+(\S.*)$/
const CODE = /^\s*\{(?:code|noformat)(?::(?:language=|title=[^|}]*\|)?([\w-]+)?[^}]*)?\}\s*(.*)$/
const BOX =
  /^\s*\{(info|warning|note|tip|panel|expand|section|column)(?::(?:[^}]*?\btitle=)?([^}|]*)[^}]*)?\}\s*(.*)$/
const HEAD = /^\s*\|\|(.*)\|\|\s*$/
const ROW = /^\s*\|(?!\|)(.*)\|\s*$/

/** Headings of either wiki; no Markdown has them. */
export const isWiki = (rows: readonly Row[]): boolean =>
  !(rows.find(row => !isBlank(row))?.text ?? '').startsWith('# ') &&
  rows.some(row => !row.isCode && (HEADING.test(row.text) || MEDIAWIKI.test(row.text)))

export function fromWiki(rows: readonly Row[]): Row[] {
  const out: Row[] = []
  const lists = new Nesting()
  const boxes: string[] = []
  let isCode = false
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!
    const code = row.isCode ? null : CODE.exec(row.text)
    if (code) {
      out.push(...fenced(row, code, isCode))
      isCode = !isCode
    } else if (isCode || row.isCode) out.push({ ...row, isCode: true })
    else if (HEAD.test(row.text)) {
      const lines = tableAt(rows, index)
      out.push(...tableRows(lines))
      index += lines.length - 1
    } else out.push(...lineOf(row, rows[index - 1], lists, boxes))
  }
  return out
}

function lineOf(row: Row, before: Row | undefined, lists: Nesting, boxes: string[]): Row[] {
  const box = BOX.exec(row.text)
  if (box) return boxed(row, box, boxes)
  const own = HEADING.exec(row.text)
  const heading = own ? [Number(own[1]), own[2]!] : mediaWiki(row.text)
  if (heading) {
    lists.reset()
    return [withText(row, `${'#'.repeat(Number(heading[0]))} ${heading[1]}`)]
  }
  const item = ITEM.exec(row.text)
  if (item) return [lists.item(row, item[1]!, literals(item[2]!))]
  if (!isBlank(row) && isBlank(before)) lists.reset()
  return [withText(row, literals(row.text))]
}

function mediaWiki(text: string): (number | string)[] | undefined {
  const match = MEDIAWIKI.exec(text)
  return match ? [match[1]!.length, match[2]!] : undefined
}

/** `{{key}}` and `<code>key</code>` are code spans. */
const literals = (text: string): string =>
  text.replace(/\{\{([^{}]+)\}\}/g, '`$1`').replace(/<code>([^<>`]+)<\/code>/g, '`$1`')

function boxed(row: Row, match: RegExpExecArray, boxes: string[]): Row[] {
  const [, name = '', title = '', rest = ''] = match
  if (boxes.at(-1)?.startsWith(name) && title === '') {
    const isLabelled = boxes.pop()!.endsWith('!')
    const after = rest === '' ? [] : [withText(row, rest)]
    return [...(isLabelled ? labelEnd(row) : [blankRow(row.line)]), ...after]
  }
  const isTitle = title !== '' && !title.includes('=')
  const closed = new RegExp(`^(.*)\\{${name}\\}\\s*$`).exec(rest)
  if (!closed) boxes.push(isTitle ? `${name}!` : name)
  const text = closed?.[1] ?? rest
  return [...labelRows(row, isTitle ? title : undefined), ...(text === '' ? [] : [withText(row, text)])]
}

function fenced(row: Row, match: RegExpExecArray, isOpen: boolean): Row[] {
  const [, language = '', rest = ''] = match
  const edge = (text: string): Row => ({ ...row, text, isCode: true })
  if (isOpen) return [edge('```'), ...(rest === '' ? [] : [withText({ ...row, isCode: false }, rest)])]
  return [edge(`\`\`\`${language}`), ...(rest === '' ? [] : [edge(rest)])]
}

function tableAt(rows: readonly Row[], from: number): Cells[] {
  const lines: Cells[] = [{ row: rows[from]!, cells: HEAD.exec(rows[from]!.text)![1]!.split('||') }]
  for (let index = from + 1; ROW.test(rows[index]?.text ?? ''); index++)
    lines.push({ row: rows[index]!, cells: ROW.exec(rows[index]!.text)![1]!.split('|').map(literals) })
  return lines
}
