// Refuses requests to a route while its flag is killed: 503, problem+json, Retry-After. For Fastify and for Express.
// Leaves what is in flight alone unless asked; a preflight passes, so that a browser can read the refusal.

import type { ServerResponse } from 'node:http'
import { isKillswitch } from './brand.js'
import { current } from './current.js'
import type { Killswitch } from './killswitch.js'

export type GuardOptions = {
  /** Default: the one this process made last. */
  killswitch?: Killswitch
  /** Whole seconds; default 30. */
  retryAfterSeconds?: number
  /** Told to the caller where the flag's definition has no message of its own. */
  message?: string
  /** Also answers the guarded requests that are in flight when the kill comes; cuts those half answered. */
  abortInFlight?: boolean
}

/** RFC 9457. */
export type Problem = {
  type: string
  title: string
  status: 503
  code: 'killed'
  detail: string
  flag: string
}

type Request = { method: string }
type Next = (error?: Error) => void
type FastifyReplyLike = {
  code(status: number): FastifyReplyLike
  header(name: string, value: string): FastifyReplyLike
  send(payload: unknown): unknown
  sent: boolean
  raw: ServerResponse
}
type OnRequest = (request: Request, reply: FastifyReplyLike, done: Next) => void
type Scope = { addHook(name: 'onRequest', hook: OnRequest): unknown }

/** Guards every route of the scope it is registered in; `.onRequest` guards a single route. */
export type FastifyGuard = ((scope: Scope, options: unknown, done: Next) => void) & { onRequest: OnRequest }

/**
 * A Fastify plugin: `app.register(killswitchGuard('kyc_v1'))`, or for one route
 * `app.post('/kyc', { onRequest: killswitchGuard('kyc_v1').onRequest }, ...)`.
 * @throws Error where no kill switch was made or given, TypeError where something else was given
 */
export function killswitchGuard(key: string, options: GuardOptions = {}): FastifyGuard {
  const guard = new Guard(key, options)
  const onRequest: OnRequest = (request, reply, done) => {
    guard.judge(request, problem => refuseFastify(reply, problem, guard.retryAfter), reply.raw, done)
  }
  const plugin = (scope: Scope, _options: unknown, done: Next) => {
    scope.addHook('onRequest', onRequest)
    done()
  }
  // the hook belongs to the scope that registers the guard, not to a child of it
  return Object.assign(plugin, { onRequest, [Symbol.for('skip-override')]: true })
}

/** The same as Express (and node:http) middleware. */
export function killswitchMiddleware(key: string, options: GuardOptions = {}) {
  const guard = new Guard(key, options)
  return (request: { method?: string | undefined }, response: ServerResponse, next: Next): void => {
    const refuse = (problem: Problem) => refuseRaw(response, problem, guard.retryAfter)
    guard.judge({ method: request.method ?? 'GET' }, refuse, response, next)
  }
}

class Guard {
  readonly retryAfter: string
  private readonly key: string
  private readonly options: GuardOptions

  constructor(key: string, options: GuardOptions) {
    this.key = key
    this.options = options
    this.retryAfter = String(Math.ceil(options.retryAfterSeconds ?? 30))
    // at the start, not at the first request
    if (options.killswitch === undefined) current()
    else if (!isKillswitch(options.killswitch))
      throw new TypeError(
        'killswitch: the guard was given something else as its kill switch: give it what `new Killswitch(...)` made, or `provider.killswitch`',
      )
  }

  /** Asked for at each use: a provider may have been put in the place of another. */
  private get killswitch(): Killswitch {
    return this.options.killswitch ?? current()
  }

  judge(request: Request, refuse: (problem: Problem) => void, response: ServerResponse, pass: Next): void {
    const waiting = this.killswitch.freshen()
    if (waiting) void waiting.then(() => this.decide(request, refuse, response, pass))
    else this.decide(request, refuse, response, pass)
  }

  private decide(
    request: Request,
    refuse: (problem: Problem) => void,
    response: ServerResponse,
    pass: Next,
  ): void {
    if (request.method !== 'OPTIONS') {
      if (this.killswitch.isKilled(this.key)) {
        refuse(this.problem())
        return
      }
      if (this.options.abortInFlight) this.cutWhenKilled(refuse, response)
    }
    pass()
  }

  private cutWhenKilled(refuse: (problem: Problem) => void, response: ServerResponse): void {
    // one whose caller has gone says 'close' to nobody any more, and the signal lives on
    if (response.destroyed) return
    const signal = this.killswitch.signal(this.key)
    const cut = () => (response.headersSent ? response.destroy() : refuse(this.problem()))
    signal.addEventListener('abort', cut, { once: true })
    response.once('close', () => signal.removeEventListener('abort', cut))
  }

  private problem(): Problem {
    const said = this.killswitch.resolution(this.key)?.message ?? this.options.message
    return {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      code: 'killed',
      detail: said ?? 'This is switched off for the moment. Please try again later.',
      flag: this.key,
    }
  }
}

const TYPE = 'application/problem+json'

function refuseFastify(reply: FastifyReplyLike, problem: Problem, retryAfter: string): void {
  if (reply.sent) return
  reply.code(503).header('content-type', TYPE).header('retry-after', retryAfter).send(JSON.stringify(problem))
}

function refuseRaw(response: ServerResponse, problem: Problem, retryAfter: string): void {
  if (response.headersSent) return
  const body = JSON.stringify(problem)
  response.writeHead(503, { 'content-type': TYPE, 'retry-after': retryAfter }).end(body)
}
