// GET /livez: the process turns. GET /readyz: a kill can be taken, and a known state is served.

import { placeOf } from '../domain/audit.js'
import { Live, Ready } from '../wire/health.js'
import { ref } from '../wire/members.js'
import type { App, Parts } from './parts.js'

export function healthRoutes(app: App, { health, log, environment }: Parts): void {
  const tags = ['health']
  app.get(
    '/livez',
    {
      logLevel: 'warn',
      config: { access: 'public', kept: true },
      schema: {
        operationId: 'live',
        summary: 'The process turns',
        tags,
        response: { 200: ref(Live) },
      },
    },
    async () => ({ status: 'live' as const }),
  )
  app.get(
    '/readyz',
    {
      logLevel: 'warn',
      config: { access: 'public', kept: true },
      schema: {
        operationId: 'ready',
        summary: 'A kill can be taken, and a known state is served; degraded says what is less than well',
        tags,
        response: { 200: ref(Ready), 503: ref(Ready) },
      },
    },
    async (_, reply) => {
      const { ready, degraded } = await health.readiness()
      const status = !ready ? 'not-ready' : degraded.length > 0 ? 'degraded' : 'ready'
      reply.code(ready ? 200 : 503)
      return { status, environment, head: placeOf(log.head), revision: log.state.revision, degraded } as const
    },
  )
}
