// The post-mortem writes itself from the log: in the template of the incident's own runbook where it has one, else in a
// good default. What only people can know is left as the template has it, and listed at the end.

import { toSecond } from './clock.js'
import {
  applicationNames,
  between,
  cell,
  type Facts,
  factsOf,
  oneLine,
  type PostmortemSource,
} from './postmortem-facts.js'
import { durationOf, fromTheLog } from './postmortem-log.js'
import { timelineOf } from './timeline.js'

type Section = 'summary' | 'timeline' | 'cause' | 'impact' | 'resolution' | 'actions' | 'other'
/** The text, what it speaks of, and what is left to a person. */
type Draft = { lines: string[]; told: Set<Section>; left: string[] }

/** Markdown. Deterministic: the same log and runbook give the same bytes. */
export function postmortemOf(source: PostmortemSource): string {
  const facts = factsOf(source)
  const template = source.runbook?.postmortemTemplate
  const isOutline = template !== undefined && !/^\s*(#|\*\*)/m.test(template.text)
  const { lines, told, left } =
    template === undefined || isOutline
      ? written(source, facts, isOutline ? outlineOf(template.text) : DEFAULT_SECTIONS)
      : filled(source, facts, mended(template.text))
  const untold = (['timeline', 'cause', 'resolution', 'actions'] as const).flatMap(section => {
    const content = told.has(section) ? undefined : contentOf(section, source, facts)
    return content === undefined ? [] : ['', `### ${TITLES[section]}`, '', ...content]
  })
  const text = [...lines, '', ...fromTheLog(source, facts, template !== undefined && !isOutline), ...untold]
  const open = [...new Set(left)]
  const list = open.length === 0 ? [] : ['', '---', '', `Left for a person to write: ${open.join(', ')}`]
  return `${[
    text
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
    ...list,
  ].join('\n')}\n`
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
  text.split('\n').flatMap(line => /^\s*(?:\d+[.)]|[-*+])\s+(.+?)\s*$/.exec(line)?.[1] ?? [])

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
  const draft: Draft = { lines: [], told: new Set(), left: incident.commander ? [] : ['Commander'] }
  draft.lines.push(
    `# ${incident.id}: ${oneLine(incident.title)}`,
    '',
    `**Severity:** ${facts.severity}  `,
    `**Began:** ${toSecond(facts.start)}  `,
    `**Resolved:** ${facts.end === undefined ? 'still open' : toSecond(facts.end)}  `,
    `**Duration:** ${durationOf(facts)}  `,
    `**Commander:** ${incident.commander ?? '[name]'}  `,
    `**Declared by:** ${incident.declared.by}  `,
    `**Environment:** ${environment}  `,
    `**Runbook:** ${incident.runbook.id}`,
  )
  for (const title of sections) {
    const kind = kindOf(title, sections)
    const content = contentOf(kind, source, facts)
    draft.told.add(kind)
    draft.lines.push('', `## ${title}`, '', ...(content ?? ['[to be written]']))
    if (content === undefined) draft.left.push(title)
  }
  return draft
}

/** What the log knows of a section; undefined where only people do. */
function contentOf(section: Section, source: PostmortemSource, facts: Facts): string[] | undefined {
  const { notes, windows } = facts
  const said = (kind: keyof Facts['notes']): string[] =>
    notes[kind].map(entry => `- ${oneLine(entry.note?.text ?? '')}`)
  switch (section) {
    case 'timeline':
      return timelineOf(source)
    case 'summary':
      return [summary(source, facts)]
    case 'cause':
      return some(said('cause'))
    case 'resolution':
      return some(said('resolution'))
    case 'impact':
      return some([...said('impact'), ...windows.map(windowLine)])
    case 'actions':
      return some(actionRows(facts))
    default:
      return undefined
  }
}

const some = (lines: string[]): string[] | undefined => (lines.length === 0 ? undefined : lines)

function windowLine({ flag, label, killedAt, restoredAt }: Facts['windows'][number]): string {
  const end =
    restoredAt === undefined ? 'now, still so' : `${toSecond(restoredAt)}, ${between(killedAt, restoredAt)}`
  return `- ${label} (\`${flag}\`): ${toSecond(killedAt)} to ${end}`
}

function summary({ incident }: PostmortemSource, facts: Facts): string {
  const acts = [...new Set(facts.windows.map(window => `${window.label} (\`${window.flag}\`)`))]
  const done = acts.length === 0 ? 'No flag was killed.' : `What was done to the flags: ${acts.join(', ')}.`
  return `${oneLine(incident.title)} (${facts.severity}), ${durationOf(facts)}. ${done}`
}

function actionRows({ notes }: Facts): string[] {
  if (notes.action.length === 0) return []
  const rows = notes.action.map(
    ({ note }) =>
      `| ${cell(note?.text ?? '')} | ${cell(note?.owner ?? '[owner]')} | ${cell(note?.due ?? '[due date]')} | Open |`,
  )
  return ['| Action | Owner | Due date | Status |', '| --- | --- | --- | --- |', ...rows]
}

type Block = { title?: string; head: string; body: string[] }

/** A template by its headings and bold labels; what the log knows takes the place of the example text below them. */
function filled(source: PostmortemSource, facts: Facts, template: string): Draft {
  const draft: Draft = { lines: [], told: new Set(), left: [] }
  const blocks = blocksOf(template)
  const titles = blocks.flatMap(({ title }) => title ?? [])
  for (const { title = '', head, body } of blocks) {
    pushLine(draft, headerLine(head, source, facts))
    const kind = title === '' ? 'other' : kindOf(title, titles)
    const content = contentOf(kind, source, facts)
    draft.told.add(kind)
    if (content !== undefined) {
      for (const line of body.filter(isAsked)) pushLine(draft, askedLine(line, source))
      draft.lines.push(...content, '')
    } else if (title === '') for (const line of body) pushLine(draft, headerLine(line, source, facts))
    else {
      draft.lines.push(...body)
      if (body.some(line => line.trim() !== '')) draft.left.push(title)
    }
  }
  return draft
}

/** A line, and what it leaves open: `**Author:** [Name]` leaves the author. */
function pushLine({ lines, left }: Draft, line: string): void {
  lines.push(line)
  const [bracket] = /\[[^\]]{2,80}\](?!\()/.exec(line) ?? []
  if (bracket !== undefined) left.push(/^[-*\s]*([A-Z][\w /]*?)(?::|\*\*)/.exec(line)?.[1] ?? bracket)
}

/** `- Users affected: [number]`: asked for beside what the log says. */
const isAsked = (line: string): boolean => /^\s*[-*]\s+[A-Z][\w /]+:\s*\[[^\]]+\]\s*$/.test(line)

function askedLine(line: string, source: PostmortemSource): string {
  const [, label = ''] = /^\s*[-*]\s+([^:]+):/.exec(line) ?? []
  const names = /feature|component|service/i.test(label) ? applicationNames(source) : undefined
  return names === undefined ? line : `- ${label}: ${names}`
}

function blocksOf(template: string): Block[] {
  const blocks: Block[] = [{ head: '', body: [] }]
  for (const line of template.split('\n')) {
    const title = /^#{1,6}\s+(.+?)\s*$/.exec(line)?.[1] ?? /^\*\*([^*]+?):?\*\*:?\s*$/.exec(line)?.[1]
    if (title === undefined) blocks.at(-1)?.body.push(line)
    else blocks.push({ title: /\[title\]/i.test(title) ? '' : title, head: line, body: [] })
  }
  return blocks
}

/** `**Duration:** X hours Y minutes` and its like: the value is the log's where it knows it. */
function headerLine(line: string, source: PostmortemSource, facts: Facts): string {
  const { incident } = source
  const named = line
    .replace(/#XXX/g, incident.id)
    .replace(
      /\[title\]/gi,
      line.includes('#XXX') ? oneLine(incident.title) : `${incident.id}, ${oneLine(incident.title)}`,
    )
  const [, label = '', name = ''] = /^(\s*(?:[-*]\s+)?\*\*([^*:]+):?\*\*:?)\s+\S/.exec(named) ?? []
  const value = knownValue(name.toLowerCase(), source, facts)
  return value === undefined ? named : `${label} ${value}`
}

function knownValue(name: string, { incident }: PostmortemSource, facts: Facts): string | undefined {
  if (name === 'date') return toSecond(facts.start)
  if (/^(duration|resolution time)$/.test(name)) return durationOf(facts)
  if (name === 'severity') return facts.severity
  if (/^(reported|declared) by$/.test(name)) return incident.declared.by
  if (name === 'resolved by') return incident.resolved?.by
  return /commander/.test(name) ? incident.commander : undefined
}
