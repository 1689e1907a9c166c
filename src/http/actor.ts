// GET /v1/actor: who the credential is, and what service answers. For a person who wants to know before the incident.

import { Whoami } from '../wire/health.js'
import { ref } from '../wire/members.js'
import type { App, Parts } from './parts.js'
import { actorOf } from './plumbing/auth.js'

export function actorRoutes(app: App, { environment, version }: Parts): void {
  app.get(
    '/v1/actor',
    {
      config: { access: 'reader', limits: ['kill'], kept: true },
      schema: {
        operationId: 'getActor',
        summary: 'Who this token is, its role, and the version of the service',
        tags: ['health'],
        response: { 200: ref(Whoami) },
      },
    },
    async (request, reply) => {
      const { id, role, only, apps } = actorOf(request)
      reply.header('cache-control', 'no-store')
      return {
        environment,
        version,
        id,
        role,
        ...(only === undefined ? {} : { only }),
        ...(apps === undefined ? {} : { apps: [...apps] }),
      }
    },
  )
}
