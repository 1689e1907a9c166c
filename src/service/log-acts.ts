// What an owner may do about the log itself: have it dated right again, and signed with another key. The rules are in
// domain/log/redate.ts and domain/log/rekey.ts.

import type { Actor } from '../domain/actor.js'
import type { LogKeys } from '../domain/log/log-keys.js'
import { decideRedate } from '../domain/log/redate.js'
import { decideRekey } from '../domain/log/rekey.js'
import type { LogState } from '../log/state.js'
import type { Redate, Rekey } from '../wire/audit.js'
import type { Origin, Submissions, Submitted } from './submissions.js'

export class LogActs {
  readonly #log: LogState
  readonly #submissions: Submissions
  readonly #keys: LogKeys

  constructor(parts: { log: LogState; submissions: Submissions; keys: LogKeys }) {
    this.#log = parts.log
    this.#submissions = parts.submissions
    this.#keys = parts.keys
  }

  /** Throws `nothing-to-redate`, `clocks-apart`, `forbidden`. */
  redate(actor: Actor, body: Redate, origin: Origin): Promise<Submitted> {
    const act = { action: 'log.redated' as const, priority: 'note' as const, body }
    return this.#submissions.submit(actor, act, origin, request => {
      const { clocks } = this.#log.condition
      return (state, now) => decideRedate(state, { actor, request, ...body, clocks }, now)
    })
  }

  /** Throws `no-log-key`, `malformed-request`, `forbidden`. */
  rekey(actor: Actor, body: Rekey, origin: Origin): Promise<Submitted> {
    const act = { action: 'log.rekeyed' as const, priority: 'note' as const, body }
    return this.#submissions.submit(
      actor,
      act,
      origin,
      request => (state, now) => decideRekey(state, { actor, request, ...body, keys: this.#keys }, now),
    )
  }
}
