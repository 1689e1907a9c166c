// The headers that say how a request is to be carried out: Idempotency-Key, If-Match, Prefer.

import type { FastifyRequest } from 'fastify'
import { badInput, by } from '../../domain/errors.js'
import type { Seen } from '../../domain/log/seen.js'
import type { Origin } from '../../service/submissions.js'
import { ipOf } from './forwarded.js'

/** Where the request came from, with its Idempotency-Key checked. */
export function originOf(request: FastifyRequest): Origin {
  const key = idempotencyKey(request)
  const userAgent = request.headers['user-agent']
  const seen = seenBy(request)
  return {
    id: request.id,
    ...ipOf(request),
    ...(key === undefined ? {} : { key }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(seen === undefined ? {} : { seen }),
  }
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const given = single(request, 'idempotency-key')
  if (given === undefined || /^[\x21-\x7e]{1,128}$/.test(given)) return given
  throw badInput(
    { in: 'header', path: 'idempotency-key', rule: 'pattern', problem: 'is no key' },
    'The Idempotency-Key is no key.',
    by('Idempotency-Key: give 1 to 128 printable ASCII characters without a space, such as a UUID.'),
  )
}

/** The place in `If-Match: "42"`; undefined where there is none, or `*`. */
export function ifMatch(request: FastifyRequest): number | undefined {
  const given = single(request, 'if-match')?.trim()
  if (given === undefined || given === '*') return undefined
  const place = /^"(\d{1,16})"$/.exec(given)?.[1]
  if (place !== undefined) return Number(place)
  throw badInput(
    { in: 'header', path: 'if-match', rule: 'pattern', problem: 'is no ETag of a flag' },
    `If-Match is ${given.slice(0, 80)}, no ETag of a flag.`,
    by('Give the one that GET /v1/flags/:key sent, such as "42" in quotes.'),
  )
}

/** The seconds of `Prefer: wait=30`, at most `most`; 0 where there is none (RFC 7240). */
export function waitSeconds(request: FastifyRequest, most: number): number {
  const found = /(?:^|[,;]\s*)wait\s*=\s*"?(\d{1,4})"?/i.exec(single(request, 'prefer') ?? '')
  return found ? Math.min(Number(found[1]), most) : 0
}

function single(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** The caller's floor: the highest place it has seen, and of which log where it says so. Undefined where it names none. */
function seenBy(request: FastifyRequest): Seen | undefined {
  const given = single(request, 'killswitch-floor')
  if (given === undefined) return undefined
  if (!/^\d{1,16}$/.test(given))
    throw badInput(
      { in: 'header', path: 'killswitch-floor', rule: 'pattern', problem: 'is no number' },
      `Killswitch-Floor is ${given.slice(0, 80)}, no number.`,
      by('Give the highest revision or entry number you have seen, such as 42.'),
    )
  const log = single(request, 'killswitch-log')
  return { place: Number(given), ...(log === undefined ? {} : { log }) }
}

/** Whether If-None-Match names this ETag: a list, compared weakly, or `*` (RFC 9110 section 13.1.2). */
export function ifNoneMatch(request: FastifyRequest, etag: string): boolean {
  const given = single(request, 'if-none-match')
  if (given === undefined) return false
  if (given.trim() === '*') return true
  return given.split(',').some(each => each.trim().replace(/^W\//, '') === etag)
}
