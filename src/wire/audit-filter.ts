// By what entries of the log are chosen: the same members for pages, exports and counts. `drill` is beside them.

import { Type } from 'typebox'
import { choice } from './members.js'
import { ACTIONS, OUTCOMES, ROLES } from './words.js'

const many = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
      description: `${description}; given twice: any of them`,
      maxItems: 20,
    }),
  )
const mark = (description: string) => Type.Optional(Type.Boolean({ description }))

export const filters = {
  flag: many('Flag key'),
  actor: many('Actor'),
  role: Type.Optional(Type.Array(choice(ROLES), { maxItems: 20 })),
  incident: many('Incident'),
  runbook: many('Runbook'),
  step: many('Step: id, the beginning of one, or code'),
  action: Type.Optional(Type.Array(choice(ACTIONS), { maxItems: 20 })),
  outcome: Type.Optional(Type.Array(choice(OUTCOMES), { maxItems: 20 })),
  application: many('Application of the flag'),
  severity: many(
    'Severity that the incident had then (before it had one: the first that it was given); case and dashes do not matter',
  ),
  ip: many('Address that the request came from'),
  reason: many('Words in the reason: all of them'),
  offRunbook: mark('Kills that no runbook step stands behind'),
  confirmed: mark(
    'Kills, restores and drills that every app instance has shown by now; false: those not shown by all. To follow proofs as they come, ask for the action flip.confirmed',
  ),
  withoutStep: mark('Kills and restores without a runbook step, an undo aside; false: those with one'),
  withoutEvidence: mark(
    'Kills and restores for which nobody gave a reason in words of their own, an undo aside; false: those with one',
  ),
  withinWait: mark("Restores that were taken before the runbook's wait was over; false: the other restores"),
  forced: mark('Incidents that were closed by force; false: the other closes'),
  since: Type.Optional(
    Type.String({
      description: 'RFC 3339; from this hour on',
      maxLength: 40,
      examples: ['2026-11-20T03:00:00Z'],
    }),
  ),
  until: Type.Optional(Type.String({ description: 'RFC 3339; before this hour', maxLength: 40 })),
}
