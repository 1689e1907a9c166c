// Deny by default: every route states the lowest role that may use it, or that it is public, and the application does not
// start when one does not. Actor and role come from the credential alone.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Actor, reaches } from '../../domain/actor.js'
import type { Clock } from '../../domain/clock.js'
import { toSecond } from '../../domain/clock.js'
import { by, KillswitchError } from '../../domain/errors.js'
import type { Tokens } from '../../tokens/tokens.js'
import { type Limit, type Role, VIAS, type Via } from '../../wire/words.js'
import type { Parts } from '../parts.js'

/** `reader`: an application's credential, limited to its applications, or any person's. `sdk`: an application's alone. */
type Access = Role | 'public' | 'reader'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The lowest role that may use the route. */
    access?: Access
    /** What a refusal names instead, where the flag has the last word on the role. */
    usual?: Role
    /** Limited credentials that may use it: each of these, and no other. */
    limits?: readonly Limit[]
  }
  interface FastifyRequest {
    actor: Actor | undefined
    /** The stored hash that the token came under, in hex. */
    credential: string | undefined
  }
}

export type Authentication = { tokens: () => Tokens; clock: Clock; onUnauthenticated: () => void }

export function registerAuth(
  app: FastifyInstance,
  { tokens, clock, onUnauthenticated }: Authentication,
): void {
  app.decorateRequest('actor', undefined)
  app.decorateRequest('credential', undefined)
  app.addHook('onRoute', route => {
    if (route.config?.access === undefined)
      throw new Error(`${String(route.method)} ${route.url} does not say who may use it`)
  })
  // with a callback and not a promise: evaluations pass here too, many thousands a second
  app.addHook('onRequest', (request, _, done) => {
    const { access, limits = [], usual } = request.routeOptions.config
    if (access === undefined || access === 'public') return done()
    try {
      identify(request, tokens(), clock())
    } catch (error) {
      onUnauthenticated()
      return done(error as Error)
    }
    done(refusalOf(actorOf(request), access, limits, usual ?? access))
  })
}

/** The actor of an authenticated route. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.actor) return request.actor
  throw new KillswitchError('unauthenticated', 'This route needs a token.', { wayOut: [SEND] })
}

/** Of a public route that tells people of the service more: whether its request has the token of one. Refuses nobody. */
export function mayView(
  request: FastifyRequest,
  { tokens, tokenClock }: Pick<Parts, 'tokens' | 'tokenClock'>,
): boolean {
  const token = tokenIn(request)
  const found = token === undefined ? undefined : tokens().identify(token, tokenClock())
  return found?.outcome === 'known' && found.actor.only === undefined && reaches(found.actor.role, 'viewer')
}

function identify(request: FastifyRequest, tokens: Tokens, now: number): void {
  const found = tokens.identify(presented(request), now)
  if (found.outcome === 'known') {
    const via = viaOf(request)
    request.actor = via === found.actor.via ? found.actor : { ...found.actor, via }
    request.credential = found.sha256
    return
  }
  if (found.outcome === 'unknown')
    throw new KillswitchError(
      'unauthenticated',
      'This token is not known here. Is it of another environment, or revoked?',
      { cause: 'unknown-token', wayOut: [by('Send one of this environment, or ask for a new one.')] },
    )
  throw new KillswitchError(
    'unauthenticated',
    `The token of ${found.id} expired on ${toSecond(new Date(found.at).toISOString())}.`,
    { cause: 'expired-token', wayOut: [by('Ask for a new one.')] },
  )
}

function presented(request: FastifyRequest): string {
  const token = tokenIn(request)
  if (token !== undefined) return token
  throw new KillswitchError('unauthenticated', 'There is no token with this request.', {
    cause: 'no-token',
    wayOut: [SEND],
  })
}

function tokenIn(request: FastifyRequest): string | undefined {
  const { authorization, 'x-api-key': apiKey } = request.headers
  const token =
    authorization === undefined && typeof apiKey === 'string'
      ? apiKey
      : /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  return token !== undefined && token.length <= 512 ? token : undefined
}

const SEND = by('Send one: "Authorization: Bearer <token>".')

function viaOf(request: FastifyRequest): Via {
  const via = request.headers['killswitch-via']
  if (via === undefined) return 'api'
  return VIAS.find(each => each === via && each !== 'service') ?? 'api'
}

/** What a limited credential may, beyond the word for it. */
const ONLY: Record<Limit, string> = {
  kill: '',
  evaluate: ' flags, by POST /ofrep/v1/evaluate/flags and the event stream of its answers',
}

function refusalOf(
  actor: Actor,
  access: Role | 'reader',
  limits: readonly Limit[],
  needed: Role | 'reader',
): KillswitchError | undefined {
  if (actor.only !== undefined && !limits.includes(actor.only)) {
    return new KillswitchError(
      'forbidden',
      `${actor.id} is a credential that may only ${actor.only}${ONLY[actor.only]}.`,
      { role: actor.role, needed, wayOut: [by('Use a token without "only".')] },
    )
  }
  if (
    access === 'reader' ? actor.role === 'sdk' || reaches(actor.role, 'viewer') : reaches(actor.role, access)
  )
    return undefined
  return new KillswitchError(
    'forbidden',
    `${actor.id} has role ${actor.role}; this takes ${needed} or higher.`,
    {
      role: actor.role,
      needed,
      wayOut: [by('Use a token of that role, or ask somebody who has one.')],
    },
  )
}
