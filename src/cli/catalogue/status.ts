// killswitch status: what is in force, who holds it, and of one flag everything there is to know.

import type { Command } from 'commander'
import type { FlagList, FlagsThen } from '../../wire/flag.js'
import { type ApartFound, readApart } from '../client/apart.js'
import type { Client } from '../client/client.js'
import { readFlag } from '../client/flag.js'
import { type Cli, connect, pastTime, queryOf } from '../plumbing/context.js'
import { UsageError } from '../plumbing/exit.js'
import { explainUnknownFlag } from '../plumbing/near.js'
import { showList, withOutput } from '../plumbing/output.js'
import { apartLines } from '../print/apart.js'
import { FLAG_COLUMNS, FLAG_THEN_COLUMNS } from '../print/columns.js'
import { flagLines, flagTable } from '../print/flag.js'
import { thenLines } from '../print/flags-then.js'

type Options = { app?: string; killed?: true; at?: string }

export function statusVerb(program: Command, { terminal }: Cli): void {
  const verb = program
    .command('status')
    .summary('every flag, or one with its holds and steps')
    .description(
      'Shows every flag and who holds it, and which app instances stand apart from that; of one flag its holds, its steps, and who has applied its last flip.',
    )
    .argument('[flag]', 'the key of one flag')
    .option('--app <application>', 'the flags of one application')
    .option('--killed', 'only the flags that are killed')
    .option('--at <time>', 'as the log had it at that time: 2h, yesterday, or 2026-11-20T03:00:00Z', pastTime)
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch status\n  killswitch status ai_v1\n  killswitch status --killed --at 2026-11-20T03:00:00Z\n  killswitch status --killed --json | jq -r ".flags[].key"\n  killswitch status -o csv > flags.csv',
    )
  withOutput(verb).action(async (key: string | undefined, { app, killed, at }: Options, command: Command) => {
    const client = await connect(command)
    const { style, columns, now } = terminal
    const look = { style, columns, now }
    const sayApart = (found: ApartFound, of: string | undefined) => {
      const lines = apartLines(found, of, style)
      if (lines.length > 0) terminal.out('', ...lines)
    }
    if (at !== undefined) {
      const query = queryOf({ flag: key, application: app, killed, at })
      const { body, text } = await client.get<FlagsThen>(`/v1/flags${query}`)
      const then = { text, items: body.flags, columns: FLAG_THEN_COLUMNS }
      return showList(terminal, command, then, async () => terminal.out(...thenLines(body, look)))
    }
    if (key !== undefined) {
      const { body, text } = await readFlag(client, key).catch(error =>
        explainUnknownFlag(client, key, error),
      )
      const list = { text, items: [body], columns: FLAG_COLUMNS }
      return showList(terminal, command, list, async () => {
        terminal.out(...flagLines(body, look))
        sayApart(await readApart(client), body.application)
      })
    }
    const list = await client.get<FlagList>(`/v1/flags${queryOf({ application: app, killed })}`)
    const { text, body, url } = list
    const shown = { text, items: body.flags, columns: FLAG_COLUMNS }
    return showList(terminal, command, shown, async () => {
      if (app !== undefined && body.flags.length === 0) await assertApplication(client, app)
      terminal.out(...flagTable(body, url, look))
      sayApart(await readApart(client), app)
    })
  })
}

/** "All normal" is no answer for an application that is not there. */
async function assertApplication(client: Client, app: string): Promise<void> {
  const { body } = await client.get<FlagList>('/v1/flags')
  const known = [...new Set(body.flags.map(flag => flag.application))].sort()
  if (!known.includes(app))
    throw new UsageError(`No flag is of an application "${app}": there are ${known.join(', ')}.`)
}
