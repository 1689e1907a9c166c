// How much one credential may ask for in a minute. Kills, step runs and restores are never among it, nor is anything that an
// application asks: twenty thousand instances have one token. Counted in memory, on each instance by itself.

import { Socket } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { by, KillswitchError } from '../../domain/errors.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `act`: an entry of the log each time, and no flip. `read`: a search through the log, or a document made of it. */
    limited?: Limited
  }
}

type Limited = 'act' | 'read'

/** More than a team of people does by hand with one token, or a dashboard asks. */
const MOST: Record<Limited, number> = { act: 120, read: 1_200 }
const MINUTE_MS = 60_000
const CREDENTIALS = 10_000
const NEVER = ['kill', 'restore', 'step.run']

/** After authentication, which knows the credential. */
export async function registerLimits(app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, { global: false, cache: CREDENTIALS })
  const limiterOf = (kind: Limited) =>
    app.createRateLimit({
      max: MOST[kind],
      timeWindow: MINUTE_MS,
      keyGenerator: request => request.credential as string,
    })
  const limiters = { act: limiterOf('act'), read: limiterOf('read') }
  app.addHook('onRequest', (request, reply, done) => {
    const kind = limitOf(request)
    if (kind === undefined) return done()
    limiters[kind](request).then(found => {
      if (found.isAllowed || !found.isExceeded) return done()
      reply.header('retry-after', String(found.ttlInSeconds))
      done(tooMany(request, kind, found.ttlInSeconds))
    }, done)
  })
}

/** What the process asks of itself, over no connection, is not limited. */
function limitOf({ routeOptions: { config }, raw, credential }: FastifyRequest): Limited | undefined {
  if (credential === undefined || !(raw.socket instanceof Socket)) return undefined
  const { limited, flips } = config
  return limited ?? (flips === undefined || NEVER.includes(flips) ? undefined : 'act')
}

const WHAT: Record<Limited, string> = {
  act: 'acts that are entries of the log, beside kills and restores',
  read: 'searches of the log',
}

const tooMany = ({ actor }: FastifyRequest, kind: Limited, seconds: number): KillswitchError =>
  new KillswitchError(
    'too-many-requests',
    `${actor?.id} has asked for ${MOST[kind]} ${WHAT[kind]} within a minute, which is as many as one token may.`,
    { wayOut: [by(`Ask again in ${seconds} s. Kills, step runs and restores are taken meanwhile.`)] },
  )
