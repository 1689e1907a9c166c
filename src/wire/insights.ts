// How long kills, their proof and their restore took, by month and application.

import { type Static, Type } from 'typebox'
import { choice, orNull, ref, strict } from './members.js'

/** Whether rehearsals count. */
export const drills = Type.Optional(
  choice(['false', 'true', 'any'], 'false, if absent: without drills; true: drills alone; any: both'),
)
export const hour = (description: string) =>
  Type.String({ description, maxLength: 40, examples: ['2026-11-20T03:00:00Z'] })

export const InsightsQuery = Type.Object(
  {
    application: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    drill: drills,
    since: Type.Optional(
      hour('RFC 3339; from this hour on; the first of the month a year before, if absent'),
    ),
    until: Type.Optional(hour('RFC 3339; before this hour')),
  },
  strict,
)
export type InsightsQuery = Static<typeof InsightsQuery>

const ms = (description: string) => Type.Optional(Type.Number({ description }))
export const Spread = Type.Object(
  {
    count: Type.Integer({ description: 'How many times are known' }),
    unknown: Type.Integer({ description: 'How many did not come to it, or it is not known when' }),
    before: Type.Optional(
      Type.Integer({
        description: 'Of declaredToKill: incidents whose first kill was before the declaration',
      }),
    ),
    minMs: ms('Absent where count is 0, like the others'),
    medianMs: ms('Half took no longer'),
    p90Ms: ms('Nine of ten took no longer'),
    maxMs: ms('The longest'),
  },
  { $id: 'Spread', description: 'How long it took, in milliseconds' },
)
export type Spread = Static<typeof Spread>

export const Insight = Type.Object(
  {
    month: Type.String({ description: 'In UTC, of the declaration and of the kill', examples: ['2026-11'] }),
    application: orNull(
      Type.String({ description: 'An incident is counted with each whose flags it killed; null: with none' }),
    ),
    incidents: Type.Integer({ description: 'Declared' }),
    kills: Type.Integer({ description: 'That put a hold on a flag' }),
    undone: Type.Integer({ description: 'Kills that their own actor took back at once' }),
    declaredToKill: ref(Spread),
    killToProof: ref(Spread),
    killToRestore: ref(Spread),
  },
  { $id: 'Insight' },
)
export type Insight = Static<typeof Insight>

export const InsightsAnswer = Type.Object(
  {
    environment: Type.String(),
    since: Type.String(),
    until: Type.Optional(Type.String()),
    drill: choice(['false', 'true', 'any']),
    insights: Type.Array(ref(Insight), { description: 'Newest month first' }),
    cut: Type.Optional(
      Type.String({ description: 'What is left out, where there was too much for one answer' }),
    ),
    unreadable: Type.Optional(
      Type.String({ description: "Which entries are left out, because this instance's disk is damaged" }),
    ),
  },
  { $id: 'InsightsAnswer' },
)
export type InsightsAnswer = Static<typeof InsightsAnswer>
