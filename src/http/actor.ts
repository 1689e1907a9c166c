// GET /v1/actor: who the credential is, and what service answers. For a person who wants to know before the incident.

import { readFileSync } from 'node:fs'
import { Whoami } from '../wire/health.js'
import { ref } from '../wire/members.js'
import { actorOf } from './auth.js'
import type { App, Parts } from './parts.js'

export function actorRoutes(app: App, { environment }: Parts): void {
  const version = versionOf()
  app.get(
    '/v1/actor',
    {
      config: { access: 'reader', killOnly: true, kept: true },
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

/** As package.json says; it lies above dist/, and two above .build/src/. */
function versionOf(): string {
  for (const up of ['../../', '../../../']) {
    try {
      const text = readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8')
      return (JSON.parse(text) as { version: string }).version
    } catch {
      // the other place
    }
  }
  return 'unknown'
}
