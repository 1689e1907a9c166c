// killswitch incident show: what it holds, what is due, which steps are done, and with --timeline all of its entries.

import type { Command } from 'commander'
import type { AuditPage, IncidentView, LogEntry } from './client/answers.js'
import type { Client } from './client/client.js'
import { type Cli, connect, incidentPath, isJson, queryOf } from './context.js'
import { ENTRY_HEAD, entryRow } from './print/entry.js'
import { incidentLines } from './print/incident.js'
import { table } from './print/table.js'

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
      const { body, text } = await client.get<IncidentView>(incidentPath(id))
      if (isJson(command)) return terminal.raw(text)
      terminal.out(...incidentLines(body, terminal))
      if (!timeline) return
      const { style, columns, now } = terminal
      const rows = (await story(client, body)).map(entry => entryRow({ ...entry, incident: '' }, style, now))
      terminal.out('', ...table(ENTRY_HEAD, rows, { style, columns }))
    })
}

/** Its entries, oldest first, and the kills it adopted: those were written before it had a name. */
async function story(client: Client, { id, kills }: IncidentView): Promise<LogEntry[]> {
  const query = queryOf({ incident: id, order: 'oldest', limit: 500 })
  const { body } = await client.get<AuditPage>(`/v1/audit${query}`)
  const adopted = kills.filter(place => !body.entries.some(entry => entry.place === place))
  const found = await Promise.all(adopted.map(place => client.get<LogEntry>(`/v1/audit/${place}`)))
  return [...found.map(each => each.body), ...body.entries].sort((one, other) => one.place - other.place)
}
