// A hold keeps a flag killed, as a lock on a breaker does: who put it, why, under which incident, from which step.
// A flag is killed while it has at least one.

import type { Adopted } from '../../wire/entry.js'
import type * as wire from '../../wire/hold.js'
import type { Role } from '../../wire/words.js'
import type { Entry } from '../log/audit.js'
import type { State } from '../state.js'

/** As the API shows it, with its flag. */
export type Hold = wire.Hold & {
  flag: string
  /** With which its actor put it. */
  role: Role
  /** Holds that its incident adopted on the same flag: they ended in this one. */
  joined?: readonly { id: string; actor: string; place: number }[]
}

/** The hold an applied kill puts. */
export function holdOf(entry: Entry, place: number): Hold {
  return {
    id: entry.hold ?? String(place),
    flag: entry.flag as string,
    actor: entry.actor.id,
    role: entry.actor.role,
    ...(entry.incident === undefined ? {} : { incident: entry.incident }),
    reason: entry.reason ?? '',
    ...(entry.runbook === undefined ? {} : { runbook: entry.runbook }),
    ...(entry.step === undefined ? {} : { step: entry.step }),
    offRunbook: entry.offRunbook ?? false,
    since: entry.receivedAt,
    place,
  }
}

/** What holds a flag after an entry that left it killed: `1 hold left` of a restore, `2 holds now` of a kill. */
export const holdsNow = ({
  action,
  holds = [],
}: Pick<Entry, 'action'> & { holds?: readonly unknown[] }): string =>
  `${holds.length} hold${holds.length === 1 ? '' : 's'} ${action === 'restore' ? 'left' : 'now'}`

/** Whether a hold is the one that an adoption took: it still is of the incident, or of none, that had it then. */
export const isTaken = (hold: Hold, { hold: id, from }: Omit<Adopted, 'flag'>): boolean =>
  hold.id === id && hold.incident === from

/**
 * One flag's holds after an incident has taken those named. An incident holds a flag once: of several the oldest stays,
 * and the others end in it. A flag that was held is held afterwards.
 */
export function adoptHolds(holds: readonly Hold[], adopted: readonly Adopted[], incident: string): Hold[] {
  const taken = holds.map(hold => (adopted.some(each => isTaken(hold, each)) ? { ...hold, incident } : hold))
  const [first, ...rest] = taken.filter(hold => hold.incident === incident)
  if (first === undefined || rest.length === 0) return taken
  const ended = rest.flatMap(({ id, actor, place, joined = [] }) => [{ id, actor, place }, ...joined])
  const one = { ...first, joined: [...(first.joined ?? []), ...ended] }
  return taken.filter(hold => !rest.includes(hold)).map(hold => (hold === first ? one : hold))
}

/** The holds of an incident, whichever flag they are on. */
export const holdsOf = ({ flags }: Pick<State, 'flags'>, incident: string): Hold[] =>
  [...flags.values()].flatMap(flag => flag.holds.filter(hold => hold.incident === incident))

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
