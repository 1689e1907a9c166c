// The post-mortem writes itself from the log: in the template of the incident's own runbook where it has one, else in a
// good default. What only people can know is left as the template has it, and listed at the end.

import { linesOf } from '../../text/characters.js'
import {
  type Block,
  bullets,
  code,
  gap,
  heading,
  joined,
  markdownOf,
  type Phrase,
  paragraph,
  prose,
  strong,
  table,
  text,
  words,
} from '../../text/markdown.js'
import { blocksIn, templateLines, Values } from '../../text/template.js'
import { toSecond } from '../clock.js'
import { applicationNames, between, type Facts, factsOf, type PostmortemSource } from './postmortem-facts.js'
import { durationOf, fromTheLog, noKill } from './postmortem-log.js'
import { timelineOf } from './timeline.js'

type Section = 'summary' | 'timeline' | 'cause' | 'impact' | 'resolution' | 'actions' | 'other'
/** The text, what it speaks of, and what is left to a person. */
type Draft = { blocks: Block[]; told: Set<Section>; left: string[] }

/** Markdown. Deterministic: the same log and runbook give the same bytes. */
export function postmortemOf(source: PostmortemSource): string {
  const facts = factsOf(source)
  const template = source.runbook?.postmortemTemplate
  const isOutline = template !== undefined && !/^\s*(#|\*\*)/m.test(template.text)
  const { blocks, told, left } =
    template === undefined || isOutline
      ? written(source, facts, isOutline ? outlineOf(template.text) : DEFAULT_SECTIONS)
      : filled(source, facts, mended(template.text))
  const untold = (['timeline', 'cause', 'resolution', 'actions'] as const).flatMap(section => {
    const content = told.has(section) ? undefined : contentOf(section, source, facts)
    return content === undefined ? [] : [heading(3, words(TITLES[section])), content]
  })
  const open = [...new Set(left)]
  return markdownOf([
    ...blocks,
    ...fromTheLog(source, facts, template !== undefined && !isOutline),
    ...untold,
    ...(open.length === 0 ? [] : [{ type: 'thematicBreak' } as const, leftLine(open)]),
  ])
}

const leftLine = (open: readonly string[]): Block =>
  paragraph(prose`Left for a person to write: ${joined(open.map(leftWords), ', ')}`)

/** A gap stands as it does in the text. */
const leftWords = (left: string): Phrase[] => {
  const [, name] = /^\[(.*)\]$/.exec(left) ?? []
  return name === undefined ? words(left) : [gap(name)]
}

const TITLES = { timeline: 'Timeline', cause: 'Cause', resolution: 'Resolution', actions: 'Action items' }
const DEFAULT_SECTIONS = [
  'Summary',
  'Impact',
  'Timeline',
  'Root cause',
  'Resolution',
  'Action items',
  'Lessons learned',
]

/** A dash or an apostrophe that somebody once saved in the wrong encoding. */
const mended = (text: string): string =>
  text.replace(/\u00e2\u20ac(?:\u201c|\u201d|\u2122)/g, wrong =>
    wrong.endsWith('\u201c') ? '\u2013' : wrong.endsWith('\u201d') ? '\u2014' : '\u2019',
  )

/** An outline names the sections and nothing more: "1. Timeline of events". */
const outlineOf = (text: string): string[] =>
  linesOf(text).flatMap(line => /^\s*(?:\d+[.)]|[-*+])\s+(.+?)\s*$/.exec(line)?.[1] ?? [])

/** What a title asks for. Prevention is the action items, where no other title asks for those. */
function kindOf(title: string, titles: readonly string[]): Section {
  const words = title.toLowerCase()
  if (/timeline|happened when/.test(words)) return 'timeline'
  if (/summary|description/.test(words)) return 'summary'
  if (/cause|^why/.test(words)) return 'cause'
  if (ACTIONS.test(words)) return 'actions'
  if (/impact|affected/.test(words)) return 'impact'
  if (/resolution|fixed/.test(words)) return 'resolution'
  const isPrevention = /prevent|happening again/.test(words)
  return isPrevention && !titles.some(each => ACTIONS.test(each.toLowerCase())) ? 'actions' : 'other'
}

const ACTIONS = /action|follow/

function written(source: PostmortemSource, facts: Facts, sections: readonly string[]): Draft {
  const { incident, environment } = source
  const known = { Commander: incident.commander, Severity: incident.severity, Runbook: incident.runbook }
  const left = Object.entries(known).flatMap(([name, value]) => (value === undefined ? name : []))
  const header: [string, Phrase[]][] = [
    ['Severity', words(facts.severity)],
    ['Began', words(toSecond(facts.start))],
    ['Resolved', words(facts.end === undefined ? 'still open' : toSecond(facts.end))],
    ['Duration', words(durationOf(facts))],
    ['Commander', incident.commander ? words(incident.commander) : [gap('name')]],
    ['Declared by', words(incident.declared.by)],
    ['Environment', words(environment)],
    ['Runbook', incident.runbook ? words(incident.runbook.id) : [gap('runbook')]],
  ]
  const lines = header.map(([name, value]) => prose`${strong([text(`${name}:`)])} ${value}`)
  const draft: Draft = {
    blocks: [
      heading(1, prose`${incident.id}: ${incident.title}`),
      paragraph(lines.flatMap((line, index) => (index === 0 ? line : [{ type: 'break' }, ...line]))),
    ],
    told: new Set(),
    left,
  }
  for (const title of sections) {
    const kind = kindOf(title, sections)
    const content = contentOf(kind, source, facts)
    draft.told.add(kind)
    draft.blocks.push(heading(2, words(title)), content ?? paragraph([gap('to be written')]))
    if (content === undefined) draft.left.push(title)
  }
  return draft
}

/** What the log knows of a section; undefined where only people do. */
function contentOf(section: Section, source: PostmortemSource, facts: Facts): Block | undefined {
  const { notes, windows } = facts
  const said = (kind: keyof Facts['notes']): Phrase[][] =>
    notes[kind].map(({ note }) => words(note?.text ?? ''))
  switch (section) {
    case 'timeline':
      return listOf(timelineOf(source))
    case 'summary':
      return paragraph(summary(source, facts))
    case 'cause':
      return listOf(said('cause'))
    case 'resolution':
      return listOf(said('resolution'))
    case 'impact':
      return listOf([...said('impact'), ...windows.map(windowLine)])
    case 'actions':
      return actionTable(facts)
    default:
      return undefined
  }
}

const listOf = (items: Phrase[][]): Block | undefined => (items.length === 0 ? undefined : bullets(items))

function windowLine({
  flag,
  label,
  killedAt,
  restoredAt,
  heldOn,
  taken,
}: Facts['windows'][number]): Phrase[] {
  const after = heldOn ? ', and held by others after that' : ''
  const until =
    restoredAt === undefined
      ? 'now, still so'
      : `${toSecond(restoredAt)}, ${between(killedAt, restoredAt)}${after}`
  const end = taken ? `${toSecond(taken.at)}, when ${taken.by} took it over` : until
  return prose`${label} (${code(flag)}): ${toSecond(killedAt)} to ${end}`
}

function summary(source: PostmortemSource, facts: Facts): Phrase[] {
  const acts = new Map(facts.windows.map(({ label, flag }) => [`${label} ${flag}`, { label, flag }]))
  const done = [...acts.values()].map(({ label, flag }) => prose`${label} (${code(flag)})`)
  const told =
    done.length === 0
      ? words(`${noKill(source).replace(/^n/, 'N')}.`)
      : prose`What was done to the flags: ${joined(done, ', ')}.`
  return prose`${source.incident.title} (${facts.severity}), ${durationOf(facts)}. ${told}`
}

function actionTable({ notes }: Facts): Block | undefined {
  if (notes.action.length === 0) return undefined
  const rows = notes.action.map(({ note }) => [
    words(note?.text ?? ''),
    note?.owner ? words(note.owner) : [gap('owner')],
    note?.due ? words(note.due) : [gap('due date')],
    words('Open'),
  ])
  return table([['Action', 'Owner', 'Due date', 'Status'].map(words), ...rows])
}

type Part = { title?: string; head: string; body: string[] }

/** A template by its headings and bold labels; what the log knows takes the place of the example text below them. */
function filled(source: PostmortemSource, facts: Facts, template: string): Draft {
  const draft: Draft = { blocks: [], told: new Set(), left: [] }
  const values = new Values()
  const parts = partsOf(template)
  const titles = parts.flatMap(({ title }) => title ?? [])
  for (const { title = '', head, body } of parts) {
    const header = (line: string) => noted(draft, headerLine(line, source, facts, values))
    const lines = [header(head)]
    const kind = kindOf(title, titles)
    const content = contentOf(kind, source, facts)
    draft.told.add(kind)
    if (content !== undefined)
      lines.push('', ...body.filter(isAsked).map(line => noted(draft, askedLine(line, source, values))))
    else if (title === '') lines.push(...body.map(header))
    else {
      lines.push(...body)
      if (body.some(line => line.trim() !== '')) draft.left.push(title)
    }
    push(draft.blocks, ...blocksIn(lines, values), ...(content === undefined ? [] : [content]))
  }
  return draft
}

/** Two lists in a row are one. */
function push(blocks: Block[], ...more: Block[]): void {
  for (const block of more) {
    const last = blocks.at(-1)
    if (last?.type === 'list' && block.type === 'list' && last.ordered === block.ordered)
      last.children.push(...block.children)
    else blocks.push(block)
  }
}

/** A line, and what it leaves open: `**Author:** [Name]` leaves the author. */
function noted({ left }: Draft, line: string): string {
  const [bracket] = /\[[^\]]{2,80}\](?!\()/.exec(line) ?? []
  if (bracket !== undefined) left.push(/^[-*\s]*([A-Z][\w /]*?)(?::|\*\*)/.exec(line)?.[1] ?? bracket)
  return line
}

/** `- Users affected: [number]`: asked for beside what the log says. */
const isAsked = (line: string): boolean => /^\s*[-*]\s+[A-Z][\w /]+:\s*\[[^\]]+\]\s*$/.test(line)

function askedLine(line: string, source: PostmortemSource, values: Values): string {
  const [, label = ''] = /^\s*[-*]\s+([^:]+):/.exec(line) ?? []
  const names = /feature|component|service/i.test(label) ? applicationNames(source) : undefined
  return names === undefined ? line : `- ${label}: ${values.put(names)}`
}

function partsOf(template: string): Part[] {
  const parts: Part[] = [{ head: '', body: [] }]
  for (const line of templateLines(template)) {
    const title = /^#{1,6}\s+(.+?)\s*$/.exec(line)?.[1] ?? /^\*\*([^*]+?):?\*\*:?\s*$/.exec(line)?.[1]
    if (title === undefined) parts.at(-1)?.body.push(line)
    else parts.push({ title: /\[title\]/i.test(title) ? '' : title, head: line, body: [] })
  }
  return parts
}

/** `**Duration:** X hours Y minutes` and its like: the value is the log's where it knows it. */
function headerLine(line: string, source: PostmortemSource, facts: Facts, values: Values): string {
  const { incident } = source
  const titled = line.includes('#XXX') ? incident.title : `${incident.id}, ${incident.title}`
  const named = line
    .replace(/#XXX/g, () => values.put(incident.id))
    .replace(/\[title\]/gi, () => values.put(titled))
  const [, label = '', name = ''] = /^(\s*(?:[-*]\s+)?\*\*([^*:]+):?\*\*:?)\s+\S/.exec(named) ?? []
  const value = knownValue(name.toLowerCase(), source, facts)
  return value === undefined ? named : `${label} ${values.put(value)}`
}

function knownValue(name: string, { incident }: PostmortemSource, facts: Facts): string | undefined {
  if (name === 'date') return toSecond(facts.start)
  if (/^(duration|resolution time)$/.test(name)) return durationOf(facts)
  if (name === 'severity') return facts.severity
  if (/^(reported|declared) by$/.test(name)) return incident.declared.by
  if (name === 'resolved by') return incident.resolved?.by
  return /commander/.test(name) ? incident.commander : undefined
}
