// An incident on a terminal: what it holds, what is due, what stands in the way of closing it.

import type { Incident, IncidentList, IncidentStep } from '../../wire/incident.js'
import type { Terminal } from '../plumbing/terminal.js'
import { holdLines } from './flag.js'
import { actsOn, dangerLines, firstLine } from './step.js'
import type { Style } from './style.js'
import { pairs, table } from './table.js'
import { absolute, when } from './time.js'

export type Look = Pick<Terminal, 'style' | 'columns' | 'now'>
type Due = Incident['clock'][number]

export function incidentTable({ incidents }: IncidentList, { style, columns, now }: Look): string[] {
  const rows = incidents.map(each => [
    each.id,
    (each.status === 'open' ? style.red('open') : style.green('resolved')) +
      (each.drill ? style.yellow(' drill') : ''),
    each.severity ?? '',
    when(each.declared.at, now),
    String(each.holds || ''),
    each.overdue > 0 ? style.red(`${each.overdue} overdue`) : '',
    each.runbook?.id ?? '',
    each.title,
  ])
  const head = ['INCIDENT', 'STATUS', 'SEVERITY', 'DECLARED', 'HOLDS', 'CLOCK', 'RUNBOOK', 'TITLE']
  return table(head, rows, { style, columns })
}

export function incidentLines(incident: Incident, look: Look): string[] {
  const { style, now } = look
  const { id, title, severity, status, drill, environment, runbook, clock, open, links } = incident
  const paint = status === 'open' ? style.red : style.green
  return [
    [
      style.bold(id),
      paint(status),
      drill && style.yellow('DRILL'),
      severity,
      title,
      style.dim(`[${environment}]`),
    ]
      .filter(Boolean)
      .join('  '),
    ...pairs(facts(incident, now), style),
    ...(incident.runbookEdited ? [style.yellow('! The runbook was edited since the declaration.')] : []),
    ...block(runbook ? clockLines(clock, look) : []),
    ...block(conditionLines(incident, look)),
    ...block(contactLines(incident, look)),
    ...held(incident, look),
    ...block(stepLines(incident, look)),
    ...block(links.map(link => `  ${link.title}: ${link.url}`)),
    ...(open.length > 0 ? ['', 'Before it can be resolved:', ...open.map(each => `  ${each.detail}`)] : []),
  ]
}

const block = (lines: string[]): string[] => (lines.length > 0 ? ['', ...lines] : [])

function facts(incident: Incident, now: number): [string, string | undefined][] {
  const { id, declared, commander, runbook, killed, restored, resolved, reopened, kills } = incident
  const left = resolved?.leave.map(each => `${each.flag} (${each.owner}, until ${each.until})`).join(', ')
  const forced = resolved?.forced ? ' (forced)' : ''
  return [
    ['declared', `${when(declared.at, now)} by ${declared.by}`],
    ['commander', commander],
    ['runbook', runbook?.id ?? `none yet: killswitch incident change ${id} --runbook ...`],
    ['kills', kills.length > 0 && killed ? `${kills.length}, the last ${when(killed.at, now)}` : undefined],
    ['restored', restored && when(restored.at, now)],
    ['reopened', reopened && when(reopened.at, now)],
    ['resolved', resolved && `${when(resolved.at, now)} by ${resolved.by}${forced}`],
    ['left held', left],
  ]
}

const held = ({ holds }: Incident, { style, now }: Look): string[] =>
  holds.flatMap(hold => {
    const [, head = '', ...rest] = holdLines([hold], style, now)
    return ['', `${style.red(hold.flag)}  ${hold.label}  ${head}`, ...rest]
  })

/** When to escalate, beside the clock; `[x]` was done. */
export function conditionLines({ conditions }: Pick<Incident, 'conditions'>, { style, now }: Look): string[] {
  const lines = conditions.map(({ condition, line, target, contacts, metAt, calledAt }) => {
    const box = metAt === undefined ? '[ ]' : style.green('[x]')
    const said = metAt
      ? `  escalated ${absolute(metAt, now)}`
      : calledAt && `  called ${absolute(calledAt, now)}, not for this`
    const when = said ? style.dim(said) : ''
    return `  ${box} ${condition}${calledWords(target, contacts)}  ${style.dim(`line ${line}`)}${when}`
  })
  return lines.length === 0 ? [] : ['Escalate when:', ...lines]
}

/** Whom else the runbook has to call. */
export function contactLines({ contacts }: Pick<Incident, 'contacts'>, { style }: Look): string[] {
  const lines = contacts.map(
    ({ role, contact, line }) => `  ${role}: ${contact}  ${style.dim(`line ${line}`)}`,
  )
  return lines.length === 0 ? [] : ['Contacts:', ...lines]
}

const calledWords = (target: string | undefined, contacts: Due['contacts'] = []): string =>
  target === undefined ? '' : ` -> ${target}${contacts.map(({ contact }) => `, ${contact}`).join('')}`

/** What is due next comes first; then what has no hour, then what is done. */
export function clockLines(clock: readonly Due[], look: Look): string[] {
  if (clock.length === 0) return [look.style.dim('  Its runbook puts no time to anything at this severity.')]
  return [...clock].sort((one, other) => rank(one) - rank(other)).map(due => dueLine(due, look))
}

const rank = ({ metAt, due, since }: Due): number =>
  metAt !== undefined
    ? Number.MAX_SAFE_INTEGER
    : due !== undefined
      ? Date.parse(due)
      : Number.MAX_SAFE_INTEGER - (since === undefined ? 1 : 2)

/** `escalation  OVERDUE, was due 4 min ago (03:15:00 UTC)  15 min no progress -> second on-call  line 42` */
function dueLine(due: Due, look: Look): string {
  const { what, text, line, target, contacts, left = [] } = due
  const words = `${text}${calledWords(target, contacts)}  ${look.style.dim(`line ${line}`)}`
  const steps = left.length > 0 ? look.style.dim(`  left: ${left.join(' ')}`) : ''
  return `  ${NAMES[what].padEnd(13)}  ${standing(due, look)}  ${words}${steps}`
}

const NAMES: Record<Due['what'], string> = {
  response: 'response',
  resolution: 'resolution',
  'time-box': 'time box',
  escalation: 'escalation',
  update: 'update',
  'recovery-wait': 'recovery wait',
  postmortem: 'post-mortem',
}

function standing(item: Due, { style, now }: Look): string {
  const { what, due, metAt, ended, overdue } = item
  if (metAt !== undefined) {
    const word = ended
      ? `not done${overdue ? ' in time' : ''}; ${ended}`
      : what === 'recovery-wait'
        ? 'over'
        : `met${overdue ? ' late,' : ''}`
    return (overdue ? style.yellow : ended ? style.dim : style.green)(`${word} ${absolute(metAt, now)}`)
  }
  if (due === undefined) return undated(item, style)
  if (overdue) return style.red(`OVERDUE, was due ${when(due, now)}`)
  return what === 'recovery-wait' ? style.yellow(`until ${when(due, now)}`) : `due ${when(due, now)}`
}

const UNTIMED: Partial<Record<Due['what'], string>> = {
  'recovery-wait': 'until you see that it lasts',
  update: 'when each update says that the next one comes',
}

/** The runbook gives no minutes, or what it counts from is still to come. */
function undated({ what, since, atOnce, dueUnknown, guards }: Due, style: Style): string {
  if (guards !== undefined && since === undefined)
    return style.dim(`from a note -k recovered, before ${guards.join(', ')} is restored`)
  if (since === undefined)
    return style.dim(
      what === 'postmortem' ? 'once it is resolved' : 'from the last restore, or a note -k recovered',
    )
  if (dueUnknown !== undefined) return style.dim('no business hours are set')
  if (atOnce) return style.yellow('at once')
  return style.dim(what === 'escalation' ? 'at this severity' : (UNTIMED[what] ?? 'no minutes given'))
}

/** The steps that act on flags, and whichever others were ticked, in the order of the runbook. */
function stepLines({ steps, ticks }: Incident, look: Look): string[] {
  const others = ticks
    .filter(tick => !steps.some(step => step.id === tick.step.id))
    .map(ticked => {
      const { id, code = '', text = id, line = 0 } = ticked.step
      return { id, code, text, line, flagActions: [], ticked }
    })
  return [...steps, ...others].sort((a, b) => a.line - b.line).flatMap(step => tickLines(step, look))
}

export function tickLines({ code, text, line, ticked, ...step }: IncidentStep, look: Look): string[] {
  const { style, now } = look
  const box =
    ticked === undefined ? '[ ]' : ticked.ticked === 'done' ? style.green('[x]') : style.yellow('[-]')
  const acts = actsOn(step, style)
  const why = ticked?.reason ? `: ${ticked.reason}` : ''
  const by = ticked ? style.dim(`  ${ticked.ticked} by ${ticked.by}, ${absolute(ticked.at, now)}${why}`) : ''
  const head = `  ${box} ${style.dim(code)}  ${firstLine(text)}${acts ? `  [${acts}]` : ''}  ${style.dim(`line ${line}`)}${by}`
  return [head, ...dangerLines(step, style).map(danger => `    ${danger}`)]
}
