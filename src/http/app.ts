// The HTTP application: hardening, authentication, errors, documentation, then the routes, in this order. Buildable
// without a port; the process around it is server.ts.

import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import secureJson from 'secure-json-parse'
import { badInput, by, KillswitchError } from '../domain/errors.js'
import type { AskedFor } from '../service/submissions.js'
import { type Action, FLAG_KEY_MOST } from '../wire/words.js'
import { actorRoutes } from './actor.js'
import { flagdRoute } from './catalogue/flagd.js'
import { flagRoutes } from './catalogue/flags.js'
import { ofrepRoutes } from './catalogue/ofrep.js'
import { isOfrep, sendOfrepError } from './catalogue/ofrep-errors.js'
import { fleetRoutes } from './fleet/fleet.js'
import { streamRoutes } from './fleet/stream.js'
import { flipRoutes } from './flip/flips.js'
import { healthRoutes } from './health.js'
import { housekeepingRoutes } from './housekeeping.js'
import { incidentRoutes } from './incident/incidents.js'
import { postmortemRoutes } from './incident/postmortem.js'
import { auditRoutes } from './log/audit.js'
import { auditQuestionRoutes } from './log/audit-questions.js'
import { checkpointRoutes } from './log/checkpoints.js'
import { logActsRoutes } from './log/log-acts.js'
import { metricsRoute } from './metrics.js'
import type { App, Parts } from './parts.js'
import { registerAuth } from './plumbing/auth.js'
import { Compilers } from './plumbing/compilers.js'
import { registerAcquaintance, registerConnections } from './plumbing/connections.js'
import { registerDocs } from './plumbing/docs.js'
import { PROBLEM, problemOf, registerErrors, sendProblem, toKillswitchError } from './plumbing/errors.js'
import { cleanForwardedFor, ipOf } from './plumbing/forwarded.js'
import { registerClosing } from './plumbing/gone.js'
import { registerLimits } from './plumbing/limits.js'
import { registerLoad } from './plumbing/load.js'
import { registerMethods } from './plumbing/methods.js'
import { RequestLog } from './plumbing/request-log.js'
import { registerReading, runbookRoutes } from './runbook/runbooks.js'

const BODY_LIMIT = 16 * 1024

/** A cached answer could hide a kill. */
const EVERYWHERE = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }

export async function buildApp(parts: Parts, logger: FastifyBaseLogger): Promise<App> {
  const compilers = new Compilers()
  const app = Fastify({
    loggerInstance: logger,
    bodyLimit: BODY_LIMIT,
    trustProxy: parts.trustedProxies.length > 0 && [...parts.trustedProxies],
    requestTimeout: 2_000,
    // longer than a proxy keeps a connection to send the next request over
    keepAliveTimeout: 72_000,
    http: { headersTimeout: 1_500, connectionsCheckingInterval: 500 },
    genReqId: request => acceptRequestId(request.headers['x-request-id']),
    logController: new RequestLog(),
    return503OnClosing: false, // a kill is taken for as long as there is anybody to take it
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 2048, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => {
      const send = isOfrep(request.raw.url) ? sendOfrepError : sendProblem
      void send(request, reply as never, toKillswitchError(error))
    },
    clientErrorHandler,
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).headers(EVERYWHERE)
    done()
  })
  if (parts.trustedProxies.length > 0)
    app.addHook('onRequest', ({ raw }, _, done) => {
      cleanForwardedFor(raw.headers)
      done()
    })
  registerConnections(app as unknown as FastifyInstance, parts.connections)
  registerClosing(app as unknown as FastifyInstance)
  registerMethods(app as unknown as FastifyInstance)
  app.setValidatorCompiler(compilers.validator() as never)
  app.addHook('onListen', () => compilers.warm())
  app.addHook('onClose', async () => compilers.close())
  // in the order people read them in; Fastify's own puts the members that may be missing last
  app.setSerializerCompiler(() => JSON.stringify)
  acceptJsonOnly(app)
  registerErrors(app as unknown as FastifyInstance)
  recordRefusals(app, parts)
  registerLoad(app as unknown as FastifyInstance, parts.load)
  await registerDocs(app, parts.environment, parts.version)
  registerAuth(app as unknown as FastifyInstance, {
    tokens: parts.tokens,
    clock: parts.tokenClock,
    onUnauthenticated: () => parts.metrics.unauthenticated(),
  })
  registerAcquaintance(app as unknown as FastifyInstance, parts.connections)
  await registerLimits(app as unknown as FastifyInstance)
  registerReading(app, parts)
  flagRoutes(app, parts)
  flipRoutes(app, parts)
  incidentRoutes(app, parts)
  postmortemRoutes(app, parts)
  housekeepingRoutes(app, parts)
  runbookRoutes(app, parts)
  auditRoutes(app, parts)
  auditQuestionRoutes(app, parts)
  checkpointRoutes(app, parts)
  logActsRoutes(app, parts)
  streamRoutes(app, parts)
  fleetRoutes(app, parts)
  ofrepRoutes(app, parts)
  flagdRoute(app, parts)
  healthRoutes(app, parts)
  actorRoutes(app, parts)
  metricsRoute(app, parts)
  return app
}

/** A caller's own id where it is fit for a log line, else a new one. */
const acceptRequestId = (given: string | string[] | undefined): string =>
  typeof given === 'string' && /^[\w.:@/+=-]{1,128}$/.test(given) ? given : randomUUID()

/** JSON alone, in valid UTF-8, and without __proto__: Fastify would take text/plain, and mend bytes it cannot read. */
function acceptJsonOnly(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
    async ({ headers }: FastifyRequest, bytes: Buffer) => {
      assertPlain(headers['content-encoding'])
      return bytes.length === 0 ? undefined : parseJson(bytes)
    },
  )
}

function assertPlain(encoding: string | undefined): void {
  if (encoding === undefined || /^identity$/i.test(encoding)) return
  throw new KillswitchError(
    'unsupported-media-type',
    `The body is of Content-Encoding ${encoding.slice(0, 40)}.`,
    { wayOut: [by('Send it as it is, without compression.')] },
  )
}

function parseJson(bytes: Buffer): unknown {
  try {
    return secureJson.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), {
      protoAction: 'error',
      constructorAction: 'error',
    })
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not valid UTF-8' : (error as Error).message
    throw badInput(
      { in: 'body', path: 'body', rule: 'json', problem: 'is no JSON that is taken' },
      `The body cannot be taken as JSON: ${why}.`,
    )
  }
}

/** A request to change something that is refused before its handler has it (its role, its body, its headers) is an entry too. */
function recordRefusals(app: App, { submissions }: Parts): void {
  app.addHook('onError', async (request, _, thrown) => {
    const action: Action | undefined = request.routeOptions.config.flips
    if (action === undefined || request.actor === undefined || request.origin !== undefined) return
    // everybody has a page's token: nobody fills the log with it
    if (request.actor.only === 'evaluate') return
    const { key = flagOf(request.body), id } = (request.params ?? {}) as { key?: string; id?: string }
    const userAgent = request.headers['user-agent']
    const origin = { id: request.id, ...ipOf(request), ...(userAgent === undefined ? {} : { userAgent }) }
    const about = {
      action,
      asked: askedIn(request.body),
      ...(key === undefined ? {} : { flag: key.slice(0, FLAG_KEY_MOST) }),
      ...(id === undefined ? {} : { incident: id.slice(0, 64) }),
    }
    await submissions.recordRefusal(request.actor, about, toKillswitchError(thrown), origin)
  })
}

/** The flag that a body names, which may be of any form. */
const flagOf = (body: unknown): string | undefined => {
  const { flag } = Object(body) as { flag?: unknown }
  return typeof flag === 'string' && flag !== '' ? flag : undefined
}

/** Step, flags and incident that a body names, as far as they are of the form that they have. */
function askedIn(body: unknown): AskedFor {
  const { step, flags, incident } = Object(body) as Record<string, unknown>
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  return {
    ...(isText(step) ? { claim: { step: { id: step }, offRunbook: false, warnings: [] } } : {}),
    ...(Array.isArray(flags) && flags.every(isText) ? { flags } : {}),
    ...(isText(incident) ? { incident } : {}),
  }
}

type Unreadable = [status: number, title: string, detail: string]
const NOT_HTTP: Unreadable = [400, 'Bad Request', 'This is not an HTTP request that can be read.']
const UNREADABLE: Record<string, Unreadable> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive whole within its time.'],
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'The address and headers are larger than 16 KiB: no request here needs that.',
  ],
}

/** What is not HTTP at all never reaches a route: a plain problem, and the connection is closed. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, title, message] = UNREADABLE[error.code ?? ''] ?? NOT_HTTP
  const problem = JSON.stringify({
    ...problemOf(new KillswitchError('malformed-request', message), randomUUID()),
    status,
    title,
  })
  socket.write(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM}\r\nContent-Length: ${Buffer.byteLength(problem)}\r\nConnection: close\r\n\r\n${problem}`,
  )
  // half-closed it would go on reading, and do what it has just refused
  if (status === 408) socket.destroy()
  else socket.end()
}
