// killswitch incident show: what it holds, what is due, which steps are done, and with --timeline all of its entries.

import type { Command } from 'commander'
import { besideOf } from '../../domain/incident/beside.js'
import type { AuditPage } from '../../wire/audit.js'
import type { Entry, ListedEntry } from '../../wire/entry.js'
import type { Incident } from '../../wire/incident.js'
import type { Client } from '../client/client.js'
import { type FilterOptions, filterQuery } from '../log/filter.js'
import { type Cli, connect, incidentPath, isJson } from '../plumbing/context.js'
import { explainUnknownIncident } from '../plumbing/near.js'
import { ENTRY_HEAD, entryRow, type ShownEntry } from '../print/entry.js'
import { incidentLines } from '../print/incident.js'
import { table } from '../print/table.js'

export function incidentShowVerb(group: Command, { terminal }: Cli): void {
  group
    .command('show')
    .description(
      'Shows an incident: its holds, what is due and overdue, the steps that act on flags, and what keeps it open.',
    )
    .argument('<id>', 'the incident')
    .option('--timeline', 'its entries in the log too')
    .addHelpText('after', '\nExample:\n  killswitch incident show INC-42 --timeline')
    .action(async (id: string, { timeline }: { timeline?: true }, command: Command) => {
      const client = await connect(command)
      const asked = client.get<Incident>(incidentPath(id))
      const { body, text } = await asked.catch(error => explainUnknownIncident(client, id, error))
      if (isJson(command)) return terminal.json(text)
      terminal.out(...incidentLines(body, terminal))
      if (!timeline) return
      const { style, columns, now } = terminal
      const rows = (await story(client, body, said => terminal.say(said))).map(entry =>
        entryRow({ ...entry, incident: '' }, style, now),
      )
      terminal.out('', ...table(ENTRY_HEAD, rows, { style, columns }))
    })
}

/** Its entries, oldest first, with the kills it adopted, what was done under names that it took over, and what stands beside them. */
async function story(client: Client, incident: Incident, say: (said: string) => void): Promise<ShownEntry[]> {
  const { id, kills } = incident
  const found = new Map<number, Entry | ListedEntry>()
  const take = (entries: (Entry | ListedEntry)[]) => entries.map(entry => found.set(entry.place, entry))
  take(await all(client, { incident: [id] }, say))
  for (const { incident: by, history = [], place } of [...found.values()]) {
    if (by !== id || history.length === 0) continue
    take((await all(client, { incident: history }, say)).filter(entry => entry.place < place))
  }
  const adopted = kills.filter(place => !found.has(place))
  const taken = await Promise.all(adopted.map(place => client.get<Entry>(`/v1/audit/${place}`)))
  take(taken.map(each => each.body))
  const beside = besideOf(incident, [...found.values()])
  for (const filter of beside.filters)
    take((await all(client, filter, say)).filter(entry => beside.belongs(entry)))
  return [...found.values()].sort((one, other) => one.place - other.place)
}

/** Every page of a question about the log. */
async function all(
  client: Client,
  filter: FilterOptions,
  say: (said: string) => void,
): Promise<ListedEntry[]> {
  const entries: ListedEntry[] = []
  let cursor: string | undefined
  for (;;) {
    const paging = { order: 'oldest' as const, limit: 500, ...(cursor === undefined ? {} : { cursor }) }
    const { body } = await client.get<AuditPage>(`/v1/audit${filterQuery(filter, paging)}`)
    entries.push(...body.entries)
    if (body.unreadable !== undefined) say(body.unreadable)
    if (body.next === undefined || (body.entries.length === 0 && body.examined === 0)) return entries
    cursor = body.next
  }
}
