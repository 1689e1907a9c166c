// What a runbook asks for and nobody has done, as it is listed at the close of its incident. It refuses nothing.

import type { LeftUndone } from '../../wire/incident.js'
import type { Runbook, Step } from '../../wire/runbook.js'
import { type ClockContext, clockOf, waitsOf } from './clock.js'
import { madeAt } from './escalations.js'
import { type Incident, isSameLevel, tickFor } from './incident.js'

export function leftUndoneOf(
  incident: Incident,
  runbook: Runbook | undefined,
  now: number,
  context: ClockContext = {},
): LeftUndone[] {
  if (runbook === undefined) return []
  return [
    ...sectionsOf(incident, runbook),
    ...waitsOf(incident, runbook, now, context.passed)
      .filter(({ metAt }) => metAt === undefined)
      .map(({ text, line }) => ({ what: 'wait' as const, text, line })),
    ...escalationsOf(incident, runbook, now, context),
  ]
}

/** The steps by the headings they stand under, those of other severities left out; a list of boxes is a check list. */
function sectionsOf(incident: Incident, { steps, severities }: Runbook): LeftUndone[] {
  const sections = new Map<string, Step[]>()
  for (const step of steps) {
    if (!isOfSeverity(step, severities, incident)) continue
    const what = step.kind === 'task' ? 'check-list' : 'steps'
    const key = JSON.stringify([what, step.headingPath])
    sections.set(key, [...(sections.get(key) ?? []), step])
  }
  return [...sections.values()].flatMap(own => {
    const left = own.filter(step => tickFor(incident, step.id) === undefined)
    const [first] = left
    if (first === undefined) return []
    const what = first.kind === 'task' ? ('check-list' as const) : ('steps' as const)
    const text = first.headingPath.join(' > ')
    return [{ what, text, line: first.line, steps: left.map(({ id }) => id), of: own.length }]
  })
}

/** "SEV2/SEV3: Medium" names two levels of the scale; a heading without any is for all. */
function isOfSeverity({ headingPath }: Step, scale: Runbook['severities'], { severity }: Incident): boolean {
  const path = headingPath.map(wordsOf)
  const named = scale.filter(({ level }) => path.some(words => words.includes(wordsOf(level))))
  return (
    named.length === 0 || named.some(({ level }) => severity !== undefined && isSameLevel(level, severity))
  )
}

/** ` sev2 sev3 medium `, to look for words in. */
const wordsOf = (text: string): string =>
  ` ${text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .join(' ')
    .trim()} `

/** Those whose time came, and those of the severity itself; what a condition asks for only people know. */
function escalationsOf(
  incident: Incident,
  runbook: Runbook,
  now: number,
  context: ClockContext,
): LeftUndone[] {
  const due = clockOf(incident, runbook, now, context).filter(({ what }) => what === 'escalation')
  return runbook.escalations
    .filter(timing => madeAt(incident, runbook, timing) === undefined)
    .filter(timing =>
      due.some(
        each =>
          each.line === timing.line &&
          each.text === timing.text &&
          (each.overdue || (each.due === undefined && each.dueUnknown === undefined)),
      ),
    )
    .map(({ text, target, line }) => ({
      what: 'escalation' as const,
      text: target ? `${text} -> ${target}` : text,
      line,
    }))
}

const MOST = 1_800

/**
 * In one sentence each, for the entry of the close. What has no step of its own comes first, and what there is no room for
 * is counted: a list of many sections hides neither an escalation nor a wait.
 */
export function leftUndoneWords(undone: readonly LeftUndone[]): string {
  const isSection = ({ what }: LeftUndone) => what === 'steps' || what === 'check-list'
  const words = [...undone.filter(each => !isSection(each)), ...undone.filter(isSection)].map(wordsFor)
  const shown: string[] = []
  for (const each of words) {
    if ([...shown, each].join('; ').length > MOST) break
    shown.push(each)
  }
  const more = words.length - shown.length
  return `The runbook asks for more than was noted as done: ${shown.join('; ')}${more === 0 ? '' : `; and ${more} more`}.`
}

function wordsFor({ what, text, line, steps = [], of }: LeftUndone): string {
  if (what === 'steps') return `${steps.length} of ${of} steps of "${text}" (line ${line})`
  if (what === 'check-list') return `${steps.length} of ${of} boxes of "${text}" (line ${line})`
  return what === 'wait' ? `the wait "${text}" (line ${line})` : `the escalation "${text}" (line ${line})`
}
