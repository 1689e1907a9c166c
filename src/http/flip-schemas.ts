// The shapes of what a flip is asked with: each with the flag's key in the path, and with the key as its member `flag`.

import { type TObject, type TProperties, Type } from 'typebox'
import { flagKey, incident, stepName, strict, text } from './members.js'

export const FlagParams = Type.Object({
  key: Type.String({
    description: 'The flag key, percent-encoded; a `/` is %2F',
    maxLength: 2048,
    examples: ['ai_v1'],
  }),
})

export const KillBody = Type.Object(
  {
    reason: Type.Optional(text('Why; the text of the step serves where it is missing', 2000)),
    incident: Type.Optional(incident),
    step: Type.Optional(stepName),
  },
  {
    ...strict,
    examples: [
      { incident: 'INC-42', step: 'trustflow/ai-instability/3', reason: '5xx above 20 % for ten minutes' },
    ],
  },
)
export const RestoreBody = Type.Object(
  {
    reason: Type.Optional(text('Why; needed unless it is an undo', 2000)),
    incident: Type.Optional(incident),
    hold: Type.Optional(text('The id of one hold', 64)),
    all: Type.Optional(Type.Literal(true, { description: 'Every hold there is now' })),
    undo: Type.Optional(Type.Literal(true, { description: 'Your own newest kill, within 5 minutes' })),
    step: Type.Optional(stepName),
  },
  {
    ...strict,
    examples: [
      { incident: 'INC-42', reason: 'Provider is well again, error rate at baseline for 30 minutes' },
    ],
  },
)
export const DrillBody = Type.Object(
  { reason: Type.Optional(text('Why', 2000)) },
  { ...strict, examples: [{ reason: 'Friday drill' }] },
)
export const StepRunBody = Type.Object(
  {
    step: stepName,
    reason: Type.Optional(text('Why; the text of the step serves where it is missing', 2000)),
    incident: Type.Optional(incident),
    flags: Type.Optional(
      Type.Array(flagKey(), {
        description: 'The flags to kill, of those the step kills',
        minItems: 1,
        maxItems: 50,
      }),
    ),
  },
  { ...strict, examples: [{ step: 'trustflow/ai-instability/3', incident: 'INC-42', flags: ['ai_v1'] }] },
)

/** The same body with the flag in it. */
export const naming = <P extends TProperties>(body: TObject<P>): TObject => {
  const { examples = [] } = body as { examples?: object[] }
  return Type.Object(
    { flag: flagKey(), ...body.properties },
    { ...strict, examples: examples.map(example => ({ flag: 'payments/card', ...example })) },
  )
}
