// The post-mortem writes itself from the log: in the template of the incident's own runbook where it has one, else in a
// good default. What only people can know is left as the template has it, and listed at the end.

import {
  between,
  cell,
  type Facts,
  factsOf,
  oneLine,
  type PostmortemSource,
  span,
  toSecond,
} from './postmortem-facts.js'
import { timelineOf } from './timeline.js'

type Section = 'summary' | 'timeline' | 'cause' | 'impact' | 'resolution' | 'actions' | 'other'

/** Markdown. Deterministic: the same log and runbook give the same bytes. */
export function postmortemOf(source: PostmortemSource): string {
  const facts = factsOf(source)
  const template = source.runbook?.postmortemTemplate
  const isOutline = template !== undefined && !/^\s*(#|\*\*)/m.test(template.text)
  const body =
    template === undefined || isOutline
      ? written(source, facts, isOutline ? outlineOf(template.text) : DEFAULT_SECTIONS)
      : filled(source, facts, template.text)
  const text = [...body, '', ...fromTheLog(source, facts, body.join('\n'))]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
  const open = [...new Set([...text.matchAll(/\[[^\]\n]{2,80}\](?!\()/g)].map(([bracket]) => bracket))]
  const list = open.length === 0 ? [] : ['', '---', '', `Left for a person to write: ${open.join(', ')}`]
  return `${[text.trim(), ...list].join('\n')}\n`
}

const DEFAULT_SECTIONS = [
  'Summary',
  'Impact',
  'Timeline',
  'Root cause',
  'Resolution',
  'Action items',
  'Lessons learned',
]

/** An outline names the sections and nothing more: "1. Timeline of events". */
const outlineOf = (text: string): string[] =>
  text.split('\n').flatMap(line => /^\s*(?:\d+[.)]|[-*+])\s+(.+?)\s*$/.exec(line)?.[1] ?? [])

function kindOf(title: string): Section {
  const words = title.toLowerCase()
  if (/timeline|happened when/.test(words)) return 'timeline'
  if (/summary|description/.test(words)) return 'summary'
  if (/cause|^why/.test(words)) return 'cause'
  if (/action|follow/.test(words)) return 'actions'
  if (/impact|affected/.test(words)) return 'impact'
  if (/resolution|fixed/.test(words)) return 'resolution'
  return 'other'
}

function written(source: PostmortemSource, facts: Facts, sections: readonly string[]): string[] {
  const { incident, environment } = source
  const head = [
    `# ${incident.id}: ${oneLine(incident.title)}`,
    '',
    `**Severity:** ${incident.severity}  `,
    `**Began:** ${toSecond(facts.start)}  `,
    `**Resolved:** ${facts.end === undefined ? 'still open' : toSecond(facts.end)}  `,
    `**Duration:** ${durationOf(facts)}  `,
    `**Commander:** ${incident.commander ?? '[name]'}  `,
    `**Declared by:** ${incident.declared.by}  `,
    `**Environment:** ${environment}  `,
    `**Runbook:** ${incident.runbook.id}`,
  ]
  return [
    ...head,
    ...sections.flatMap(title => [
      '',
      `## ${title}`,
      '',
      ...(contentOf(kindOf(title), source, facts) ?? ['[to be written]']),
    ]),
  ]
}

const durationOf = ({ start, end }: Facts): string => (end === undefined ? 'still open' : between(start, end))

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
      return some([
        ...said('impact'),
        ...windows.map(
          window =>
            `- \`${window.flag}\` (${window.label}): ${toSecond(window.killedAt)} to ${window.restoredAt ? `${toSecond(window.restoredAt)}, ${between(window.killedAt, window.restoredAt)}` : 'now, still killed'}`,
        ),
      ])
    case 'actions':
      return some(actionRows(facts))
    default:
      return undefined
  }
}

const some = (lines: string[]): string[] | undefined => (lines.length === 0 ? undefined : lines)

function summary({ incident }: PostmortemSource, facts: Facts): string {
  const flags = [...new Set(facts.windows.map(window => `${window.label} (\`${window.flag}\`)`))]
  const acts = flags.length === 0 ? 'No flag was killed.' : `Killed: ${flags.join(', ')}.`
  return `${oneLine(incident.title)} (${incident.severity}), ${durationOf(facts)}. ${acts}`
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
function filled(source: PostmortemSource, facts: Facts, template: string): string[] {
  const lines: string[] = []
  for (const { title, head, body } of blocksOf(template)) {
    lines.push(headerLine(head, source, facts))
    const content = title === undefined ? undefined : contentOf(kindOf(title), source, facts)
    lines.push(
      ...(content === undefined ? body.map(line => headerLine(line, source, facts)) : [...content, '']),
    )
  }
  return lines
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
  if (name === 'severity') return incident.severity
  if (/^(reported|declared) by$/.test(name)) return incident.declared.by
  if (name === 'resolved by') return incident.resolved?.by
  return /commander/.test(name) ? incident.commander : undefined
}

/** What every post-mortem has, whatever its template: how fast, how well proved, who went off the runbook, what is left. */
function fromTheLog(source: PostmortemSource, facts: Facts, already: string): string[] {
  const has = (text: string) => already.includes(text)
  const timeline = timelineOf(source)
  const rows = facts.windows.map(
    window =>
      `| \`${window.flag}\` | ${cell(window.label)} | ${toSecond(window.killedAt)} | ${effect(window)} | ${window.restoredAt ? `${toSecond(window.restoredAt)} (${between(window.killedAt, window.restoredAt)})` : 'still killed'} |`,
  )
  return [
    '## From the log',
    '',
    ...(has('Began:')
      ? []
      : [
          `- ${source.incident.id}, ${source.environment}: ${toSecond(facts.start)} to ${facts.end ? toSecond(facts.end) : 'now (still open)'}, ${durationOf(facts)}`,
        ]),
    `- Time to kill: ${toKill(facts)}`,
    ...holdsLeft(source),
    ...(rows.length === 0
      ? []
      : ['', '| Flag | Act | Killed | In effect | Restored |', '| --- | --- | --- | --- | --- |', ...rows]),
    ...part(
      'Off the runbook',
      facts.offRunbook.map(
        entry =>
          `- ${toSecond(entry.at)} \`${entry.flag}\` by ${entry.actor.id}: ${(entry.warnings ?? []).map(each => each.code).join(', ') || 'no step'}`,
      ),
    ),
    ...part(
      'Refused',
      facts.refused.map(
        entry =>
          `- ${toSecond(entry.at)} ${entry.action} ${entry.flag ?? ''} by ${entry.actor.id}: ${entry.refusal?.code}`,
      ),
    ),
    ...(has(timeline[0] ?? '- ') ? [] : part('Timeline', timeline)),
    ...(has('| Action |') ? [] : part('Action items', actionRows(facts))),
  ]
}

const part = (title: string, lines: string[]): string[] =>
  lines.length === 0 ? [] : ['', `### ${title}`, '', ...lines]

const effect = ({ effectMs, proved }: Facts['windows'][number]): string =>
  proved
    ? `proved by all live instances${effectMs === undefined ? '' : ` after ${span(effectMs)}`}`
    : 'not proved by all'

function toKill({ toKillMs }: Facts): string {
  if (toKillMs === undefined) return 'no flag was killed'
  return toKillMs < 0
    ? `killed ${span(-toKillMs)} before it was declared`
    : `${span(toKillMs)} after it was declared`
}

const holdsLeft = ({ incident }: PostmortemSource): string[] =>
  (incident.resolved?.leave ?? []).map(
    left => `- Left killed: \`${left.flag}\`, looked after by ${left.owner} until ${left.until}`,
  )
