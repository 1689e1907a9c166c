// Runbook steps, for people: a table, or one step with what a run of it would do.

import type { IncidentStep } from '../../wire/incident.js'
import type { ListedStep, StepList } from '../../wire/runbook.js'
import type { Terminal } from '../plumbing/terminal.js'
import { type Style, styleFor } from './style.js'
import { table } from './table.js'
import { commandOf } from './wording.js'

const PLAIN = styleFor(false)

/** `kill ai_v1 -> off` */
export function actsOn(
  { flagActions, condition }: Pick<IncidentStep, 'flagActions' | 'condition'>,
  style: Style = PLAIN,
): string {
  const acts = flagActions.map(({ flag, direction, variant, limit, condition: own }) => {
    const paint = direction === 'kill' ? style.red : direction === 'restore' ? style.green : style.yellow
    const besides = [limit, own].filter(Boolean).join('; ')
    return `${paint(direction)} ${flag} -> ${variant}${besides ? ` (${besides})` : ''}`
  })
  return [...new Set(acts)].join(', ') + (acts.length > 0 && condition ? ` (${condition})` : '')
}

export const stepTable = (steps: readonly ListedStep[], { style, columns }: Terminal): string[] => [
  ...table(
    ['CODE', 'LINE', 'DOES', 'TEXT', 'STEP'],
    steps.map(step => [step.code, String(step.line), actsOn(step, style), firstLine(step.text), step.id]),
    { style, columns },
  ),
  ...steps.flatMap(step => dangerLines(step, style).map(line => `${step.code}${line}`)),
]

export const firstLine = (text: string): string => text.trim().split('\n', 1)[0]?.trim() ?? ''

/** What a command of it would wipe. */
export const dangerLines = ({ dangers = [] }: Pick<IncidentStep, 'dangers'>, style: Style): string[] =>
  dangers.map(({ message, line }) => `  ${style.red('! danger:')} ${message} ${style.dim(`(line ${line})`)}`)

/** What there is to run and to open. */
const runLines = (
  { commands = [], links = [] }: Pick<IncidentStep, 'commands' | 'links'>,
  style: Style,
): string[] => [
  ...commands.flatMap(command => command.split('\n').map(line => style.cyan(`    ${line}`))),
  ...links.map(({ title, url }) => `  ${title === url ? url : `${title}: ${url}`}`),
]

/** `given`: what was typed besides, for the line that runs it. */
export function stepPreviewLines(
  { steps, run }: StepList,
  { style, columns }: Terminal,
  given: { incident?: string; reason?: string } = {},
): string[] {
  const [step] = steps
  if (step === undefined) return []
  const verdicts = run?.verdicts ?? []
  const children = run?.children ?? []
  const call = run?.call && { ...run.call, body: { ...run.call.body, step: step.code, ...given } }
  return [
    `${style.bold(step.id)} (${step.code}), line ${step.line}`,
    // further in than any line of ours
    ...step.text.split('\n').map((line, index) => `${index === 0 ? '  ' : '    '}${line}`),
    ...dangerLines(step, style),
    ...runLines(step, style),
    '',
    ...(verdicts.length === 0 ? ['It kills no flag.'] : []),
    ...verdicts.flatMap(({ asks = [] }) => asks.map(detail => style.yellow(detail))),
    ...table(
      ['FLAG', 'A RUN WOULD', 'WHAT'],
      verdicts.map(({ flag, verdict, label, detail }) => [flag, verdict, detail ?? label ?? '']),
      { style, columns },
    ),
    ...(call ? ['', `Run it: ${commandOf(call)}`] : []),
    ...children.map(child => `  nested: ${child.code}  ${firstLine(child.text)}`),
  ]
}
