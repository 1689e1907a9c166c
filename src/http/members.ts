// The members that the shapes of the API are made of: what a text, a time, a choice or the name of an incident is.

import { type TSchema, Type } from 'typebox'
import { FLAG_KEY_MOST } from '../domain/flag.js'
import { INCIDENT_ID } from '../domain/incident.js'

export const strict = { additionalProperties: false }
export const text = (description: string, most = 500) =>
  Type.String({ description, minLength: 1, maxLength: most, pattern: '\\S' })
export const choice = <T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description ? { description } : {}) })
export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const time = (description: string) => Type.String({ description, format: 'date-time' })
export const incident = Type.String({
  description: 'The incident, as its tracker names it',
  pattern: INCIDENT_ID.source,
  examples: ['INC-42'],
})
/** No pattern: a key that is none is unknown like any other, and the key it may have been meant to be is told. */
export const flagKey = (description = 'A flag, by its key') =>
  Type.String({ description, minLength: 1, maxLength: FLAG_KEY_MOST, examples: ['ai_v1', 'payments/card'] })
export const stepName = text('A runbook step: its id, any unambiguous shortening, or its code', 300)
export const value = Type.Unknown({
  description: 'Boolean, string, number or object, as the flag defines it',
})

export const Proof = Type.Object(
  {
    by: choice(['kill', 'restore', 'drill']),
    place: Type.Integer(),
    at: time('When it was exercised'),
    actor: Type.String(),
    confirmedAt: Type.Optional(time('When all live instances had applied it; absent: not shown')),
    applied: Type.Optional(Type.Integer({ description: 'How many instances that were' })),
  },
  { description: 'The last time its path was exercised, by a flip or a drill' },
)
