// The answer to what was done to an incident: what was written, what is due next, and on declaring where to look.

import type { DeclareAnswer, IncidentAnswer } from '../client/answers.js'
import { warningLines } from './flip.js'
import { dueLine, type Look, tickLine } from './incident.js'
import { table } from './table.js'
import { absolute, when } from './time.js'

export function incidentAnswerLines(answer: IncidentAnswer, look: Look): string[] {
  const { style, now } = look
  const { entries, warnings, incident, changed, environment, durability } = answer
  const next = incident.clock.filter(due => due.metAt === undefined && due.due !== undefined)
  const shown = incident.status === 'open' ? next : next.filter(due => due.what === 'postmortem')
  return [
    ...entries.map(
      entry =>
        `${style.bold(entry.summary)}  ${style.dim(`[${environment}] entry ${entry.place}, ${absolute(entry.at, now)}`)}`,
    ),
    ...(changed ? [] : [style.dim('Nothing changed by it.')]),
    ...warningLines(warnings, style),
    ...(durability === 'provisional'
      ? [style.yellow('! provisional: the store is away; it becomes final when the store is back.')]
      : []),
    ...shown.map(due => dueLine(due, look)),
  ]
}

export function declareLines(answer: DeclareAnswer, look: Look): string[] {
  const { incident, id } = answer
  const steps = incident.steps.map(step => tickLine(step, look))
  return [
    ...incidentAnswerLines(answer, look),
    ...changes(answer, look),
    ...unadopted(answer),
    ...(steps.length > 0 ? ['', `Steps of ${incident.runbook.id} that act on flags:`, ...steps] : []),
    '',
    look.style.dim(`Next: killswitch incident show ${id}`),
  ]
}

function changes({ changedFlags }: DeclareAnswer, look: Look): string[] {
  if (changedFlags.length === 0) return []
  const rows = changedFlags.map(each => [
    each.flag ?? '',
    each.summary,
    each.incident ?? '',
    each.actor,
    when(each.at, look.now),
  ])
  return ['', 'Changed in the last 24 h:', ...table(['FLAG', 'WHAT', 'INCIDENT', 'BY', 'AT'], rows, look)]
}

function unadopted({ notAdopted, id }: DeclareAnswer): string[] {
  if (notAdopted.length === 0) return []
  const lines = notAdopted.map(
    ({ flag, actor }) => `  ${flag}, by ${actor}: killswitch incident adopt ${id} ${flag}`,
  )
  return ['', 'Holds that no incident has:', ...lines]
}
