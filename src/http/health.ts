// GET /livez: the process turns. GET /readyz: a kill can be taken, and a known state is served. Strangers are told codes alone:
// details have paths, what stands in files, and the words of Redis.

import { placeOf } from '../domain/log/audit.js'
import { type Condition, Live, Ready } from '../wire/health.js'
import { ref } from '../wire/members.js'
import type { App, Parts } from './parts.js'
import { mayView } from './plumbing/auth.js'

export function healthRoutes(app: App, parts: Parts): void {
  const { health, log, environment } = parts
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
        description: 'Needs no token. Whoever has one of role `viewer` or higher is told why as well.',
        security: [{}, { token: [] }],
        tags,
        response: { 200: ref(Ready), 503: ref(Ready) },
      },
    },
    async (request, reply) => {
      const { ready, degraded } = await health.readiness()
      const status = !ready ? 'not-ready' : degraded.length > 0 ? 'degraded' : 'ready'
      reply.code(ready ? 200 : 503)
      if (!mayView(request, parts)) return { status, degraded: codesOf(degraded) } as const
      return { status, environment, head: placeOf(log.head), revision: log.state.revision, degraded } as const
    },
  )
}

/** Each once: how many there are of one is a detail. */
const codesOf = (conditions: readonly Condition[]): { code: string }[] =>
  [...new Set(conditions.map(({ code }) => code))].map(code => ({ code }))
