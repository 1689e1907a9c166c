// What was refused, and what a kill's paperwork lacked, in words for whoever reads the story later.

import type { Action, ErrorCode, WarningCode } from '../../wire/words.js'
import type { Entry } from '../log/audit.js'

const ATTEMPTS: Partial<Record<Action, string>> = {
  'step.run': 'run a step',
  'incident.declared': 'declare',
  'incident.noted': 'write a note',
  'incident.changed': 'change the incident',
  'incident.adopted': 'adopt',
  'incident.step': 'tick a step',
  'incident.resolved': 'resolve',
  'incident.reopened': 'reopen',
  'fleet.forgotten': 'forget app instances',
  'fleet.reconciled': 'release holds in apps',
  'log.redated': 'date the log by the clock',
  'log.rekeyed': 'have another key sign the log',
  'flip.voided': 'flip',
}

type Attempted = Pick<Entry, 'action' | 'flag' | 'flags' | 'step'>

/** Between what was attempted and the name of its incident. */
const UNDER: Partial<Record<Action, string>> = {
  'incident.noted': 'in ',
  'incident.step': 'in ',
  'incident.adopted': 'under ',
}
export const attemptUnder = ({ action, incident }: Pick<Entry, 'action' | 'incident'>): string =>
  action.startsWith('incident.') && incident ? ` ${UNDER[action] ?? ''}${incident}` : ''

/** `restore ai_v1`, `resolve`, `run the step pilot/sev0/1 (pilot.enabled)`. */
export function attemptOf({ action, flag, flags = [], step }: Attempted): string {
  const several = flags.join(', ')
  if (action === 'step.run' && step !== undefined)
    return `run the step ${step.id}${several === '' ? '' : ` (${several})`}`
  if (action === 'incident.step' && step !== undefined) return `tick the step ${step.id}`
  if (action === 'step.run' && several !== '') return `kill ${several} in one act`
  return [ATTEMPTS[action] ?? action, flag].filter(Boolean).join(' ')
}

/** Why it was refused. An entry has no ways out. */
export const causeOf = ({ refusal }: Pick<Entry, 'refusal'>): string =>
  refusal?.detail || `The log keeps only its code: ${refusal?.code ?? 'none'}.`

/** Slips of the pen, and requests that found nothing to do: what was meant is told by the request that was taken. */
const SLIPS: ReadonlySet<ErrorCode> = new Set([
  'malformed-request',
  'payload-too-large',
  'unsupported-media-type',
  'not-acceptable',
  'unknown-route',
  'method-not-allowed',
  'unknown-flag',
  'unknown-step',
  'ambiguous-step',
  'step-mismatch',
  'choose-flags',
  'unknown-runbook',
  'unknown-severity',
  'unknown-template',
  'unknown-incident',
  'unknown-instance',
  'unknown-entry',
  'unknown-flip',
  'incident-exists',
  'incident-resolved',
  'not-held',
  'nothing-to-adopt',
  'nothing-to-release',
  'nothing-to-run',
  'nothing-to-reconcile',
  'nothing-to-redate',
  'key-reused',
])

/** Whether a refusal belongs to the story of its incident: somebody might have done something, and may not or could not. */
export const isOfTheStory = ({ refusal }: Pick<Entry, 'refusal'>): boolean =>
  refusal !== undefined && !SLIPS.has(refusal.code)

const LACKS: Partial<Record<WarningCode, string>> = {
  'no-step': 'no step was named',
  'no-reason': 'no reason was given',
  'unknown-step': 'no runbook has the step that was named',
  'ambiguous-step': 'the step that was named could be several',
  'step-mismatch': 'the step that was named does not act on this flag',
  'runbooks-unavailable': 'the step that was named was not checked, as the runbooks were being read',
}
/** Of a restore. */
const LEAVES_OUT: Partial<Record<WarningCode, string>> = {
  'no-step': 'restored without the step that does',
  'wait-not-over': 'restored before the wait was over',
}
/** Of a close. */
const FORCED: Partial<Record<WarningCode, string>> = {
  'wait-not-over': 'closed by force before the wait was over',
}
const WORDS: Partial<Record<Action, Partial<Record<WarningCode, string>>>> = {
  restore: LEAVES_OUT,
  'incident.resolved': FORCED,
}
const OF_A_STEP: readonly WarningCode[] = [
  'unknown-step',
  'ambiguous-step',
  'step-mismatch',
  'runbooks-unavailable',
]

/** What a kill off the runbook lacked, or a restore or a close left out; empty where that is nothing, or not known. */
export const lackOf = ({
  action,
  warnings = [],
  step,
}: Pick<Entry, 'action' | 'warnings' | 'step'>): string =>
  warnings
    .flatMap(({ code }) => {
      const words = (WORDS[action] ?? LACKS)[code]
      if (words === undefined) return []
      return step?.id && OF_A_STEP.includes(code) ? `${words} (${step.id})` : words
    })
    .join(', ')
