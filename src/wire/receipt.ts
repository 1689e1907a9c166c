// A receipt: what one app instance says it has applied; and the fleet, as the receipts show it.

import { type Static, Type } from 'typebox'
import { choice, ref, strict } from './members.js'

const name = (description: string) =>
  Type.String({ description, minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f]+$' })

export const Receipt = Type.Object(
  {
    instance: name('Unique per running app process'),
    app: name('The application, as the catalogue names it'),
    log: Type.String({ description: "The log's name, as the snapshot gave it", maxLength: 64 }),
    revision: Type.Integer({ minimum: 0, description: 'In force in that process' }),
    appliedAt: Type.String({ format: 'date-time' }),
    sdk: name('Name and version of the SDK'),
    startedAt: Type.String({ format: 'date-time' }),
    boot: choice(['service', 'cache', 'bootstrap', 'unknown'], 'What the process came up from'),
    closing: Type.Optional(Type.Boolean({ description: 'An orderly shutdown: not a loss' })),
    fork: Type.Optional(
      Type.String({
        description: 'What contradicts the largest checkpoint it remembers',
        minLength: 1,
        maxLength: 500,
        pattern: '^[^\\u0000-\\u001f]+$',
      }),
    ),
    forced: Type.Optional(Type.Array(name('A flag forced past the service'), { maxItems: 50 })),
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
          },
        ],
      },
    ],
  },
)
export type Receipts = Static<typeof Receipts>
export const ReceiptsAnswer = Type.Object({ accepted: Type.Integer() }, { $id: 'ReceiptsAnswer' })
export type ReceiptsAnswer = Static<typeof ReceiptsAnswer>

export const Instance = Type.Object(
  {
    ...Receipt.properties,
    liveness: choice(['live', 'lost', 'closed']),
    lastHeardAt: Type.String(),
    ageMs: Type.Number(),
    current: Type.Boolean({ description: 'At the newest revision of this log' }),
  },
  { $id: 'Instance', description: 'One app instance' },
)
export type Instance = Static<typeof Instance>
export const InstanceQuery = Type.Object({ app: Type.Optional(Type.String({ maxLength: 200 })) }, strict)
export const InstanceList = Type.Object(
  {
    environment: Type.String(),
    revision: Type.Integer(),
    live: Type.Integer(),
    lost: Type.Integer(),
    instances: Type.Array(ref(Instance)),
  },
  { $id: 'InstanceList' },
)
export type InstanceList = Static<typeof InstanceList>
