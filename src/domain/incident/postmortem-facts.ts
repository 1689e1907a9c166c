// What the log says of one incident, for the post-mortem: when, how long, which flags, who did what. Nothing but the log
// and the runbook goes in, so that the same log always gives the same text.

import type { Application, FlagDefinition } from '../../wire/catalogue.js'
import type { Note } from '../../wire/entry.js'
import type { Runbook } from '../../wire/runbook.js'
import { span } from '../clock.js'
import { isOfTheStory, lackOf } from '../flip/refusal.js'
import type { Entry } from '../log/audit.js'
import { type Incident, isOpen, isSameLevel } from './incident.js'
import { type FlagWindow, windowsOf } from './postmortem-windows.js'

export type PostmortemSource = {
  incident: Incident
  /** Every entry of the incident, its adopted kills, what ended its holds, the confirmations of its flips, and what was lost of the log meanwhile and put back; oldest first. */
  entries: readonly Entry[]
  runbook?: Runbook
  environment: string
  definition: (flag: string | undefined) => FlagDefinition | undefined
  applications: readonly Application[]
  /** What of the log could not be read for it, in a sentence. */
  unreadable?: string
}

export type Facts = {
  start: string
  /** Absent while the incident is open. */
  end?: string
  /** `SEV1 (declared as SEV0)` where it was changed. */
  severity: string
  windows: FlagWindow[]
  /** From the declaration to each window that was not taken back, ms, in order; negative where the kill came first. */
  toKillMs: number[]
  notes: Record<Note['kind'], Entry[]>
  /** Kills without a step that stands behind them, restores that left out their step or the wait before it, and closes that did. */
  offRunbook: Entry[]
  /** Without slips of the pen, and without what changed nothing for the incident. */
  refused: Entry[]
}

export function factsOf(source: PostmortemSource): Facts {
  const { incident, entries } = source
  const windows = windowsOf(source)
  const stood = windows.filter(window => !window.isUndone)
  const killed = (stood.length > 0 ? stood : windows).map(({ killedAt }) => killedAt).sort()
  const [first] = killed
  const declared = incident.declared.at
  const sinceDeclared = (at: string): number => Date.parse(at) - Date.parse(declared)
  return {
    start: first !== undefined && first < declared ? first : declared,
    severity: severityIn(incident, entries),
    ...(isOpen(incident) || incident.resolved === undefined ? {} : { end: incident.resolved.at }),
    windows,
    toKillMs: killed.map(sinceDeclared),
    notes: notesOf(entries),
    offRunbook: entries.filter(entry => isOffRunbook(entry)),
    refused: entries.filter(entry => entry.outcome === 'refused' && isOfTheStory(entry)),
  }
}

function severityIn({ severity = '[severity]' }: Incident, entries: readonly Entry[]): string {
  const first = entries.find(entry => entry.declared !== undefined)?.declared?.severity || undefined
  return first === undefined || isSameLevel(first, severity) ? severity : `${severity} (declared as ${first})`
}

const isOffRunbook = (entry: Entry): boolean =>
  entry.outcome === 'applied' &&
  (entry.action === 'kill'
    ? entry.offRunbook === true
    : ['restore', 'incident.resolved'].includes(entry.action) && lackOf(entry) !== '')

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
