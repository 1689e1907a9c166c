// Runbook steps, for people: a table, or one step with what a run of it would do.

import type { IncidentStep } from '../../wire/incident.js'
import type { ListedStep, StepList } from '../../wire/runbook.js'
import type { Terminal } from '../terminal.js'
import { type Style, styleFor } from './style.js'
import { table } from './table.js'

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

export const stepTable = (steps: readonly ListedStep[], { style, columns }: Terminal): string[] =>
  table(
    ['CODE', 'LINE', 'DOES', 'TEXT', 'STEP'],
    steps.map(step => [step.code, String(step.line), actsOn(step, style), firstLine(step.text), step.id]),
    { style, columns },
  )

export const firstLine = (text: string): string => text.split('\n', 1)[0]?.trim() ?? ''

export function stepPreviewLines({ steps, run }: StepList, { style, columns }: Terminal): string[] {
  const [step] = steps
  if (step === undefined) return []
  const verdicts = run?.verdicts ?? []
  const children = run?.children ?? []
  const flags = run?.needsFlags ? verdicts.map(({ flag }) => ` --flag ${flag}`).join('') : ''
  return [
    `${style.bold(step.id)} (${step.code}), line ${step.line}`,
    `  ${step.text.replace(/\n/g, '\n  ')}`,
    '',
    ...(verdicts.length === 0 ? ['It kills no flag.'] : []),
    ...verdicts.flatMap(({ asks = [] }) => asks.map(detail => style.yellow(detail))),
    ...table(
      ['FLAG', 'A RUN WOULD', 'WHAT'],
      verdicts.map(({ flag, verdict, label, detail }) => [flag, verdict, detail ?? label ?? '']),
      { style, columns },
    ),
    ...(verdicts.length > 0 ? ['', `Run it: killswitch run ${step.code}${flags}`] : []),
    ...children.map(child => `  nested: ${child.code}  ${firstLine(child.text)}`),
  ]
}
