// The secret in the URL of an event stream: EventSource sends no Authorization. Made from the stored hash of the credential,
// so that every instance with the same tokens file can check it, it is gone with the credential, and it opens nothing else.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Credential, Tokens } from './tokens.js'

const HOUR_MS = 3_600_000
const KEPT_HOURS = 24

/** Good for 23 to 24 hours, and the same within an hour. `sha256` is the hash, in hex, that the actor's token came under. */
export function eventSecret(id: string, sha256: string, now: number): string {
  const until = Math.floor(now / HOUR_MS) + KEPT_HOURS
  return `${Buffer.from(id).toString('base64url')}.${until}.${sign(id, sha256, until).toString('base64url')}`
}

/** The credential that a secret was made from; undefined where it is none, or is over, or its credential is. */
export function openEventSecret(secret: string, tokens: Tokens, now: number): Credential | undefined {
  const [, name, until, mac] = /^([\w-]{1,100})\.(\d{1,9})\.([\w-]{43})$/.exec(secret) ?? []
  if (name === undefined || until === undefined || mac === undefined) return undefined
  if (Number(until) * HOUR_MS <= now) return undefined
  const id = Buffer.from(name, 'base64url').toString()
  const given = Buffer.from(mac, 'base64url')
  return tokens
    .credentialsOf(id, now)
    .find(
      ({ sha256, actor }) => actor.only !== 'kill' && timingSafeEqual(given, sign(id, sha256, Number(until))),
    )
}

const sign = (id: string, sha256: string, until: number): Buffer =>
  createHmac('sha256', Buffer.from(sha256, 'hex')).update(`ofrep events\n${id}\n${until}`).digest()
