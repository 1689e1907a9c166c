// An incident is a fold over the log, like a flag. Kept here is only what rules and clocks need: notes and flips are read
// from the log itself. Killing first and declaring later is normal, so flips under a name nobody declared are kept too.

import type { Left } from '../../wire/entry.js'
import type { RunbookReference } from '../../wire/hold.js'
import type { Link, Moment, Resolution, Tick } from '../../wire/incident.js'
import { type Entry, placeOf } from '../log/audit.js'
import {
  addKills,
  addSteps,
  type IncidentFlips,
  joined,
  type KillMoment,
  NO_FLIPS,
  type StepDone,
  undo,
  withoutKills,
} from './flips.js'

/** Beyond these the oldest are let go of: resolved incidents, names never declared, links, escalations. */
const MOST_RESOLVED = 1_000
const MOST_UNDECLARED = 200
const MOST_LINKS = 50
const MOST_ESCALATED = 50

/** `said`: in which words, as much of them as a condition of a runbook may have. */
export type Escalated = Moment & { to: string; said?: string }

export type Incident = {
  id: string
  title: string
  /** Absent until it is known which one to follow. */
  runbook?: RunbookReference
  /** As the runbook's own scale spells it; absent until it is known. */
  severity?: string
  commander?: string
  /** It was declared as a drill. */
  drill?: true
  declared: Moment & { by: string }
  /** The first sign of somebody at work on it: a commander, a kill, a note, a tick. */
  responded?: Moment
  updated?: Moment
  progressed?: Moment
  recovered?: Moment
  /** To whom it was escalated, oldest first. */
  escalated?: readonly Escalated[]
  flips: IncidentFlips
  links: readonly Link[]
  /** The newest of each step. */
  ticks: readonly Tick[]
  resolved?: Resolution
  /** The last time that it was opened again. */
  reopened?: Moment
}

export type Incidents = {
  /** Those declared, oldest first. */
  incidents: ReadonlyMap<string, Incident>
  /** What was done under names nobody has declared yet. */
  undeclared: ReadonlyMap<string, IncidentFlips>
}

export const isOpen = (incident: Incident): boolean => incident.resolved === undefined

/** What an applied entry of an incident does to it; an entry of something else, or of an incident not known, nothing. */
export function foldIncident(known: Incidents, entry: Entry): Incidents {
  const { incident: id } = entry
  if (id === undefined) return known
  if (entry.action === 'incident.declared') return declare(known, id, entry)
  const incident = known.incidents.get(id)
  if (incident === undefined) return known
  const { resolved: _, ...open } = incident
  const before = entry.action === 'incident.reopened' ? open : incident
  const next = { ...before, ...changesOf(incident, entry) }
  return withIncident(known, { ...next, ...responded(next, entry) })
}

function declare(known: Incidents, id: string, entry: Entry): Incidents {
  const { declared, runbook } = entry
  if (declared === undefined || known.incidents.has(id)) return known
  const flips = known.undeclared.get(id) ?? NO_FLIPS
  const now = momentOf(entry)
  const isWorkedOn = flips.kills.length > 0 || declared.commander !== undefined
  const undeclared = new Map(known.undeclared)
  undeclared.delete(id)
  return withIncident(
    { ...known, undeclared },
    {
      id,
      title: declared.title,
      ...runbookIn(declared.runbook, runbook),
      // empty in the entry where it was not known: older instances read a text there
      ...(declared.severity === '' ? {} : { severity: declared.severity }),
      ...(declared.commander === undefined ? {} : { commander: declared.commander }),
      ...(declared.drill ? { drill: true as const } : {}),
      declared: { ...now, by: entry.actor.id },
      ...(isWorkedOn ? { responded: now } : {}),
      flips,
      links: [],
      ticks: [],
    },
  )
}

const runbookIn = (id: string, runbook: RunbookReference | undefined): Pick<Incident, 'runbook'> =>
  id === '' ? {} : { runbook: runbook ?? { id, digest: '' } }

function changesOf(incident: Incident, entry: Entry): Partial<Incident> {
  switch (entry.action) {
    case 'incident.noted':
      return noted(incident, entry)
    case 'incident.changed':
      return changed(incident, entry)
    case 'incident.step':
      return { ticks: [...incident.ticks.filter(tick => tick.step.id !== entry.step?.id), tickOf(entry)] }
    case 'incident.resolved':
      return { resolved: resolutionOf(incident, entry) }
    case 'incident.reopened':
      return { reopened: momentOf(entry) }
    default:
      return {}
  }
}

function noted({ escalated = [] }: Incident, entry: Entry): Partial<Incident> {
  const now = momentOf(entry)
  const { to = '', text = '' } = entry.note ?? {}
  switch (entry.note?.kind) {
    case 'update':
      return { updated: now }
    case 'progress':
      return { progressed: now }
    case 'recovered':
      return { recovered: now }
    case 'escalated':
      return { escalated: [...escalated, { ...now, to, said: text.slice(0, 300) }].slice(-MOST_ESCALATED) }
    default:
      return {}
  }
}

function changed(incident: Incident, { change = {}, actor, at }: Entry): Partial<Incident> {
  const { link, ...rest } = change
  if (link === undefined) return rest
  const links = incident.links.filter(each => each.url !== link.url)
  return { ...rest, links: [...links, { ...link, by: actor.id, at }].slice(-MOST_LINKS) }
}

function tickOf(entry: Entry): Tick {
  const { ticked = 'done', step = { id: '' }, actor, reason } = entry
  return { ...momentOf(entry), ticked, step, by: actor.id, ...(reason === undefined ? {} : { reason }) }
}

/** Resolved once: a second resolve, of holds that were left, only says anew who looks after them. */
function resolutionOf({ resolved }: Incident, entry: Entry): Resolution {
  const leave = entry.resolved?.leave ?? []
  if (resolved !== undefined) return { ...resolved, leave: renewed(resolved.leave, leave) }
  const { reason } = entry
  const forced = entry.resolved?.forced ?? false
  return {
    ...momentOf(entry),
    by: entry.actor.id,
    ...(reason === undefined ? {} : { reason }),
    leave,
    forced,
  }
}

const renewed = (known: readonly Left[], leave: readonly Left[]): Left[] => [
  ...known.filter(each => !leave.some(left => left.flag === each.flag)),
  ...leave,
]

function responded(incident: Incident, entry: Entry): Partial<Incident> {
  if (incident.responded !== undefined) return {}
  const isAtWork = entry.action !== 'incident.changed' || incident.commander !== undefined
  return isAtWork ? { responded: momentOf(entry) } : {}
}

/** A kill under an incident's name, whether it is declared or not; adopted kills come in the same way. */
export const withKills = (
  known: Incidents,
  id: string,
  kills: readonly KillMoment[],
  entry: Entry,
): Incidents => withFlips(known, id, entry, flips => addKills(flips, kills))

/** Flips from steps of a runbook do those steps. */
export const withSteps = (
  known: Incidents,
  id: string,
  steps: readonly StepDone[],
  entry: Entry,
): Incidents =>
  steps.some(({ step }) => step?.line !== undefined)
    ? withFlips(known, id, entry, flips => addSteps(flips, steps))
    : known

/** What became of a step: ticked by hand, or done by a flip from it, whichever is newer. */
export const tickFor = ({ ticks, flips }: Incident, step: string): Tick | undefined =>
  [...ticks, ...flips.steps].filter(tick => tick.step.id === step).sort((a, b) => b.place - a.place)[0]

/** One of its holds was released. */
export const withRestore = (known: Incidents, id: string, entry: Entry): Incidents =>
  withFlips(known, id, entry, flips => ({ ...flips, restored: momentOf(entry) }))

/** Kills under its name were taken back by who had put them: that is no recovery. */
export const withUndo = (known: Incidents, id: string, places: readonly number[], entry: Entry): Incidents =>
  withFlips(known, id, entry, flips => undo(flips, places))

/** All that was done under names that nobody declared is this incident's. */
export function withHistory(known: Incidents, id: string, names: readonly string[], entry: Entry): Incidents {
  const undeclared = new Map(known.undeclared)
  const taken = names.flatMap(name => undeclared.get(name) ?? [])
  for (const name of names) undeclared.delete(name)
  return taken.length === 0
    ? known
    : withFlips({ ...known, undeclared }, id, entry, flips => taken.reduce(joined, flips))
}

/** Kills that another incident took: a name that nobody declared has them no more, a declared one still tells of them. */
export function withoutTaken(known: Incidents, name: string, kills: readonly KillMoment[]): Incidents {
  const flips = known.undeclared.get(name)
  if (flips === undefined) return known
  return { ...known, undeclared: new Map(known.undeclared).set(name, withoutKills(flips, kills)) }
}

function withFlips(
  known: Incidents,
  id: string,
  entry: Entry,
  change: (flips: IncidentFlips) => IncidentFlips,
): Incidents {
  const incident = known.incidents.get(id)
  if (incident !== undefined) {
    const next = { ...incident, flips: change(incident.flips) }
    return withIncident(known, { ...next, ...responded(next, entry) })
  }
  const undeclared = new Map(known.undeclared)
  undeclared.delete(id)
  undeclared.set(id, change(known.undeclared.get(id) ?? NO_FLIPS))
  for (const oldest of undeclared.keys()) {
    if (undeclared.size <= MOST_UNDECLARED) break
    undeclared.delete(oldest)
  }
  return { ...known, undeclared }
}

function withIncident(known: Incidents, incident: Incident): Incidents {
  const incidents = new Map(known.incidents)
  incidents.set(incident.id, incident)
  if (incidents.size > MOST_RESOLVED) letGo(incidents)
  return { ...known, incidents }
}

/** The oldest resolved incident that left nothing held; the log still has all of it. */
function letGo(incidents: Map<string, Incident>): void {
  for (const { id, resolved } of incidents.values()) {
    if (resolved === undefined || resolved.forced || resolved.leave.length > 0) continue
    incidents.delete(id)
    return
  }
}

const momentOf = (entry: Entry): Moment => ({ place: placeOf(entry), at: entry.at })

/** Whether two spellings mean one severity: `sev1` is `SEV-1`. */
export const isSameLevel = (a: string, b: string): boolean => levelOf(a) === levelOf(b)
export const levelOf = (level: string): string => level.toLowerCase().replace(/[\s_-]+/g, '')
