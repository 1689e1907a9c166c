// What the log says of one incident, for the post-mortem: when, how long, which flags, who did what. Nothing but the log
// and the runbook goes in, so that the same log always gives the same text.

import type { Application, FlagDefinition } from '../wire/catalogue.js'
import type { Note } from '../wire/entry.js'
import type { Runbook } from '../wire/runbook.js'
import { type Entry, placeOf } from './audit.js'
import { span } from './clock.js'
import { fleetWords } from './fleet-words.js'
import { type Incident, isOpen, isSameLevel } from './incident.js'
import { provenBy } from './proof.js'

export type PostmortemSource = {
  incident: Incident
  /** Every entry of the incident, its adopted kills and the confirmations of its flips, oldest first. */
  entries: readonly Entry[]
  runbook?: Runbook
  environment: string
  definition: (flag: string | undefined) => FlagDefinition | undefined
  applications: readonly Application[]
  /** What of the log could not be read for it, in a sentence. */
  unreadable?: string
}

/** How long one flag was killed under the incident, and how well that was proved. */
export type FlagWindow = {
  flag: string
  label: string
  killedAt: string
  /** Absent while it is still killed. */
  restoredAt?: string
  /** Another incident took the hold over: the flag was killed on, under that one. */
  taken?: { by: string; at: string }
  /** What the log says was proved of the kill, in a sentence; absent where it says nothing. */
  proof?: string
}

export type Facts = {
  start: string
  /** Absent while the incident is open. */
  end?: string
  /** `SEV1 (declared as SEV0)` where it was changed. */
  severity: string
  windows: FlagWindow[]
  /** From the declaration to the first kill that was not taken back, ms; negative where the kill came first. */
  toKillMs?: number
  notes: Record<Note['kind'], Entry[]>
  /** Kills without a step that stands behind them, and restores that left out their step or the wait before it. */
  offRunbook: Entry[]
  refused: Entry[]
}

export function factsOf({ incident, entries, definition }: PostmortemSource): Facts {
  const kills = entries.filter(entry => entry.action === 'kill' && entry.outcome === 'applied')
  const undone = entries.flatMap(entry => (entry.undo ? (entry.released ?? []) : []))
  const firstKill = (kills.find(({ hold = '' }) => !undone.includes(hold)) ?? kills[0])?.at
  const start = firstKill !== undefined && firstKill < incident.declared.at ? firstKill : incident.declared.at
  const toKillMs =
    firstKill === undefined ? undefined : Date.parse(firstKill) - Date.parse(incident.declared.at)
  return {
    start,
    severity: severityIn(incident, entries),
    ...(isOpen(incident) || incident.resolved === undefined ? {} : { end: incident.resolved.at }),
    windows: kills.flatMap((kill, index) =>
      windowOf(incident.id, kill, kills.slice(0, index), entries, definition),
    ),
    ...(toKillMs === undefined ? {} : { toKillMs }),
    notes: notesOf(entries),
    offRunbook: entries.filter(entry => isOffRunbook(entry)),
    refused: entries.filter(entry => entry.outcome === 'refused' && entry.refusal !== undefined),
  }
}

function severityIn({ severity = '[severity]' }: Incident, entries: readonly Entry[]): string {
  const first = entries.find(entry => entry.declared !== undefined)?.declared?.severity || undefined
  return first === undefined || isSameLevel(first, severity) ? severity : `${severity} (declared as ${first})`
}

/** One window per stretch in which the flag was killed; a kill of a flag that was held already begins none. */
function windowOf(
  incident: string,
  kill: Entry,
  before: readonly Entry[],
  entries: readonly Entry[],
  definition: PostmortemSource['definition'],
): FlagWindow[] {
  const restoredBefore = entries.filter(entry => isEnd(entry, kill.flag) && entry.at <= kill.at).length
  const begun = before.filter(each => each.flag === kill.flag).length
  if (begun > restoredBefore) return []
  const end = entries.find(entry => isEnd(entry, kill.flag) && placeOf(entry) > placeOf(kill))
  const taken = entries.find(entry => isTaking(entry, kill, incident))
  const isHere = taken === undefined || (end !== undefined && placeOf(end) < placeOf(taken))
  const proof = proofOf(kill, entries)
  return [
    {
      flag: kill.flag as string,
      label: kill.label ?? definition(kill.flag)?.killLabel ?? 'killed',
      killedAt: kill.at,
      ...(end === undefined || !isHere ? {} : { restoredAt: end.at }),
      ...(isHere ? {} : { taken: { by: taken.incident ?? '', at: taken.at } }),
      ...(proof === undefined ? {} : { proof }),
    },
  ]
}

/** Where it was confirmed once, that; else the last that was written of it. */
function proofOf(kill: Entry, entries: readonly Entry[]): string | undefined {
  const told = entries.filter(entry => entry.confirmed?.flip === placeOf(kill))
  const whole = told.find(({ confirmed }) => confirmed && provenBy(confirmed).status === 'confirmed')
  const entry = whole ?? told.at(-1)
  return entry && fleetWords(entry)
}

const isOffRunbook = ({ action, outcome, offRunbook, warnings = [] }: Entry): boolean =>
  outcome === 'applied' &&
  (action === 'kill' ? offRunbook === true : action === 'restore' && warnings.length > 0)

/** Another incident takes the hold that this kill put under this one. */
const isTaking = (entry: Entry, kill: Entry, incident: string): boolean =>
  entry.incident !== incident &&
  placeOf(entry) > placeOf(kill) &&
  (entry.adopted ?? []).some(each => each.from === incident && each.hold === kill.hold)

const isEnd = (entry: Entry, flag: string | undefined): boolean =>
  entry.action === 'restore' && entry.outcome === 'applied' && entry.flag === flag && entry.to === null

function notesOf(entries: readonly Entry[]): Facts['notes'] {
  const notes: Facts['notes'] = {
    update: [],
    progress: [],
    impact: [],
    cause: [],
    resolution: [],
    recovered: [],
    action: [],
    escalated: [],
  }
  // a newer version may have written of a kind that this one does not know
  for (const entry of entries)
    if (entry.note && entry.outcome === 'applied') notes[entry.note.kind]?.push(entry)
  return notes
}

/** What is hit, as its users name it: the applications whose flags were killed. */
export function applicationNames({
  incident,
  definition,
  applications,
}: PostmortemSource): string | undefined {
  const ids = [...new Set(incident.flips.flags.flatMap(flag => definition(flag)?.application ?? []))]
  const names = ids.map(id => applications.find(each => each.id === id)?.name ?? id)
  return names.length === 0 ? undefined : names.join(', ')
}

export const between = (from: string, to: string): string => span(Date.parse(to) - Date.parse(from))
