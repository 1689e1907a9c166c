// The rules of an incident: who may do what to it, and when. Pure functions from a state and a command to entries or a
// refusal, like those of a flip.

import type { Note } from '../../wire/entry.js'
import type { RunbookReference } from '../../wire/hold.js'
import type { Runbook } from '../../wire/runbook.js'
import type { Role } from '../../wire/words.js'
import { type Actor, reaches } from '../actor.js'
import { toSecond, toTimestamp } from '../clock.js'
import { badInput, by, byCall, bySending, KillswitchError } from '../errors.js'
import { common, forbidden, type RequestInfo, refuse, type StepClaim, type Verdict } from '../flip/flip.js'
import type { Draft, Entry } from '../log/audit.js'
import type { State } from '../state.js'
import { type Incident, isSameLevel } from './incident.js'
import { slipsOf } from './near-id.js'
import { DECLARING } from './warnings.js'

export type IncidentCommand = { actor: Actor; request: RequestInfo; incident: string; reason?: string }

export type DeclareCommand = Omit<IncidentCommand, 'incident'> & {
  /** Made where none is given. */
  incident?: string
  title: string
  /** What is not known yet is given later. */
  runbook?: Runbook
  severity?: string
  commander?: string
  drill?: boolean
}

export type Change = NonNullable<Entry['change']>
export type ChangeCommand = IncidentCommand & {
  change: Omit<Change, 'runbook'>
  /** The one to follow from now on; else that of the incident. */
  newRunbook?: Runbook
  runbook: Runbook | undefined
}
export type NoteCommand = IncidentCommand & { note: Note }
export type TickCommand = IncidentCommand & { claim: StepClaim; ticked: 'done' | 'skipped' }

export function decideDeclare(state: State, command: DeclareCommand, now: number): Verdict {
  const incident = command.incident ?? madeId(state, now)
  const named = { ...command, incident }
  return ruled(named, 'incident.declared', now, () => {
    mayWork(command.actor, 'declare an incident')
    const known = state.incidents.get(incident)
    if (known !== undefined) throw alreadyDeclared(known)
    const { title, runbook, commander, drill } = command
    const severity = command.severity === undefined ? '' : severityOf(runbook, command.severity)
    const declared = {
      ...{ title, runbook: runbook?.id ?? '', severity },
      ...(commander ? { commander } : {}),
      ...(drill ? { drill: true as const } : {}),
    }
    const reference = runbook === undefined ? {} : { runbook: referTo(runbook) }
    return [{ ...draft(named, 'incident.declared', now), ...reference, declared }]
  })
}

const referTo = ({ id, digest }: Runbook): RunbookReference => ({ id, digest })

function alreadyDeclared({ id, title, declared }: Incident): KillswitchError {
  return new KillswitchError(
    'incident-exists',
    `${id} was declared at ${toSecond(declared.at)} by ${declared.by}: "${title}".`,
    { incident: id, wayOut: [by('Work on that one, or give another id, or none.')] },
  )
}

/** `INC-2026-11-20-1`: the day, and the first number that nobody has used, declared or not. */
export function madeId(state: State, now: number): string {
  const day = toTimestamp(now).slice(0, 10)
  for (let number = 1; ; number++) {
    const id = `INC-${day}-${number}`
    if (!state.incidents.has(id) && !state.undeclared.has(id)) return id
  }
}

/** The level of the runbook's own scale; without a runbook, or of one without a scale, what was given. */
export function severityOf(runbook: Runbook | undefined, given: string): string {
  if (runbook === undefined) return given.trim()
  const found = runbook.severities.find(({ level }) => isSameLevel(level, given))
  if (found !== undefined) return found.level
  if (runbook.severities.length === 0) return given.trim()
  const levels = runbook.severities.map(({ level }) => level)
  throw new KillswitchError(
    'unknown-severity',
    `"${given}" is no severity of the runbook ${runbook.id}: its scale is ${levels.join(', ')}.`,
    {
      scale: runbook.severities.map(({ level, name, description }) => ({
        level,
        ...(name ? { name } : {}),
        ...(description ? { description } : {}),
      })),
    },
  )
}

export function decideNote(state: State, command: NoteCommand, now: number): Verdict {
  return ruled(command, 'incident.noted', now, () => {
    mayWork(command.actor, 'write notes')
    incidentOf(state, command.incident)
    return [{ ...draft(command, 'incident.noted', now), note: command.note }]
  })
}

/** Of what is given, what is new; nothing new is `unchanged`, and still an entry. */
export function decideChange(state: State, command: ChangeCommand, now: number): Verdict {
  return ruled(command, 'incident.changed', now, () => {
    mayWork(command.actor, 'change an incident')
    const incident = incidentOf(state, command.incident)
    const change = newIn(incident, command)
    const outcome = Object.keys(change).length > 0 ? 'applied' : 'unchanged'
    return [{ ...draft(command, 'incident.changed', now), outcome, change }]
  })
}

/** Another runbook has a scale of its own: the severity there is must be a level of it, or one is given with it. */
function newIn(incident: Incident, { change, newRunbook, runbook }: ChangeCommand): Change {
  const { title, commander, link } = change
  const given = change.severity ?? (newRunbook && incident.severity)
  const severity = given === undefined ? undefined : severityOf(newRunbook ?? runbook, given)
  const isOther = newRunbook !== undefined && newRunbook.id !== incident.runbook?.id
  const known = incident.links.some(each => each.url === link?.url && each.title === link?.title)
  return {
    ...(severity === undefined || severity === incident.severity ? {} : { severity }),
    ...(isOther ? { runbook: referTo(newRunbook) } : {}),
    ...(commander === undefined || commander === incident.commander ? {} : { commander }),
    ...(title === undefined || title === incident.title ? {} : { title }),
    ...(link === undefined || known ? {} : { link }),
  }
}

/** Ticks a step of the incident's own runbook; skipping one says why. */
export function decideTick(state: State, command: TickCommand, now: number): Verdict {
  return ruled(command, 'incident.step', now, () => {
    mayWork(command.actor, 'tick steps')
    const incident = incidentOf(state, command.incident)
    const { claim, ticked, reason } = command
    if (ticked === 'skipped' && reason === undefined)
      throw badInput(
        { in: 'body', path: 'body.reason', rule: 'required', problem: 'is needed' },
        'A step is skipped for a reason.',
        bySending({ reason: '' }),
      )
    const known = incident.ticks.find(tick => tick.step.id === claim.step?.id)
    const same = known !== undefined && known.ticked === ticked && known.reason === reason
    const papers = {
      ...(claim.runbook ? { runbook: claim.runbook } : {}),
      ...(claim.step ? { step: claim.step } : {}),
    }
    const outcome = same ? 'unchanged' : 'applied'
    return [{ ...draft(command, 'incident.step', now), outcome, ...papers, ticked }]
  })
}

/** The incident, or `unknown-incident` with the way out. */
export function incidentOf(state: Pick<State, 'incidents' | 'undeclared'>, id: string): Incident {
  const incident = state.incidents.get(id)
  if (incident !== undefined) return incident
  if (state.undeclared.has(id))
    throw new KillswitchError(
      'unknown-incident',
      `There is no incident "${id}": flips name it, but nobody has declared it.`,
      {
        incident: id,
        wayOut: [byCall({ method: 'POST', path: '/v1/incidents', body: { id } }, 'declares it', DECLARING)],
      },
    )
  throw unknownIncident(state, id)
}

export function unknownIncident(state: Pick<State, 'incidents' | 'undeclared'>, id: string): KillswitchError {
  const near = slipsOf(id, [...state.incidents.keys(), ...state.undeclared.keys()])
  return new KillswitchError('unknown-incident', `There is no incident "${id}".`, {
    incident: id,
    ...(near.length > 0 ? { near } : {}),
    wayOut: [
      byCall({ method: 'GET', path: '/v1/incidents' }, 'lists those there are'),
      byCall({ method: 'GET', path: `/v1/audit?incident=${encodeURIComponent(id)}` }, 'has what is older'),
    ],
  })
}

export function mayWork(actor: Actor, act: string, needed: Role = 'operator'): void {
  if (actor.only !== undefined || !reaches(actor.role, needed)) throw forbidden(actor, act, needed)
}

/** What the rule says; an error of it is a refusal, and an entry like the rest. */
export function ruled(
  command: IncidentCommand,
  action: Draft['action'],
  now: number,
  rule: () => Draft[],
): Verdict {
  try {
    return { drafts: rule() }
  } catch (error) {
    if (error instanceof KillswitchError) return refuse(command, action, error, now)
    throw error
  }
}

export const draft = (command: IncidentCommand, action: Draft['action'], now: number): Draft => ({
  ...common(command, action, now),
  outcome: 'applied',
  incident: command.incident,
  ...(command.reason === undefined ? {} : { reason: command.reason }),
})
