// One line per request: who asked for what, and what came of it. Never a header, never a query, never a body, and of a path
// that is itself a credential only its pattern.

import { type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** Strangers ask as often as they like, and do not fill the disk with it: so many lines a second, and then a count. */
const STRANGERS_PER_SECOND = 20
const SECOND_MS = 1_000
/** A flag's key may have 384 characters in a path. */
const LONGEST_PATH = 450

export class RequestLog extends LogController {
  #since = 0
  #strangers = 0

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
    if (!failed && isStranger(request, reply) && !this.#admitStranger(reply)) return
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

  #admitStranger({ log }: FastifyReply): boolean {
    const now = performance.now()
    if (now - this.#since >= SECOND_MS) {
      const more = this.#strangers - STRANGERS_PER_SECOND
      if (more > 0) log.warn({ more }, 'further requests without a known token were refused, and not logged')
      this.#since = now
      this.#strangers = 0
    }
    return ++this.#strangers <= STRANGERS_PER_SECOND
  }
}

const isStranger = ({ actor }: FastifyRequest, { statusCode }: FastifyReply): boolean =>
  actor === undefined && statusCode >= 400

/** Routes that are asked many thousands of times a second log from `warn` on: their lines are not even made. */
const isSaid = ({ routeOptions }: FastifyRequest): boolean => routeOptions.logLevel !== 'warn'

/** The secret of an event stream follows /events/, in a request that found its route and in one that missed it. */
const pathOf = (request: FastifyRequest): string | undefined =>
  request.url
    .split('?')[0]
    ?.replace(/(ofrep.*\/events\/+).+/, '$1:secret')
    .slice(0, LONGEST_PATH)
