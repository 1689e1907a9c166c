// Every entry that belongs to the story of an incident, for its post-mortem and its messages: what names it, what it took
// over, what was proved of its flips, what ended its holds under another name, and what was lost of the log meanwhile.

import { besideOf } from '../domain/incident/beside.js'
import type { Incident } from '../domain/incident/incident.js'
import { type Entry, placeOf } from '../domain/log/audit.js'
import type { AuditFilter } from '../domain/log/audit-query.js'
import type { LogState } from '../log/state.js'
import type { Audit } from './audit.js'

type Where = { audit: Audit; log: LogState; signal: AbortSignal }
type Story = { entries: Entry[]; unreadable?: string }

/** Oldest first. `unreadable`: what of the log cannot be read here, in a sentence. */
export async function storyOf(incident: Incident, { audit, log, signal }: Where): Promise<Story> {
  const { id } = incident
  const found = new Map<number, Entry>()
  const take = (entry: Entry) => found.set(placeOf(entry), entry)
  let unreadable: string | undefined
  const told = (filter: AuditFilter) =>
    audit.stream(filter, 'oldest', signal, said => {
      unreadable = said
    })
  for await (const { entry } of told({ incident: id })) take(entry)
  // what was done under a name that it took over, until then
  for (const { incident: by, history: names = [], ...taking } of [...found.values()]) {
    if (by !== id || names.length === 0) continue
    for await (const { entry } of told({ incident: names })) if (placeOf(entry) < placeOf(taking)) take(entry)
  }
  for (const place of incident.flips.kills) {
    const entry = await log.entry(place)
    if (entry !== undefined) take(entry)
  }
  const beside = besideOf(incident, [...found.values()])
  for (const filter of beside.filters)
    for await (const { entry } of told(filter)) if (beside.belongs(entry)) take(entry)
  const entries = [...found.entries()].sort(([a], [b]) => a - b).map(([, entry]) => entry)
  return { entries, ...(unreadable === undefined ? {} : { unreadable }) }
}
