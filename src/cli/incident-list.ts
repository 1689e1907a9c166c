// killswitch incident list: incidents, newest first.

import { type Command, Option } from 'commander'
import type { IncidentList } from '../wire/incident.js'
import { type Cli, connect, isJson, queryOf } from './context.js'
import { incidentTable } from './print/incident.js'

export function incidentListVerb(group: Command, { terminal }: Cli): void {
  group
    .command('list')
    .description('Lists incidents, newest first.')
    .addOption(new Option('--status <status>', 'open or resolved').choices(['open', 'resolved']))
    .addHelpText('after', '\nExample:\n  killswitch incident list --status open')
    .action(async ({ status }: { status?: string }, command: Command) => {
      const client = await connect(command)
      const { body, text } = await client.get<IncidentList>(`/v1/incidents${queryOf({ status })}`)
      if (isJson(command)) return terminal.json(text)
      if (body.incidents.length === 0)
        terminal.out(`No ${status ? `${status} ` : ''}incident in ${body.environment}.`)
      else terminal.out(...incidentTable(body, terminal))
    })
}
