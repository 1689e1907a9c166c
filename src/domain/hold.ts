// A hold keeps a flag killed, as a lock on a breaker does: who put it, why, under which incident, from which step.
// A flag is killed while it has at least one.

import type * as wire from '../wire/hold.js'
import type { Entry } from './audit.js'

/** As the API shows it, with its flag. */
export type Hold = wire.Hold & {
  flag: string
  /** Holds that its incident adopted on the same flag: they ended in this one. */
  joined?: readonly { id: string; actor: string; place: number }[]
}

/** The hold an applied kill puts. */
export function holdOf(entry: Entry, place: number): Hold {
  return {
    id: entry.hold ?? String(place),
    flag: entry.flag as string,
    actor: entry.actor.id,
    ...(entry.incident === undefined ? {} : { incident: entry.incident }),
    reason: entry.reason ?? '',
    ...(entry.runbook === undefined ? {} : { runbook: entry.runbook }),
    ...(entry.step === undefined ? {} : { step: entry.step }),
    offRunbook: entry.offRunbook ?? false,
    since: entry.receivedAt,
    place,
  }
}

/**
 * One flag's holds after an incident has taken those named, of the ones without an incident. An incident holds a flag
 * once: of several the oldest stays, and the others end in it. A flag that was held is held afterwards.
 */
export function adoptHolds(holds: readonly Hold[], ids: readonly string[], incident: string): Hold[] {
  const taken = holds.map(hold =>
    hold.incident === undefined && ids.includes(hold.id) ? { ...hold, incident } : hold,
  )
  const [first, ...rest] = taken.filter(hold => hold.incident === incident)
  if (first === undefined || rest.length === 0) return taken
  const ended = rest.flatMap(({ id, actor, place, joined = [] }) => [{ id, actor, place }, ...joined])
  const one = { ...first, joined: [...(first.joined ?? []), ...ended] }
  return taken.filter(hold => !rest.includes(hold)).map(hold => (hold === first ? one : hold))
}

/** Whether taking this hold back takes back nobody else's kill. */
export const isOnlyOf = (hold: Hold, actor: string): boolean =>
  hold.actor === actor && (hold.joined ?? []).every(each => each.actor === actor)

/** What is asked of one incident's hold is part of that incident's story, whichever way the hold was named. */
export function underItsIncident<C extends { hold?: string; incident?: string }>(
  command: C,
  holds: readonly Hold[] = [],
): C {
  const incident = command.incident ?? holds.find(each => each.id === command.hold)?.incident
  return incident === undefined ? command : { ...command, incident }
}
