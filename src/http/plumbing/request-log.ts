// One line per request: who asked for what, and what came of it. Never a header, never a query, never a body, and of a path
// that is itself a credential only its pattern.

import { type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** A flag's key may have 384 characters in a path. */
const LONGEST_PATH = 450

export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' })
  }

  override incomingRequest(): void {}

  override requestCompleted(
    error: FastifyError | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const failed = error && reply.statusCode >= 500
    if (!failed && !isSaid(request)) return
    const fields = {
      method: request.method,
      path: pathOf(request),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 100) / 100,
      ...(request.actor === undefined ? {} : { actor: request.actor.id, role: request.actor.role }),
    }
    if (failed) reply.log.error({ ...fields, err: error }, 'request')
    else reply.log.info(fields, 'request')
  }
}

/** Routes that are asked many thousands of times a second log from `warn` on: their lines are not even made. */
const isSaid = ({ routeOptions }: FastifyRequest): boolean => routeOptions.logLevel !== 'warn'

/** The secret of an event stream follows /events/, in a request that found its route and in one that missed it. */
const pathOf = (request: FastifyRequest): string | undefined =>
  request.url
    .split('?')[0]
    ?.replace(/(ofrep.*\/events\/+).+/, '$1:secret')
    .slice(0, LONGEST_PATH)
