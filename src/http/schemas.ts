// The shapes of the API, declared once: validation, serialisation, documentation and types come from here.

import { type Static, Type } from 'typebox'
import { ROLES } from '../domain/actor.js'
import { ACTIONS, OUTCOMES } from '../domain/audit.js'
import { FLAG_KEY } from '../domain/flag.js'
import { Way } from '../wire/problem.js'
import { choice, flagKey, orNull, Proof, strict, time, value } from './members.js'

export const RunbookParams = Type.Object({
  runbook: Type.String({ description: 'The id of a runbook', maxLength: 2048 }),
})
export const FlipParams = Type.Object({
  id: Type.String({ description: 'The place of the entry, or your own Idempotency-Key', maxLength: 2048 }),
})
export const PlaceParams = Type.Object({
  place: Type.String({ description: 'A place: 12, or 0-12 (epoch-seq)', maxLength: 40 }),
})

export const HoldSummary = Type.Object({
  id: Type.String(),
  actor: Type.String(),
  incident: Type.Optional(Type.String()),
  since: time('When it was put'),
})
export const Step = Type.Object(
  {
    id: Type.String(),
    code: Type.Optional(Type.String()),
    text: Type.Optional(Type.String()),
    line: Type.Optional(Type.Integer()),
  },
  { description: 'The step as the flip saw it; only the id, as it was given, where no such step was found' },
)
export const RunbookReference = Type.Object({
  id: Type.String(),
  digest: Type.String({ description: 'SHA-256 of the source the step was read from' }),
})
export const Warning = Type.Object({
  code: Type.String(),
  detail: Type.String(),
  near: Type.Optional(Type.Array(Type.String())),
  wayOut: Type.Optional(Type.Array(Way, { description: 'What to do: any of these' })),
})

export const Hold = Type.Object({
  ...HoldSummary.properties,
  reason: Type.String(),
  runbook: Type.Optional(RunbookReference),
  step: Type.Optional(Step),
  offRunbook: Type.Boolean(),
  place: Type.Integer(),
  provisional: Type.Optional(
    Type.Boolean({ description: 'Taken while the store was away; in the log when it is back' }),
  ),
})

const Side = Type.Object({ label: Type.String(), variant: Type.String(), value, role: choice(ROLES) })

const Laggard = Type.Object({
  instance: Type.String(),
  lastHeardAt: time('By the service'),
  ageMs: Type.Number(),
  revision: Type.Integer(),
})
export const Convergence = Type.Object(
  {
    status: choice(
      ['confirmed', 'pending', 'unproven'],
      'confirmed: every live instance has applied it; unproven: no instance is there to prove it',
    ),
    revision: Type.Integer(),
    application: Type.String(),
    applied: Type.Array(Type.String()),
    pending: Type.Array(Laggard),
    lost: Type.Array(Laggard, { description: 'Not heard of for 45 s, and not shut down in order' }),
    served: Type.Integer({
      description: 'Clients without receipts answered at or past it (OFREP, flagd, serverless): weaker',
    }),
    firstMs: Type.Optional(Type.Number()),
    lastMs: Type.Optional(Type.Number()),
  },
  { description: 'Which app instances have applied it, by name' },
)

export const Flag = Type.Object({
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
  holds: Type.Array(Hold),
  notApplied: Type.Optional(
    Type.Array(Type.Object({ actor: Type.String(), at: time('Of the restore'), place: Type.Integer() }), {
      description: 'Restores of an abandoned branch of the log: recovered, and not applied again',
    }),
  ),
  orphaned: Type.Boolean({ description: 'The catalogue no longer has this definition; a hold keeps it' }),
  place: Type.Integer({ description: 'The entry that last changed this flag: its ETag' }),
  lastProof: Type.Optional(Proof),
  convergence: Type.Optional(Convergence),
  steps: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), code: Type.String(), direction: Type.String() })),
  ),
})
export const FlagList = Type.Object({
  environment: Type.String(),
  revision: Type.Integer(),
  upstream: choice(['live', 'stale'], 'stale: the store is away, and this is the last known state'),
  flags: Type.Array(Flag),
})

export const Flip = Type.Object({
  id: Type.Optional(Type.Integer({ description: 'The place of the entry; a provisional kill has none yet' })),
  key: Type.String({ description: 'The idempotency key, yours or the one made for you' }),
  action: choice(ACTIONS),
  outcome: choice(OUTCOMES),
  changed: Type.Boolean(),
  flag: Type.Optional(Type.String()),
  application: Type.Optional(Type.String()),
  summary: Type.String({ description: 'The label, and before -> after' }),
  label: Type.Optional(Type.String()),
  from: Type.Optional(orNull(Type.String())),
  to: Type.Optional(orNull(Type.String())),
  killed: Type.Optional(Type.Boolean({ description: 'After the flip' })),
  hold: Type.Optional(Type.String({ description: 'The hold a kill put, or found' })),
  released: Type.Optional(Type.Array(Type.String())),
  holds: Type.Optional(Type.Array(HoldSummary)),
  incident: Type.Optional(Type.String()),
  runbook: Type.Optional(RunbookReference),
  step: Type.Optional(Step),
  offRunbook: Type.Boolean(),
  reason: Type.Optional(Type.String()),
  actor: Type.Object({ id: Type.String(), role: choice(ROLES), via: Type.String() }),
  at: time('When it was committed'),
  warnings: Type.Array(Warning),
})
export const FlipAnswer = Type.Object({
  ...Flip.properties,
  environment: Type.String(),
  durability: choice(
    ['journal', 'both', 'store', 'provisional'],
    'Where it is synced: journal (local), both, store (Redis; this journal failed), provisional (the store is away: on this disk, in the log when it is back)',
  ),
  replayed: Type.Boolean({ description: 'This key was answered before; nothing was done again' }),
  flips: Type.Optional(Type.Array(Flip, { description: 'Of a step run: one per flag' })),
  convergence: Type.Optional(
    Type.Array(Convergence, {
      description:
        'Per application; with `Prefer: wait=2` once all live instances have confirmed, or after that time',
    }),
  ),
})
export const FlipStatus = Type.Object({
  state: choice(['applied', 'unchanged', 'refused', 'provisional', 'pending', 'never']),
  environment: Type.String(),
  detail: Type.String(),
  flip: Type.Optional(Flip),
  convergence: Type.Optional(Type.Array(Convergence)),
  flips: Type.Optional(Type.Array(Flip)),
})

export const Entry = Type.Object(
  {
    place: Type.Integer(),
    v: Type.Literal(1),
    epoch: Type.Integer(),
    seq: Type.Integer(),
    at: time('Never below the entry before'),
    receivedAt: time('The accepting instance'),
    action: choice(ACTIONS),
    outcome: choice(OUTCOMES),
    environment: Type.String(),
    actor: Type.Object({ id: Type.String(), role: choice(ROLES), via: Type.String() }),
    hash: Type.String({ description: 'SHA-256 of the stored line' }),
    prev: Type.String({ description: 'SHA-256 of the line before' }),
  },
  {
    additionalProperties: true,
    description: 'One entry of the log; what it holds beyond this follows from its action',
  },
)
export const AuditPage = Type.Object({
  entries: Type.Array(Entry),
  next: Type.Optional(
    Type.String({
      description: 'Send as ?cursor= for the next page; a page may be short, or empty, and still have one',
    }),
  ),
  examined: Type.Integer({ description: 'How many entries were looked at' }),
  head: Type.Integer({ description: 'The place of the last entry of the log' }),
  upstream: choice(['live', 'stale'], 'stale: the store is away, and this is the log as last known'),
})

const many = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
      description: `${description}; given twice: any of them`,
      maxItems: 20,
    }),
  )
export const AuditQuery = Type.Object(
  {
    flag: many('Flag key'),
    actor: many('Actor'),
    role: Type.Optional(Type.Array(choice(ROLES), { maxItems: 20 })),
    incident: many('Incident'),
    runbook: many('Runbook'),
    step: many('Step: id, the beginning of one, or code'),
    action: Type.Optional(Type.Array(choice(ACTIONS), { maxItems: 20 })),
    outcome: Type.Optional(Type.Array(choice(OUTCOMES), { maxItems: 20 })),
    reason: many('Words in the reason: all of them'),
    offRunbook: Type.Optional(Type.Boolean({ description: 'Kills that no runbook step stands behind' })),
    since: Type.Optional(
      Type.String({
        description: 'RFC 3339; from this hour on',
        maxLength: 40,
        examples: ['2026-11-20T03:00:00Z'],
      }),
    ),
    until: Type.Optional(Type.String({ description: 'RFC 3339; before this hour', maxLength: 40 })),
    order: Type.Optional(choice(['newest', 'oldest'])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    cursor: Type.Optional(Type.String({ maxLength: 300 })),
  },
  strict,
)
export type AuditQuery = Static<typeof AuditQuery>
export type Flag = Static<typeof Flag>
export type Flip = Static<typeof Flip>
export type FlipAnswer = Static<typeof FlipAnswer>
