// OFREP 0.3, and the document of flagd. Answers are serialised already when they are sent.

import { type Static, Type } from 'typebox'
import { choice, ref, targeting, variants } from './members.js'

const metadata = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))

export const EvaluationRequest = Type.Object(
  {
    context: Type.Optional(
      Type.Object(
        { targetingKey: Type.Optional(Type.String()) },
        { additionalProperties: true, description: 'What targeting may look at; a held flag never does' },
      ),
    ),
  },
  { $id: 'EvaluationRequest', examples: [{ context: { targetingKey: 'customer-7', country: 'DE' } }] },
)
export type EvaluationRequest = Static<typeof EvaluationRequest>

export const Evaluation = Type.Object(
  {
    key: Type.String(),
    value: Type.Unknown({ description: 'Boolean, string, number or object, as the flag defines it' }),
    reason: choice(['STATIC', 'TARGETING_MATCH', 'UNKNOWN']),
    variant: Type.String(),
    metadata,
  },
  {
    $id: 'Evaluation',
    description:
      'STATIC: killed, or without targeting. TARGETING_MATCH: a rule chose. UNKNOWN: no rule did, this is the default variant.',
  },
)
export type Evaluation = Static<typeof Evaluation>

export const EvaluationFailure = Type.Object(
  {
    key: Type.String(),
    errorCode: choice(['PARSE_ERROR', 'INVALID_CONTEXT', 'FLAG_NOT_FOUND', 'GENERAL']),
    errorDetails: Type.String(),
    metadata: Type.Object({}),
  },
  { $id: 'EvaluationFailure' },
)
export type EvaluationFailure = Static<typeof EvaluationFailure>

export const BulkEvaluation = Type.Object(
  {
    flags: Type.Array(ref(Evaluation)),
    metadata,
    eventStreams: Type.Array(
      Type.Object({
        type: Type.Literal('sse'),
        url: Type.String({ description: 'Carries a secret of its own, good for a day: do not log it' }),
        inactivityDelaySec: Type.Integer(),
      }),
    ),
  },
  { $id: 'BulkEvaluation' },
)
export type BulkEvaluation = Static<typeof BulkEvaluation>

export const BulkQuery = Type.Object({
  flagConfigEtag: Type.Optional(
    Type.String({ description: '`etag` of the refetchEvaluation that this request follows' }),
  ),
  flagConfigLastModified: Type.Optional(Type.String({ description: '`lastModified` of the same' })),
})

export const RefetchEvaluation = Type.Object(
  {
    type: Type.Literal('refetchEvaluation'),
    etag: Type.String(),
    lastModified: Type.Integer({ description: 'Seconds since 1970' }),
  },
  { $id: 'RefetchEvaluation', description: 'What the event stream of a bulk evaluation sends' },
)
export type RefetchEvaluation = Static<typeof RefetchEvaluation>

export const FlagdDocument = Type.Object(
  {
    $schema: Type.String(),
    flags: Type.Record(
      Type.String(),
      Type.Object({
        state: Type.Literal('ENABLED'),
        variants,
        defaultVariant: Type.String(),
        targeting: Type.Optional(targeting),
        metadata,
      }),
    ),
    metadata,
  },
  { $id: 'FlagdDocument' },
)
export type FlagdDocument = Static<typeof FlagdDocument>
