// killswitch incident postmortem: the Markdown that the log makes of an incident, to be finished by a person.

import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { visible } from '../../text/terminal.js'
import type { Incident } from '../../wire/incident.js'
import { type Cli, connect, incidentPath, isJson } from '../plumbing/context.js'
import { UsageError } from '../plumbing/exit.js'
import { explainUnknownIncident } from '../plumbing/near.js'

export function incidentPostmortemVerb(group: Command, { terminal }: Cli): void {
  group
    .command('postmortem')
    .description(
      "Writes the post-mortem in Markdown, in the template of the incident's runbook where it has one. With --json: { incident, markdown }, the incident as the API has it and the post-mortem.",
    )
    .argument('<id>', 'the incident')
    .option('-o, --output <file>', 'into this new file instead of standard output')
    .addHelpText('after', '\nExample:\n  killswitch incident postmortem INC-42 --output inc-42.md')
    .action(async (id: string, { output }: { output?: string }, command: Command) => {
      const client = await connect(command)
      const headers = { accept: 'text/markdown, application/json;q=0.5' }
      const asked = client.get(`${incidentPath(id)}/postmortem`, { headers })
      const { text } = await asked.catch(error => explainUnknownIncident(client, id, error))
      if (output === undefined && isJson(command)) {
        const incident = (await client.get<Incident>(incidentPath(id))).sent
        return terminal.json(JSON.stringify({ incident, markdown: text }))
      }
      if (output === undefined) return terminal.text(text)
      await writeFile(output, `${visible(text).trimEnd()}\n`, { flag: 'wx' }).catch(error => {
        const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST'
        throw new UsageError(
          isThere
            ? `${output} is there already, and may have been worked on: name another file.`
            : `${output} cannot be written: ${(error as Error).message}.`,
        )
      })
      if (isJson(command)) terminal.json(JSON.stringify({ written: output }))
      else terminal.say(`Written: ${output}`)
    })
}
