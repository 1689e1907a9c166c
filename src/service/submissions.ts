// What every request that changes something goes through: an Idempotency-Key, a digest of what is asked, the gate, and a
// refusal that is an entry as well. The rules are in domain/; the requests themselves in flips.ts and incidents.ts.

import { createHash, randomUUID } from 'node:crypto'
import type { Actor } from '../domain/actor.js'
import { type Clock, toTimestamp } from '../domain/clock.js'
import { KillswitchError } from '../domain/errors.js'
import { type RequestInfo, refuse, type StepClaim, type Verdict } from '../domain/flip/flip.js'
import { decideKill, type Kill } from '../domain/flip/kill.js'
import type { Entry } from '../domain/log/audit.js'
import type { Seen } from '../domain/log/seen.js'
import type { State } from '../domain/state.js'
import type { Asked, Durability, Priority, Submit } from '../log/submit.js'
import type { Counted } from './counted.js'
import type { Repeats } from './repeats.js'

/** Where a request came from, as the entry keeps it; `key` is the caller's Idempotency-Key, `seen` its floor. */
export type Origin = { id: string; key?: string; ip?: string; userAgent?: string; seen?: Seen }

/** What a request led to: its entries as they stand in the log. */
export type Submitted = {
  entries: Entry[]
  durability: Durability
  replayed: boolean
  key: string
}

export type Decide = (state: State, now: number) => Verdict
/** What is asked for, once it is ready for the gate: the rules to ask, or a kill, which needs no store. */
export type Prepared = Decide | Kill
export type Act = {
  action: Entry['action']
  priority: Priority
  flag?: string
  incident?: string
  /** What a refusal's entry keeps beside them. */
  asked?: AskedFor
  body: object
}
/** The step as it was found, or as it was typed; the flags of a run; incident and reason of the body. */
export type AskedFor = { claim?: StepClaim; flags?: readonly string[]; incident?: string; reason?: string }

export class Submissions {
  readonly #submit: Submit
  readonly #refusals: Counted
  readonly #repeats: Repeats
  readonly #clock: Clock

  constructor(parts: { submit: Submit; refusals: Counted; repeats: Repeats; clock: Clock }) {
    this.#submit = parts.submit
    this.#refusals = parts.refusals
    this.#repeats = parts.repeats
    this.#clock = parts.clock
  }

  /** `prepare` works out what the gate need not; an error it throws is a refusal like one of the rules'. */
  async submit(
    actor: Actor,
    act: Act,
    origin: Origin,
    prepare: (request: RequestInfo, receivedAt: string) => Prepared,
  ): Promise<Submitted> {
    const key = origin.key ?? randomUUID()
    const digest = digestOf(act)
    const receivedAt = this.#clock()
    const request = requestOf(origin, key, digest)
    const ready = prepared(actor, act, request, () => prepare(request, toTimestamp(receivedAt)))
    const kill = typeof ready === 'function' ? undefined : ready
    const decide =
      typeof ready === 'function'
        ? ready
        : this.#repeats.counting(actor, (state: State) => decideKill(state, ready))
    const asked: Asked = {
      priority: act.priority,
      actor: actor.id,
      key,
      digest,
      receivedAt,
      decide: this.#counted(actor, decide),
      ...(kill === undefined ? {} : { kill }),
      ...(origin.seen === undefined ? {} : { seen: origin.seen }),
    }
    const taken = await this.#submit.entries(asked)
    if (taken.isCounted && kill !== undefined) this.#repeats.took(kill, taken)
    return { ...taken, key }
  }

  /** Records a request that was refused before it came to the rules: its body, its role. */
  async recordRefusal(
    actor: Actor,
    about: Pick<Act, 'action' | 'flag' | 'incident' | 'asked'>,
    error: KillswitchError,
    origin: Origin,
  ): Promise<void> {
    const act: Act = { ...about, priority: 'note', body: {} }
    await this.submit(actor, act, { ...origin, key: randomUUID() }, () => {
      throw error
    }).catch(() => {})
  }

  /** Beyond ten refusals a minute an actor's are counted, not written one by one. */
  #counted(actor: Actor, decide: Decide): Decide {
    let admitted: boolean | undefined
    return (state, now) => {
      const verdict = decide(state, now)
      if (verdict.refusal === undefined) return verdict
      if (admitted === undefined) {
        admitted = this.#refusals.admit(actor)
        if (!admitted) this.#refusals.count(actor)
      }
      return admitted ? verdict : { drafts: [], refusal: verdict.refusal }
    }
  }
}

function prepared(
  actor: Actor,
  { action, flag, incident, asked }: Act,
  request: RequestInfo,
  prepare: () => Prepared,
): Prepared {
  try {
    return prepare()
  } catch (error) {
    if (!(error instanceof KillswitchError)) throw error
    const about = {
      ...asked,
      ...(flag === undefined ? {} : { flag }),
      ...(incident === undefined ? {} : { incident }),
    }
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
