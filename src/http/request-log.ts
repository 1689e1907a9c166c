// One line per request: who asked for what, and what came of it. Never a header, never a query, never a body.

import { type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify'

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
    const fields = {
      method: request.method,
      path: request.url.split('?')[0]?.slice(0, 200),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 100) / 100,
      ...(request.actor === undefined ? {} : { actor: request.actor.id, role: request.actor.role }),
    }
    if (error && reply.statusCode >= 500) reply.log.error({ ...fields, err: error }, 'request')
    else reply.log.info(fields, 'request')
  }
}
