// GET /v1/audit/checkpoint and GET /v1/audit/:place/proof: what whoever does not trust this service keeps of its log.

import { Type } from 'typebox'
import { parsePlace } from '../domain/audit.js'
import { InclusionProof, PlaceParams } from '../wire/audit.js'
import { ref } from '../wire/members.js'
import { goneOf } from './gone.js'
import type { App, Parts } from './parts.js'

export function checkpointRoutes(app: App, { log: { proof }, metrics }: Parts): void {
  const tags = ['audit']
  metrics.gauge(
    'checkpoint_size',
    'Entries in the newest tree this instance signs; 0 while it signs none',
    () => proof.size,
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
      const { place } = request.params
      reply.header('cache-control', 'no-store')
      return proof.proof(parsePlace(place), place, goneOf(reply))
    },
  )
}
