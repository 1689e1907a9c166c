// What is done to an incident: it is declared, adopts, is changed, ticked and resolved. Notes are in entry.ts.

import { type Static, Type } from 'typebox'
import { choice, flagKey, incident, stepName, strict, text } from './members.js'

const flagKeys = (description: string) => Type.Array(flagKey(), { description, minItems: 1, maxItems: 50 })
const adopt = Type.Union([Type.Literal(true), flagKeys('The flags')], {
  description:
    'Takes holds under this incident. true: those of no incident, on the flags the runbook is about. Flags, by key: those on them of no incident, of one that nobody declared, and, for an engineer, of a resolved one',
})
const reason = Type.Optional(text('Why', 2000))
const title = text('In a few words', 200)
const severity = text("A level of the runbook's own scale; case and dashes do not matter", 40)
const runbook = text('The id of its runbook', 300)
const commander = text('Who leads', 100)

export const Declaration = Type.Object(
  {
    id: Type.Optional(incident),
    title,
    runbook: Type.Optional(runbook),
    severity: Type.Optional(severity),
    commander: Type.Optional(commander),
    adopt: Type.Optional(adopt),
    drill: Type.Optional(
      Type.Boolean({
        description:
          'It is a drill: its flips act as always, and counts and insights leave it out unless they are asked for drills',
      }),
    ),
  },
  {
    ...strict,
    $id: 'Declaration',
    examples: [{ title: 'AI answers fail', runbook: 'trustflow', severity: 'SEV-1', adopt: true }],
  },
)
export type Declaration = Static<typeof Declaration>

export const Adoption = Type.Object(
  {
    adopt: Type.Optional(adopt),
    from: Type.Optional({
      ...incident,
      description:
        'Takes the holds of this incident alone, all of them where no flag is named: one that nobody declared, with all that was done under its name, or, for an engineer, a resolved one',
    }),
    reason,
  },
  { ...strict, $id: 'Adoption', examples: [{ adopt: ['ai_v1'] }, { from: 'INC-1O3' }] },
)
export type Adoption = Static<typeof Adoption>

export const IncidentChange = Type.Object(
  {
    severity: Type.Optional(severity),
    runbook: Type.Optional(runbook),
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

export const Reopen = Type.Object(
  { reason },
  { ...strict, $id: 'Reopen', examples: [{ reason: 'The errors are back' }] },
)
export type Reopen = Static<typeof Reopen>

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
