// killswitch incident message: a message of the runbook's communication templates, filled from the newest notes.

import type { Command } from 'commander'
import { type Cli, connect, incidentPath, isJson } from './context.js'

type Message = { text: string; unfilled?: string[] }

export function incidentMessageVerb(group: Command, { terminal }: Cli): void {
  group
    .command('message')
    .description(
      "Fills one of the runbook's message templates from the newest notes. What cannot be filled stays in brackets, and is listed.",
    )
    .argument('<id>', 'the incident')
    .argument('<kind>', 'which message, such as investigating, update or resolved')
    .addHelpText('after', '\nExample:\n  killswitch incident message INC-42 investigating')
    .action(async (id: string, kind: string, _: object, command: Command) => {
      const client = await connect(command)
      const { body, text } = await client.get<Message>(
        `${incidentPath(id)}/messages/${encodeURIComponent(kind)}`,
      )
      if (isJson(command) || typeof body?.text !== 'string') return terminal.raw(text)
      terminal.out(body.text)
      const unfilled = body.unfilled ?? []
      if (unfilled.length > 0) terminal.say(terminal.aside.yellow(`Still to fill: ${unfilled.join(', ')}`))
    })
}
