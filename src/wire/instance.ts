// The fleet: the app instances, as their sessions and receipts show them, and what a person may do about them.

import { type Static, Type } from 'typebox'
import { Apart } from './convergence.js'
import { ListedEntry } from './entry.js'
import { choice, ref, strict, text, time } from './members.js'

export const LIVENESSES = ['live', 'awaited', 'lost', 'closed', 'forgotten', 'replaced'] as const
export type Liveness = (typeof LIVENESSES)[number]

export const Instance = Type.Object(
  {
    instance: Type.String(),
    app: Type.String(),
    liveness: choice(
      LIVENESSES,
      'awaited: known from before this service started, and not heard of since; lost: not heard of for 45 s; closed: it said goodbye; forgotten: by a person; replaced: by the process after it, which brought its session',
    ),
    proves: Type.Boolean({ description: 'It has a session, so that its receipts prove something' }),
    lastHeardAt: time('By the service'),
    ageMs: Type.Number(),
    openedAt: time('When the service first heard of it'),
    log: Type.Optional(Type.String()),
    revision: Type.Integer({ description: 'The one it reported last; 0 where it reported none' }),
    current: Type.Boolean({ description: 'It answers the newest revision of this log' }),
    apart: Type.Array(ref(Apart)),
    sdk: Type.Optional(Type.String()),
    startedAt: Type.Optional(Type.String()),
    boot: Type.Optional(Type.String({ description: 'What the process came up from' })),
    fork: Type.Optional(Type.String()),
  },
  { $id: 'Instance', description: 'One app instance' },
)
export type Instance = Static<typeof Instance>

export const InstanceQuery = Type.Object(
  {
    app: Type.Optional(Type.String({ maxLength: 200 })),
    liveness: Type.Optional(choice(LIVENESSES, 'Only these')),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 50 })),
    cursor: Type.Optional(Type.String({ maxLength: 1000, description: '`next` of the page before' })),
  },
  strict,
)
export type InstanceQuery = Static<typeof InstanceQuery>

export const InstanceList = Type.Object(
  {
    environment: Type.String(),
    revision: Type.Integer(),
    live: Type.Integer({ description: 'How many there are, whatever the page shows' }),
    awaited: Type.Integer(),
    lost: Type.Integer(),
    closed: Type.Integer(),
    forgotten: Type.Integer(),
    replaced: Type.Integer(),
    refused: Type.Integer({ description: 'Refused sessions of the last day: more than this service takes' }),
    instances: Type.Array(ref(Instance), { description: 'By application and name; 50 at most' }),
    next: Type.Optional(Type.String({ description: 'The cursor of the next page' })),
  },
  { $id: 'InstanceList' },
)
export type InstanceList = Static<typeof InstanceList>

export const Forget = Type.Object(
  {
    app: Type.Optional(text('The application; with `lost` it is needed', 200)),
    instance: Type.Optional(text('One instance, by its name', 200)),
    lost: Type.Optional(
      Type.Literal(true, { description: 'All that are lost or were refused, as after a deploy' }),
    ),
    reason: Type.Optional(text('Why', 2000)),
  },
  {
    ...strict,
    $id: 'Forget',
    examples: [{ app: 'trustflow', instance: 'api-7', reason: 'the host is gone' }],
  },
)
export type Forget = Static<typeof Forget>

export const Forgotten = Type.Object(
  {
    environment: Type.String(),
    count: Type.Integer(),
    refused: Type.Integer({
      description: 'With `lost`: how many refusals nobody waits for any more either',
    }),
    instances: Type.Array(Type.String(), { description: '50 at most' }),
    entries: Type.Array(Type.Integer(), { description: 'The places of the entries that say so' }),
  },
  { $id: 'Forgotten' },
)
export type Forgotten = Static<typeof Forgotten>

export const Reconcile = Type.Object(
  {
    app: text('The application', 200),
    reason: text('Why these holds may go', 2000),
  },
  {
    ...strict,
    $id: 'Reconcile',
    examples: [{ app: 'trustflow', reason: 'the kill was lost with its disk' }],
  },
)
export type Reconcile = Static<typeof Reconcile>

export const ReconciledHolds = Type.Object(
  { flag: Type.String(), holds: Type.Array(Type.String()) },
  { $id: 'ReconciledHolds' },
)
export type ReconciledHolds = Static<typeof ReconciledHolds>

export const Reconciled = Type.Object(
  {
    environment: Type.String(),
    released: Type.Array(ref(ReconciledHolds)),
    entry: ref(ListedEntry),
  },
  { $id: 'Reconciled' },
)
export type Reconciled = Static<typeof Reconciled>
