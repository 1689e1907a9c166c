// Errors below /ofrep, in OFREP's own shape on every status: its clients read no other, and some throw where a member is
// missing. Browsers are let in here too, so that they can read a refusal.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { KillswitchError } from '../../domain/errors.js'
import { allowBrowsers } from '../plumbing/cors.js'
import { closeRefused, STATUS } from '../plumbing/errors.js'

export const JSON_UTF8 = 'application/json; charset=utf-8'

export const isOfrep = (url: string | undefined): boolean => /^\/+ofrep(?:[/?]|$)/.test(url ?? '')

/** A context that is none; the flag's value stands, and the caller is told what to send. */
export const invalidContext = (detail: string): KillswitchError =>
  new KillswitchError('malformed-request', detail, { errorCode: 'INVALID_CONTEXT' })

export function sendOfrepError(
  request: FastifyRequest,
  reply: FastifyReply,
  error: KillswitchError,
): FastifyReply {
  const status = STATUS[error.code]
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="killswitch"')
  if (status === 503) reply.header('retry-after', '1')
  closeRefused(reply, error)
  allowBrowsers(request, reply)
  const { key = '' } = (request.params ?? {}) as { key?: string }
  const body = { key, errorCode: errorCodeOf(error), errorDetails: error.detail, metadata: {} }
  return reply.code(status).header('content-type', JSON_UTF8).serializer(JSON.stringify).send(body)
}

function errorCodeOf({ code, data }: KillswitchError): string {
  if (code === 'unknown-flag') return 'FLAG_NOT_FOUND'
  if (code === 'malformed-request')
    return data.errorCode === 'INVALID_CONTEXT' ? 'INVALID_CONTEXT' : 'PARSE_ERROR'
  return 'GENERAL'
}
