// What was refused, and what a kill's paperwork lacked, in words for whoever reads the story later.

import type { Action, WarningCode } from '../wire/words.js'
import type { Entry } from './audit.js'

const ATTEMPTS: Partial<Record<Action, string>> = {
  'step.run': 'run a step',
  'incident.declared': 'declare',
  'incident.noted': 'write a note',
  'incident.changed': 'change the incident',
  'incident.adopted': 'adopt',
  'incident.step': 'tick a step',
  'incident.resolved': 'resolve',
}

/** `restore ai_v1`, `resolve`. */
export const attemptOf = ({ action, flag }: Pick<Entry, 'action' | 'flag'>): string =>
  [ATTEMPTS[action] ?? action, flag].filter(Boolean).join(' ')

/** Why it was refused. An entry has no ways out. */
export const causeOf = ({ refusal }: Pick<Entry, 'refusal'>): string => refusal?.detail ?? ''

const LACKS: Partial<Record<WarningCode, string>> = {
  'no-step': 'no step was named',
  'no-reason': 'no reason was given',
  'unknown-step': 'no runbook has the step that was named',
  'ambiguous-step': 'the step that was named could be several',
  'step-mismatch': 'the step that was named does not act on this flag',
}
const OF_A_STEP: readonly WarningCode[] = ['unknown-step', 'ambiguous-step', 'step-mismatch']

/** What a kill off the runbook lacked. */
export const lackOf = ({ warnings = [], step }: Pick<Entry, 'warnings' | 'step'>): string =>
  warnings
    .flatMap(({ code }) => {
      const words = LACKS[code]
      if (words === undefined) return []
      return step?.id && OF_A_STEP.includes(code) ? `${words} (${step.id})` : words
    })
    .join(', ') || 'no step'
