// killswitch incident list: incidents, newest first.

import { type Command, Option } from 'commander'
import type { IncidentList } from '../../wire/incident.js'
import { type Cli, connect, queryOf } from '../plumbing/context.js'
import { showList, withOutput } from '../plumbing/output.js'
import { INCIDENT_COLUMNS } from '../print/columns.js'
import { incidentTable } from '../print/incident.js'

export function incidentListVerb(group: Command, { terminal }: Cli): void {
  const verb = group
    .command('list')
    .description('Lists incidents, newest first.')
    .addOption(new Option('--status <status>', 'open or resolved').choices(['open', 'resolved']))
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident list --status open\n  killswitch incident list -o csv > incidents.csv',
    )
  withOutput(verb).action(async ({ status }: { status?: string }, command: Command) => {
    const client = await connect(command)
    const { body, text } = await client.get<IncidentList>(`/v1/incidents${queryOf({ status })}`)
    const shown = { text, items: body.incidents, columns: INCIDENT_COLUMNS }
    return showList(terminal, command, shown, () => {
      if (body.incidents.length === 0)
        terminal.out(`No ${status ? `${status} ` : ''}incident in ${body.environment}.`)
      else terminal.out(...incidentTable(body, terminal))
    })
  })
}
