// Declare, note, adopt, change, tick, resolve, reopen: a request becomes a command for the gate; and what is asked of an incident.
// The rules are in domain/incident-*.ts.

import type { Actor } from '../domain/actor.js'
import { mayConcern } from '../domain/catalogue/catalogue-change.js'
import { type Clock, parseTime, toTimestamp } from '../domain/clock.js'
import { badInput, by } from '../domain/errors.js'
import { claimStep, strictly } from '../domain/flip/claim.js'
import { type Adopt, decideAdopt, decideDeclareAndAdopt, isAbout } from '../domain/incident/adopt.js'
import type { BusinessHours } from '../domain/incident/business-hours.js'
import type { Passed } from '../domain/incident/clock.js'
import type { Incident } from '../domain/incident/incident.js'
import type { PostmortemSource } from '../domain/incident/postmortem-facts.js'
import { decideReopen, decideResolve } from '../domain/incident/resolve.js'
import { type Change, decideChange, decideNote, decideTick, incidentOf } from '../domain/incident/rules.js'
import { certainMs } from '../domain/log/age.js'
import { type Entry, placeOf } from '../domain/log/audit.js'
import { findRunbook } from '../domain/runbook/runbook.js'
import type { FlagState, State } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { Left, Note } from '../wire/entry.js'
import type { Runbook } from '../wire/runbook.js'
import type { Audit } from './audit.js'
import { storyOf } from './incident-story.js'
import type { Runbooks } from './runbooks.js'
import type { Act, AskedFor, Decide, Origin, Submissions, Submitted } from './submissions.js'

export type DeclareBody = {
  id?: string
  title: string
  runbook?: string
  severity?: string
  commander?: string
  adopt?: true | string[]
  drill?: boolean
}
export type AdoptBody = { adopt?: Adopt; from?: string; reason?: string }
export type ChangeBody = Omit<Change, 'runbook'> & { runbook?: string; reason?: string }
type Prepare = (command: { actor: Actor; incident: string; request: Entry['request'] }) => Decide
export type TickBody = { step: string; ticked: 'done' | 'skipped'; reason?: string }
export type ResolveBody = { reason?: string; leave?: Left[]; force?: boolean }

const DAY_MS = 24 * 3_600_000
const MOST_CHANGES = 100
/** Acts that move holds, or say whether an incident may have them. */
const MOVING: readonly Entry['action'][] = ['incident.adopted', 'incident.resolved', 'incident.reopened']

export class Incidents {
  readonly #log: LogState
  readonly #submissions: Submissions
  readonly #runbooks: Runbooks
  readonly #audit: Audit
  readonly #clock: Clock
  /** Undefined where none are set. */
  readonly hours: BusinessHours | undefined

  constructor(parts: {
    log: LogState
    submissions: Submissions
    runbooks: Runbooks
    audit: Audit
    clock: Clock
    hours?: BusinessHours | undefined
  }) {
    this.#log = parts.log
    this.#submissions = parts.submissions
    this.#runbooks = parts.runbooks
    this.#audit = parts.audit
    this.#clock = parts.clock
    this.hours = parts.hours
  }

  declare(actor: Actor, { id, ...body }: DeclareBody, origin: Origin): Promise<Submitted> {
    const about = id === undefined ? {} : { incident: id }
    const act: Act = { action: 'incident.declared', priority: 'flip', ...about, body: { id, ...body } }
    return this.#submissions.submit(actor, act, origin, request => {
      const { runbook: _, ...said } = body
      const command = { ...said, ...about, ...this.#runbookNamed(body), actor, request }
      return (state, now) => decideDeclareAndAdopt(state, command, now)
    })
  }

  #runbookNamed({ runbook: id }: { runbook?: string }): { runbook?: Runbook } {
    if (id === undefined) return {}
    return { runbook: findRunbook(this.#runbooks.all(), id) ?? this.#runbooks.get(id) }
  }

  /** Everything the log has of an incident, for its post-mortem and its messages: adopted kills and confirmations too. */
  async source(id: string, environment: string, signal: AbortSignal): Promise<PostmortemSource> {
    const incident = this.get(id)
    const { entries, unreadable } = await storyOf(incident, { audit: this.#audit, log: this.#log, signal })
    const runbook = this.runbookOf(incident)
    const definition = (key: string | undefined) =>
      key === undefined ? undefined : this.#log.state.flags.get(key)?.definition
    const applications = this.#log.state.catalogue?.applications ?? []
    return {
      ...{ incident, entries, environment, definition, applications },
      ...(runbook ? { runbook } : {}),
      ...(unreadable === undefined ? {} : { unreadable }),
    }
  }

  note(actor: Actor, incident: string, note: Note, origin: Origin): Promise<Submitted> {
    return this.#submit(actor, 'incident.noted', incident, note, origin, command => {
      assertNote(note)
      return (state, now) => decideNote(state, { ...command, note }, now)
    })
  }

  /** `priority: flip` as for all that moves a hold. */
  adopt(actor: Actor, incident: string, body: AdoptBody, origin: Origin): Promise<Submitted> {
    return this.#submit(actor, 'incident.adopted', incident, body, origin, command => {
      const asked = { ...command, ...body }
      return (state, now) => decideAdopt(state, { ...asked, runbook: this.#runbookIn(state, incident) }, now)
    })
  }

  change(actor: Actor, incident: string, body: ChangeBody, origin: Origin): Promise<Submitted> {
    return this.#submit(actor, 'incident.changed', incident, body, origin, command => {
      const { reason, runbook, ...change } = body
      if (runbook === undefined && Object.keys(change).length === 0)
        throw badInput(
          { in: 'body', path: 'body', rule: 'minProperties', problem: 'changes nothing' },
          'Say what changes: "severity", "runbook", "commander", "title" or "link".',
        )
      const { runbook: newRunbook } = this.#runbookNamed(runbook === undefined ? {} : { runbook })
      const asked = {
        ...command,
        change,
        ...(newRunbook ? { newRunbook } : {}),
        ...(reason === undefined ? {} : { reason }),
      }
      return (state, now) => decideChange(state, { ...asked, runbook: this.#runbookIn(state, incident) }, now)
    })
  }

  /** Strict: the step is one of the incident's own runbook; of any, while it has none. */
  tick(actor: Actor, incident: string, { step, ...body }: TickBody, origin: Origin): Promise<Submitted> {
    const prepare: Prepare = command => {
      const { runbook: own } = this.get(incident)
      const runbooks = own === undefined ? this.#runbooks.all() : [this.#runbooks.get(own.id)]
      const claim = strictly(claimStep(runbooks, step, undefined, 'kill'), step)
      return (state, now) => decideTick(state, { ...command, ...body, claim }, now)
    }
    const { claim } = this.#runbooks.asked({ step }, 'kill')
    const asked = claim === undefined ? {} : { claim }
    return this.#submit(actor, 'incident.step', incident, { step, ...body }, origin, prepare, asked)
  }

  resolve(actor: Actor, incident: string, body: ResolveBody, origin: Origin): Promise<Submitted> {
    return this.#submit(actor, 'incident.resolved', incident, body, origin, command => {
      const { reason, leave = [], force = false } = body
      for (const { until } of leave) assertTime('until', until)
      const asked = { ...command, leave, force, ...(reason === undefined ? {} : { reason }) }
      return (state, now) =>
        decideResolve(
          state,
          { ...asked, runbook: this.#runbookIn(state, incident), passed: this.passed, hours: this.hours },
          now,
        )
    })
  }

  reopen(actor: Actor, incident: string, body: { reason?: string }, origin: Origin): Promise<Submitted> {
    return this.#submit(
      actor,
      'incident.reopened',
      incident,
      body,
      origin,
      command => (state, now) => decideReopen(state, { ...command, ...body }, now),
    )
  }

  /** What waits are counted by. */
  get passed(): Passed {
    return passedBy(this.#log)
  }

  /** The incident; throws `unknown-incident`. */
  get(id: string): Incident {
    return incidentOf(this.#log.state, id)
  }

  /** The runbook of an incident as it is in force now; undefined where the catalogue no longer has it. */
  runbookOf(incident: Incident): Runbook | undefined {
    return this.#runbooks.of(incident)
  }

  /** Newest first. */
  list(status: 'open' | 'resolved' | undefined): Incident[] {
    return [...this.#log.state.incidents.values()]
      .filter(each => status === undefined || (each.resolved === undefined ? 'open' : 'resolved') === status)
      .reverse()
  }

  /** What changed the incident's applications within 24 h: flips, and catalogues after the log's first; newest first. */
  async changedLately(id: string, signal: AbortSignal): Promise<Entry[]> {
    const about = { outcome: 'applied' as const, since: toTimestamp(this.#clock() - DAY_MS) }
    const ask = { order: 'newest' as const, limit: MOST_CHANGES, waitMs: 0, signal }
    const flag = this.#flagsOf(this.get(id))
    const pages = await Promise.all([
      this.#audit.page({ ...about, action: ['kill', 'restore'], ...(flag.length > 0 ? { flag } : {}) }, ask),
      this.#audit.page({ ...about, action: 'catalogue.loaded' }, ask),
    ])
    return pages
      .flatMap(page => page.entries.map(({ entry }) => entry))
      .filter(entry => entry.seq > 1 && mayConcern(entry, flag, this.get(id).runbook?.id))
      .sort((one, other) => placeOf(other) - placeOf(one))
      .slice(0, MOST_CHANGES)
  }

  /** Those of its applications: the ones that its runbook is about, or that it has killed flags of. */
  #flagsOf(incident: Incident): string[] {
    const { state } = this.#log
    const runbook = this.runbookOf(incident)
    const flags = [...state.flags.values()]
    const isOwn = (flag: FlagState) =>
      incident.flips.flags.includes(flag.definition.key) ||
      (runbook !== undefined && isAbout(state, runbook, flag))
    const applications = new Set(flags.filter(isOwn).map(flag => flag.definition.application))
    return flags
      .filter(flag => applications.has(flag.definition.application))
      .map(flag => flag.definition.key)
  }

  #runbookIn(state: State, id: string): Runbook | undefined {
    const incident = state.incidents.get(id)
    return incident && this.runbookOf(incident)
  }

  #submit(
    actor: Actor,
    action: Entry['action'],
    incident: string,
    body: object,
    origin: Origin,
    prepare: Prepare,
    asked: AskedFor = {},
  ): Promise<Submitted> {
    const priority = MOVING.includes(action) ? 'flip' : 'note'
    const act: Act = { action, priority, incident, asked, body }
    return this.#submissions.submit(actor, act, origin, request => prepare({ actor, incident, request }))
  }
}

export const passedBy =
  (log: LogState): Passed =>
  ({ place, at }) =>
    certainMs(log.ageOf(place), at, log.condition.clocks)

/** Owner and due belong to an action alone, and whom to an escalation, which is none without. */
function assertNote({ kind, to, owner, due }: Note): void {
  if ((kind === 'escalated') !== (to !== undefined))
    throw badInput(
      { in: 'body', path: to === undefined ? 'body.to' : 'body.kind', problem: 'do not go together' },
      `"to" says whom it was escalated to: it belongs to a note of kind "escalated", and to no other; this one is "${kind}".`,
    )
  if (kind !== 'action' && (owner !== undefined || due !== undefined))
    throw badInput(
      { in: 'body', path: 'body.kind', problem: 'must be action, with "owner" or "due"' },
      `"owner" and "due" belong to a note of kind "action"; this one is "${kind}".`,
    )
  if (due !== undefined) assertTime('due', due)
}

function assertTime(name: string, given: string): void {
  if (parseTime(given) !== undefined) return
  throw badInput(
    { in: 'body', path: `body.${name}`, rule: 'format', problem: 'is no time' },
    `"${name}" is "${given}", which is no time.`,
    by('Give a date such as 2026-11-27, or an RFC 3339 time with its zone.'),
  )
}
