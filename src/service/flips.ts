// Kill, restore, step run, and what became of them. The rules are in domain/; here a request becomes a command for the gate.

import type { Actor } from '../domain/actor.js'
import { unknownFlag } from '../domain/catalogue/near-key.js'
import { badInput, by, byCall, bySending, KillswitchError } from '../domain/errors.js'
import { type Claimed, dangersOf, strictly } from '../domain/flip/claim.js'
import { decideDrill } from '../domain/flip/drill.js'
import { decideRestore } from '../domain/flip/flip.js'
import type { Hold } from '../domain/flip/hold.js'
import { judge, type Kill } from '../domain/flip/kill.js'
import { type KillText, killTextOf } from '../domain/flip/kill-text.js'
import type { Incident } from '../domain/incident/incident.js'
import { possibleMs } from '../domain/log/age.js'
import { type Entry, entryId, parsePlace, placeOf } from '../domain/log/audit.js'
import { callFor, chooseFlags, killsOf, needsChoice, previewRun } from '../domain/runbook/step-run.js'
import { type FlagState, summariseHold } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { Warning } from '../wire/hold.js'
import type { RunVerdict, Step } from '../wire/runbook.js'
import { passedBy } from './incidents.js'
import type { Runbooks } from './runbooks.js'
import type { Act, Origin, Submissions, Submitted } from './submissions.js'

export type KillBody = { reason?: string; incident?: string; step?: string }
export type RestoreBody = KillBody & { hold?: string; all?: boolean; undo?: boolean }
export type GroupKillBody = KillBody & { flags: string[] }
export type StepRunBody = { step: string; reason?: string; incident?: string; flags?: string[] }

/** What a flip led to: its entries as they stand in the log. */
export type Flipped = Submitted

export type FlipStatus =
  | { state: 'applied' | 'unchanged'; entries: Entry[] }
  | { state: 'refused'; entries: Entry[] }
  | { state: 'never'; entries: Entry[] }
  | { state: 'provisional'; entries: Entry[] }
  | { state: 'pending'; entries: [] }

export class Flips {
  readonly #log: LogState
  readonly #runbooks: Runbooks
  readonly #submissions: Submissions

  constructor(parts: { log: LogState; runbooks: Runbooks; submissions: Submissions }) {
    this.#log = parts.log
    this.#runbooks = parts.runbooks
    this.#submissions = parts.submissions
  }

  /** Puts a hold. Never refused for its paperwork: what is missing or wrong comes back as warnings. */
  async kill(actor: Actor, flag: string, body: KillBody, origin: Origin): Promise<Flipped> {
    const asked = killTextOf(body)
    if (asked.step !== undefined) await this.#runbooks.knownToKill()
    const papers = papersOf(this.#runbooks.claim(asked.step, flag, 'kill'), asked)
    return this.#submissions.submit(
      actor,
      { action: 'kill', priority: 'kill', flag, body },
      origin,
      (request, receivedAt): Kill => ({
        v: 1,
        action: 'kill',
        flags: [flag],
        receivedAt,
        actor,
        ...papers,
        request,
      }),
    )
  }

  /** The same for several flags, in one commit: all of them or none. */
  async killAll(actor: Actor, { flags, ...body }: GroupKillBody, origin: Origin): Promise<Flipped> {
    const asked = killTextOf(body)
    if (asked.step !== undefined) await this.#runbooks.knownToKill()
    const claims = flags.map(flag => this.#runbooks.claim(asked.step, flag, 'kill'))
    const papers = papersOf((claims.find(claim => claim.offRunbook) ?? claims[0]) as Claimed, asked)
    return this.#submissions.submit(
      actor,
      { action: 'step.run', priority: 'kill', body: { flags, ...body } },
      origin,
      (request, receivedAt): Kill => ({
        v: 1,
        action: 'step.run',
        flags,
        receivedAt,
        actor,
        ...papers,
        request,
      }),
    )
  }

  /** Releases the holds it names. Strict: reason and step must hold. */
  async restore(
    actor: Actor,
    flag: string,
    body: RestoreBody,
    ifMatch: number | undefined,
    origin: Origin,
  ): Promise<Flipped> {
    if (body.step !== undefined) await this.#runbooks.known()
    const asked = this.#runbooks.asked(body, 'restore', flag)
    const act: Act = { action: 'restore', priority: 'flip', flag, body, asked }
    const holds = this.#log.state.flags.get(flag)?.holds ?? []
    const again = new Map(holds.map(hold => [hold.id, hold.again]))
    const ages = new Map(holds.map(hold => [hold.id, this.#ageOf(hold)]))
    const restored = this.#submissions.submit(actor, act, origin, request => {
      const claim = strictly(this.#runbooks.claim(body.step, flag, 'restore'), body.step)
      if (body.reason === undefined && !body.undo) {
        throw badInput(
          { in: 'body', path: 'body.reason', rule: 'required', problem: 'is needed' },
          'A restore says why; only an undo may go without.',
          bySending({ reason: '' }),
        )
      }
      const command = {
        flag,
        actor,
        request,
        claim,
        present: holds.map(({ id }) => id),
        ages,
        again,
        recovery: {
          passed: passedBy(this.#log),
          runbookOf: (incident: Incident) => this.#runbooks.of(incident),
        },
        ...body,
        ...(ifMatch === undefined ? {} : { ifMatch }),
      }
      return (state, now) => decideRestore(state, command, now)
    })
    return restored.catch(error => {
      throw this.#notInTheLogYet(flag, error) ?? error
    })
  }

  /** A kill that was taken without the store came into the log later than it was made: only clocks say when that was. */
  #ageOf({ id, place, since }: Hold): number {
    const { state, condition } = this.#log
    const age = state.merged.includes(id) ? { atLeastMs: 0 } : this.#log.ageOf(place)
    return possibleMs(age, since, condition.clocks)
  }

  /** The rules saw the log alone: that they found no hold does not say that this instance holds the flag for none. */
  #notInTheLogYet(key: string, error: unknown): KillswitchError | undefined {
    if (!(error instanceof KillswitchError) || error.code !== 'nothing-to-release') return undefined
    const waiting = this.#log.known.flags.get(key)?.holds.filter(hold => hold.provisional) ?? []
    if (waiting.length === 0) return undefined
    const { holds = [] } = error.data
    return new KillswitchError(
      'store-unavailable',
      `${key} is killed here by ${waiting.map(({ id, actor }) => `hold ${id} of ${actor}`).join(', ')}, not in the log yet. Nothing was done.`,
      {
        holds: [...holds, ...waiting.map(summariseHold)],
        wayOut: [by('Try again when it is in the log: as soon as the store is back, it comes in by itself.')],
      },
      error,
    )
  }

  /** The kills of one step, all or none. */
  runStep(actor: Actor, body: StepRunBody, origin: Origin): Promise<Flipped> {
    return this.#submissions.submit(
      actor,
      { action: 'step.run', priority: 'kill', body, asked: this.#runbooks.asked(body, 'kill') },
      origin,
      (request, receivedAt): Kill => {
        const { claimed, step, children } = this.#step(body.step)
        const flags = this.#mayNone(actor, killsOf(step)) ? killsOf(step) : chooseFlags(step, children, body)
        const papers = papersOf(claimed, killTextOf(body), dangersOf(step))
        return { v: 1, action: 'step.run', flags, receivedAt, actor, ...papers, request }
      },
    )
  }

  /** Whether the rules refuse all of it: who may kill none of them is told so, and not asked which. */
  #mayNone(actor: Actor, flags: string[]): boolean {
    const judged = judge(this.#log.state, { actor, flags })
    return judged.length > 0 && judged.every(({ error }) => error?.code === 'forbidden')
  }

  /** Proves the path to every app instance, without changing any value. */
  drill(actor: Actor, flag: string, body: { reason?: string }, origin: Origin): Promise<Flipped> {
    const act: Act = { action: 'drill', priority: 'flip', flag, body }
    return this.#submissions.submit(
      actor,
      act,
      origin,
      request => (state, now) => decideDrill(state, { flag, actor, request, ...body }, now),
    )
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
    const { step, children } = this.#step(name)
    const flags = killsOf(step)
    const verdicts = previewRun(this.#log.state, step, { actor, flags })
    return {
      step,
      verdicts,
      needsChoice: needsChoice(step),
      children,
      ...(flags.length > 0 ? { call: callFor(step, flags) } : {}),
    }
  }

  /** What became of a flip, by the place of its entry (a limited credential: of its own) or by the actor's own idempotency key. */
  async find(actor: Actor, id: string): Promise<FlipStatus> {
    const became = await this.#log.became(actor.id, id)
    if (became.state === 'pending') return { state: 'pending', entries: [] }
    if (became.state === 'torn')
      throw new KillswitchError(
        'unknown-flip',
        `Of the step run "${id}" only a part is in the log up to ${entryId(placeOf(this.#log.head))}: a crash tore it, or the rest is yet to come.`,
        {
          flip: id,
          wayOut: [
            by(
              'Send it again with the same Idempotency-Key: what is missing is done, and no flag is held twice.',
            ),
          ],
        },
      )
    if (became.state !== 'unknown') return became
    const place = parsePlace(id)
    const there = place === undefined ? undefined : await this.#log.entry(place)
    const entry = actor.only === undefined || there?.actor.id === actor.id ? there : undefined
    if (entry !== undefined && isFlip(entry)) {
      const state = entry.action === 'flip.voided' ? 'never' : entry.outcome
      return { state, entries: entry.action === 'step.run' ? await this.#runOf(entry) : [entry] }
    }
    if (entry !== undefined)
      throw new KillswitchError('unknown-flip', `Entry ${id} is no flip: it is ${entry.action}.`, {
        flip: id,
        wayOut: [byCall({ method: 'GET', path: `/v1/audit/${id}` }, 'shows it')],
      })
    throw new KillswitchError(
      'unknown-flip',
      `No flip "${id}" of yours is in the log up to ${entryId(placeOf(this.#log.head))}.`,
      {
        flip: id.slice(0, 128),
        wayOut: [
          by(
            'If it was sent within the last seconds it may still arrive: ask again, or send it again with the same Idempotency-Key; it is never done twice.',
          ),
        ],
      },
    )
  }

  /** A run with its flips, which follow it in the log; after seven days by itself. */
  async #runOf(run: Entry): Promise<Entry[]> {
    const became = await this.#log.became(run.actor.id, run.request.key)
    return became.state === 'applied' || became.state === 'unchanged' ? became.entries : [run]
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
    throw unknownFlag(this.#log.known.flags, key)
  }
}

/** What the log has of a kill's paperwork: nothing of it as it was sent. */
function papersOf(claimed: Claimed, { reason, incident, warnings }: KillText, dangers: Warning[] = []) {
  const { found: _, ...claim } = claimed
  const unsaid = reason === undefined && claim.step?.text === undefined ? [NO_REASON] : []
  return {
    claim: { ...claim, warnings: [...claim.warnings, ...unsaid, ...dangers, ...warnings] },
    ...(reason === undefined ? {} : { reason }),
    ...(incident === undefined ? {} : { incident }),
  }
}

const NO_REASON: Warning = {
  code: 'no-reason',
  detail: 'No reason was given, and no step whose text could serve.',
}

const FLIPS = ['kill', 'restore', 'step.run', 'drill', 'flip.voided']
const isFlip = ({ action }: Entry): boolean => FLIPS.includes(action)
