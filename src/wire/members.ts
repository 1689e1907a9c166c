// The members that the shapes of the wire are made of: what a text, a time, a choice or the name of an incident is, and
// how one shape refers to another.

import { type Static, type TSchema, Type } from 'typebox'
import { FLAG_KEY_MOST, type FlagValue, INCIDENT_ID, INCIDENT_ID_WORDS, type Scalar } from './words.js'

/** Another shape by its name: in the OpenAPI document it is `#/components/schemas/<name>`, for the compiler the shape itself. */
export const ref = <T extends TSchema>(schema: T & { $id?: string }) => {
  if (schema.$id === undefined) throw new Error('only a shape with an $id can be referred to')
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })
}

export const strict = { additionalProperties: false }
export const text = (description: string, most = 500) =>
  Type.String({ description, minLength: 1, maxLength: most, pattern: '\\S' })
/** Given with a kill, which is never refused for its text: it is cleaned and cut. */
export const killText = (description: string) => Type.String({ description })
export const choice = <T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description ? { description } : {}) })
export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const time = (description: string) => Type.String({ description, format: 'date-time' })
export const incident = Type.String({
  description: 'The incident, as its tracker names it',
  pattern: INCIDENT_ID.source,
  examples: ['INC-42'],
})
/** The same, of a kill: what is no name of one is left out, and the kill is taken. */
export const killIncident = Type.String({
  description: `The incident, as its tracker names it: ${INCIDENT_ID_WORDS}. Anything else is left out, with a warning`,
  examples: ['INC-42'],
})
/** No pattern: a key that is none is unknown like any other, and the key it may have been meant to be is told. */
export const flagKey = (description = 'A flag, by its key') =>
  Type.String({ description, minLength: 1, maxLength: FLAG_KEY_MOST, examples: ['ai_v1', 'payments/card'] })
export const stepName = text('A runbook step: its id, any unambiguous shortening, or its code', 300)
export const value = Type.Unsafe<FlagValue>({
  description: 'Boolean, string, number or object, as the flag defines it',
})
export const variants = Type.Record(Type.String(), value)
export const metadata = Type.Record(
  Type.String(),
  Type.Unsafe<Scalar>({ type: ['string', 'number', 'boolean'] }),
  { description: 'As its owner wrote it' },
)
export const targeting = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'JsonLogic as flagd evaluates it; never consulted while the flag is held',
})
export const onStale = choice(
  ['keep', 'kill'],
  'After staleAfterSeconds without contact: the last state, or the kill variant',
)
export const upstream = choice(
  ['live', 'stale'],
  'stale: the store is away, and this is the last known state',
)
export const durability = choice(
  ['journal', 'both', 'store', 'provisional'],
  'Where it is synced: journal (local), both, store (Redis; this journal failed), provisional (the store is away: on this disk, in the log when it is back)',
)
/** Of a form: the only one there is. */
export const version = Type.Unsafe<1>({ type: 'integer', minimum: 1, maximum: 1 })
export const hex = (description: string) => Type.String({ description, pattern: '^[0-9a-f]{64}$' })
