// An incident on a terminal: what it holds, what is due, what stands in the way of closing it.

import type { IncidentList, IncidentStep, IncidentView } from '../client/answers.js'
import type { Terminal } from '../terminal.js'
import { holdLines } from './flag.js'
import { actsOn, firstLine } from './step.js'
import { pairs, table } from './table.js'
import { absolute, relative, when } from './time.js'

export type Look = Pick<Terminal, 'style' | 'columns' | 'now'>
type Due = IncidentView['clock'][number]

export function incidentTable({ incidents }: IncidentList, { style, columns, now }: Look): string[] {
  const rows = incidents.map(each => [
    each.id,
    each.status === 'open' ? style.red('open') : style.green('resolved'),
    each.severity,
    when(each.declared.at, now),
    String(each.holds || ''),
    each.overdue > 0 ? style.red(`${each.overdue} overdue`) : '',
    each.runbook.id,
    each.title,
  ])
  const head = ['INCIDENT', 'STATUS', 'SEVERITY', 'DECLARED', 'HOLDS', 'CLOCK', 'RUNBOOK', 'TITLE']
  return table(head, rows, { style, columns })
}

export function incidentLines(incident: IncidentView, look: Look): string[] {
  const { style, now } = look
  const { id, title, severity, status, environment, clock, open, steps, links } = incident
  const paint = status === 'open' ? style.red : style.green
  return [
    `${style.bold(id)}  ${paint(status)}  ${severity}  ${title}  ${style.dim(`[${environment}]`)}`,
    ...pairs(facts(incident, now), style),
    ...(incident.runbookEdited ? [style.yellow('! The runbook was edited since the declaration.')] : []),
    ...block(clock.map(due => dueLine(due, look))),
    ...held(incident, look),
    ...block(steps.map(step => tickLine(step, look))),
    ...block(links.map(link => `  ${link.title}: ${link.url}`)),
    ...(open.length > 0 ? ['', 'Before it can be resolved:', ...open.map(each => `  ${each.detail}`)] : []),
  ]
}

const block = (lines: string[]): string[] => (lines.length > 0 ? ['', ...lines] : [])

function facts(incident: IncidentView, now: number): [string, string | undefined][] {
  const { declared, commander, runbook, killed, restored, resolved, kills } = incident
  const left = resolved?.leave.map(each => `${each.flag} (${each.owner}, until ${each.until})`).join(', ')
  const forced = resolved?.forced ? ' (forced)' : ''
  return [
    ['declared', `${when(declared.at, now)} by ${declared.by}`],
    ['commander', commander],
    ['runbook', runbook.id],
    ['kills', kills.length > 0 && killed ? `${kills.length}, the last ${when(killed.at, now)}` : undefined],
    ['restored', restored && when(restored.at, now)],
    ['resolved', resolved && `${when(resolved.at, now)} by ${resolved.by}${forced}`],
    ['left held', left],
  ]
}

const held = ({ holds }: IncidentView, { style, now }: Look): string[] =>
  holds.flatMap(hold => {
    const [, head = '', ...rest] = holdLines([hold], style, now)
    return ['', `${style.red(hold.flag)}  ${hold.label}  ${head}`, ...rest]
  })

/** `escalation  OVERDUE, was due 4 min ago (03:15:00 UTC)  15 min no progress -> second on-call  line 42` */
export function dueLine(due: Due, look: Look): string {
  const { what, text, line, target } = due
  const words = `${text}${target ? ` -> ${target}` : ''}  ${look.style.dim(`line ${line}`)}`
  return `  ${what.padEnd(13)}  ${standing(due, look)}  ${words}`
}

function standing({ due, metAt, overdue }: Due, { style, now }: Look): string {
  if (metAt !== undefined)
    return overdue
      ? style.yellow(`met late, ${absolute(metAt, now)}`)
      : style.green(`met ${absolute(metAt, now)}`)
  if (due === undefined) return style.dim('not counted')
  if (overdue) return style.red(`OVERDUE, was due ${when(due, now)}`)
  return Date.parse(due) < now
    ? style.green(`over ${absolute(due, now)}`)
    : `due ${relative(due, now)} (${absolute(due, now)})`
}

export function tickLine({ code, text, line, ticked, ...step }: IncidentStep, { style }: Look): string {
  const done = ticked?.ticked === 'done' ? style.green('[x]') : style.yellow('[-]')
  const by = ticked ? style.dim(`  ${ticked.ticked} by ${ticked.by}`) : ''
  const what = `${firstLine(text)}  [${actsOn(step, style)}]`
  return `  ${ticked ? done : '[ ]'} ${style.dim(code)}  ${what}  ${style.dim(`line ${line}`)}${by}`
}
