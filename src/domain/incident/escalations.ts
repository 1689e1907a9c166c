// Whom to escalate to in an incident: what the runbook says, who is to be reached, and whether it was done. Pure.

import type { ClockItem, EscalationCondition, Moment, NoteCall } from '../../wire/incident.js'
import type { Contact, Runbook, Timing } from '../../wire/runbook.js'
import { lastKill, latest } from './flips.js'
import { type Escalated, type Incident, isSameLevel } from './incident.js'

export const concerns = ({ levels }: Pick<Timing, 'levels'>, { severity }: Incident): boolean =>
  levels === undefined || (severity !== undefined && levels.some(level => isSameLevel(level, severity)))

/** Those to make when a condition is true. */
export const conditionsOf = (incident: Incident, runbook: Runbook | undefined): EscalationCondition[] =>
  runbook === undefined
    ? []
    : runbook.escalations.flatMap(timing => {
        const { condition, text, line, target } = timing
        if (condition === undefined || !concerns(timing, incident)) return []
        const [called, made] = callsFor(incident, runbook, timing)
        return [
          {
            condition,
            text,
            line,
            ...(target === undefined ? {} : { target }),
            ...reachedBy(incident, runbook, timing),
            ...(made ? { metAt: made.at } : called ? { calledAt: called.at } : {}),
          },
        ]
      })

/** The first call to its target, and the one that was for this condition: in its words, or where no other has this target. */
function callsFor(
  incident: Incident,
  runbook: Runbook,
  timing: Timing,
): [Moment | undefined, Moment | undefined] {
  const calls = callsOf(incident, runbook, timing)
  const { condition = '', text } = timing
  const own = calls.find(({ said = '' }) =>
    [condition, text].some(words => isSame(wordsOf(said), wordsOf(words))),
  )
  const sharing = runbook.escalations.filter(
    each => nameOf(each) === nameOf(timing) && concerns(each, incident),
  )
  return [calls[0], own ?? (sharing.length === 1 ? calls[0] : undefined)]
}

/** Those whom the runbook has beside no escalation of this incident: nobody else would name them. */
export function otherContacts(incident: Incident, runbook: Runbook | undefined): Contact[] {
  if (runbook === undefined) return []
  const targets = runbook.escalations
    .filter(timing => concerns(timing, incident))
    .flatMap(({ target }) => target ?? [])
  return runbook.contacts.filter(contact => !targets.some(target => isOf(contact, target)))
}

/** Who is to be reached for it, and the request that says that it was done. */
export function reachedBy(
  { id }: Incident,
  { contacts }: Runbook,
  { target, text }: Timing,
): Pick<ClockItem, 'contacts' | 'call'> {
  const reached = target === undefined ? [] : contacts.filter(contact => isOf(contact, target))
  const path = `/v1/incidents/${encodeURIComponent(id)}/notes`
  const call: NoteCall = {
    method: 'POST',
    path,
    body: { kind: 'escalated', to: (target ?? text).slice(0, 200), text: text.slice(0, 4000) },
  }
  return { ...(reached.length > 0 ? { contacts: reached } : {}), call }
}

const isOf = ({ role }: Contact, target: string): boolean =>
  isPartOf(wordsOf(role), wordsOf(target)) || isPartOf(wordsOf(target), wordsOf(role))

/**
 * When this escalation was noted as made: to the same, or in words that mean no other escalation of the runbook ("lead" of
 * "Page lead", where no other has a lead).
 */
export const madeAt = (incident: Incident, runbook: Runbook, timing: Timing): Moment | undefined =>
  callsOf(incident, runbook, timing)[0]

function callsOf({ escalated = [] }: Incident, runbook: Runbook, timing: Timing): readonly Escalated[] {
  const own = nameOf(timing)
  const names = [...new Set(runbook.escalations.map(nameOf))]
  return escalated.filter(({ to }) => {
    const meant = wordsOf(to)
    const same = names.filter(name => isSame(wordsOf(name), meant))
    const part = names.filter(name => isPartOf(meant, wordsOf(name)) || isPartOf(wordsOf(name), meant))
    return same.length > 0 ? same.includes(own) : part.length === 1 && part[0] === own
  })
}

const nameOf = ({ target, text }: Timing): string => target ?? text

const STOP = new Set(
  'a an the to add page call notify inform contact escalate and or of for den die das der an zum zur le la les el los al au'.split(
    ' ',
  ),
)
/** The words of a name without those that only say to call. */
const wordsOf = (name: string): string[] => {
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const meant = words.filter(word => !STOP.has(word))
  return meant.length > 0 ? meant : words
}
const isPartOf = (part: readonly string[], whole: readonly string[]): boolean =>
  part.length > 0 && part.every(word => whole.includes(word))
const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  isPartOf(one, other) && isPartOf(other, one)

/** From the last restore of one of its flags or a `recovered` note, whichever is later; not begun after a re-kill that stood. */
export function recoverySince({ flips, recovered }: Incident): Moment | undefined {
  const ends = [flips.restored, recovered].filter(each => each !== undefined)
  if (ends.length === 0) return undefined
  const end = latest(...ends)
  return (lastKill(flips) ?? 0) > end.place ? undefined : end
}

/** When there was nothing left to escalate: a `recovered` note, or the restore of the last flag it held. */
export function recoveredAt(incident: Incident, holds: number): Moment | undefined {
  const since = recoverySince(incident)
  const { recovered, flips } = incident
  if (since === undefined || holds === 0) return since
  return recovered !== undefined && recovered.place > (lastKill(flips) ?? 0) ? recovered : undefined
}

/** A kill that stood, after it had recovered once: what was over begins anew. */
export function killedAgain({ flips, recovered }: Incident): Moment | undefined {
  const { killed, restored } = flips
  if (killed === undefined || killed.place !== lastKill(flips)) return undefined
  return [restored, recovered].some(end => end !== undefined && end.place < killed.place) ? killed : undefined
}
