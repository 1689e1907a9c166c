// The answer to what was done to an incident: what was written, what is due next, and on declaring where to look.

import { entryId } from '../../domain/log/audit.js'
import type { DeclarationAnswer, IncidentAnswer } from '../../wire/incident.js'
import { warningLines } from './flip.js'
import { clockLines, conditionLines, contactLines, type Look, tickLines } from './incident.js'
import { table } from './table.js'
import { absolute, when } from './time.js'

export function incidentAnswerLines(answer: IncidentAnswer, look: Look): string[] {
  const { incident, id } = answer
  const due = incident.clock.filter(each => each.metAt === undefined && each.due !== undefined)
  const shown = incident.status === 'open' ? due : due.filter(each => each.what === 'postmortem')
  return [
    ...writtenLines(answer, look),
    ...(shown.length > 0 ? clockLines(shown, look) : []),
    ...(incident.status === 'resolved' && answer.changed
      ? [look.style.dim(`Next: killswitch incident postmortem ${id} -o ${id.replace(/[^\w.-]+/g, '-')}.md`)]
      : []),
  ]
}

function writtenLines(answer: IncidentAnswer, { style, now }: Look): string[] {
  const { entries, warnings, changed, environment, durability } = answer
  return [
    ...entries.map(
      entry =>
        `${style.bold(entry.summary)}  ${style.dim(`[${environment}] entry ${entryId(entry.place)}, ${absolute(entry.at, now)}`)}`,
    ),
    ...(changed ? [] : [style.dim('Nothing changed by it.')]),
    ...warningLines(warnings, style),
    ...(durability === 'provisional'
      ? [style.yellow('! provisional: the store is away; it becomes final when the store is back.')]
      : []),
  ]
}

/** All that the runbook asks for at this severity, with an hour or without: what is to be done at once has none. */
export function declareLines(answer: DeclarationAnswer, look: Look): string[] {
  const { incident, id } = answer
  const steps = incident.steps.flatMap(step => tickLines(step, look))
  const open = incident.clock.filter(each => each.metAt === undefined)
  return [
    ...writtenLines(answer, look),
    ...(incident.runbook ? clockLines(open, look) : []),
    ...conditionLines(incident, look),
    ...contactLines(incident, look),
    ...changes(answer, look),
    ...unadopted(answer),
    ...(steps.length > 0 ? ['', `Steps of ${incident.runbook?.id} that act on flags:`, ...steps] : []),
    '',
    look.style.dim(`Next: ${next(answer)}killswitch incident show ${id}`),
  ]
}

/** What is known later is given later. */
function next({ incident: { severity, runbook }, id }: DeclarationAnswer): string {
  const lacks = [...(runbook ? [] : ['--runbook ...']), ...(severity ? [] : ['--severity ...'])]
  const given = lacks.length > 0 ? `killswitch incident change ${id} ${lacks.join(' ')}; ` : ''
  return given + (runbook ? `killswitch run <code> -i ${id}; ` : '')
}

function changes({ changedFlags }: DeclarationAnswer, look: Look): string[] {
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

function unadopted({ notAdopted, id }: DeclarationAnswer): string[] {
  if (notAdopted.length === 0) return []
  const lines = notAdopted.map(
    ({ flag, actor }) => `  ${flag}, by ${actor}: killswitch incident adopt ${id} ${flag}`,
  )
  return ['', 'Holds that no incident has:', ...lines]
}
