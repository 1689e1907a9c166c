// Every error leaves as RFC 9457 application/problem+json with a stable code; this table alone knows the statuses.

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { by, byCall, KillswitchError } from '../../domain/errors.js'
import { oneLine } from '../../text/characters.js'
import type { Problem } from '../../wire/problem.js'
import type { ErrorCode } from '../../wire/words.js'
import { INCIDENT_ID, INCIDENT_ID_WORDS, INSTANCE_NAME } from '../../wire/words.js'

export const STATUS: Record<ErrorCode, number> = {
  'malformed-request': 400,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'not-acceptable': 406,
  unauthenticated: 401,
  forbidden: 403,
  'unknown-route': 404,
  'method-not-allowed': 405,
  'unknown-flag': 404,
  'unknown-step': 404,
  'ambiguous-step': 422,
  'step-mismatch': 422,
  'unknown-runbook': 404,
  'unknown-template': 404,
  'unknown-entry': 404,
  'unknown-flip': 404,
  'unknown-instance': 404,
  'instance-live': 409,
  'too-many-instances': 429,
  'unknown-session': 403,
  'nothing-to-reconcile': 409,
  'unknown-incident': 404,
  'unknown-severity': 422,
  'incident-exists': 409,
  'incident-open': 409,
  'incident-resolved': 409,
  'nothing-to-adopt': 409,
  'not-held': 409,
  'no-log-key': 404,
  'not-extended': 409,
  'log-present': 409,
  'nothing-to-redate': 409,
  'clocks-apart': 409,
  'nothing-to-release': 409,
  'nothing-to-run': 422,
  'choose-flags': 422,
  'precondition-failed': 412,
  'key-reused': 422,
  behind: 503,
  overloaded: 503,
  'too-many-requests': 429,
  'too-many-streams': 503,
  'no-known-state': 503,
  'store-unavailable': 503,
  'outcome-unknown': 504,
  'not-signed': 503,
  'history-lost': 503,
  'journal-broken': 503,
  'out-of-files': 503,
  configuration: 500,
  'catalogue-refused': 422,
  internal: 500,
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

export const PROBLEM = 'application/problem+json'

/** What came wrong in a request, as one of ours; anything nobody foresaw is `internal`, and says nothing of the inside. */
export function toKillswitchError(error: unknown): KillswitchError {
  if (error instanceof KillswitchError) return error
  const { code, statusCode, message, validation } = error as Partial<FastifyError>
  if (validation) return invalid(error as FastifyError)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new KillswitchError(
      'payload-too-large',
      'The body is larger than 16 KiB, of receipts than 256 KiB, or below /ofrep than 1 MiB: no request here needs that.',
    )
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return notJson()
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new KillswitchError('malformed-request', message ?? 'The request cannot be read.')
  return new KillswitchError(
    'internal',
    'Something nobody foresaw went wrong here; the log of this instance has it under the x-request-id of this answer.',
    {},
    error,
  )
}

export const notJson = (): KillswitchError =>
  new KillswitchError('unsupported-media-type', 'The body is of another Content-Type than JSON.', {
    wayOut: [by('Send the body as "Content-Type: application/json".')],
  })

const PLACES = { querystring: 'query', params: 'path', headers: 'header', body: 'body' } as const

/** One sentence per fault, each naming the member and what it should be. */
function invalid({ validation = [], validationContext = 'body' }: FastifyError): KillswitchError {
  const place = PLACES[validationContext as keyof typeof PLACES] ?? 'body'
  const faults = validation.map(fault => ({
    in: place,
    path: [place, ...fault.instancePath.split('/').filter(Boolean)].join('.'),
    rule: fault.keyword,
    problem: explainFault(fault as Fault),
  }))
  // a text that is empty is blank too
  const isEmpty = (path: string) => faults.some(fault => fault.path === path && fault.rule === 'minLength')
  const told = faults.filter(({ path, rule }) => rule !== 'pattern' || !isEmpty(path))
  const errors = [...new Map(told.map(fault => [`${fault.path} ${fault.problem}`, fault])).values()]
  const message = `${errors.map(({ path, problem }) => `${path} ${problem}`).join('; ')}.`
  return new KillswitchError('malformed-request', message, { errors, wayOut: [DOCS] })
}

const DOCS = byCall({ method: 'GET', path: '/docs' }, 'shows what this takes')

type Fault = {
  keyword: string
  message?: string
  params: Record<string, unknown>
  /** There with Ajv's `verbose`. */
  parentSchema?: { properties?: object }
}

/** What a pattern means. */
const PATTERNS: Record<string, string> = {
  '\\S': 'is blank: say something',
  [INCIDENT_ID.source]: `is no name of an incident: ${INCIDENT_ID_WORDS}`,
  [INSTANCE_NAME.source]:
    'is no name of an app instance: 1 to 200 letters, digits, spaces and . _ : / @ # ~ + = , -, a letter, a digit or _ first',
}

function explainFault({ keyword, message = 'is not valid', params, parentSchema }: Fault): string {
  const known = Object.keys(parentSchema?.properties ?? {})
  const it = known.length > 0 ? `; it takes ${known.join(', ')}` : ''
  if (keyword === 'additionalProperties') return `has no member "${String(params.additionalProperty)}"${it}`
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`
  if (keyword === 'const') return `must be ${JSON.stringify(params.allowedValue)}`
  if (keyword === 'required') return `must have "${String(params.missingProperty)}"`
  if (keyword === 'minLength' && params.limit === 1) return 'is empty'
  if (keyword === 'pattern') return PATTERNS[String(params.pattern)] ?? message
  return message
}

export function problemOf(error: KillswitchError, requestId: string): Problem {
  const status = STATUS[error.code]
  return {
    type: `urn:killswitch:problem:${error.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    code: error.code,
    // they repeat what was sent, and what Redis said
    detail: oneLine(error.detail),
    message: oneLine(error.message),
    requestId,
    // the wire's lists are mutable
    ...(error.data as Partial<Problem>),
  }
}

/** Who was refused a stream polls, over another connection or none: this one is for a kill. */
export function closeRefused(reply: FastifyReply, { code }: KillswitchError): void {
  if (code === 'too-many-streams') reply.header('connection', 'close')
}

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: KillswitchError,
): FastifyReply {
  const problem = problemOf(error, request.id)
  reply.header('x-request-id', request.id).header('cache-control', 'no-store')
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="killswitch"')
  if (problem.status === 503) reply.header('retry-after', '1')
  closeRefused(reply, error)
  return reply.code(problem.status).header('content-type', PROBLEM).serializer(JSON.stringify).send(problem)
}

/** With its stack what has a cause, or nobody foresaw. What is shed is counted in the metrics, and fills no disk. */
export function logFailure({ log }: FastifyRequest, error: KillswitchError): void {
  const { cause, code, detail } = error
  if (code === 'overloaded') return
  if (cause !== undefined || code === 'internal') log.error({ err: cause ?? error, code }, detail)
  else log.warn({ code }, detail)
}

export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toKillswitchError(thrown)
    if (STATUS[error.code] >= 500) logFailure(request, error)
    // of strangers the request's own line says enough
    else if (request.actor !== undefined) request.log.info({ code: error.code }, error.detail)
    return sendProblem(request, reply, error)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const methods = app.methodsOf(path)
    if (methods.length > 0) reply.header('allow', methods.join(', '))
    return sendProblem(request, reply, nothingThere(request.method, path, methods))
  })
}

const isOfOneFlag = (path: string): boolean => /^\/v1\/flags\/./.test(path)

/** A key with a "/" is in no path. */
const SLASH = [
  by(
    'A flag whose key has a "/" is named in the body, as in POST /v1/flags/kill {"flag": ...}, or in the query.',
  ),
  byCall({ method: 'GET', path: '/v1/flags?flag=' }, 'shows it'),
]

const nothingThere = (method: string, path: string, methods: string[]): KillswitchError =>
  methods.length > 0
    ? new KillswitchError('method-not-allowed', `${path} takes ${methods.join(', ')}, not ${method}.`, {
        methods,
        wayOut: [byCall({ method: 'GET', path: '/docs' }, 'shows what to send')],
      })
    : new KillswitchError('unknown-route', `There is no ${method} ${path.slice(0, 200)} here.`, {
        wayOut: [
          ...(isOfOneFlag(path) ? SLASH : []),
          byCall({ method: 'GET', path: '/docs' }, 'lists what there is'),
        ],
      })
