// What app services are told: the snapshot (definitions and state at a revision), the change (the small event on the
// stream), and the heartbeat between them.

import { type Static, Type } from 'typebox'
import { metadata, onStale, ref, targeting, time, upstream, value, variants, version } from './members.js'

const since = time("The oldest hold's")
const incident = Type.Optional(Type.String({ description: "The oldest hold's" }))
const warrant = "what an app shows back (a receipt's `warrants`) where a later log does not have the hold"

export const Held = Type.Object(
  {
    variant: Type.String(),
    value,
    since,
    incident,
    holds: Type.Array(Type.String(), { description: 'Ids of the holds, oldest first' }),
    warrants: Type.Optional(
      Type.Array(Type.String(), {
        description: `Of each of \`holds\`, in their order: ${warrant}. Readable by the service alone; empty for a hold without one`,
      }),
    ),
  },
  { $id: 'Held', description: 'A flag in force at its kill variant' },
)
export type Held = Static<typeof Held>

export const SnapshotFlag = Type.Object(
  {
    application: Type.String(),
    variants,
    defaultVariant: Type.String(),
    killVariant: Type.String(),
    targeting: Type.Optional(targeting),
    metadata,
    effect: Type.String(),
    message: Type.Optional(Type.String()),
    staleAfterSeconds: Type.Optional(Type.Number()),
    onStale,
    flipped: Type.Integer({
      description:
        'The place of the last flip (kill or restore) of this flag in this log; 0 where this log never flipped it',
    }),
    held: Type.Optional(ref(Held)),
  },
  { $id: 'SnapshotFlag', description: 'One definition as an app needs it; `held` while it is killed' },
)
export type SnapshotFlag = Static<typeof SnapshotFlag>

export const ProvisionalHold = Type.Object(
  {
    ...{ id: Type.String(), flag: Type.String(), variant: Type.String(), value, since, incident },
    warrant: Type.Optional(Type.String({ description: `Readable by the service alone: ${warrant}` })),
  },
  {
    $id: 'ProvisionalHold',
    description: 'A hold taken while the store was away: outside the chain until it is merged',
  },
)
export type ProvisionalHold = Static<typeof ProvisionalHold>

export const Position = Type.Object({
  environment: Type.String(),
  log: Type.String({ description: "SHA-256 of the log's first entry: the log's name" }),
  revision: Type.Integer({
    description:
      'The place of the last entry that changed a flag, a drill or the catalogue. Only grows within a log.',
  }),
  hash: Type.String({
    description:
      'SHA-256 of the entry at `revision`: what a receipt answers a flip with, since nobody knows it before',
  }),
  catalogue: Type.String({
    description: 'Digest of the catalogue in force: where it differs from the one known, fetch the snapshot',
  }),
  at: Type.String({ description: 'RFC 3339: when the revision came to be' }),
  provisional: Type.Array(ref(ProvisionalHold)),
  merged: Type.Array(Type.String(), {
    description: 'Ids of provisional holds that are in the log by now',
  }),
  released: Type.Array(Type.String(), {
    description:
      'Ids of holds that the log does not have and somebody released in the apps (`fleet reconcile`)',
  }),
})
export type Position = Static<typeof Position>

export const Snapshot = Type.Object(
  { v: version, ...Position.properties, flags: Type.Record(Type.String(), ref(SnapshotFlag)) },
  { $id: 'Snapshot', description: 'Limited to the applications of the token' },
)
export type Snapshot = Static<typeof Snapshot>

export const Change = Type.Object(
  {
    v: version,
    ...Position.properties,
    held: Type.Record(Type.String(), ref(Held)),
    flipped: Type.Record(Type.String(), Type.Integer(), {
      description: '`flipped` of every flag this log ever flipped',
    }),
  },
  {
    $id: 'Change',
    description:
      '`event: change`, with `id` = revision: the full set of held flags, never a delta, so that any one event is enough. A flag that is not in `held` is at its normal behaviour.',
  },
)
export type Change = Static<typeof Change>

export const Heartbeat = Type.Object(
  {
    upstream,
    revision: Type.Integer(),
    log: Type.String(),
    checkpoint: Type.Optional(
      Type.String({ description: 'The newest signed note over the log, for every app to witness' }),
    ),
    cosigned: Type.Optional(
      Type.String({
        description: 'The newest that enough witnesses elsewhere stand behind, with their lines',
      }),
    ),
  },
  { $id: 'Heartbeat', description: '`event: heartbeat`, every 5 s' },
)
export type Heartbeat = Static<typeof Heartbeat>

export const Bye = Type.Object(
  { reason: Type.String() },
  { $id: 'Bye', description: '`event: bye`, before an orderly stop' },
)
export type Bye = Static<typeof Bye>
