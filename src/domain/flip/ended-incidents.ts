// The incidents whose holds a restore releases.

import type { State } from '../state.js'
import type { Hold } from './hold.js'

/** `incidents`: all of them, where they are several. */
export type Ended = { incident?: string; incidents?: string[] }

/** The one that was named comes first, then one that is no drill: what ends a hold of a real incident is not a part of a drill. */
export function incidentsOf({ incidents }: State, { incident }: Ended, holds: readonly Hold[]): Ended {
  const all = [...new Set(holds.flatMap(hold => hold.incident ?? []))]
  const first = incident ?? all.find(id => incidents.get(id)?.drill !== true) ?? all[0]
  return {
    ...(first === undefined ? {} : { incident: first }),
    ...(all.length > 1 ? { incidents: all } : {}),
  }
}
