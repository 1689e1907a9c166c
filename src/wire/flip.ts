// A flip: what it is asked with, what it is answered with, and what became of it.

import { type Static, type TObject, type TProperties, Type } from 'typebox'
import { Convergence, Proof } from './convergence.js'
import { HoldSummary, RunbookReference, StepReference, Warning } from './hold.js'
import {
  choice,
  durability,
  flagKey,
  incident,
  killIncident,
  killText,
  orNull,
  ref,
  stepName,
  strict,
  text,
  time,
} from './members.js'
import { ACTIONS, OUTCOMES, ROLES, VIAS } from './words.js'

export const FlipParams = Type.Object({
  id: Type.String({ description: 'The place of the entry, or your own Idempotency-Key', maxLength: 2048 }),
})

export const Kill = Type.Object(
  {
    reason: Type.Optional(
      killText('Why; the text of the step serves where it is missing. 2,000 characters are kept'),
    ),
    incident: Type.Optional(killIncident),
    step: Type.Optional(killText('A runbook step: its id, any unambiguous shortening, or its code')),
  },
  {
    ...strict,
    $id: 'Kill',
    examples: [
      { incident: 'INC-42', step: 'trustflow/ai-instability/3', reason: '5xx above 20 % for ten minutes' },
    ],
  },
)
export type Kill = Static<typeof Kill>

export const Restore = Type.Object(
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
    $id: 'Restore',
    examples: [
      { incident: 'INC-42', reason: 'Provider is well again, error rate at baseline for 30 minutes' },
    ],
  },
)
export type Restore = Static<typeof Restore>

export const Drill = Type.Object(
  { reason: Type.Optional(text('Why', 2000)) },
  { ...strict, $id: 'Drill', examples: [{ reason: 'Friday drill' }] },
)
export type Drill = Static<typeof Drill>

/** The same with the flag's key in it. */
const naming = <P extends TProperties>(
  $id: string,
  { properties, examples }: TObject<P> & { examples?: unknown },
) =>
  Type.Object(
    { flag: flagKey(), ...properties },
    {
      ...strict,
      $id,
      examples: (examples as object[]).map(example => ({ flag: 'payments/card', ...example })),
    },
  )
export const NamedKill = naming('NamedKill', Kill)
export const NamedRestore = naming('NamedRestore', Restore)
export const NamedDrill = naming('NamedDrill', Drill)

export const GroupKill = Type.Object(
  {
    flags: Type.Array(flagKey(), {
      description: 'All of them are killed, or none',
      minItems: 1,
      maxItems: 50,
    }),
    ...Kill.properties,
  },
  {
    ...strict,
    $id: 'GroupKill',
    examples: [{ flags: ['ai_v1', 'kyc_v1'], incident: 'INC-42', reason: 'The provider is down' }],
  },
)
export type GroupKill = Static<typeof GroupKill>

export const StepRun = Type.Object(
  {
    step: stepName,
    reason: Type.Optional(
      killText('Why; the text of the step serves where it is missing. 2,000 characters are kept'),
    ),
    incident: Type.Optional(killIncident),
    flags: Type.Optional(
      Type.Array(flagKey(), {
        description: 'The flags to kill, of those the step kills',
        minItems: 1,
        maxItems: 50,
      }),
    ),
  },
  {
    ...strict,
    $id: 'StepRun',
    examples: [{ step: 'trustflow/ai-instability/3', incident: 'INC-42', flags: ['ai_v1'] }],
  },
)
export type StepRun = Static<typeof StepRun>

export const Flip = Type.Object(
  {
    id: Type.Optional(
      Type.Integer({ description: 'The place of the entry; a provisional kill has none yet' }),
    ),
    key: Type.String({ description: 'The idempotency key, yours or the one made for you' }),
    action: choice(ACTIONS),
    outcome: choice(OUTCOMES),
    changed: Type.Boolean(),
    flag: Type.Optional(Type.String()),
    application: Type.Optional(Type.String()),
    summary: Type.String({ description: 'The label, and before -> after' }),
    label: Type.Optional(Type.String()),
    from: Type.Optional(orNull(Type.String())),
    to: Type.Optional(orNull(Type.String())),
    killed: Type.Optional(Type.Boolean({ description: 'After the flip' })),
    hold: Type.Optional(Type.String({ description: 'The hold a kill put, or found' })),
    released: Type.Optional(Type.Array(Type.String())),
    holds: Type.Optional(Type.Array(ref(HoldSummary))),
    incident: Type.Optional(Type.String()),
    incidents: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Of a restore: the incidents whose holds it released, where they are several',
      }),
    ),
    runbook: Type.Optional(ref(RunbookReference)),
    step: Type.Optional(ref(StepReference)),
    offRunbook: Type.Boolean(),
    reason: Type.Optional(Type.String()),
    actor: Type.Object({ id: Type.String(), role: choice(ROLES), via: choice(VIAS) }),
    at: time('When it was committed'),
    warnings: Type.Array(ref(Warning)),
  },
  { $id: 'Flip' },
)
export type Flip = Static<typeof Flip>

export const FlipAnswer = Type.Object(
  {
    ...Flip.properties,
    environment: Type.String(),
    durability,
    replayed: Type.Boolean({ description: 'This key was answered before; nothing was done again' }),
    flips: Type.Optional(Type.Array(ref(Flip), { description: 'Of several flags: one for each' })),
    convergence: Type.Optional(
      Type.Array(ref(Convergence), {
        description:
          'Per application; with `Prefer: wait=2` once all live instances have confirmed, or after that time',
      }),
    ),
  },
  { $id: 'FlipAnswer' },
)
export type FlipAnswer = Static<typeof FlipAnswer>

export const FlipStatus = Type.Object(
  {
    state: choice(['applied', 'unchanged', 'refused', 'provisional', 'pending', 'never']),
    environment: Type.String(),
    detail: Type.String(),
    flip: Type.Optional(ref(Flip)),
    proof: Type.Optional(
      Type.Array(ref(Proof), { description: 'What the log says was proved of it; it stays so' }),
    ),
    convergence: Type.Optional(Type.Array(ref(Convergence), { description: 'The live state, as of now' })),
    flips: Type.Optional(Type.Array(ref(Flip))),
  },
  { $id: 'FlipStatus' },
)
export type FlipStatus = Static<typeof FlipStatus>
