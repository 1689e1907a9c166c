// Tables: rows of issue and action (or check and command) are steps; every other table is counted by what it is.

import type { PhrasingContent, Table, TableCell, TableRow } from 'mdast'
import { durationsIn } from '../facts/durations.js'
import { splitNumbered } from '../markup/numbers.js'
import { lineOf } from './document.js'
import { type Draft, draftOf } from './drafts.js'
import { type Reason, reasonAbove } from './left-out.js'
import { dropStart, joinProse, type Prose, proseOf } from './prose.js'

const ACTION =
  /^(actions?|(immediate|first|required|recommended|suggested|corrective) (actions?|steps?|response)|commands?|mitigations?|fix(es)?|resolutions?|solutions?|remed(y|ies|iation)|what to do|do( this)?|then( do)?|reaction|steps?|procedure|how( to)?|run|workaround|strategy|tasks?|response|maßnahmen?|aktion|befehl|comando|acción|qué hacer|ação|o que fazer|commande|remède|命令|操作|处理|対応|コマンド)$/
const ISSUE =
  /^(issues?|symptoms?|problems?|checks?|scenarios?|conditions?|alerts?|errors?|failures?|if( you see)?|when|you see|observation|case|situation|triggers?|what|incident( type)?|cause|event|störung|prüfung|problema|síntoma|sintoma|verifica\p{L}+|symptôme|problème|vérification|症状|问题|現象|現象)$/u
const NUMBER = /^(#|no\.?|nr\.?|step|step #|order|schritt)$/
/** A list of follow-up work, with an owner and a date, is no list of steps. */
const WORK = /^(due( date)?|deadline|status|priority|assignee|eta)$/
/** Which alarm goes off when, and whom it pages. */
const ALARM = /^(alert |alarm )?thresholds?$/
const OVERRIDDEN: readonly Reason[] = [
  'symptoms',
  'cause',
  'impact',
  'overview',
  'examples',
  'sources',
  'scope',
]

export type TableReading = { steps: Draft[] } | { reason: Reason; rows: number }

export function readTable(table: Table, above: readonly string[]): TableReading {
  const [head, ...rows] = table.children
  const titles = titlesOf(head)
  const reason = isSeverityTable(titles, rows) ? 'severity' : reasonAbove(above)
  const columns = stepColumns(titles)
  const isOverridden =
    reason !== undefined && OVERRIDDEN.includes(reason) && titles.some(title => ISSUE.test(title))
  if (reason && !(columns && isOverridden)) return { reason, rows: rows.length }
  if (!columns) return { reason: isContactTable(titles) ? 'contacts' : 'reference', rows: rows.length }
  return { steps: rows.flatMap(row => stepOfRow(row, columns)) }
}

/** The titles of the columns, in lower case. */
export function titlesOf(head: TableRow | undefined): string[] {
  return (head?.children ?? []).map(cell =>
    proseOf(cell.children)
      .text.toLowerCase()
      .replace(/[:*]+$/, ''),
  )
}

export const cellsOf = (row: TableRow): Prose[] =>
  row.children.map(cell => ({ ...proseOf(cell.children), line: lineOf(row) }))

const LEVEL_TITLE =
  /^((incident|alert) )?(levels?|severity( levels?)?|priority|sev|prio|p|stufe|schweregrad|gravité)$/
const SCALE_TITLE =
  /response|resol|description|definition|meaning|criteria|examples?|\bsla\b|target|beschreibung|ack/

export function isSeverityTable(titles: readonly string[], rows: readonly TableRow[]): boolean {
  if (rows.length < 2 || isContactTable(titles)) return false
  if (titles.some(title => LEVEL_TITLE.test(title)) && titles.some(title => SCALE_TITLE.test(title)))
    return true
  return codedColumn(rows) >= 0 && durationColumns(rows).length > 0
}

/** `SEV1`, `P2`, `S3`: what a level is called in every language. */
export const CODED =
  /\b(sev(?:erity)?(?:[\s_-]?(?:\d|[A-E])(?!\p{L}))|p(?:rio(?:rity)?)?[\s_-]?\d|s\d|tier[\s-]?\d|level[\s-]?\d)(?![\p{L}\p{N}])/iu
const BEGINS_CODED = new RegExp(`^\\W*${CODED.source}`, 'iu')

export const beginsWithLevel = (text: string): boolean => BEGINS_CODED.test(text)

/** The column in which every row names another level; below zero where there is none. */
function codedColumn(rows: readonly TableRow[]): number {
  const columns = rows[0]?.children.length ?? 0
  for (let column = 0; column < columns; column++) {
    const levels = rows.map(row => BEGINS_CODED.exec(cellsOf(row)[column]?.text ?? '')?.[1]?.toLowerCase())
    if (levels.every(level => level !== undefined) && new Set(levels).size === levels.length) return column
  }
  return -1
}

/** The columns with lengths of time in them, whatever their titles say. */
export function durationColumns(rows: readonly TableRow[]): number[] {
  const columns = rows[0]?.children.length ?? 0
  return Array.from({ length: columns }, (_, column) => column).filter(column => {
    const timed = rows.filter(row => {
      const text = cellsOf(row)[column]?.text ?? ''
      return text.length <= 40 && durationsIn(text).length > 0
    })
    return timed.length > 0 && timed.length * 2 >= rows.length
  })
}

export function levelColumn(titles: readonly string[], rows: readonly TableRow[]): number {
  const named = titles.findIndex(title => LEVEL_TITLE.test(title))
  return named >= 0 ? named : codedColumn(rows)
}

const CONTACT =
  /^(contacts?|phone|e-?mail|slack|pager|handle|mobile|tel|telefon|téléphone|teléfono|telefone|kontakt|contacto|contato|how to reach|reach|电话|联系方式|連絡先|電話)(?!\p{L})/u

export const isContactTitle = (title: string): boolean => CONTACT.test(title)

export const isContactTable = (titles: readonly string[]): boolean => titles.some(isContactTitle)

/** A cell with nothing to say: empty, a dash, "n/a". */
export const isPlaceholder = (text: string): boolean => /^(?:[\s–—-]*|n\/?a|tbd|none)$/i.test(text.trim())

/** The column that says what to do, and those read with it; undefined for a table that is about something else. */
function stepColumns(titles: readonly string[]): number[] | undefined {
  if (titles.some(title => WORK.test(title)) || titles.some(title => ALARM.test(title))) return undefined
  const action = titles.findIndex((title, index) => ACTION.test(title) && !isOrdinalColumn(titles, index))
  if (action < 0) return undefined
  const issue = titles.findIndex((title, index) => index !== action && ISSUE.test(title))
  const hasPartner =
    issue >= 0 || action > 0 || titles.some(title => NUMBER.test(title)) || titles.length === 1
  if (issue < 0 && action > 0 && !NUMBER.test(titles[0]!)) return [0, action]
  return hasPartner ? (issue >= 0 ? [issue, action] : [action]) : undefined
}

/** `Step | Action`: the first holds numbers. */
const isOrdinalColumn = (titles: readonly string[], index: number) =>
  NUMBER.test(titles[index]!) && titles.some((title, other) => other > index && ACTION.test(title))

function stepOfRow(row: TableRow, columns: readonly number[]): Draft[] {
  const cells = cellsOf(row)
  const action = row.children[columns.at(-1)!]
  const listed = action && itemsIn(action)
  const whole = listed
    ? [...columns.slice(0, -1).flatMap(column => cells[column] ?? []), listed.lead]
    : undefined
  const parts = (whole ?? columns.flatMap(column => cells[column] ?? [])).filter(({ text }) => text !== '')
  const children = listed?.items.map(item => draftOf(item, 'ordered')) ?? []
  if (parts.length === 0) return children
  const prose = joinProse(parts, ': ')
  const clauseFrom = prose.text.length - parts.at(-1)!.text.length
  return [{ ...draftOf(prose, 'row'), children, ...(parts.length > 1 && { clauseFrom }) }]
}

const MARK = /^(?:\(?\d{1,3}[.)]|[-*•–]|\[[ xX]?\])\s+/

/** The items a cell lists, each after a line break or a number; undefined where it lists none. */
function itemsIn(cell: TableCell): { lead: Prose; items: Prose[] } | undefined {
  const parts: PhrasingContent[][] = [[]]
  for (const node of cell.children) {
    if (node.type === 'break' || (node.type === 'html' && /^<br\b/i.test(node.value))) parts.push([])
    else parts.at(-1)!.push(node)
  }
  const said = parts.map(part => proseOf(part)).filter(({ text }) => text !== '')
  const first = said.findIndex(({ text }) => MARK.test(text))
  const marked = said.filter(({ text }) => MARK.test(text)).length
  if (marked < 2) return splitNumbered(proseOf(cell.children))
  const items = said.slice(first).map(prose => dropStart(prose, MARK.exec(prose.text)?.[0].length ?? 0))
  return { lead: joinProse(said.slice(0, first), ' '), items }
}
