// A receipt: what one app instance says it has applied, and what it answers to a flip.

import { type Static, Type } from 'typebox'
import { choice, orNull, ref, strict } from './members.js'
import { INSTANCE_NAME } from './words.js'

const name = (description: string, most = 200) =>
  Type.String({ description, minLength: 1, maxLength: most, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' })
const ownName = (description: string) => Type.String({ description, pattern: INSTANCE_NAME.source })
const flag = (description: string) => name(description, 128)
const hold = Type.String({ minLength: 1, maxLength: 64 })
const MOST_FLAGS = 500

export const Answer = Type.Object(
  {
    log: Type.String({ maxLength: 64 }),
    revision: Type.Integer({ minimum: 0 }),
    hash: Type.String({ maxLength: 64, description: 'As the change or the snapshot had it' }),
  },
  {
    ...strict,
    $id: 'Answer',
    description:
      'The newest change or snapshot that the instance has taken in: it answers every flip up to it',
  },
)
export type Answer = Static<typeof Answer>

export const Receipt = Type.Object(
  {
    instance: ownName('Unique per running app process; of a session: the name it was given'),
    app: ownName('The application, as the catalogue names it'),
    log: Type.String({ description: "The log's name, as the snapshot gave it", maxLength: 64 }),
    revision: Type.Integer({ minimum: 0, description: 'The highest it has seen of that log' }),
    appliedAt: Type.String({ format: 'date-time' }),
    sdk: name('Name and version of the SDK', 200),
    startedAt: Type.String({ format: 'date-time' }),
    boot: choice(['service', 'cache', 'bootstrap', 'unknown'], 'What the process came up from'),
    session: Type.Optional(
      Type.String({
        description: 'As `Killswitch-Session` of the stream gave it. Without it a receipt proves nothing',
        maxLength: 200,
      }),
    ),
    number: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Within the session: the highest counts, whatever it says' }),
    ),
    answer: Type.Optional(ref(Answer)),
    inForce: Type.Optional(
      Type.Record(Type.String({ maxLength: 128 }), orNull(Type.String({ maxLength: 200 })), {
        maxProperties: MOST_FLAGS,
        description:
          'Of flags that are or were just held: the kill variant that the app evaluates to, or null where it is at its normal behaviour',
      }),
    ),
    provisional: Type.Optional(
      Type.Array(hold, { maxItems: MOST_FLAGS, description: 'Ids of provisional holds in force there' }),
    ),
    holding: Type.Optional(
      Type.Record(Type.String({ maxLength: 128 }), Type.Array(hold, { maxItems: 50 }), {
        maxProperties: MOST_FLAGS,
        description: 'Flags held there though what it answers does not hold them, with the ids of the holds',
      }),
    ),
    warrants: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), {
        maxItems: 50,
        description:
          'As the service gave them, of holds there that what it answers does not have. A hold that the log never had comes back by it',
      }),
    ),
    closing: Type.Optional(Type.Boolean({ description: 'An orderly shutdown: not a loss' })),
    fork: Type.Optional(name('What contradicts the largest checkpoint it remembers', 500)),
    forced: Type.Optional(Type.Array(flag('A flag forced past the service'), { maxItems: 50 })),
  },
  { ...strict, $id: 'Receipt' },
)
export type Receipt = Static<typeof Receipt>

export const Receipts = Type.Object(
  { receipts: Type.Array(ref(Receipt), { minItems: 1, maxItems: 50 }) },
  {
    ...strict,
    $id: 'Receipts',
    examples: [
      {
        receipts: [
          {
            instance: 'api-7',
            app: 'trustflow',
            log: 'b1f0...',
            revision: 12,
            appliedAt: '2026-11-20T03:00:00.120Z',
            sdk: 'killswitch-js/0.1.0',
            startedAt: '2026-11-19T08:00:00.000Z',
            boot: 'service',
            session: 'nrXk...',
            number: 4,
            answer: { log: 'b1f0...', revision: 12, hash: '6b1e...' },
            inForce: { ai_v1: 'off' },
          },
        ],
      },
    ],
  },
)
export type Receipts = Static<typeof Receipts>
export const ReceiptsAnswer = Type.Object({ accepted: Type.Integer() }, { $id: 'ReceiptsAnswer' })
export type ReceiptsAnswer = Static<typeof ReceiptsAnswer>
