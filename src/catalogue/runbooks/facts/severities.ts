// The severity scale: from a table, from bullets with nested times, or from headings with bold "Response Time" lines.

import type { List, ListItem, Table } from 'mdast'
import { toString as plainText } from 'mdast-util-to-string'
import type { Severity } from '../../../wire/runbook.js'
import { reasonOfTitle } from '../structure/left-out.js'
import type { Block, Outline, Section } from '../structure/outline.js'
import { proseOf } from '../structure/prose.js'
import {
  beginsWithLevel,
  CODED,
  cellsOf,
  durationColumns,
  isSeverityTable,
  levelColumn,
  titlesOf,
} from '../structure/tables.js'
import { labelled } from '../structure/wording.js'
import { durationOf } from './durations.js'

const WORD =
  /^(critical|high|medium|moderate|low|minor|major|informational|info|emergency|urgent|severe|normal|blocker|trivial|kritisch|hoch|mittel|niedrig|gering)\b/i

export function severitiesOf(outline: Outline): Severity[] {
  const found = outline.sections.flatMap(section => [
    ...ofHeading(section),
    ...section.blocks.flatMap(block => ofBlock(block)),
  ])
  const byLevel = new Map<string, Severity>()
  for (const severity of found) {
    const key = severity.level.toLowerCase().replace(/[\s_-]/g, '')
    byLevel.set(key, { ...severity, ...byLevel.get(key) })
  }
  return [...byLevel.values()].sort((one, other) => one.line - other.line)
}

function ofBlock(block: Block): Severity[] {
  if (block.node.type === 'table') return ofTable(block.node)
  const isScale = block.above.some(title => reasonOfTitle(title) === 'severity') || isScaleList(block.node)
  return block.node.type === 'list' && isScale ? ofList(block.node) : []
}

/** Every item begins with a level, of which there are two or more: a scale whatever stands above it. */
export const isScaleList = (node: Block['node']): boolean =>
  node.type === 'list' &&
  node.children.length > 1 &&
  node.children.every(
    item => beginsWithLevel(plainText(item.children[0] ?? item)) && !ACTS.test(plainText(item)),
  )

/** "P1/P2: escalate to ..." says what to do at a level, not what the level is. */
const ACTS = /\b(escalat|notify|page|call|inform)\w*/i

/** `SEV0: Critical (Funds/Ledger)` and `Critical (P1)` in level and name; undefined where neither is a level. */
function levelOf(said: string): { level: string; name?: string } | undefined {
  const text = said.trim().replace(/[\s:–—-]+$/, '')
  const coded = CODED.exec(text)
  if (!coded) return WORD.test(text) ? { level: text.slice(0, 40) } : undefined
  const rest = (text.slice(0, coded.index) + text.slice(coded.index + coded[0].length))
    .replace(/\(\s*\)/, '')
    .replace(/^[\s:.–—-]+|[\s:–—-]+$/g, '')
  return rest ? { level: coded[0], name: rest } : { level: coded[0] }
}

function ofTable(table: Table): Severity[] {
  const [head, ...rows] = table.children
  const titles = titlesOf(head)
  if (!isSeverityTable(titles, rows)) return []
  const column = (words: RegExp) => titles.findIndex(title => words.test(title))
  const named = [
    column(/respon|respu|répon|ack|reaktion|antwort|^sla\b|target|応答|初動|响应/),
    column(/resol|resoluc|résol|fix|restor|lösung|behebung|復旧|解決|恢复|解决/),
  ]
  // the titles may be of any language: times come in this order
  const timed = durationColumns(rows).filter(at => !named.includes(at))
  const [response, resolution] = named.map(at => (at >= 0 ? at : (timed.shift() ?? -1))) as [number, number]
  const [description, name] = [
    column(/descr|definition|meaning|criteria|impact|beschreib/),
    column(/^name$|^label$/),
  ]
  return rows.flatMap(row => {
    const cells = cellsOf(row).map(cell => cell.text)
    const said = cells[levelColumn(titles, rows)]?.trim()
    if (!said) return []
    const level = levelOf(said) ?? { level: said.slice(0, 40) }
    const cell = (index: number) => (index >= 0 && cells[index] ? cells[index] : undefined)
    return [
      severity(
        { ...level, ...(cell(name) && { name: cell(name)! }) },
        row.position?.start.line ?? 1,
        cell(description),
        cell(response),
        cell(resolution),
      ),
    ]
  })
}

function severity(
  level: { level: string; name?: string },
  line: number,
  description?: string,
  response?: string,
  resolution?: string,
): Severity {
  return {
    ...level,
    ...(description && { description }),
    ...(response && { responseTime: durationOf(response) }),
    ...(resolution && { resolutionTime: durationOf(resolution) }),
    line,
  }
}

/** `**Critical (P1)**: System down` with its times nested below, or `SEV-1`: outage; mostly levels, or no scale. */
function ofList(list: List): Severity[] {
  const levels = list.children.flatMap(item => ofItem(item) ?? [])
  return levels.length * 2 > list.children.length ? levels : []
}

function ofItem(item: ListItem): Severity | undefined {
  const [first] = item.children
  if (first?.type !== 'paragraph') return undefined
  const prose = proseOf(first.children)
  const code = prose.codes[0]?.from === 0 ? prose.text.slice(0, prose.codes[0].to) : undefined
  const split = /^(.{1,60}?)(?::|\s[-–—=])\s+(.*)$/s.exec(prose.text)
  const said = code ?? split?.[1] ?? prose.text
  const isNamed = code !== undefined || split !== null || CODED.test(said)
  const level = isNamed && said.split(' ').length <= 6 ? levelOf(said) : undefined
  if (!level) return undefined
  const nested = item.children.flatMap(child => (child.type === 'list' ? child.children : []))
  const times = nested.map(child => plainText(child, { includeHtml: false }))
  return severity(
    level,
    prose.line,
    split?.[2],
    timeOf(times, RESPONSE) ?? saidResponse(split?.[2]),
    timeOf(times, RESOLUTION),
  )
}

const RESPONSE =
  /^respon|^respu|^tiempo de respu|^tempo de respo|^temps de répon|^délai de répon|^ack|^reaktion|^antwort|^応答|^初動|^响应/i
const RESOLUTION =
  /^resol|^tiempo de resol|^tempo de resol|^délai de résol|^fix|^restor|^lösung|^behebung|^復旧|^解決|^恢复|^解决/i

/** "..., respond within 15 minutes" in the description itself. */
const saidResponse = (description = ''): string | undefined =>
  /\b(?:respond|response|react|start|begin|acknowledge)\w*\b[^.;]*/i.exec(description)?.[0]

const timeOf = (texts: readonly string[], named: RegExp): string | undefined =>
  texts.map(text => labelled(text)).find(label => label && named.test(label.name))?.rest

/** `### SEV0: Critical` with a "Response Time" below it, or inside a section about severity. */
function ofHeading(section: Section): Severity[] {
  const level = levelOf(section.title)
  if (!level || section.level === 0) return []
  const passages = section.blocks.flatMap(({ node }) => (node.type === 'passage' ? [node] : []))
  const times = passages.map(({ label, prose }) => (label ? `${label}: ${prose.text}` : prose.text))
  const response = timeOf(times, RESPONSE)
  const isScale = section.ancestors.some(({ title }) => reasonOfTitle(title) === 'severity')
  if (!isScale && !response) return []
  return [severity(level, section.line, descriptionOf(section), response, timeOf(times, RESOLUTION))]
}

function descriptionOf(section: Section): string | undefined {
  const defined = section.blocks.find(
    ({ label, node }) =>
      node.type === 'list' && /^(definition|description|criteria)/i.test(label?.title ?? ''),
  )
  if (defined?.node.type === 'list')
    return defined.node.children.map(item => plainText(item, { includeHtml: false })).join('; ')
  const plain = section.blocks.find(({ node }) => node.type === 'passage' && node.form === 'plain')
  return plain?.node.type === 'passage' ? plain.node.prose.text : undefined
}
