// GET /v1/audit/checkpoint, /v1/audit/consistency and /v1/audit/:place/proof: what whoever does not trust this service keeps
// of its log, and how it is shown to have only grown since. GET /v1/audit/key-changes: who signs it by now. POST /v1/audit/cosignatures: what witnesses say of it.

import { Type } from 'typebox'
import { placeTyped } from '../../domain/log/place-typed.js'
import {
  ConsistencyProof,
  ConsistencyQuery,
  CosignaturesKept,
  Cosigned,
  InclusionProof,
  KeyChanges,
  PlaceParams,
} from '../../wire/audit.js'
import { ref } from '../../wire/members.js'
import type { App, Parts } from '../parts.js'
import { goneOf } from '../plumbing/gone.js'

export function checkpointRoutes(app: App, { log: { proof }, audit, environment, metrics }: Parts): void {
  const tags = ['audit']
  metrics.gauge(
    'checkpoint_size',
    'Entries in the newest tree this instance signs; 0 while it signs none',
    () => proof.size,
  )
  metrics.gauge(
    'checkpoint_refused',
    '1 while nothing is signed, because the log does not extend what this instance signed before',
    () => Number(proof.refused !== undefined),
  )
  app.get(
    '/v1/audit/checkpoint',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getCheckpoint',
        summary: 'The length and the root of the log, signed',
        description:
          'A C2SP signed note (c2sp.org/tlog-checkpoint): keep it away from this service, and `killswitch audit verify --since` proves later that nothing of the log was changed or lost. The header `killswitch-log-key` has the public key, which is best had from somewhere else.',
        tags,
        response: {
          200: {
            description: 'The note',
            content: { 'text/plain': { schema: Type.String() } },
          },
        },
      },
    },
    async (_, reply) => {
      const note = await proof.signed(goneOf(reply))
      const { verifierKey } = proof
      if (verifierKey !== undefined) reply.header('killswitch-log-key', verifierKey)
      return reply.header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(note)
    },
  )
  app.get(
    '/v1/audit/:place/proof',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getProof',
        summary: 'That an entry is in the log that a checkpoint signs',
        description: "`killswitch audit verify-proof` checks it, with the entry's stored line, offline.",
        tags,
        params: PlaceParams,
        response: { 200: ref(InclusionProof) },
      },
    },
    async (request, reply) => {
      const place = placeTyped(request.params.place)
      reply.header('cache-control', 'no-store')
      return proof.proof(place, goneOf(reply))
    },
  )
  app.get(
    '/v1/audit/consistency',
    {
      config: { access: 'reader' },
      schema: {
        operationId: 'getConsistency',
        summary: 'That the log only grew from one size to another',
        description:
          'Whoever keeps two checkpoints checks it with their roots (RFC 9162 2.1.4.2): the larger log begins with the smaller one, byte for byte. SDKs ask for it by themselves.',
        tags,
        querystring: ConsistencyQuery,
        response: { 200: ref(ConsistencyProof) },
      },
    },
    async (request, reply) => {
      const { from, to } = request.query
      reply.header('cache-control', 'no-store')
      return proof.consistency(from, to, goneOf(reply))
    },
  )
  app.get(
    '/v1/audit/key-changes',
    {
      config: { access: 'reader' },
      schema: {
        operationId: 'getKeyChanges',
        summary: 'Which keys have signed the log, one after the other',
        description:
          'Whoever trusts the key of before finds the next one here: the key before signed each entry, and the newest one the checkpoint that has it. SDKs and witnesses ask for it by themselves. A key that was replaced because it was lost leads to no other.',
        tags,
        response: { 200: ref(KeyChanges) },
      },
    },
    async (_, reply) => {
      reply.header('cache-control', 'no-store')
      return { environment, ...(await audit.keyChanges(goneOf(reply))) }
    },
  )
  app.post(
    '/v1/audit/cosignatures',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'addCosignatures',
        summary: 'What a witness elsewhere says of a checkpoint',
        description:
          'Kept in memory, where the log signed the checkpoint and a witness that `KILLSWITCH_WITNESSES` names cosigned it: `GET /v1/audit/checkpoint` has them from then on. `killswitch audit witness` sends it.',
        tags,
        body: ref(Cosigned),
        response: { 200: ref(CosignaturesKept) },
      },
    },
    async request => proof.keep(request.body.checkpoint),
  )
}
