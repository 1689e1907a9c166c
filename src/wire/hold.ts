// A hold, and what it names: the runbook, the step as the flip saw it, and what was missing in the paperwork.

import { type Static, Type } from 'typebox'
import { choice, ref, time } from './members.js'
import { Way } from './way.js'
import { WARNING_CODES } from './words.js'

export const StepReference = Type.Object(
  {
    id: Type.String(),
    code: Type.Optional(Type.String()),
    text: Type.Optional(Type.String()),
    line: Type.Optional(Type.Integer()),
  },
  {
    $id: 'StepReference',
    description: 'The step as the flip saw it; only the id, as it was given, where no such step was found',
  },
)
export type StepReference = Static<typeof StepReference>

export const RunbookReference = Type.Object(
  {
    id: Type.String(),
    digest: Type.String({ description: 'SHA-256 of the source the step was read from' }),
  },
  { $id: 'RunbookReference' },
)
export type RunbookReference = Static<typeof RunbookReference>

export const Warning = Type.Object(
  {
    code: choice(WARNING_CODES),
    detail: Type.String(),
    near: Type.Optional(Type.Array(Type.String(), { description: 'What may have been meant' })),
    wayOut: Type.Optional(Type.Array(ref(Way), { description: 'What to do: any of these' })),
  },
  { $id: 'Warning', description: 'What is missing or wrong, and kept nothing from being done' },
)
export type Warning = Static<typeof Warning>

export const HoldSummary = Type.Object(
  {
    id: Type.String({
      description:
        'Ten characters that follow from actor, idempotency key and flag: the same kill always makes the same hold',
    }),
    actor: Type.String(),
    incident: Type.Optional(Type.String()),
    since: time('When it was put, by the clock of the instance that took it'),
  },
  { $id: 'HoldSummary' },
)
export type HoldSummary = Static<typeof HoldSummary>

export const Hold = Type.Object(
  {
    ...HoldSummary.properties,
    reason: Type.String(),
    runbook: Type.Optional(ref(RunbookReference)),
    step: Type.Optional(ref(StepReference)),
    offRunbook: Type.Boolean(),
    again: Type.Optional(
      time('The last kill that found it there: a restore asked for before that kill leaves it'),
    ),
    place: Type.Integer({ description: 'The entry that put it; 0 while it is provisional' }),
    provisional: Type.Optional(
      Type.Literal(true, { description: 'Taken while the store was away; in the log when it is back' }),
    ),
  },
  { $id: 'Hold' },
)
export type Hold = Static<typeof Hold>
