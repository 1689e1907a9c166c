// OFREP 0.3: POST /ofrep/v1/evaluate/flags[/:key], for OpenFeature clients in any language. Never rate limited, never an
// empty answer, and every refusal in OFREP's own shape: what a client cannot read it answers with its caller's default.

import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Actor } from '../../domain/actor.js'
import { by, KillswitchError } from '../../domain/errors.js'
import { behind } from '../../domain/log/seen.js'
import type { State } from '../../domain/state.js'
import { Evaluations, forPages } from '../../service/evaluations.js'
import { eventSecret } from '../../tokens/event-secret.js'
import { ref } from '../../wire/members.js'
import { BulkEvaluation, BulkQuery, Evaluation, EvaluationRequest } from '../../wire/ofrep.js'
import { FLAG_KEY_MOST } from '../../wire/words.js'
import type { App, Parts } from '../parts.js'
import { actorOf } from '../plumbing/auth.js'
import { allowBrowsers, preflightRoute } from '../plumbing/cors.js'
import { logFailure, STATUS, toKillswitchError } from '../plumbing/errors.js'
import { lazyLog } from '../plumbing/lazy-log.js'
import { ifNoneMatch } from '../plumbing/preconditions.js'
import { JSON_UTF8, sendOfrepError } from './ofrep-errors.js'
import { EVENTS_PATH, eventsRoute } from './ofrep-events.js'
import {
  acceptContexts,
  addressOf,
  contextOf,
  isBehind,
  type Notice,
  splitConfigEtag,
  versionOf,
} from './ofrep-request.js'

/** How long an answer waits for a change that its client was told of and this instance has not seen. */
const CATCH_UP_MS = 300
const INACTIVITY_DELAY_SECONDS = 120

export function ofrepRoutes(app: App, parts: Parts): void {
  app.register(
    async scope => {
      answerInOfrep(scope as unknown as FastifyInstance)
      acceptContexts(scope as unknown as FastifyInstance)
      preflightRoute(scope as unknown as FastifyInstance)
      const answers = {
        app: new Evaluations(parts.log, parts.environment),
        page: new Evaluations(parts.log, parts.environment, forPages),
      }
      singleRoute(scope as unknown as App, parts, answers)
      bulkRoute(scope as unknown as App, parts, answers)
      eventsRoute(scope as unknown as App, parts)
    },
    { prefix: '/ofrep' },
  )
}

function answerInOfrep(scope: FastifyInstance): void {
  scope.setChildLoggerFactory(lazyLog)
  scope.addHook('onRequest', (request, reply, done) => {
    allowBrowsers(request, reply)
    done()
  })
  scope.setErrorHandler((thrown, request, reply) => {
    const error = toKillswitchError(thrown)
    if (STATUS[error.code] >= 500) logFailure(request, error)
    return sendOfrepError(request, reply, error)
  })
  scope.setNotFoundHandler((request, reply) => {
    const message = `There is no ${request.method} on this path below /ofrep.`
    const wayOut = [by('OFREP has POST /ofrep/v1/evaluate/flags and POST /ofrep/v1/evaluate/flags/{key}.')]
    return sendOfrepError(request, reply, new KillswitchError('unknown-route', message, { wayOut }))
  })
}

/** Nothing is refused for a member more or less: `contextOf` takes what can be taken. The schema is for the documentation. */
const unchecked = () => () => true
const quiet = { logLevel: 'warn', validatorCompiler: unchecked } as const
const tags = ['ofrep']
/** Also for tokens of pages, which everybody reads there. */
const CONFIG: FastifyContextConfig = { access: 'reader', limits: ['evaluate'] }

/** What is answered, by whose token asks. */
type Answers = Record<'app' | 'page', Evaluations>
const answersFor = (answers: Answers, { only }: Actor): Evaluations =>
  answers[only === 'evaluate' ? 'page' : 'app']

function singleRoute(scope: App, { assertKnown, served }: Parts, answers: Answers): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, key: string) => {
    assertKnown()
    const actor = actorOf(request)
    const { apps } = actor
    const evaluations = answersFor(answers, actor)
    const found = evaluations.single(key, apps, contextOf(request.body))
    if (found === undefined) throw unknownFlag(key, evaluations.near(key, apps))
    served(request, found.application)
    reply.header('content-type', JSON_UTF8).send(found.body as never)
  }
  scope.post(
    '/v1/evaluate/flags/:key',
    {
      ...quiet,
      config: CONFIG,
      schema: {
        operationId: 'evaluateFlag',
        summary: 'Evaluate one flag (OFREP)',
        tags,
        body: ref(EvaluationRequest),
        response: { 200: ref(Evaluation) },
      },
    },
    (request, reply) => {
      const { params, url } = request as { params: { key: string }; url: string }
      // a slash at the end is no part of the path, unless there is a flag whose key ends in one
      const written = url.endsWith('/') ? keyIn(url) : ''
      answer(request, reply, written !== '' && answers.app.has(written) ? written : params.key)
    },
  )
  // the official providers do not encode a key, and some proxies decode it: who is refused goes by the caller's default
  scope.post(
    '/v1/evaluate/flags/*',
    { ...quiet, config: CONFIG, schema: { hide: true } },
    (request, reply) => {
      const key = keyIn(request.url)
      if (key.length > LONGEST_PARAM) throw tooLong()
      request.params = { key }
      return answer(request, reply, key)
    },
  )
}

/** The key as it was written: the router makes one slash of two, and none of one at the end. */
const keyIn = (url: string): string => decodeURIComponent(/\/flags\/+([^?]*)/.exec(url)?.[1] ?? '')

/** As the router has it for the parameter of a path. */
const LONGEST_PARAM = 2048
const tooLong = () =>
  new KillswitchError('malformed-request', `A key has at most ${FLAG_KEY_MOST} characters.`)

const unknownFlag = (key: string, near: readonly string[]): KillswitchError =>
  new KillswitchError(
    'unknown-flag',
    `There is no flag "${key.slice(0, FLAG_KEY_MOST)}" among those this token may read.`,
    near.length > 0 ? { near } : {},
  )

function bulkRoute(scope: App, parts: Parts, answers: Answers): void {
  const { assertKnown, served, health, clock, log } = parts
  scope.post(
    '/v1/evaluate/flags',
    {
      ...quiet,
      config: CONFIG,
      schema: {
        operationId: 'evaluateFlagsBulk',
        summary: 'Evaluate every flag of the token (OFREP)',
        description:
          'Strong `ETag` over the answer. `If-None-Match` gives 304 only from an instance that follows the store and has every change its client was told of; one that is behind by `flagConfigEtag`, also after a moment, says so by 503.',
        tags,
        querystring: BulkQuery,
        body: ref(EvaluationRequest),
        response: {
          200: ref(BulkEvaluation),
          304: Type.Unsafe<undefined>({ type: 'null', description: 'As you know it' }),
        },
      },
    },
    async (request, reply) => {
      assertKnown()
      const context = contextOf(request.body)
      const actor = actorOf(request)
      const notice = request.query as Notice
      const isCurrent = await catchUp(parts, notice)
      assertNotOlder(log.state, notice)
      const secret = eventSecret(actor.id, request.credential as string, clock())
      const streams = streamsOf(addressOf(request), secret, versionOf(log))
      const { body, etag } = answersFor(answers, actor).bulk(actor.apps, context, streams)
      served(request)
      reply.header('etag', etag)
      if (isCurrent && health.isLive() && ifNoneMatch(request, etag)) return reply.code(304).send()
      return reply.header('content-type', JSON_UTF8).send(body as never)
    },
  )
}

/** `after` tells the stream what its client has, so that a change between the answer and the connect is not missed. */
function streamsOf(address: string | undefined, secret: string, version: string): string {
  if (address === undefined) return '[]'
  const url = `${address}${EVENTS_PATH}/${secret}?after=${version}`
  return JSON.stringify([{ type: 'sse', url, inactivityDelaySec: INACTIVITY_DELAY_SECONDS }])
}

/** A client takes whatever it is given: an instance that has missed a kill must not give what was before it. */
function assertNotOlder(state: State, { flagConfigEtag }: Notice): void {
  const [log, revision] = splitConfigEtag(flagConfigEtag)
  if (log === state.log?.slice(0, 12) && revision > state.revision)
    throw behind({ place: revision }, state.revision)
}

/** Waits a moment for the change that the request names; whether this instance has it then. */
async function catchUp({ log, subscribe }: Parts, notice: Notice): Promise<boolean> {
  if (!isBehind(log.state, notice)) return true
  await new Promise<void>(resolve => {
    const done = () => {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, CATCH_UP_MS)
    const unsubscribe = subscribe.entries((_, state) => {
      if (!isBehind(state, notice)) done()
    })
  })
  return !isBehind(log.state, notice)
}
