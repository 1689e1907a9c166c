// killswitch fleet: every app instance heard of within a day, and whether it is at the newest revision.

import type { Command } from 'commander'
import type { Instance, InstanceList } from '../wire/receipt.js'
import { type Cli, connect, isJson, queryOf } from './context.js'
import type { Style } from './print/style.js'
import { table } from './print/table.js'
import { when } from './print/time.js'

export function fleetVerb(program: Command, { terminal }: Cli): void {
  program
    .command('fleet')
    .summary('the app instances, and what they have applied')
    .description(
      'Lists every app instance heard of within a day: which revision is in force there, and when it was last heard of.',
    )
    .option('--app <application>', 'the instances of one application')
    .addHelpText('after', '\nExample:\n  killswitch fleet --app trustflow')
    .action(async ({ app }: { app?: string }, command: Command) => {
      const client = await connect(command)
      const { body, text } = await client.get<InstanceList>(`/v1/instances${queryOf({ app })}`)
      if (isJson(command)) return terminal.raw(text)
      const { style, columns, now } = terminal
      if (app !== undefined && body.instances.length === 0) {
        terminal.out(`No instance of ${app} was heard of within a day: no kill of its flags can be proved.`)
        return
      }
      const lost = body.lost > 0 ? style.red(`${body.lost} lost`) : '0 lost'
      terminal.out(`${style.bold(body.environment)}  ${body.live} live, ${lost}, revision ${body.revision}`)
      if (body.instances.length === 0)
        terminal.out('No app instance was heard of within a day: no kill can be proved here.')
      const rows = body.instances.map(member => row(member, style, now))
      if (rows.length > 0)
        terminal.out(
          '',
          ...table(['INSTANCE', 'APPLICATION', 'STATE', 'REVISION', 'HEARD', 'SDK', 'FORCED'], rows, {
            style,
            columns,
          }),
        )
    })
}

function row(member: Instance, style: Style, now: number): string[] {
  const { instance, app, liveness, current, revision, lastHeardAt, sdk, forced, boot } = member
  const paint = { live: style.green, lost: style.red, closed: style.dim }[liveness]
  const from = {
    service: '',
    cache: ' (up from its cache)',
    bootstrap: ' (up from its bootstrap)',
    unknown: ' (up with nothing known)',
  }[boot]
  return [
    instance,
    app,
    paint(liveness),
    current ? String(revision) : style.yellow(`${revision}, behind`),
    when(lastHeardAt, now),
    `${sdk}${from}`,
    style.yellow(forced?.join(' ') ?? ''),
  ]
}
