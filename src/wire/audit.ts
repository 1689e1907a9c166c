// The log as it is asked for: pages, filters, its verification, and the proof that one entry is in it.

import { type Static, Type } from 'typebox'
import { filters } from './audit-filter.js'
import { ListedEntry } from './entry.js'
import { Warning } from './hold.js'
import { choice, hex, ref, strict, text, time, upstream } from './members.js'

export const PlaceParams = Type.Object({
  place: Type.String({ description: 'An entry: 0-12 (epoch-seq), or its place as a number', maxLength: 40 }),
})

export const AuditQuery = Type.Object(
  {
    ...filters,
    drill: Type.Optional(
      Type.Boolean({
        description: 'Of an incident that is a drill, or a drill of a flag; false: all others',
      }),
    ),
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
    unreadable: Type.Optional(
      Type.String({
        description:
          "Which entries that may match this page leaves out, because this instance's disk is damaged",
      }),
    ),
    head: Type.Integer({ description: 'The place of the last entry of the log' }),
    warnings: Type.Optional(
      Type.Array(ref(Warning), {
        description: 'Of an empty page: what it asks for by name and the log has no entry of',
      }),
    ),
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
    lostKeys: Type.Optional(
      Type.Array(
        Type.Object({
          place: Type.Integer({ description: 'Of the entry that names the new key' }),
          detail: Type.String(),
        }),
        { description: 'Where an owner replaced a key that was lost; absent where nobody did' },
      ),
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

export const KeyChanges = Type.Object(
  {
    environment: Type.String(),
    log: hex('SHA-256 of the first entry: the name of the log'),
    changes: Type.Array(
      Type.Object({
        line: Type.String({
          description: 'The entry `log.rekeyed` as it is stored, with the signature of the key before',
        }),
        proof: ref(InclusionProof),
      }),
      { description: 'Oldest first; empty where the first key still signs' },
    ),
  },
  { $id: 'KeyChanges' },
)
export type KeyChanges = Static<typeof KeyChanges>

const size = (description: string) =>
  Type.Integer({ description, minimum: 1, maximum: 9_007_199_254_740_991, examples: [1] })
export const ConsistencyQuery = Type.Object(
  {
    from: size('Entries of the smaller log'),
    to: Type.Optional(size('Entries of the larger one; as many as there are, if absent')),
  },
  strict,
)

export const ConsistencyProof = Type.Object(
  {
    from: Type.Integer({ description: 'Entries of the smaller log' }),
    to: Type.Integer({ description: 'Entries of the larger one' }),
    proof: Type.Array(hex('A node of the tree'), {
      description: 'RFC 6962 2.1.2: it holds for the roots that checkpoints of these sizes sign',
    }),
    checkpoint: Type.String({
      description: 'The signed note of the log as it is now, of `to` entries or more',
    }),
  },
  { $id: 'ConsistencyProof' },
)
export type ConsistencyProof = Static<typeof ConsistencyProof>

export const Redate = Type.Object(
  { reason: text('What had happened to the clock', 2000) },
  { ...strict, $id: 'Redate', examples: [{ reason: 'the clock of ks-b was 400 days ahead' }] },
)
export type Redate = Static<typeof Redate>

export const Redated = Type.Object(
  {
    environment: Type.String(),
    from: time("The log's last hour before"),
    at: time('The hour from which it goes on'),
    entry: ref(ListedEntry),
  },
  { $id: 'Redated' },
)
export type Redated = Static<typeof Redated>

const keyId = (description: string) => Type.String({ description, pattern: '^[0-9a-f]{8}$' })
export const Rekey = Type.Object(
  {
    key: keyId('The key that is to sign, by its id; every instance has to have it'),
    reason: text('Why', 2000),
  },
  { ...strict, $id: 'Rekey', examples: [{ key: '51d04a8b', reason: 'the yearly change' }] },
)
export type Rekey = Static<typeof Rekey>

export const Rekeyed = Type.Object(
  {
    environment: Type.String(),
    from: keyId('The key that signed until then, this entry too'),
    to: keyId('The key that signs from now on'),
    entry: ref(ListedEntry),
  },
  { $id: 'Rekeyed' },
)
export type Rekeyed = Static<typeof Rekeyed>

export const Cosigned = Type.Object(
  {
    checkpoint: Type.String({
      description:
        'A checkpoint of this log, with the line of each witness that cosigns it (c2sp.org/tlog-cosignature)',
      minLength: 1,
      maxLength: 12_000,
    }),
  },
  {
    ...strict,
    $id: 'Cosigned',
    examples: [
      {
        checkpoint:
          'killswitch/production/9f2c51d04a8be377\n120\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— killswitch/production/9f2c51d04a8be377 Az3grlgt...\n— witness.example/1 jWbPPwAA...\n',
      },
    ],
  },
)
export type Cosigned = Static<typeof Cosigned>

export const CosignaturesKept = Type.Object(
  {
    size: Type.Integer({ description: 'Of the tree that was cosigned' }),
    witnesses: Type.Array(Type.String(), { description: 'By the names of their keys' }),
  },
  { $id: 'CosignaturesKept' },
)
export type CosignaturesKept = Static<typeof CosignaturesKept>
