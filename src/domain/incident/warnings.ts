// What is said of an id that nobody declared, of one that is over, and of one that a slip of the pen may have made.

import type { Warning } from '../../wire/hold.js'
import type { Call, Way } from '../../wire/way.js'
import { toSecond } from '../clock.js'
import { by, byCall } from '../errors.js'
import { holdsOf } from '../flip/hold.js'
import type { State } from '../state.js'
import { type Incident, type Incidents, isOpen } from './incident.js'
import { slipsOf } from './near-id.js'

/** What a declaration must have besides an id. */
export const DECLARING = ['title']

/** What a kill is told that names an incident nobody declared, or one that is over. */
export function warnOf({ incidents }: Pick<Incidents, 'incidents'>, id: string): Warning | undefined {
  const incident = incidents.get(id)
  if (incident === undefined) return undeclaredWarning(incidents, id)
  if (incident.resolved === undefined) return undefined
  const detail = `${id} was resolved at ${toSecond(incident.resolved.at)}.`
  const wayOut = [reopening(id), by('If it is something new, declare that, and adopt.')]
  return { code: 'resolved-incident', detail, wayOut }
}

/** Of what an entry was told of its incident, what is true still: ids are declared after the kill, and incidents reopened. */
export function stillTold(
  { incidents, undeclared }: Pick<State, 'incidents' | 'undeclared'>,
  { incident, warnings = [] }: { incident?: string; warnings?: readonly Warning[] },
): Warning[] {
  if (incident === undefined) return [...warnings]
  const isNot: Partial<Record<Warning['code'], boolean>> = {
    'unknown-incident': incidents.has(incident) || !undeclared.has(incident),
    'resolved-incident': incidents.get(incident)?.resolved === undefined,
  }
  return warnings.filter(({ code }) => isNot[code] !== true)
}

export const reopening = (id: string): Way =>
  byCall(
    { method: 'POST', path: `/v1/incidents/${encodeURIComponent(id)}/reopen` },
    'opens it again, if it is the same trouble',
  )

/** To kill first is the order: it is worth more than a line only where an open incident has nearly the same id. */
function undeclaredWarning(incidents: ReadonlyMap<string, Incident>, id: string): Warning {
  const open = [...incidents.values()].filter(isOpen)
  const near = slipsOf(
    id,
    open.map(each => each.id),
  )
  const declare = byCall(
    { method: 'POST', path: '/v1/incidents', body: { id } },
    'declares it, and takes its holds over',
    DECLARING,
  )
  const [meant] = near
  if (meant === undefined)
    return { code: 'unknown-incident', detail: `${id} is not declared yet.`, wayOut: [declare] }
  const detail = `Nobody has declared ${id}, and ${near.join(' and ')} ${near.length === 1 ? 'is' : 'are'} open.`
  const taken = byCall(adoptFrom(meant, id), `takes it over, if ${meant} was meant`)
  return { code: 'unknown-incident', detail, near, wayOut: [taken, declare] }
}

/** The call that puts a slip of the pen right. */
export const adoptFrom = (id: string, from: string): Call => ({
  method: 'POST',
  path: `/v1/incidents/${encodeURIComponent(id)}/adopt`,
  body: { from },
})

/** Names that nobody declared, nearly the same as this one: what was done under them may have been meant for it. */
export function nearUndeclared(
  { undeclared, flags }: Pick<State, 'undeclared' | 'flags'>,
  id: string,
  taken: readonly string[],
): Warning[] {
  const others = slipsOf(id, undeclared.keys()).filter(name => !taken.includes(name))
  return others.flatMap(name => {
    const held = holdsOf({ flags }, name).map(hold => hold.flag)
    const killed = undeclared.get(name)?.flags ?? []
    if (held.length + killed.length === 0) return []
    const what = held.length > 0 ? `holds ${held.join(', ')}` : `killed ${killed.join(', ')}`
    const detail = `Nobody has declared ${name}, which is nearly the same id and ${what}.`
    const wayOut = [byCall(adoptFrom(id, name), 'takes over all that was done under it')]
    return [{ code: 'unknown-incident' as const, detail, near: [name], wayOut }]
  })
}
