// What is done to an incident: it is declared, adopts, is changed, ticked and resolved. Notes are in entry.ts.

import { type Static, Type } from 'typebox'
import { choice, flagKey, incident, stepName, strict, text } from './members.js'

const flagKeys = (description: string) => Type.Array(flagKey(), { description, minItems: 1, maxItems: 50 })
const adopt = Type.Union([Type.Literal(true), flagKeys('The flags')], {
  description:
    'Takes holds without an incident under this one. true: those on the flags the runbook is about; or the flags, by key',
})
const reason = Type.Optional(text('Why', 2000))
const title = text('In a few words', 200)
const severity = text("A level of the runbook's own scale; case and dashes do not matter", 40)
const commander = text('Who leads', 100)

export const Declaration = Type.Object(
  {
    id: Type.Optional(incident),
    title,
    runbook: text('The id of its runbook', 300),
    severity,
    commander: Type.Optional(commander),
    adopt: Type.Optional(adopt),
  },
  {
    ...strict,
    $id: 'Declaration',
    examples: [{ title: 'AI answers fail', runbook: 'trustflow', severity: 'SEV-1', adopt: true }],
  },
)
export type Declaration = Static<typeof Declaration>

export const Adoption = Type.Object(
  { adopt, reason },
  { ...strict, $id: 'Adoption', examples: [{ adopt: ['ai_v1'] }] },
)
export type Adoption = Static<typeof Adoption>

export const IncidentChange = Type.Object(
  {
    severity: Type.Optional(severity),
    commander: Type.Optional(commander),
    title: Type.Optional(title),
    link: Type.Optional(
      Type.Object(
        { title: text('What it is', 200), url: Type.String({ maxLength: 1000, pattern: '^https?://\\S+$' }) },
        strict,
      ),
    ),
    reason,
  },
  {
    ...strict,
    $id: 'IncidentChange',
    examples: [{ severity: 'SEV-2', reason: 'There is a way around it' }],
  },
)
export type IncidentChange = Static<typeof IncidentChange>

export const StepTick = Type.Object(
  { step: stepName, ticked: choice(['done', 'skipped'], 'A skip says why in "reason"'), reason },
  {
    ...strict,
    $id: 'StepTick',
    examples: [{ step: 'trustflow/first-10-minutes/1', ticked: 'done' }],
  },
)
export type StepTick = Static<typeof StepTick>

export const Resolve = Type.Object(
  {
    reason,
    leave: Type.Optional(
      Type.Array(
        Type.Object(
          {
            flag: flagKey(),
            owner: text('Who looks after it', 100),
            until: Type.String({ description: 'By when', maxLength: 40, examples: ['2026-11-27'] }),
          },
          strict,
        ),
        { description: 'Flags that stay held; an engineer may', minItems: 1, maxItems: 50 },
      ),
    ),
    force: Type.Optional(
      Type.Boolean({ description: 'Past what is in the way, with a reason; a coordinator may' }),
    ),
  },
  {
    ...strict,
    $id: 'Resolve',
    examples: [{ leave: [{ flag: 'kyc_v1', owner: 'Upload team', until: '2026-11-27' }] }],
  },
)
export type Resolve = Static<typeof Resolve>
