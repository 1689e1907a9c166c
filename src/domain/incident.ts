// An incident is a fold over the log, like a flag. Kept here is only what rules and clocks need: notes and flips are read
// from the log itself. Killing first and declaring later is normal, so flips under a name nobody declared are kept too.

import type { Left } from '../wire/entry.js'
import type { StepReference, Warning } from '../wire/hold.js'
import type { Link, Moment, Resolution, Tick } from '../wire/incident.js'
import { type Entry, placeOf } from './audit.js'
import { toSecond } from './clock.js'
import { byCall } from './errors.js'

/** Beyond these the oldest are let go of: resolved incidents, names never declared, places of kills, links, steps. */
const MOST_RESOLVED = 1_000
const MOST_UNDECLARED = 200
const MOST_KILLS = 500
const MOST_LINKS = 50
const MOST_STEPS = 200

/** What flips did under one incident's name, declared or not. */
export type IncidentFlips = {
  /** Places of the kills that count as its own, adopted ones included, oldest first. */
  kills: readonly number[]
  /** The flags it ever held. */
  flags: readonly string[]
  /** The runbook steps that its flips came from: whoever flips from a step has done it. The newest of each. */
  steps: readonly Tick[]
  /** Its last kill, and the last restore of one of its holds. */
  killed?: Moment
  restored?: Moment
}

export type Incident = {
  id: string
  title: string
  runbook: { id: string; digest: string }
  /** As the runbook's own scale spells it. */
  severity: string
  commander?: string
  declared: Moment & { by: string }
  /** The first sign of somebody at work on it: a commander, a kill, a note, a tick. */
  responded?: Moment
  updated?: Moment
  progressed?: Moment
  recovered?: Moment
  flips: IncidentFlips
  links: readonly Link[]
  /** The newest of each step. */
  ticks: readonly Tick[]
  resolved?: Resolution
}

export type Incidents = {
  /** Those declared, oldest first. */
  incidents: ReadonlyMap<string, Incident>
  /** What was done under names nobody has declared yet. */
  undeclared: ReadonlyMap<string, IncidentFlips>
}

const NO_FLIPS: IncidentFlips = { kills: [], flags: [], steps: [] }

export const isOpen = (incident: Incident): boolean => incident.resolved === undefined

/** What an applied entry of an incident does to it; an entry of something else, or of an incident not known, nothing. */
export function foldIncident(known: Incidents, entry: Entry): Incidents {
  const { incident: id } = entry
  if (id === undefined) return known
  if (entry.action === 'incident.declared') return declare(known, id, entry)
  const incident = known.incidents.get(id)
  if (incident === undefined) return known
  const next = { ...incident, ...changesOf(incident, entry) }
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
      runbook: runbook ?? { id: declared.runbook, digest: '' },
      severity: declared.severity,
      ...(declared.commander === undefined ? {} : { commander: declared.commander }),
      declared: { ...now, by: entry.actor.id },
      ...(isWorkedOn ? { responded: now } : {}),
      flips,
      links: [],
      ticks: [],
    },
  )
}

function changesOf(incident: Incident, entry: Entry): Partial<Incident> {
  switch (entry.action) {
    case 'incident.noted':
      return noted(entry)
    case 'incident.changed':
      return changed(incident, entry)
    case 'incident.step':
      return { ticks: [...incident.ticks.filter(tick => tick.step.id !== entry.step?.id), tickOf(entry)] }
    case 'incident.resolved':
      return { resolved: resolutionOf(incident, entry) }
    default:
      return {}
  }
}

function noted(entry: Entry): Partial<Incident> {
  const now = momentOf(entry)
  switch (entry.note?.kind) {
    case 'update':
      return { updated: now }
    case 'progress':
      return { progressed: now }
    case 'recovered':
      return { recovered: now }
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
export function withKills(
  known: Incidents,
  id: string,
  kills: readonly (Moment & { flag: string })[],
  entry: Entry,
): Incidents {
  return withFlips(known, id, entry, flips => ({
    ...flips,
    kills: kills.reduce((places, { place }) => withPlace(places, place), flips.kills),
    flags: [...new Set([...flips.flags, ...kills.map(kill => kill.flag)])],
    killed: latest(...kills, ...(flips.killed ? [flips.killed] : [])),
  }))
}

/** In order, once, the newest of them. Most kills come last, and are not looked for. */
function withPlace(places: readonly number[], place: number): readonly number[] {
  const isLast = place > (places.at(-1) ?? 0)
  if (isLast) return [...places.slice(1 - MOST_KILLS), place]
  if (places.includes(place)) return places
  return [...places, place].sort((a, b) => a - b).slice(-MOST_KILLS)
}

/** Flips from steps of a runbook do those steps; a name that is no step of any (it has no line) does none. */
export function withSteps(
  known: Incidents,
  id: string,
  steps: readonly (Omit<Tick, 'ticked' | 'step'> & { step?: StepReference })[],
  entry: Entry,
): Incidents {
  const done = steps.flatMap(({ step, ...when }) =>
    step?.line === undefined ? [] : [{ ...when, step, ticked: 'done' as const }],
  )
  if (done.length === 0) return known
  return withFlips(known, id, entry, flips => ({
    ...flips,
    steps: [...flips.steps.filter(tick => done.every(each => each.step.id !== tick.step.id)), ...done].slice(
      -MOST_STEPS,
    ),
  }))
}

/** What became of a step: ticked by hand, or done by a flip from it, whichever is newer. */
export const tickFor = ({ ticks, flips }: Incident, step: string): Tick | undefined =>
  [...ticks, ...flips.steps].filter(tick => tick.step.id === step).sort((a, b) => b.place - a.place)[0]

/** One of its holds was released. */
export const withRestore = (known: Incidents, id: string, entry: Entry): Incidents =>
  withFlips(known, id, entry, flips => ({ ...flips, restored: momentOf(entry) }))

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

/** The later of some moments, by place. */
export function latest(...moments: readonly Moment[]): Moment {
  const { place, at } = moments.reduce((a, b) => (b.place > a.place ? b : a))
  return { place, at }
}

/** Whether two spellings mean one severity: `sev1` is `SEV-1`. */
export const isSameLevel = (a: string, b: string): boolean => levelOf(a) === levelOf(b)
const levelOf = (level: string): string => level.toLowerCase().replace(/[\s_-]+/g, '')

/** What a declaration must have besides an id. */
export const DECLARING = ['title', 'runbook', 'severity']

/** What a kill is told that names an incident nobody declared, or one that is over. */
export function warnOf({ incidents }: Pick<Incidents, 'incidents'>, id: string): Warning | undefined {
  const incident = incidents.get(id)
  if (incident === undefined) {
    const detail = `Nobody has declared ${id} here. If it is no slip of the pen, declare it when there is time.`
    const wayOut = [
      byCall({ method: 'POST', path: '/v1/incidents', body: { id } }, 'takes its holds over', DECLARING),
    ]
    return { code: 'unknown-incident', detail, wayOut }
  }
  if (incident.resolved === undefined) return undefined
  const detail = `${id} was resolved at ${toSecond(incident.resolved.at)}: if this is something new, declare it, and adopt.`
  return { code: 'resolved-incident', detail }
}
