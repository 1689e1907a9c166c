// A kill is never refused for its paperwork; what was missing is kept here until somebody has made it good, so that the
// gap is found later.

import { type Entry, placeOf } from './audit.js'

export type Missing = 'incident' | 'step' | 'reason'

export type Gap = {
  /** The kill. */
  place: number
  flag: string
  hold: string
  actor: string
  at: string
  incident?: string
  /** `incident`: none, or one nobody declared. `step`: none that holds. `reason`: none, and no step whose text serves. */
  missing: readonly Missing[]
}

/** Beyond this the oldest are let go of; the log still has them. */
const MOST_GAPS = 500
/** Notes that say what happened: one of these on its incident explains a kill without step or reason. */
const EXPLAINING: readonly string[] = ['impact', 'cause', 'resolution', 'action']

/**
 * The gaps after an applied entry. Closed by: for the incident, declaring it or adopting the hold; for step and reason, an
 * explaining note on the incident, or its resolve; where no incident was ever named, a restore, which says why.
 */
export function foldGaps(
  gaps: readonly Gap[],
  entry: Entry,
  isDeclared: (incident: string) => boolean,
): readonly Gap[] {
  const { incident } = entry
  switch (entry.action) {
    case 'kill':
      return withGap(gaps, entry, isDeclared)
    case 'restore':
      return gaps.filter(
        gap => gap.incident !== undefined || !(entry.released ?? []).some(released => released === gap.hold),
      )
    case 'incident.declared':
      return named(gaps, gap => gap.incident === incident, incident)
    case 'incident.adopted':
      return named(gaps, gap => entry.adopted?.some(each => each.hold === gap.hold) ?? false, incident)
    case 'incident.noted':
      return EXPLAINING.includes(entry.note?.kind ?? '')
        ? gaps.filter(gap => gap.incident !== incident)
        : gaps
    case 'incident.resolved':
      return gaps.filter(gap => gap.incident !== incident)
    default:
      return gaps
  }
}

function withGap(
  gaps: readonly Gap[],
  entry: Entry,
  isDeclared: (incident: string) => boolean,
): readonly Gap[] {
  const { incident, flag = '', hold = '' } = entry
  const missing: Missing[] = []
  if (incident === undefined || !isDeclared(incident)) missing.push('incident')
  if (entry.offRunbook) missing.push('step')
  if (entry.reason === undefined) missing.push('reason')
  if (missing.length === 0) return gaps
  const gap = { place: placeOf(entry), flag, hold, actor: entry.actor.id, at: entry.at, missing }
  return [...gaps, incident === undefined ? gap : { ...gap, incident }].slice(-MOST_GAPS)
}

/** The gaps chosen now have their incident. */
function named(
  gaps: readonly Gap[],
  isMeant: (gap: Gap) => boolean,
  incident: string | undefined,
): readonly Gap[] {
  if (incident === undefined || !gaps.some(isMeant)) return gaps
  return gaps
    .map(gap =>
      isMeant(gap) ? { ...gap, incident, missing: gap.missing.filter(each => each !== 'incident') } : gap,
    )
    .filter(gap => gap.missing.length > 0)
}
