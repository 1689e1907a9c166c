// Org in the place of Markdown: `* Heading`, `#+BEGIN_SRC`, drawers.

import { blankRow, isBlank, type Row, withText } from './rows.js'

const HEADING =
  /^(\*{1,6})\s+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)\s+)?(?:\[#[A-Z]\]\s+)?(.*?)(?:\s+:[\w@:]+:)?\s*$/
const KEYWORD = /^\s*#\+(\w+):?\s*(.*)$/

/** A keyword, a drawer, or starred headings over numbered lists. */
export function isOrg(rows: readonly Row[]): boolean {
  const text = rows.filter(row => !row.isCode)
  if (text.some(row => /^\s*#\+(?:title|begin_|author|options|startup|date)/i.test(row.text))) return true
  if (text.some(row => /^\s*:PROPERTIES:\s*$/.test(row.text))) return true
  if (text.some(row => /^#{1,6}\s/.test(row.text))) return false
  const starred = text.flatMap((row, index) => (/^\*{1,6} \S/.test(row.text) ? [index] : []))
  const isAlone = starred.every(index => !starred.includes(index + 1) || /^\*{2}/.test(text[index + 1]!.text))
  const leads = starred.filter(index =>
    /^1[.)] /.test(text.slice(index + 1).find(row => !isBlank(row))?.text ?? ''),
  )
  return isAlone && leads.length > 0
}

export function fromOrg(rows: readonly Row[]): Row[] {
  const hasTitle = rows.some(row => !row.isCode && /^\s*#\+title:/i.test(row.text))
  let isDrawer = false
  let isCode = false
  return rows.map(row => {
    if (row.isCode) return row
    const [, keyword = '', said = ''] = KEYWORD.exec(row.text) ?? []
    if (/^begin_(?:src|example)$/i.test(keyword)) {
      isCode = true
      return { ...row, text: `\`\`\`${said.split(/\s/, 1)[0]}`, isCode: true }
    }
    if (/^end_(?:src|example)$/i.test(keyword)) {
      isCode = false
      return { ...row, text: '```', isCode: true }
    }
    if (isCode) return { ...row, isCode: true }
    if (/^title$/i.test(keyword)) return withText(row, `# ${said}`)
    if (/^\s*:[A-Z]+:\s*$/.test(row.text)) isDrawer = !/:END:/.test(row.text)
    if (keyword || isDrawer || /^\s*:END:\s*$/.test(row.text)) return blankRow(row.line)
    const heading = HEADING.exec(row.text)
    if (heading)
      return withText(
        row,
        `${'#'.repeat(Math.min(6, heading[1]!.length + (hasTitle ? 1 : 0)))} ${heading[2]}`,
      )
    return withText(row, row.text.replace(/(^|[\s(])[=~]([^=~\s][^=~]*)[=~](?=[\s.,;:!?)]|$)/g, '$1`$2`'))
  })
}
