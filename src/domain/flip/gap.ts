// A kill is never refused for its paperwork; what was missing is kept here until somebody has made it good, so that the
// gap is found later.

import type { Gap } from '../../wire/housekeeping.js'
import { type Entry, placeOf } from '../log/audit.js'

/** Beyond this the oldest are let go of; the log still has them. */
const MOST_GAPS = 500
/** Notes that say what happened: one of these on its incident explains a kill without step or reason. */
const EXPLAINING: readonly string[] = ['impact', 'cause', 'resolution', 'action']

/**
 * The gaps after an entry that was applied, or a kill that found its hold there. Closed by: for the incident, declaring it or adopting the hold; for step and reason, the same kill again with them, an
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
      return entry.outcome === 'unchanged' ? mended(gaps, entry) : withGap(gaps, entry, isDeclared)
    case 'restore':
      return without(gaps, gap => gap.incident === undefined && (entry.released ?? []).includes(gap.hold))
    case 'incident.declared':
      return named(gaps, gap => gap.incident === incident, incident)
    case 'incident.adopted':
      return named(gaps, gap => isAdopted(gap, entry), incident)
    case 'incident.noted':
      return EXPLAINING.includes(entry.note?.kind ?? '')
        ? without(gaps, gap => gap.incident === incident)
        : gaps
    case 'incident.resolved':
      return without(gaps, gap => gap.incident === incident)
    default:
      return gaps
  }
}

/** The same array where none is closed: a start folds a hundred thousand entries, and most of them close none. */
const without = (gaps: readonly Gap[], isClosed: (gap: Gap) => boolean): readonly Gap[] =>
  gaps.some(isClosed) ? gaps.filter(gap => !isClosed(gap)) : gaps

function withGap(
  gaps: readonly Gap[],
  entry: Entry,
  isDeclared: (incident: string) => boolean,
): readonly Gap[] {
  const { incident, flag = '', hold = '' } = entry
  const missing: Gap['missing'] = []
  if (incident === undefined || !isDeclared(incident)) missing.push('incident')
  if (entry.offRunbook) missing.push('step')
  if (entry.reason === undefined) missing.push('reason')
  if (missing.length === 0) return gaps
  const gap = { place: placeOf(entry), flag, hold, actor: entry.actor.id, at: entry.at, missing }
  return [...gaps.slice(1 - MOST_GAPS), incident === undefined ? gap : { ...gap, incident }]
}

/** The same kill again, with the step that the first one should have had, or a reason. */
function mended(gaps: readonly Gap[], { hold, step, offRunbook, reason }: Entry): readonly Gap[] {
  const given = [...(step && !offRunbook ? ['step'] : []), ...(reason === undefined ? [] : ['reason'])]
  if (hold === undefined || given.length === 0 || !gaps.some(gap => gap.hold === hold)) return gaps
  return gaps
    .map(gap =>
      gap.hold === hold ? { ...gap, missing: gap.missing.filter(each => !given.includes(each)) } : gap,
    )
    .filter(gap => gap.missing.length > 0)
}

const isAdopted = ({ hold, incident }: Gap, { adopted = [], history = [] }: Entry): boolean =>
  adopted.some(each => each.hold === hold) || (incident !== undefined && history.includes(incident))

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
