// killswitch status: what is in force, who holds it, and of one flag everything there is to know.

import type { Command } from 'commander'
import type { FlagList } from '../wire/flag.js'
import { readApart } from './client/apart.js'
import type { Client } from './client/client.js'
import { readFlag } from './client/flag.js'
import { type Cli, connect, isJson, queryOf } from './context.js'
import { UsageError } from './exit.js'
import { explainUnknownFlag } from './near.js'
import { apartLines } from './print/apart.js'
import { flagLines, flagTable } from './print/flag.js'

type Options = { app?: string; killed?: true }

export function statusVerb(program: Command, { terminal }: Cli): void {
  program
    .command('status')
    .summary('every flag, or one with its holds and steps')
    .description(
      'Shows every flag and who holds it, and which app instances stand apart from that; of one flag its holds, its steps, and who has applied its last flip.',
    )
    .argument('[flag]', 'the key of one flag')
    .option('--app <application>', 'the flags of one application')
    .option('--killed', 'only the flags that are killed')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch status\n  killswitch status ai_v1\n  killswitch status --killed --json | jq -r ".flags[].key"',
    )
    .action(async (key: string | undefined, { app, killed }: Options, command: Command) => {
      const client = await connect(command)
      const { style, columns, now } = terminal
      const look = { style, columns, now }
      if (key !== undefined) {
        const { body, text } = await readFlag(client, key).catch(error =>
          explainUnknownFlag(client, key, error),
        )
        if (isJson(command)) terminal.json(text)
        else terminal.out(...flagLines(body, look))
        return
      }
      const list = await client.get<FlagList>(`/v1/flags${queryOf({ application: app, killed })}`)
      if (isJson(command)) return terminal.json(list.text)
      if (app !== undefined && list.body.flags.length === 0) await assertApplication(client, app)
      terminal.out(...flagTable(list.body, list.url, look))
      const apart = apartLines(await readApart(client), app, style)
      if (apart.length > 0) terminal.out('', ...apart)
    })
}

/** "All normal" is no answer for an application that is not there. */
async function assertApplication(client: Client, app: string): Promise<void> {
  const { body } = await client.get<FlagList>('/v1/flags')
  const known = [...new Set(body.flags.map(flag => flag.application))].sort()
  if (!known.includes(app))
    throw new UsageError(`No flag is of an application "${app}": there are ${known.join(', ')}.`)
}
