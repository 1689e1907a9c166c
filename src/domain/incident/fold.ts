// What an entry means for the incidents: a kill and a restore are of those that their holds name, an adoption moves holds
// and what was done to them.

import { type Hold, isTaken } from '../flip/hold.js'
import type { Entry } from '../log/audit.js'
import type { State } from '../state.js'
import {
  foldIncident,
  type Incidents,
  withHistory,
  withKills,
  withoutTaken,
  withRestore,
  withSteps,
  withUndo,
} from './incident.js'

type Known = Pick<State, 'flags' | 'incidents' | 'undeclared'>

/** `state`: before the entry. */
export function incidentsAfter(state: Known, entry: Entry, place: number): Incidents {
  const known = { incidents: state.incidents, undeclared: state.undeclared }
  const { flag = '', incident, at } = entry
  switch (entry.action) {
    case 'kill':
      if (incident === undefined) return known
      return withSteps(
        withKills(known, incident, [{ place, at, flag }], entry),
        incident,
        [{ place, at, by: entry.actor.id, ...stepDone(entry) }],
        entry,
      )
    case 'restore':
      return restored(state, known, entry, place)
    case 'incident.adopted':
      return incident === undefined ? known : adopted(state, known, incident, entry)
    default:
      return foldIncident(known, entry)
  }
}

function restored(state: Known, known: Incidents, entry: Entry, place: number): Incidents {
  const { flag = '', at, actor } = entry
  const released = (state.flags.get(flag)?.holds ?? []).filter(hold => entry.released?.includes(hold.id))
  const done = [{ place, at, by: actor.id, ...stepDone(entry) }]
  return [...new Set(released.flatMap(hold => hold.incident ?? []))].reduce((after, incident) => {
    if (entry.undo) {
      const own = released.filter(hold => hold.incident === incident)
      return withUndo(after, incident, own.flatMap(placesOf), entry)
    }
    return withSteps(withRestore(after, incident, entry), incident, done, entry)
  }, known)
}

const placesOf = ({ place, joined = [] }: Hold): number[] => [place, ...joined.map(each => each.place)]

function adopted(state: Known, before: Incidents, incident: string, entry: Entry): Incidents {
  const known = withHistory(before, incident, entry.history ?? [], entry)
  const holds = (entry.adopted ?? []).flatMap(
    each => state.flags.get(each.flag)?.holds.find(hold => isTaken(hold, each)) ?? [],
  )
  if (holds.length === 0) return known
  const kills = holds.flatMap(hold =>
    placesOf(hold).map(place => ({ place, at: hold.since, flag: hold.flag })),
  )
  const steps = holds.map(hold => ({
    place: hold.place,
    at: hold.since,
    by: hold.actor,
    ...stepDone(hold),
  }))
  const left = [...new Set(holds.flatMap(hold => hold.incident ?? []))].reduce(
    (after, name) => withoutTaken(after, name, kills),
    known,
  )
  return withSteps(withKills(left, incident, kills, entry), incident, steps, entry)
}

/** The step a flip did; one that does not speak of the flag was not done by it. */
export const stepDone = ({ step, offRunbook }: Pick<Entry, 'step' | 'offRunbook'>) =>
  step === undefined || offRunbook ? {} : { step }
