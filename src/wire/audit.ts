// The log as it is asked for: pages, filters, its verification, and the proof that one entry is in it.

import { type Static, Type } from 'typebox'
import { ListedEntry } from './entry.js'
import { choice, hex, ref, strict, upstream } from './members.js'
import { ACTIONS, OUTCOMES, ROLES } from './words.js'

export const PlaceParams = Type.Object({
  place: Type.String({ description: 'A place: 12, or 0-12 (epoch-seq)', maxLength: 40 }),
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

export const AuditPage = Type.Object(
  {
    entries: Type.Array(ref(ListedEntry)),
    next: Type.Optional(
      Type.String({
        description: 'Send as ?cursor= for the next page; a page may be short, or empty, and still have one',
      }),
    ),
    examined: Type.Integer({ description: 'How many entries were looked at' }),
    head: Type.Integer({ description: 'The place of the last entry of the log' }),
    upstream,
  },
  { $id: 'AuditPage' },
)
export type AuditPage = Static<typeof AuditPage>

export const Verification = Type.Object(
  {
    ok: Type.Boolean(),
    environment: Type.String(),
    entries: Type.Optional(Type.Integer()),
    head: Type.Optional(
      Type.Object({ epoch: Type.Integer(), seq: Type.Integer(), hash: Type.String(), at: Type.String() }),
    ),
    problem: Type.Optional(
      Type.Object({
        file: Type.String(),
        line: Type.Integer({ description: '1-based, in the file' }),
        after: Type.Integer({ description: 'The place of the last entry that held' }),
        problem: Type.String(),
      }),
    ),
  },
  { $id: 'Verification' },
)
export type Verification = Static<typeof Verification>

export const InclusionProof = Type.Object(
  {
    place: Type.Integer(),
    index: Type.Integer({ description: 'Of the leaf: how many entries are before it' }),
    size: Type.Integer({ description: 'Of the tree that the checkpoint signs' }),
    leafHash: hex('SHA-256 of a zero byte and the exact stored line'),
    proof: Type.Array(hex('A node of the tree'), {
      description: 'RFC 6962 2.1.1, from the leaf to the root',
    }),
    checkpoint: Type.String({ description: 'The signed note' }),
  },
  { $id: 'InclusionProof' },
)
export type InclusionProof = Static<typeof InclusionProof>
