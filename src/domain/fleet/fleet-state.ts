// What the log says of app instances: whom nobody waits for any more, and which holds the apps were told to let go of.

import { type Entry, placeOf } from '../log/audit.js'

/** An app instance, by the id of its session, and when it was forgotten, by which entry. */
export type Forgotten = { id: string; at: string; place: number }

type FleetState = { reconciled: readonly string[]; forgotten: readonly Forgotten[] }

/** As many as an instance of the service may have to learn of after it was away. */
const FORGOTTEN_KEPT = 20_000
const RECONCILED_KEPT = 2_000

export function foldFleet({ reconciled, forgotten }: FleetState, entry: Entry): FleetState {
  const { at, forgotten: gone = [], reconciled: released = [] } = entry
  const place = placeOf(entry)
  return {
    forgotten: [...forgotten, ...gone.map(({ id }) => ({ id, at, place }))].slice(-FORGOTTEN_KEPT),
    reconciled: [...reconciled, ...released.flatMap(({ holds }) => holds)].slice(-RECONCILED_KEPT),
  }
}

/** How many merged ids are told. An SDK that was away for more merges than that keeps its hold until it is restored. */
const MERGED_KEPT = 500

/** Ids of provisional holds that came into the log last. */
export const mergedAfter = (merged: readonly string[], entry: Entry): string[] =>
  [...merged, ...(entry.merged ?? [])].slice(-MERGED_KEPT)
