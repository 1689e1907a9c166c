// GET /v1/flags and /v1/flags/:key: what is in force, and who holds it. Never a 304: a cached answer could hide a kill.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { unknownFlag } from '../../domain/catalogue/near-key.js'
import { Flag, FlagParams, FlagQuery, FlagsAnswer } from '../../wire/flag.js'
import { ref } from '../../wire/members.js'
import { convergenceOf } from '../fleet/convergence.js'
import { presentFlag } from '../flip/present.js'
import { type App, type Parts, upstreamOf } from '../parts.js'
import { endOf } from '../plumbing/gone.js'

export function flagRoutes(app: App, parts: Parts): void {
  const { log, flips, runbooks, pastFlags, environment } = parts

  /** One flag, with the steps that act on it and who has applied its last flip. */
  const whole = async (reply: FastifyReply, key: string): Promise<Flag> => {
    const flag = flips.flag(key)
    await runbooks.known()
    const steps = runbooks.steps(key).map(({ step }) => step)
    reply.header('etag', `"${flag.place}"`).header('cache-control', 'no-store')
    const convergence = await convergenceOf(parts, flag)
    return { ...presentFlag(flag, environment, steps), ...(convergence ? { convergence } : {}) }
  }

  app.get(
    '/v1/flags',
    {
      config: { access: 'viewer', kept: namesOne },
      schema: {
        operationId: 'listFlags',
        summary:
          'Every flag and its state; with `flag` that one, as `/v1/flags/{key}` shows it; with `at` as it was',
        description:
          'With `at`, the flags as the log had them then: a kill that was taken while the store was away is in the log from when the store was back. `unknown` says what cannot be known of that time.',
        tags: ['flags'],
        querystring: FlagQuery,
        response: { 200: ref(FlagsAnswer) },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      const { flag: named, application, killed, at } = request.query
      const isMeant = (flag: Pick<Flag, 'killed'> & { application?: string }) =>
        (application === undefined || flag.application === application) &&
        (killed === undefined || flag.killed === killed)
      if (at !== undefined) {
        reply.header('cache-control', 'no-store')
        const then = await pastFlags.at(at, endOf(reply))
        const asked = then.flags.filter(({ key }) => named === undefined || key === named)
        if (named !== undefined && asked.length === 0 && !log.known.flags.has(named))
          throw unknownFlag(log.known.flags, named)
        return { environment, ...then, flags: asked.filter(isMeant) }
      }
      const all =
        named === undefined
          ? [...log.known.flags.values()].map(flag => presentFlag(flag, environment))
          : [await whole(reply, named)]
      const flags = all.filter(isMeant)
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
        description: 'A key with a `/` is written %2F here, or named in the query: `/v1/flags?flag=`.',
        tags: ['flags'],
        params: FlagParams,
        response: { 200: ref(Flag) },
      },
    },
    async (request, reply) => {
      parts.assertKnown()
      return whole(reply, request.params.key)
    },
  )
}

/** Whoever asks for one flag is about to act on it. */
const namesOne = ({ query }: FastifyRequest): boolean =>
  (query as { flag?: unknown } | undefined)?.flag !== undefined
