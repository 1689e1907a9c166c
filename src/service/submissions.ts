// What every request that changes something goes through: an Idempotency-Key, a digest of what is asked, the gate, and a
// refusal that is an entry as well. The rules are in domain/; the requests themselves in flips.ts and incidents.ts.

import { createHash, randomUUID } from 'node:crypto'
import type { Actor } from '../domain/actor.js'
import { type Entry, open, placeOf } from '../domain/audit.js'
import { KillswitchError } from '../domain/errors.js'
import { type RequestInfo, refuse, type Verdict } from '../domain/flip.js'
import { behind, isBehind, type Seen } from '../domain/seen.js'
import type { State } from '../domain/state.js'
import type { Log } from '../log/follow/known-log.js'
import { reaches } from '../log/follow/reaches.js'
import type { Accepted, Durability } from '../log/gate/batch.js'
import type { Gate } from '../log/gate/gate.js'
import type { Priority } from '../log/gate/queue.js'
import { isAway, type Provisional } from '../log/provisional/provisional.js'
import type { Refusals } from './refusals.js'

/** Where a request came from, as the entry keeps it; `key` is the caller's Idempotency-Key, `seen` its floor. */
export type Origin = { id: string; key?: string; ip?: string; userAgent?: string; seen?: Seen }

/** How long a flip waits for what its caller has seen: another instance's entries come within milliseconds. */
const CATCH_UP_MS = 100

/** What a request led to: its entries as they stand in the log. */
export type Submitted = {
  entries: Entry[]
  /** `provisional`: the store is away; the kill is on this instance's disk and in force for its apps. */
  durability: Durability | 'provisional'
  replayed: boolean
  key: string
}

export type Decide = (state: State, now: number) => Verdict
export type Act = {
  action: Entry['action']
  priority: Priority
  flag?: string
  incident?: string
  body: object
}

export class Submissions {
  readonly #log: Log
  readonly #gate: Gate
  readonly #refusals: Refusals
  readonly #provisional: Provisional

  constructor(parts: { log: Log; gate: Gate; refusals: Refusals; provisional: Provisional }) {
    this.#provisional = parts.provisional
    this.#log = parts.log
    this.#gate = parts.gate
    this.#refusals = parts.refusals
  }

  /** `prepare` works out what the gate need not; an error it throws is a refusal like one of the rules'. */
  async submit(
    actor: Actor,
    act: Act,
    origin: Origin,
    prepare: (request: RequestInfo) => Decide,
  ): Promise<Submitted> {
    const key = origin.key ?? randomUUID()
    const digest = digestOf(act)
    const decide = this.#counted(actor, prepared(actor, act, requestOf(origin, key, digest), prepare))
    const ask = { priority: act.priority, actor: actor.id, key, digest, decide }
    try {
      if (origin.seen !== undefined) await this.#catchUp(origin.seen)
      return { ...(await this.#answer(await this.#gate.submit(ask))), key }
    } catch (error) {
      if (act.priority !== 'kill' || !isAway(error)) throw error
      return { ...(await this.#provisional.instead(ask, error)), key }
    }
  }

  /** Throws `behind`: what is decided here would be acknowledged below what its caller has seen. */
  async #catchUp(seen: Seen): Promise<void> {
    const { log } = this.#log.state
    if (!isBehind(seen, log, placeOf(this.#log.head))) return
    if (!(await reaches(this.#log, seen.place, CATCH_UP_MS))) throw behind(seen, placeOf(this.#log.head))
  }

  /** Records a request that was refused before it came to the rules: its body, its role. */
  async recordRefusal(
    actor: Actor,
    about: Pick<Act, 'action' | 'flag' | 'incident'>,
    error: KillswitchError,
    origin: Origin,
  ): Promise<void> {
    const act: Act = { ...about, priority: 'note', body: {} }
    await this.submit(actor, act, { ...origin, key: randomUUID() }, () => {
      throw error
    }).catch(() => {})
  }

  async entries(places: readonly number[]): Promise<Entry[]> {
    const lines = await Promise.all(places.map(place => this.#log.line(place)))
    return lines.filter(line => line !== undefined).map(line => open(line).entry)
  }

  /** Beyond ten refusals a minute an actor's are counted, not written one by one. */
  #counted(actor: Actor, decide: Decide): Decide {
    let admitted: boolean | undefined
    return (state, now) => {
      const verdict = decide(state, now)
      if (verdict.refusal === undefined) return verdict
      admitted ??= this.#refusals.admit(actor)
      return admitted ? verdict : { drafts: [], refusal: verdict.refusal }
    }
  }

  async #answer({ places, entries, durability, replayed }: Accepted): Promise<Omit<Submitted, 'key'>> {
    const own = entries.length > 0 ? entries.map(sealed => sealed.entry) : await this.entries(places)
    return { entries: own, durability, replayed }
  }
}

function prepared(
  actor: Actor,
  { action, flag, incident }: Act,
  request: RequestInfo,
  prepare: (request: RequestInfo) => Decide,
): Decide {
  try {
    return prepare(request)
  } catch (error) {
    if (!(error instanceof KillswitchError)) throw error
    const about = { ...(flag === undefined ? {} : { flag }), ...(incident === undefined ? {} : { incident }) }
    return (_, now) => refuse({ actor, request, ...about }, action, error, now)
  }
}

function requestOf({ id, ip, userAgent }: Origin, key: string, digest: string): RequestInfo {
  return {
    id,
    key,
    digest,
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, 200) }),
  }
}

/** SHA-256 of what is asked, with the body's members in order of name. */
const digestOf = ({ action, flag, incident, body }: Act): string =>
  createHash('sha256')
    .update(JSON.stringify([action, flag ?? incident ?? null, ordered(body)]))
    .digest('hex')

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, ordered(member)]),
  )
}
