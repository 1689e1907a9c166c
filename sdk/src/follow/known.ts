// What one process knows: per flag its definition, its hold, and how far in which log that knowledge reaches.
// Plain data, replaced and never changed; serialised for the cache file. No rule lives here (apply.ts has them).

import type { Answer } from '../prove/receipt.js'
import type { Held, ProvisionalHold, SnapshotFlag } from './snapshot.js'

export type Definition = Omit<SnapshotFlag, 'held' | 'flipped'>

export type KnownFlag = {
  /** Absent where a kill came before any snapshot that defines the flag. */
  definition?: Definition
  held?: Held
  /** The log `held` was taken from. */
  heldBy?: string
  /** By log: the place of the flip that the state in force rests on. */
  seen: Readonly<Record<string, number>>
}

export type ToShow = { flag: string; id: string; warrant: string }

export type Known = {
  environment: string
  /** The log last heard, and the highest revision seen of it. */
  log: string
  revision: number
  /** By log: the highest revision ever seen. */
  revisions: Readonly<Record<string, number>>
  catalogue: string
  at: string
  flags: ReadonlyMap<string, KnownFlag>
  /** By id. */
  provisional: ReadonlyMap<string, ProvisionalHold>
  /** Ids of provisional holds known to be in a log, newest last. */
  merged: readonly string[]
  /** The newest change or snapshot that was taken in, also where it is behind what is known. */
  heard?: Answer
  /** Flags held for reasons that what was heard does not have: the ids of their holds. */
  holding: Readonly<Record<string, readonly string[]>>
  /** Of holds that what was heard does not have: what shows them back. */
  toShow: readonly ToShow[]
  /** Ids of holds that a person released in the apps, newest last; none of a hold in force. */
  released: readonly string[]
}

/** The hold in force on a flag, the log's or a provisional one. */
export function holdOn(known: Known, key: string): Held | undefined {
  const held = known.flags.get(key)?.held
  if (held) return held
  for (const hold of known.provisional.values()) {
    if (hold.flag !== key) continue
    const { variant, value, since, incident, id } = hold
    return { variant, value, since, ...(incident === undefined ? {} : { incident }), holds: [id] }
  }
  return undefined
}

/** Every key that has a definition or a hold. */
export function keysOf(known: Known): Set<string> {
  const keys = new Set(known.flags.keys())
  for (const hold of known.provisional.values()) keys.add(hold.flag)
  return keys
}

export type KnownJson = Omit<Known, 'flags' | 'provisional'> & {
  flags: Record<string, KnownFlag>
  provisional: ProvisionalHold[]
}

export const toJson = (known: Known): KnownJson => ({
  ...known,
  flags: Object.fromEntries(known.flags),
  provisional: [...known.provisional.values()],
})

export const fromJson = (json: KnownJson): Known => ({
  ...json,
  flags: new Map(Object.entries(json.flags)),
  provisional: new Map(json.provisional.map(hold => [hold.id, hold])),
})
