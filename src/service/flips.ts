// Kill, restore, step run, and what became of them. The rules are in domain/; here a request becomes a command for the gate.

import { createHash, randomUUID } from 'node:crypto'
import type { Actor } from '../domain/actor.js'
import { type Entry, open, placeOf, type SealedEntry, type Warning } from '../domain/audit.js'
import { type Claimed, strictly } from '../domain/claim.js'
import { KillswitchError } from '../domain/errors.js'
import { decideKill, decideRestore, type RequestInfo, refuse, type Verdict } from '../domain/flip.js'
import type { Step } from '../domain/runbook.js'
import type { FlagState, State } from '../domain/state.js'
import {
  callFor,
  chooseFlags,
  decideStepRun,
  killsOf,
  needsChoice,
  previewRun,
  type RunVerdict,
} from '../domain/step-run.js'
import type { Accepted, Durability } from './batch.js'
import type { Gate } from './gate.js'
import type { Log } from './log.js'
import { isAway, type Provisional } from './provisional.js'
import type { Priority } from './queue.js'
import type { Refusals } from './refusals.js'
import type { Runbooks } from './runbooks.js'

/** Where a request came from, as the entry keeps it; `key` is the caller's Idempotency-Key. */
export type Origin = { id: string; key?: string; ip?: string; userAgent?: string }

export type KillBody = { reason?: string; incident?: string; step?: string }
export type RestoreBody = KillBody & { hold?: string; all?: boolean; undo?: boolean }
export type StepRunBody = { step: string; reason?: string; incident?: string; flags?: string[] }

/** What a flip led to: its entries as they stand in the log. */
export type Flipped = {
  entries: Entry[]
  /** `provisional`: the store is away; the kill is on this instance's disk and in force for its apps. */
  durability: Durability | 'provisional'
  replayed: boolean
  key: string
}

export type FlipStatus =
  | { state: 'applied' | 'unchanged'; entries: Entry[] }
  | { state: 'refused'; entries: Entry[] }
  | { state: 'never'; entries: Entry[] }
  | { state: 'provisional'; entries: Entry[] }
  | { state: 'pending'; entries: [] }

type Decide = (state: State, now: number) => Verdict
type Act = { action: Entry['action']; priority: Priority; flag?: string; body: object }

export class Flips {
  readonly #log: Log
  readonly #gate: Gate
  readonly #runbooks: Runbooks
  readonly #refusals: Refusals
  readonly #provisional: Provisional

  constructor(parts: {
    log: Log
    gate: Gate
    runbooks: Runbooks
    refusals: Refusals
    provisional: Provisional
  }) {
    this.#provisional = parts.provisional

    this.#log = parts.log
    this.#gate = parts.gate
    this.#runbooks = parts.runbooks
    this.#refusals = parts.refusals
  }

  /** Puts a hold. Never refused for its paperwork: what is missing or wrong comes back as warnings. */
  kill(actor: Actor, flag: string, body: KillBody, origin: Origin): Promise<Flipped> {
    const claimed = this.#runbooks.claim(body.step, flag, 'kill')
    const claim = withReasonWarning(claimed, body.reason)
    return this.#submit(
      actor,
      { action: 'kill', priority: 'kill', flag, body },
      origin,
      request => (state, now) =>
        decideKill(state, { flag, actor, request, claim, ...reasonAndIncident(body) }, now),
    )
  }

  /** Releases the holds it names. Strict: reason and step must hold. */
  restore(
    actor: Actor,
    flag: string,
    body: RestoreBody,
    ifMatch: number | undefined,
    origin: Origin,
  ): Promise<Flipped> {
    const act: Act = { action: 'restore', priority: 'flip', flag, body }
    const present = this.#log.state.flags.get(flag)?.holds.map(hold => hold.id) ?? []
    return this.#submit(actor, act, origin, request => {
      const claim = strictly(this.#runbooks.claim(body.step, flag, 'restore'), body.step)
      if (body.reason === undefined && !body.undo) {
        throw new KillswitchError(
          'malformed-request',
          'A restore says why: send "reason". (Only an undo may go without.)',
        )
      }
      const command = {
        flag,
        actor,
        request,
        claim,
        present,
        ...body,
        ...(ifMatch === undefined ? {} : { ifMatch }),
      }
      return (state, now) => decideRestore(state, command, now)
    })
  }

  /** The kills of one step, all or none. */
  runStep(actor: Actor, body: StepRunBody, origin: Origin): Promise<Flipped> {
    return this.#submit(actor, { action: 'step.run', priority: 'kill', body }, origin, request => {
      const { claimed, step, children } = this.#step(body.step)
      const flags = chooseFlags(step, children, body.flags)
      return (state, now) =>
        decideStepRun(state, { actor, request, claim: claimed, flags, ...reasonAndIncident(body) }, now)
    })
  }

  /** What a run of the step would do for this actor, and the call that would do it. */
  preview(
    actor: Actor,
    name: string,
  ): {
    step: Step
    verdicts: RunVerdict[]
    needsChoice: boolean
    children: Step[]
    call?: ReturnType<typeof callFor>
  } {
    const { claimed, step, children } = this.#step(name)
    const flags = killsOf(step)
    const request: RequestInfo = { id: '', key: '', digest: '' }
    const verdicts = previewRun(this.#log.state, { actor, request, claim: claimed, flags })
    return {
      step,
      verdicts,
      needsChoice: needsChoice(step),
      children,
      ...(flags.length > 0 ? { call: callFor(step, flags) } : {}),
    }
  }

  /** What became of a flip, by the place of its entry or by the actor's own idempotency key. */
  async find(actor: Actor, id: string): Promise<FlipStatus> {
    const known = this.#log.answered(actor.id, id)
    if (known?.outcome === 'voided') return { state: 'never', entries: await this.#entries(known.places) }
    if (known !== undefined)
      return { state: known.outcome as 'applied' | 'unchanged', entries: await this.#entries(known.places) }
    const provisional = this.#provisional.find(actor.id, id)
    if (provisional !== undefined)
      return { state: 'provisional', entries: this.#provisional.entriesOf(provisional) }
    if (this.#gate.isPending(actor.id, id)) return { state: 'pending', entries: [] }
    const place = parsePlace(id)
    const line = place === undefined ? undefined : await this.#log.line(place)
    const entry = line === undefined ? undefined : open(line).entry
    if (entry !== undefined && isFlip(entry))
      return { state: entry.action === 'flip.voided' ? 'never' : entry.outcome, entries: [entry] }
    throw new KillswitchError(
      'unknown-flip',
      `No flip "${id}" of yours is in the log up to ${placeOf(this.#log.head)}. If it was sent within the last seconds it may still arrive: ask again, or send it again with the same Idempotency-Key; it is never done twice.`,
    )
  }

  /** Records a request that was refused before it came to the rules: its body, its role. */
  async recordRefusal(
    actor: Actor,
    action: Entry['action'],
    flag: string | undefined,
    error: KillswitchError,
    origin: Origin,
  ): Promise<void> {
    const act: Act = { action, priority: 'note', body: {}, ...(flag === undefined ? {} : { flag }) }
    await this.#submit(actor, act, { ...origin, key: randomUUID() }, () => {
      throw error
    }).catch(() => {})
  }

  async #submit(
    actor: Actor,
    act: Act,
    origin: Origin,
    prepare: (request: RequestInfo) => Decide,
  ): Promise<Flipped> {
    const key = origin.key ?? randomUUID()
    const digest = digestOf(act)
    const decide = this.#counted(actor, prepared(actor, act, requestOf(origin, key, digest), prepare))
    const ask = { priority: act.priority, actor: actor.id, key, digest, decide }
    try {
      return { ...(await this.#answer(await this.#gate.submit(ask))), key }
    } catch (error) {
      if (act.priority !== 'kill' || !isAway(error)) throw error
      return { ...(await this.#provisional.instead(ask, error)), key }
    }
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

  async #answer({ places, entries, durability, replayed }: Accepted): Promise<Omit<Flipped, 'key'>> {
    const own =
      entries.length > 0 ? entries.map((sealed: SealedEntry) => sealed.entry) : await this.#entries(places)
    return { entries: own, durability, replayed }
  }

  async #entries(places: readonly number[]): Promise<Entry[]> {
    const lines = await Promise.all(places.map(place => this.#log.line(place)))
    return lines.filter(line => line !== undefined).map(line => open(line).entry)
  }

  #step(name: string): { claimed: Claimed; step: Step; children: Step[] } {
    const claimed = strictly(this.#runbooks.claim(name, undefined, 'kill'), name)
    const { runbook, step } = claimed.found as NonNullable<Claimed['found']>
    return { claimed, step, children: runbook.steps.filter(child => child.parent === step.id) }
  }

  /** The state of one flag; throws `unknown-flag`. */
  flag(key: string): FlagState {
    const flag = this.#log.known.flags.get(key)
    if (flag) return flag
    throw new KillswitchError(
      'unknown-flag',
      `There is no flag "${key}". GET /v1/flags lists those there are.`,
    )
  }
}

/** What can be worked out before the gate is: an error found here is a refusal like one of the rules'. */
function prepared(
  actor: Actor,
  act: Act,
  request: RequestInfo,
  prepare: (request: RequestInfo) => Decide,
): Decide {
  try {
    return prepare(request)
  } catch (error) {
    if (!(error instanceof KillswitchError)) throw error
    const command = { actor, request, ...(act.flag === undefined ? {} : { flag: act.flag }) }
    return (_, now) => refuse(command, act.action, error, now)
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
function digestOf({ action, flag, body }: Act): string {
  const members = Object.entries(body).filter(([, value]) => value !== undefined)
  const ordered = Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
  return createHash('sha256')
    .update(JSON.stringify([action, flag ?? null, ordered]))
    .digest('hex')
}

const reasonAndIncident = ({ reason, incident }: KillBody): { reason?: string; incident?: string } => ({
  ...(reason === undefined ? {} : { reason }),
  ...(incident === undefined ? {} : { incident }),
})

function withReasonWarning(claimed: Claimed, reason: string | undefined): Claimed {
  if (reason !== undefined || claimed.step?.text !== undefined) return claimed
  const warning: Warning = {
    code: 'no-reason',
    detail: 'No reason was given, and no step whose text could serve.',
  }
  return { ...claimed, warnings: [...claimed.warnings, warning] }
}

const isFlip = (entry: Entry): boolean =>
  ['kill', 'restore', 'step.run', 'flip.voided'].includes(entry.action)

/** A place as a number, or as `<epoch>-<seq>`. */
export function parsePlace(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const [, epoch, seq] = /^(\d{1,6})-(\d{1,10})$/.exec(text) ?? []
  return epoch === undefined ? undefined : placeOf({ epoch: Number(epoch), seq: Number(seq) })
}
