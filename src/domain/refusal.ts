// What was refused, and what a kill's paperwork lacked, in words for whoever reads the story later.

import type { Action, Entry } from './audit.js'

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

/** Sentences that tell the caller what to send instead: of no use a week later. */
const WAY_OUT = /\/v1\/|\bsend\b|"leave"|^You may |^Ask somebody|^If it was sent/

/** Why it was refused, without the ways out. */
export function causeOf({ refusal }: Pick<Entry, 'refusal'>): string {
  const detail = (refusal?.detail ?? '').replace(
    /(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g,
    '$1 $2 UTC',
  )
  const sentences = detail.split(/(?<=[.!?])\s+(?=[A-Z])/)
  return sentences.filter(sentence => !WAY_OUT.test(sentence)).join(' ')
}

const LACKS: Record<string, string> = {
  'no-step': 'no step was named',
  'no-reason': 'no reason was given',
  'unknown-step': 'no runbook has the step that was named',
  'ambiguous-step': 'the step that was named could be several',
  'step-mismatch': 'the step that was named does not act on this flag',
}

/** What a kill off the runbook lacked. */
export const lackOf = ({ warnings = [], step }: Pick<Entry, 'warnings' | 'step'>): string =>
  warnings
    .flatMap(({ code }) => LACKS[code] ?? [])
    .map(words => (step?.id && /that was named/.test(words) ? `${words} (${step.id})` : words))
    .join(', ') || 'no step'
