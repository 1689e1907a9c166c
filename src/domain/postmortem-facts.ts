// What the log says of one incident, for the post-mortem: when, how long, which flags, who did what. Nothing but the log
// and the runbook goes in, so that the same log always gives the same text.

import type { Application, FlagDefinition } from '../wire/catalogue.js'
import type { Runbook } from '../wire/runbook.js'
import { type Entry, placeOf } from './audit.js'
import { type Incident, isOpen, isSameLevel } from './incident.js'

export type PostmortemSource = {
  incident: Incident
  /** Every entry of the incident, its adopted kills and the confirmations of its flips, oldest first. */
  entries: readonly Entry[]
  runbook?: Runbook
  environment: string
  definition: (flag: string | undefined) => FlagDefinition | undefined
  applications: readonly Application[]
}

/** How long one flag was killed under the incident, and how well that was proved. */
export type FlagWindow = {
  flag: string
  label: string
  killedAt: string
  /** Absent while it is still killed. */
  restoredAt?: string
  /** From the kill to the last live instance that applied it, ms; absent where nobody proved it. */
  effectMs?: number
  /** How many live instances had applied it in the end, of how many; absent where the log has no confirmation. */
  proof?: { applied: number; of: number }
}

export type Facts = {
  start: string
  /** Absent while the incident is open. */
  end?: string
  /** `SEV1 (declared as SEV0)` where it was changed. */
  severity: string
  windows: FlagWindow[]
  /** From the declaration to the first kill, ms; negative where the kill came first. */
  toKillMs?: number
  notes: Record<'update' | 'progress' | 'impact' | 'cause' | 'resolution' | 'recovered' | 'action', Entry[]>
  offRunbook: Entry[]
  refused: Entry[]
}

export function factsOf({ incident, entries, definition }: PostmortemSource): Facts {
  const kills = entries.filter(entry => entry.action === 'kill' && entry.outcome === 'applied')
  const firstKill = kills[0]?.at
  const start = firstKill !== undefined && firstKill < incident.declared.at ? firstKill : incident.declared.at
  const toKillMs =
    firstKill === undefined ? undefined : Date.parse(firstKill) - Date.parse(incident.declared.at)
  return {
    start,
    severity: severityIn(incident, entries),
    ...(isOpen(incident) || incident.resolved === undefined ? {} : { end: incident.resolved.at }),
    windows: kills.flatMap((kill, index) => windowOf(kill, kills.slice(0, index), entries, definition)),
    ...(toKillMs === undefined ? {} : { toKillMs }),
    notes: notesOf(entries),
    offRunbook: kills.filter(kill => kill.offRunbook),
    refused: entries.filter(entry => entry.outcome === 'refused' && entry.refusal !== undefined),
  }
}

function severityIn({ severity }: Incident, entries: readonly Entry[]): string {
  const first = entries.find(entry => entry.declared !== undefined)?.declared?.severity
  return first === undefined || isSameLevel(first, severity) ? severity : `${severity} (declared as ${first})`
}

/** One window per stretch in which the flag was killed; a kill of a flag that was held already begins none. */
function windowOf(
  kill: Entry,
  before: readonly Entry[],
  entries: readonly Entry[],
  definition: PostmortemSource['definition'],
): FlagWindow[] {
  const restoredBefore = entries.filter(entry => isEnd(entry, kill.flag) && entry.at <= kill.at).length
  const begun = before.filter(each => each.flag === kill.flag).length
  if (begun > restoredBefore) return []
  const end = entries.find(entry => isEnd(entry, kill.flag) && placeOf(entry) > placeOf(kill))
  const proofs = entries.filter(entry => entry.confirmed?.flip === placeOf(kill))
  const proof = proofs.find(entry => entry.confirmed?.complete) ?? proofs.at(-1)
  const { lastMs, applied = 0, pending = [] } = proof?.confirmed ?? {}
  return [
    {
      flag: kill.flag as string,
      label: kill.label ?? definition(kill.flag)?.killLabel ?? 'killed',
      killedAt: kill.at,
      ...(end === undefined ? {} : { restoredAt: end.at }),
      ...(lastMs === undefined ? {} : { effectMs: lastMs }),
      ...(proof === undefined ? {} : { proof: { applied, of: applied + pending.length } }),
    },
  ]
}

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
  }
  for (const entry of entries)
    if (entry.note && entry.outcome === 'applied') notes[entry.note.kind].push(entry)
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

/** `2026-11-20 03:00:05 UTC`: to the second, as a post-mortem is read. */

/** "2 h 5 min", "12 min 3 s", "840 ms". */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = Math.round(ms / 1_000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const from = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(from, from + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

export const between = (from: string, to: string): string => span(Date.parse(to) - Date.parse(from))

/** Somebody's words on one line of Markdown. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
/** The same in a cell of a table. */
export const cell = (text: string): string => oneLine(text).replace(/\|/g, '\\|')
