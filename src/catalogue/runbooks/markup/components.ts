// MDX and HTML around Markdown: imports go, tags of components and wrappers on lines of their own are transparent, and
// their title is the label of what they hold.

import { labelEnd, labelRows } from './labels.js'
import { blankRow, dedent, indentOf, isBlank, type Row, withText } from './rows.js'

const MODULE =
  /^(?:import\s+(?:[\w*{][^'"]*\sfrom\s+)?['"][^'"]+['"];?|export\s+(?:const|let|default|function|async)\b.*)\s*$/
const TAG =
  /^\s*<(\/?)([A-Z][\w.]*|[a-z]+(?:-[a-z]+)+|steps?|tabs?|callout|card|note|tip|warning)((?:\s(?:[^<>"'{}]|"[^"]*"|'[^']*'|\{[^{}]*\})*)?)(\/?)>/
const TRAILING = /<\/(?:[A-Z][\w.]*|steps?|tabs?|callout|card|note|tip|warning)>\s*$/
const WRAPPER =
  /^\s*<(\/?)(details|div|section|article|aside|main|center|span|figure|header|footer|nav|font)\b[^<>]*>\s*$/i
const SUMMARY = /^\s*(?:(<details\b[^>]*>)\s*)?<summary\b[^>]*>(.*?)<\/summary>(.*)$/i

const titleIn = (attributes: string): string | undefined =>
  /\b(?:title|label|heading|name|summary)=\{?["']([^"']*)["']/.exec(attributes)?.[1]

type Opened = { name: string; isLabelled: boolean; inner: number | undefined }

export function withoutTags(rows: readonly Row[]): Row[] {
  const opened: Opened[] = []
  const out: Row[] = []
  const put = (row: Row) => {
    const top = opened.findLast(one => one.inner !== undefined)
    const inner = opened.reduce((sum, one) => Math.max(sum, one.inner ?? 0), 0)
    out.push(top && inner > 0 && !isBlank(row) ? withText(row, dedent(row.text, inner)) : row)
  }
  for (const [index, row] of rows.entries()) {
    const summary = row.isCode ? null : SUMMARY.exec(row.text)
    const wrapper = row.isCode ? null : WRAPPER.exec(row.text)
    if (row.isCode) put(row)
    else if (isModule(row, rows[index - 1])) put(withText(row, ''))
    else if (summary) putSummary(row, summary, opened, out)
    else if (wrapper) putWrapper(row, wrapper, opened, out)
    else putTags(row, rows[index + 1], opened, out, put)
  }
  return out
}

const isModule = (row: Row, before: Row | undefined): boolean =>
  MODULE.test(row.text) && (isBlank(before) || MODULE.test(before!.text))

function putSummary(row: Row, match: RegExpExecArray, opened: Opened[], out: Row[]): void {
  const [, details, title = '', rest = ''] = match
  if (details) out.push({ ...row, text: details }, blankRow(row.line))
  const fold = opened.findLast(({ name }) => name === 'details')
  if (fold) fold.isLabelled = true
  else opened.push({ name: 'details', isLabelled: true, inner: undefined })
  out.push(...labelRows(row, title.replace(/<[^>]*>/g, ' ').trim()))
  if (rest.trim() !== '') out.push({ ...row, text: rest.replace(/<\/details>\s*$/i, '') })
  if (/<\/details>\s*$/i.test(rest)) closeTag('details', row, opened, out)
}

/** The tag stays, apart from what it wraps: it is counted as HTML, as it always was. */
function putWrapper(row: Row, match: RegExpExecArray, opened: Opened[], out: Row[]): void {
  const name = match[2]!.toLowerCase()
  out.push(blankRow(row.line), row, blankRow(row.line))
  if (match[1] === '/') closeTag(name, row, opened, out)
  else opened.push({ name, isLabelled: false, inner: undefined })
}

function closeTag(name: string, row: Row, opened: Opened[], out: Row[]): void {
  const at = opened.findLastIndex(one => one.name === name)
  if (at < 0) return
  if (opened[at]!.isLabelled) out.push(...labelEnd(row))
  opened.splice(at)
}

function putTags(
  row: Row,
  next: Row | undefined,
  opened: Opened[],
  out: Row[],
  put: (row: Row) => void,
): void {
  let rest = row.text
  let isTag = false
  for (let match = TAG.exec(rest); match; match = TAG.exec(rest)) {
    const [all, slash, name = '', attributes = '', isEmpty] = match
    isTag = true
    const title = titleIn(attributes)
    if (slash === '/') closeTag(name, row, opened, out)
    else if (!isEmpty) {
      const isAlone = rest.slice(all.length).trim() === ''
      opened.push({
        name,
        isLabelled: title !== undefined,
        inner: isAlone ? depthBelow(row, next) : undefined,
      })
    }
    if (slash !== '/') out.push(...labelRows(row, title))
    rest = rest.slice(all.length)
  }
  const closing: string[] = []
  if (opened.length > 0) rest = withoutTrailing(rest, closing)
  if (isTag) out.push(blankRow(row.line))
  if (rest.trim() !== '' || (!isTag && closing.length === 0))
    put(withText(row, isTag ? rest.trimStart() : rest))
  else out.push(blankRow(row.line))
  if (closing.length > 0) out.push(blankRow(row.line))
  for (const name of closing) closeTag(name, row, opened, out)
}

/** Where what a tag wraps is indented below it. */
function depthBelow(row: Row, next: Row | undefined): number | undefined {
  const depth = next && !isBlank(next) ? indentOf(next.text) : 0
  const own = indentOf(row.text)
  return depth > own && own < 8 ? depth : undefined
}

/** The text before the closing tags at its end, whose names are gathered from the last to the first. */
function withoutTrailing(text: string, names: string[]): string {
  let rest = text
  for (let match = TRAILING.exec(rest); match; match = TRAILING.exec(rest)) {
    names.push(/<\/([\w.]+)/.exec(match[0])![1]!)
    rest = rest.slice(0, rest.length - match[0].length)
  }
  return rest
}
