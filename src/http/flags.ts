// GET /v1/flags and /v1/flags/:key: what is in force, and who holds it. Never a 304: a cached answer could hide a kill.

import { Type } from 'typebox'
import { convergenceOf } from './convergence.js'
import { type App, type Parts, upstreamOf } from './parts.js'
import { presentFlag } from './present.js'
import { Flag, FlagList, FlagParams } from './schemas.js'

export function flagRoutes(app: App, parts: Parts): void {
  const { log, flips, runbooks, environment } = parts
  app.get(
    '/v1/flags',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listFlags',
        summary: 'Every flag and its state',
        tags: ['flags'],
        querystring: Type.Object(
          {
            application: Type.Optional(Type.String({ maxLength: 64 })),
            killed: Type.Optional(Type.Boolean()),
          },
          { additionalProperties: false },
        ),
        response: { 200: FlagList },
      },
    },
    async request => {
      parts.assertKnown()
      const { application, killed } = request.query
      const flags = [...log.known.flags.values()]
        .filter(flag => application === undefined || flag.definition.application === application)
        .filter(flag => killed === undefined || flag.holds.length > 0 === killed)
        .map(flag => presentFlag(flag, environment))
      return { environment, revision: log.state.revision, upstream: upstreamOf(parts), flags }
    },
  )
  app.get(
    '/v1/flags/:key',
    {
      config: { access: 'viewer', kept: true },
      schema: {
        operationId: 'getFlag',
        summary: 'One flag: state, holds, labels, the steps that act on it',
        tags: ['flags'],
        params: FlagParams,
        response: { 200: Flag },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const flag = flips.flag(request.params.key)
      await runbooks.known()
      const steps = runbooks.steps(request.params.key).map(({ step }) => step)
      reply.header('etag', `"${flag.place}"`).header('cache-control', 'no-store')
      const convergence = convergenceOf(parts, flag)
      return { ...presentFlag(flag, environment, steps), ...(convergence ? { convergence } : {}) }
    },
  )
}
