// Where a reader of the log stopped, as an opaque text. It names a place, so that it stays right while the log grows,
// and the question and the log it belongs to, so that it is refused with another one.

import { badInput, by, type KillswitchError } from '../errors.js'
import type { Order } from './audit-query.js'

export type AuditCursor = {
  order: Order
  /** Newest first: goes on below it. Oldest first: goes on above it. */
  place: number
  /** `digestOf` the criteria. */
  digest: string
  /** The beginning of the hash of the log's first entry; empty where the log was. */
  log: string
}

const LOG_LENGTH = 12

export function encodeCursor({ order, place, digest, log }: AuditCursor): string {
  const fields = [order === 'newest' ? 'n' : 'o', place.toString(36), digest, log.slice(0, LOG_LENGTH)]
  return Buffer.from(fields.join('.')).toString('base64url')
}

/** Reads a cursor for a question. Throws `malformed-request` where it is none, or belongs to another one. */
export function decodeCursor(text: string, asked: Omit<AuditCursor, 'place'>): AuditCursor {
  const found = /^([no])\.([0-9a-z]{1,11})\.([\w-]{12})\.([0-9a-f]*)$/.exec(
    Buffer.from(text, 'base64url').toString('latin1'),
  )
  const place = found ? Number.parseInt(found[2]!, 36) : Number.NaN
  if (!found || !Number.isSafeInteger(place))
    throw refuse('is not one that this service gave', 'Send it exactly as it was in `next`.')
  const order = found[1] === 'n' ? 'newest' : 'oldest'
  const [digest, log] = [found[3]!, found[4]!]
  if (digest !== asked.digest || order !== asked.order)
    throw refuse('belongs to another query', 'A cursor goes on with the same filters and order.')
  if (log !== '' && log !== asked.log.slice(0, LOG_LENGTH))
    throw refuse('belongs to another log', 'Start again without it.')
  return { order, place, digest, log }
}

const refuse = (problem: string, wayOut: string): KillswitchError =>
  badInput({ in: 'query', path: 'query.cursor', problem }, `The cursor ${problem}.`, by(wayOut))
