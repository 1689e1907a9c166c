// How long each flag was killed under an incident: from the first of its holds to the end of the last one. What other
// incidents held on the same flag is none of it, and is said where it made a difference.

import { fleetWords } from '../fleet/fleet-words.js'
import { provenBy } from '../fleet/proof.js'
import { type Entry, placeOf } from '../log/audit.js'
import type { Incident } from './incident.js'
import type { PostmortemSource } from './postmortem-facts.js'

/** How long one flag was killed under the incident, and how well that was proved. */
export type FlagWindow = {
  flag: string
  label: string
  /** When the instance that took the kill had it in force: of a kill that came into the log later, before its entry. */
  killedAt: string
  /** Others held the flag already: this kill changed nothing of what it served. */
  wasKilled: boolean
  /** Whoever put it took it back within minutes. */
  isUndone: boolean
  /** Absent while the incident holds it. */
  restoredAt?: string
  /** After `restoredAt` others still held it. */
  heldOn?: boolean
  /** Another incident took the hold over: the flag was killed on, under that one. */
  taken?: { by: string; at: string }
  /** What the log says was proved of the kill, in a sentence; absent where it says nothing. */
  proof?: string
}

type Source = Pick<PostmortemSource, 'entries' | 'definition'> & { incident: Pick<Incident, 'id'> }
type Open = { window: FlagWindow; holds: Set<string> }

/** In the order in which they began. */
export function windowsOf({ incident, entries, definition }: Source): FlagWindow[] {
  const windows: FlagWindow[] = []
  const open = new Map<string, Open>()
  for (const entry of entries) {
    const { action, outcome, flag = '', hold = String(placeOf(entry)) } = entry
    if (outcome !== 'applied') continue
    const current = open.get(flag)
    if (action === 'kill' && current !== undefined) current.holds.add(hold)
    if (action === 'kill' && current === undefined) {
      const window = begun(entry, entries, definition(entry.flag)?.killLabel)
      windows.push(window)
      open.set(flag, { window, holds: new Set([hold]) })
    }
    if (action === 'restore' && current !== undefined && isOver(current, entry)) {
      current.window.restoredAt = entry.at
      current.window.isUndone = entry.undo === true
      if (entry.to !== null) current.window.heldOn = true
      open.delete(flag)
    }
    if (entry.incident !== undefined && entry.incident !== incident.id) taken(open, entry, entry.incident)
  }
  return windows
}

function begun(kill: Entry, entries: readonly Entry[], label: string | undefined): FlagWindow {
  const proof = proofOf(kill, entries)
  return {
    flag: kill.flag ?? '',
    label: kill.label ?? label ?? 'killed',
    killedAt: sinceOf(kill),
    wasKilled: kill.from !== undefined && kill.from === kill.to,
    isUndone: false,
    ...(proof === undefined ? {} : { proof }),
  }
}

/** From when on a kill was in force where it was taken. */
export const sinceOf = ({ at, receivedAt }: Pick<Entry, 'at' | 'receivedAt'>): string =>
  receivedAt < at ? receivedAt : at

/** Whether the restore ends the last of the holds. An adoption may have ended one in another: it is not there any more either. */
function isOver({ holds }: Open, { released = [], holds: left, to }: Entry): boolean {
  if (to === null) return true
  const isReleased = released.some(id => holds.has(id))
  for (const id of holds)
    if (released.includes(id) || (isReleased && left?.every(each => each.id !== id))) holds.delete(id)
  return holds.size === 0
}

/** Another incident takes holds that were put under this one. */
function taken(open: Map<string, Open>, { adopted = [], at }: Entry, by: string): void {
  for (const { flag, hold } of adopted) {
    const current = open.get(flag)
    if (!current?.holds.delete(hold) || current.holds.size > 0) continue
    current.window.taken = { by, at }
    open.delete(flag)
  }
}

/** Where it was confirmed once, that; else the last that was written of it. */
function proofOf(kill: Entry, entries: readonly Entry[]): string | undefined {
  const told = entries.filter(entry => entry.confirmed?.flip === placeOf(kill))
  const whole = told.find(({ confirmed }) => confirmed && provenBy(confirmed).status === 'confirmed')
  const entry = whole ?? told.at(-1)
  return entry && fleetWords(entry)
}
