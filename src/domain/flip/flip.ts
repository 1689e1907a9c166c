// The rules of a restore, which releases exactly the holds it names; and what every flip's entry says: who, why, and from
// which step. Pure functions from a state and a command to entries or a refusal. The kill is in kill.ts.

import { oneLine } from '../../text/characters.js'
import type { StepReference, Warning } from '../../wire/hold.js'
import type { Call, Way } from '../../wire/way.js'
import type { Role } from '../../wire/words.js'
import { type Actor, reaches } from '../actor.js'
import { unknownFlag } from '../catalogue/near-key.js'
import { span, toSecond, toTimestamp } from '../clock.js'
import { by, byCall, KillswitchError } from '../errors.js'
import type { Draft, Entry } from '../log/audit.js'
import { keptOf } from '../log/kept.js'
import { type FlagState, isKilled, type State, summariseHold } from '../state.js'
import { withoutTokens } from '../token-form.js'
import { type Ended, incidentsOf } from './ended-incidents.js'
import { type Hold, isOnlyOf, underItsIncident } from './hold.js'
import { earlyWarnings, type Recovery } from './restore-doubts.js'

/** How long an operator may take back a kill of their own. */
const UNDO_WINDOW_MS = 5 * 60_000

export type RequestInfo = Entry['request']

/** A runbook step as claimed for a flip, checked against the runbooks before the rules see it. */
export type StepClaim = {
  runbook?: { id: string; digest: string }
  step?: StepReference
  offRunbook: boolean
  warnings: Warning[]
}

export type RestoreCommand = {
  flag: string
  actor: Actor
  request: RequestInfo
  claim: StepClaim
  reason?: string
  incident?: string
  hold?: string
  all?: boolean
  undo?: boolean
  /** What the runbooks say of a restore; without it nothing is said. */
  recovery?: Recovery
  /** The flag's place as the caller last saw it. */
  ifMatch?: number
  /** The holds on the flag when the restore was asked for. */
  present: readonly string[]
  /** The last kill that had found each of them there. One that is dated ahead is not a later one for that. */
  again?: ReadonlyMap<string, string | undefined>
  /** How long each of them may have been there, ms, whatever its date says. */
  ages?: ReadonlyMap<string, number>
}

/** What the rules say: entries to write, and, where the command is refused, the error to answer with. */
export type Verdict = {
  drafts: Draft[]
  refusal?: KillswitchError
  /** The drafts are the answer and change nothing: they are counted with others, and not written one by one. */
  isCounted?: boolean
}

export function decideRestore(state: State, command: RestoreCommand, now: number): Verdict {
  const flag = state.flags.get(command.flag)
  try {
    if (flag === undefined) throw unknownFor(state, command)
    mayRestore(command, flag, now)
    matches(command, flag)
    const holds = released(command, flag, now)
    const told = { ...doubted(state, command, flag, holds), ...incidentsOf(state, command, holds) }
    return { drafts: [restoreDraft(flag, told, holds, now)] }
  } catch (error) {
    if (error instanceof KillswitchError)
      return refuse(underItsIncident(command, flag?.holds), 'restore', error, now)
    throw error
  }
}

function mayRestore(command: RestoreCommand, flag: FlagState, now: number): void {
  const { actor } = command
  const { key, restoreRole, killRole } = flag.definition
  if (actor.only !== undefined) {
    throw new KillswitchError('forbidden', `This credential may only ${actor.only}.`, {
      role: actor.role,
      needed: restoreRole,
      wayOut: [by(`Restore ${key} with one of role ${restoreRole}.`)],
    })
  }
  if (reaches(actor.role, restoreRole)) return
  if (command.undo && reaches(actor.role, killRole)) return
  const mine = ownHolds(flag, actor).some(hold => isFresh(hold, command, now))
  throw forbidden(
    actor,
    `restore ${key}`,
    restoreRole,
    mine ? byCall(undoOf(key), 'takes back your own kill within 5 minutes') : undefined,
  )
}

const undoOf = (key: string): Call => ({
  method: 'POST',
  path: '/v1/flags/restore',
  body: { flag: key, undo: true },
})

export function forbidden(
  actor: Actor,
  act: string,
  needed: Role,
  wayOut: Way = by(`Ask somebody with role ${needed}.`),
): KillswitchError {
  const message = `${actor.id} has role ${actor.role} and may not ${act}: that takes ${needed} or higher.`
  return new KillswitchError('forbidden', message, { role: actor.role, needed, wayOut: [wayOut] })
}

function matches({ ifMatch }: RestoreCommand, flag: FlagState): void {
  if (ifMatch === undefined || ifMatch === flag.place) return
  throw new KillswitchError(
    'precondition-failed',
    `${flag.definition.key} has changed since: If-Match named ${ifMatch}, it is at ${flag.place}.`,
    {
      etag: `"${flag.place}"`,
      holds: flag.holds.map(summariseHold),
      wayOut: [by('Look at its holds and decide again.')],
    },
  )
}

const ownHolds = (flag: FlagState, actor: Actor): Hold[] =>
  flag.holds.filter(hold => isOnlyOf(hold, actor.id))
/** By its date and by what has passed: a clock that is set back permits nothing, and one that is set ahead ends it. */
const isFresh = ({ id, since }: Hold, { ages }: RestoreCommand, now: number): boolean =>
  now - Date.parse(since) <= UNDO_WINDOW_MS && (ages?.get(id) ?? 0) <= UNDO_WINDOW_MS

const whatToRelease = {
  in: 'body',
  path: 'body',
  rule: 'oneOf',
  problem: 'must have one of "incident", "hold", "all" and "undo"',
} as const

/** The holds the command names, at least one. */
function released(command: RestoreCommand, flag: FlagState, now: number): Hold[] {
  const named = [command.incident, command.hold, command.all || undefined].filter(each => each !== undefined)
  if (named.length > 1 || (named.length === 0 && !command.undo)) {
    throw new KillswitchError(
      'malformed-request',
      'Say what to release, by one of: "incident" (its hold), "hold" (one, by id), "all": true, or "undo": true (your own kill of the last 5 minutes).',
      { holds: flag.holds.map(summariseHold), errors: [whatToRelease] },
    )
  }
  const holds = command.undo
    ? undone(command, flag, now)
    : flag.holds.filter(hold => isNamed(command, hold, now))
  if (holds.length === 0) throw nothingToRelease(flag, command.undo)
  return holds
}

/** The holds there were when the restore was asked for: a kill that came later stands, whatever is decided first. */
function isNamed(command: RestoreCommand, hold: Hold, now: number): boolean {
  const isSeen = command.again?.has(hold.id) && command.again.get(hold.id) === hold.again
  if (hold.again !== undefined && !isSeen && Date.parse(hold.again) > now) return false
  if (!command.present.includes(hold.id) && Date.parse(hold.since) > now) return false
  if (command.hold !== undefined) return hold.id === command.hold
  if (command.incident !== undefined) return hold.incident === command.incident
  return !command.all || command.present.includes(hold.id) || Date.parse(hold.since) < now
}

/** The newest hold of the actor's own, not older than five minutes. */
function undone(command: RestoreCommand, flag: FlagState, now: number): Hold[] {
  const mine = ownHolds(flag, command.actor).filter(hold => isNamed(command, hold, now))
  const newest = mine.at(-1)
  if (newest === undefined) return []
  if (isFresh(newest, command, now)) return [newest]
  throw new KillswitchError(
    'forbidden',
    `Your hold ${newest.id} on ${flag.definition.key} is from ${toSecond(newest.since)}${cameIn(newest, command, now)}: undo is for 5 minutes. A restore takes ${flag.definition.restoreRole} or higher.`,
    {
      role: command.actor.role,
      needed: flag.definition.restoreRole,
      wayOut: [by(`Ask somebody with role ${flag.definition.restoreRole}.`)],
    },
  )
}

/** Where its date alone would permit the undo. */
function cameIn({ id, since }: Hold, { ages }: RestoreCommand, now: number): string {
  const ageMs = ages?.get(id)
  if (ageMs === undefined || now - Date.parse(since) > UNDO_WINDOW_MS) return ''
  return Number.isFinite(ageMs)
    ? `, by a clock that was wrong: it is ${span(ageMs)} old`
    : ', and how long ago that was is not known here'
}

function nothingToRelease(flag: FlagState, undo = false): KillswitchError {
  const { key } = flag.definition
  if (!isKilled(flag))
    return new KillswitchError('nothing-to-release', `${key} is not killed: there is no hold to release.`, {
      holds: [],
    })
  const message = undo
    ? `No hold on ${key} is a kill of yours alone.`
    : `None of the holds on ${key} is the one named.`
  const releasing = (which: { hold?: string; all?: true }) => ({
    method: 'POST' as const,
    path: '/v1/flags/restore',
    body: { flag: key, ...which },
  })
  return new KillswitchError('nothing-to-release', message, {
    holds: flag.holds.map(summariseHold),
    wayOut: [
      ...flag.holds
        .slice(0, 1)
        .map(({ id }) => byCall(releasing({ hold: id }), 'releases one hold', ['reason'])),
      byCall(releasing({ all: true }), 'releases every hold', ['reason']),
    ],
  })
}

export const unknownFor = ({ flags }: State, { flag }: { flag: string }): KillswitchError =>
  unknownFlag(flags, flag, { flags: [...flags.keys()].slice(0, 50) })

/** What the restore leaves out of the runbook is told where it gives the flag back. To take back a slip leaves out nothing. */
function doubted(state: State, command: RestoreCommand, flag: FlagState, holds: Hold[]): RestoreCommand {
  const { claim, undo, recovery } = command
  const isHeld = flag.holds.length > holds.length
  if (undo || isHeld) return { ...command, claim: { ...claim, warnings: [] } }
  const early = recovery === undefined ? [] : earlyWarnings(state, command.flag, holds, recovery)
  return { ...command, claim: { ...claim, warnings: [...claim.warnings, ...early] } }
}

function restoreDraft(flag: FlagState, command: RestoreCommand & Ended, holds: Hold[], now: number): Draft {
  const { definition } = flag
  const left = flag.holds.filter(hold => !holds.includes(hold))
  return {
    ...common(command, 'restore', now),
    outcome: 'applied',
    application: definition.application,
    label: definition.restoreLabel,
    from: definition.killVariant,
    to: left.length > 0 ? definition.killVariant : null,
    released: holds.map(hold => hold.id),
    ...(command.undo ? { undo: true as const } : {}),
    holds: left.map(summariseHold),
    ...paperwork(command),
    ...(command.incidents === undefined ? {} : { incidents: command.incidents }),
    reason: command.reason ?? `undo of ${holds.map(hold => hold.id).join(', ')}`,
  }
}

/** `flags`: of a run. */
type Command = { flag?: string; flags?: readonly string[]; actor: Actor; request: RequestInfo }

export function common(command: Command, action: Draft['action'], now: number): Omit<Draft, 'outcome'> {
  const { id, role, via } = command.actor
  return {
    action,
    actor: { id, role, via },
    receivedAt: toTimestamp(now),
    ...(command.flag === undefined ? {} : { flag: command.flag }),
    request: command.request,
  }
}

type Papers = { claim: StepClaim; reason?: string; incident?: string }

/** Incident, step and reason as the entry keeps them. Where no reason is given, the step's text serves. */
export function paperwork({ claim, reason, incident }: Papers): Partial<Draft> {
  const why = reason ?? claim.step?.text
  return {
    ...(incident === undefined ? {} : { incident }),
    ...(claim.runbook === undefined ? {} : { runbook: claim.runbook }),
    ...(claim.step === undefined ? {} : { step: claim.step }),
    ...(claim.offRunbook ? { offRunbook: true } : {}),
    ...(why === undefined ? {} : { reason: why }),
    ...(claim.warnings.length === 0 ? {} : { warnings: claim.warnings }),
  }
}

/** A refusal is an entry too: nothing changed, and the log says who tried. */
export function refuse(
  command: Command & Partial<Papers>,
  action: Draft['action'],
  error: KillswitchError,
  now: number,
): Verdict {
  const { named, run, papers } = keptOf(command, action === 'step.run')
  // whatever was sent, a refusal stays small; what to send instead is of no use a week later
  const refusal = { code: error.code, detail: withoutTokens(oneLine(error.message)).slice(0, 1000) }
  return {
    drafts: [
      {
        ...common({ ...command, ...named }, action, now),
        ...{ outcome: 'refused', ...run, ...paperwork(papers), refusal },
      },
    ],
    refusal: error,
  }
}
