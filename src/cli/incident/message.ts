// killswitch incident message: a message of the runbook's communication templates, filled from the newest notes.

import type { Command } from 'commander'
import type { Incident } from '../../wire/incident.js'
import type { Message } from '../../wire/message.js'
import type { Runbook } from '../../wire/runbook.js'
import type { Client } from '../client/client.js'
import { type Cli, connect, incidentPath, isJson } from '../plumbing/context.js'
import { UsageError } from '../plumbing/exit.js'
import { explainUnknownIncident } from '../plumbing/near.js'

export function incidentMessageVerb(group: Command, cli: Cli): void {
  group
    .command('message')
    .description(
      "Fills one of the runbook's message templates from the newest notes. What cannot be filled stays in brackets, and is listed. Without a kind: which messages there are.",
    )
    .argument('<id>', 'the incident')
    .argument('[kind]', 'which message, by a word of its title, such as initial, update or resolution')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident message INC-42\n  killswitch incident message INC-42 resolution',
    )
    .action(async (id: string, kind: string | undefined, _: object, command: Command) => {
      const client = await connect(command)
      const asked = kind === undefined ? list(cli, command, client, id) : fill(cli, command, client, id, kind)
      await asked.catch(error => explainUnknownIncident(client, id, error))
    })
}

async function fill(
  { terminal }: Cli,
  command: Command,
  client: Client,
  id: string,
  kind: string,
): Promise<void> {
  const path = `${incidentPath(id)}/messages/${encodeURIComponent(kind)}`
  const { body, text } = await client.get<Message>(path)
  if (isJson(command)) return terminal.json(text)
  terminal.text(body.text)
  const { unfilled } = body
  if (unfilled.length > 0) terminal.say(terminal.aside.yellow(`Still to fill: ${unfilled.join(', ')}`))
}

/** The templates of the incident's runbook, each with the command that fills it. */
async function list({ terminal }: Cli, command: Command, client: Client, id: string): Promise<void> {
  const { body: incident } = await client.get<Incident>(incidentPath(id))
  if (incident.runbook === undefined)
    throw new UsageError(`${id} follows no runbook yet: killswitch incident change ${id} --runbook ...`)
  const path = `/v1/runbooks/${encodeURIComponent(incident.runbook.id)}`
  const { body } = await client.get<Runbook>(path)
  const found = body.messageTemplates.map(({ title, line }) => ({ title, line }))
  if (isJson(command)) return terminal.json(JSON.stringify({ messages: found }))
  if (found.length === 0) terminal.out(`The runbook ${body.id} has no message templates.`)
  for (const { title, line } of found)
    terminal.out(`killswitch incident message ${id} ${wordOf(title)}    ${title}, line ${line} of ${body.id}`)
}

const wordOf = (title: string): string => /[A-Za-z0-9]+/.exec(title)?.[0]?.toLowerCase() ?? title
