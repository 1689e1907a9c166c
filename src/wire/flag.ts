// A flag with its state and its holds.

import { type Static, Type } from 'typebox'
import { Convergence } from './convergence.js'
import { Hold, HoldSummary } from './hold.js'
import { choice, flagKey, orNull, ref, strict, time, upstream, value } from './members.js'
import { FlagAction } from './runbook.js'
import { FLAG_KEY, ROLES } from './words.js'

export const FlagParams = Type.Object({
  key: Type.String({
    description: 'The flag key, percent-encoded; a `/` is %2F',
    maxLength: 2048,
    examples: ['ai_v1'],
  }),
})
export const FlagQuery = Type.Object(
  {
    flag: Type.Optional(flagKey('Only this one, with its steps and its ETag')),
    application: Type.Optional(Type.String({ maxLength: 64 })),
    killed: Type.Optional(Type.Boolean()),
    at: Type.Optional(
      Type.String({
        description: 'RFC 3339: the flags as the log had them at that time; the answer is FlagsThen',
        maxLength: 40,
        examples: ['2026-11-20T03:00:00Z'],
      }),
    ),
  },
  strict,
)

export const LastProof = Type.Object(
  {
    by: choice(['kill', 'restore', 'drill']),
    place: Type.Integer(),
    at: time('When it was exercised'),
    actor: Type.String(),
    confirmedAt: Type.Optional(time('When all live instances had applied it; absent: not shown')),
    applied: Type.Optional(Type.Integer({ description: 'How many instances that were' })),
  },
  { $id: 'LastProof', description: 'The last time its path was exercised, by a flip or a drill' },
)
export type LastProof = Static<typeof LastProof>

const Side = Type.Object({ label: Type.String(), variant: Type.String(), value, role: choice(ROLES) })

export const Flag = Type.Object(
  {
    key: Type.String({ ...flagKey('As the catalogue has it'), pattern: FLAG_KEY.source }),
    application: Type.String(),
    environment: Type.String(),
    description: Type.String(),
    owner: Type.String(),
    effect: Type.String({ description: 'What a kill does to work in progress' }),
    killed: Type.Boolean(),
    variant: orNull(Type.String({ description: 'The variant a hold pins; null is the normal behaviour' })),
    value,
    label: Type.String({ description: 'What was done to it, and from what to what; or that it is normal' }),
    kill: Side,
    restore: Side,
    holds: Type.Array(ref(Hold)),
    notApplied: Type.Optional(
      Type.Array(Type.Object({ actor: Type.String(), at: time('Of the restore'), place: Type.Integer() }), {
        description: 'Restores of an abandoned branch of the log: recovered, and not applied again',
      }),
    ),
    orphaned: Type.Boolean({ description: 'The catalogue no longer has this definition; a hold keeps it' }),
    place: Type.Integer({ description: 'The entry that last changed this flag: its ETag' }),
    lastProof: Type.Optional(ref(LastProof)),
    convergence: Type.Optional(ref(Convergence)),
    steps: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          code: Type.String(),
          direction: FlagAction.properties.direction,
        }),
      ),
    ),
  },
  { $id: 'Flag' },
)
export type Flag = Static<typeof Flag>

export const FlagList = Type.Object(
  { environment: Type.String(), revision: Type.Integer(), upstream, flags: Type.Array(ref(Flag)) },
  { $id: 'FlagList' },
)
export type FlagList = Static<typeof FlagList>

export const FlagThen = Type.Object(
  {
    key: Type.String(),
    application: Type.Optional(Type.String({ description: 'Absent where it is not known' })),
    killed: Type.Boolean(),
    variant: orNull(
      Type.String({ description: 'The variant that a hold pinned; null is the normal behaviour' }),
    ),
    value: Type.Optional(value),
    holds: Type.Array(ref(HoldSummary), { description: 'By whom, since when, under which incident' }),
    flip: Type.Optional(
      Type.Object(
        {
          place: Type.Integer(),
          at: time('When'),
          action: choice(['kill', 'restore']),
          actor: Type.String(),
          incident: Type.Optional(Type.String()),
          reason: Type.Optional(Type.String()),
        },
        { description: 'Its last flip then; absent: the log has none before' },
      ),
    ),
    unknown: Type.Optional(Type.String({ description: 'What of it cannot be known, and why' })),
  },
  { $id: 'FlagThen' },
)
export type FlagThen = Static<typeof FlagThen>

export const FlagsThen = Type.Object(
  {
    environment: Type.String(),
    at: Type.String({ description: 'The time that was asked for, in UTC' }),
    place: Type.Integer({ description: 'The last entry of the log at that time; 0: the log had none' }),
    flags: Type.Array(ref(FlagThen)),
    unknown: Type.Array(Type.String(), { description: 'What cannot be known of that time, and why' }),
  },
  { $id: 'FlagsThen', description: 'The flags as the log had them at a time' },
)
export type FlagsThen = Static<typeof FlagsThen>

export const FlagsAnswer = Type.Union([ref(FlagList), ref(FlagsThen)], {
  $id: 'FlagsAnswer',
  description: 'FlagsThen where `at` was asked for',
})
export type FlagsAnswer = Static<typeof FlagsAnswer>
