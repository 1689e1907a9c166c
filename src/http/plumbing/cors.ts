// Browsers evaluate flags through OFREP, from any origin: a token is sent, never a cookie. Nothing but /ofrep says so.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const ALLOWED = 'authorization, x-api-key, content-type, if-none-match'

/** Only a browser sends Origin, and sends it always: the others are spared the headers. The answers are not cached. */
export function allowBrowsers({ headers }: FastifyRequest, reply: FastifyReply): void {
  if (headers.origin === undefined) return
  reply
    .header('access-control-allow-origin', '*')
    .header('access-control-expose-headers', 'ETag, Retry-After, X-Request-Id')
}

/** Answers preflights, which carry no credential, for everything below the scope's prefix. */
export function preflightRoute(scope: FastifyInstance): void {
  scope.options(
    '/*',
    { logLevel: 'warn', config: { access: 'public' }, schema: { hide: true } },
    (request, reply) => {
      reply
        .header('access-control-allow-methods', 'GET, POST')
        .header('access-control-allow-headers', allowedHeaders(request.headers))
        .header('access-control-max-age', '86400')
        .header('vary', 'access-control-request-headers')
        .code(204)
        .send()
    },
  )
}

/** What a client sends besides, such as traceparent, is let through: no header here has an effect without a token. */
function allowedHeaders({ 'access-control-request-headers': asked }: Record<string, unknown>): string {
  return typeof asked === 'string' && /^[\w\-, ]{1,1000}$/.test(asked) ? asked : ALLOWED
}
