// The shapes of OFREP 0.3 as the documentation shows them. Answers are serialised already when they are sent.

import { Type } from 'typebox'

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
  { examples: [{ context: { targetingKey: 'customer-7', country: 'DE' } }] },
)

export const Success = Type.Object(
  {
    key: Type.String(),
    value: Type.Unknown({ description: 'Boolean, string, number or object, as the flag defines it' }),
    reason: Type.Unsafe<string>({ type: 'string', enum: ['STATIC', 'TARGETING_MATCH', 'UNKNOWN'] }),
    variant: Type.String(),
    metadata,
  },
  {
    description:
      'STATIC: killed, or without targeting. TARGETING_MATCH: a rule chose. UNKNOWN: no rule did, this is the default variant.',
  },
)

export const Failure = Type.Object({
  key: Type.String(),
  errorCode: Type.Unsafe<string>({
    type: 'string',
    enum: ['PARSE_ERROR', 'INVALID_CONTEXT', 'FLAG_NOT_FOUND', 'GENERAL'],
  }),
  errorDetails: Type.String(),
  metadata: Type.Object({}),
})

export const BulkSuccess = Type.Object({
  flags: Type.Array(Success),
  metadata,
  eventStreams: Type.Array(
    Type.Object({
      type: Type.Literal('sse'),
      url: Type.String({ description: 'Carries a secret of its own, good for a day: do not log it' }),
      inactivityDelaySec: Type.Integer(),
    }),
  ),
})

export const BulkQuery = Type.Object({
  flagConfigEtag: Type.Optional(
    Type.String({ description: '`etag` of the refetchEvaluation that this request follows' }),
  ),
  flagConfigLastModified: Type.Optional(Type.String({ description: '`lastModified` of the same' })),
})
