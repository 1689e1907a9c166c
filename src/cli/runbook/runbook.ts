// killswitch runbook list | show: the runbooks as the service read them, or as their teams wrote them.

import type { Command } from 'commander'
import type { Runbook, RunbookList } from '../../wire/runbook.js'
import { type Cli, connect, isJson } from '../plumbing/context.js'
import { showList, withOutput } from '../plumbing/output.js'
import { RUNBOOK_COLUMNS } from '../print/columns.js'
import { runbookLines } from '../print/runbook.js'
import { table } from '../print/table.js'

export function runbookVerb(program: Command, cli: Cli): void {
  const group = program.command('runbook').description('The runbooks: list them, or show one with its steps.')
  list(group, cli)
  show(group, cli)
}

function list(group: Command, { terminal }: Cli): void {
  const verb = group
    .command('list')
    .description('Every runbook, with its severities and the flags its steps act on.')
    .addHelpText('after', '\nExamples:\n  killswitch runbook list\n  killswitch runbook list -o yaml')
  withOutput(verb).action(async (_: object, command: Command) => {
    const client = await connect(command)
    const { body, text } = await client.get<RunbookList>('/v1/runbooks')
    const rows = body.runbooks.map(({ id, title, steps, severities, flags }) => [
      id,
      String(steps),
      severities.join(' '),
      flags.join(' '),
      title,
    ])
    const list = { text, items: body.runbooks, columns: RUNBOOK_COLUMNS }
    return showList(terminal, command, list, () =>
      terminal.out(...table(['RUNBOOK', 'STEPS', 'SEVERITIES', 'FLAGS', 'TITLE'], rows, terminal)),
    )
  })
}

function show(group: Command, { terminal }: Cli): void {
  group
    .command('show')
    .description('One runbook: severities, times, and its steps with their codes and lines.')
    .argument('<runbook>', 'the id of the runbook')
    .option('--source', 'the Markdown, as its team wrote it; with --json as "source"')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch runbook show pilot\n  killswitch runbook show pilot --source | less',
    )
    .action(async (id: string, { source }: { source?: true }, command: Command) => {
      const client = await connect(command)
      const headers = source ? { accept: 'text/markdown' } : {}
      const { body, text } = await client.get<Runbook>(`/v1/runbooks/${encodeURIComponent(id)}`, {
        headers,
      })
      if (source && isJson(command)) return terminal.json(JSON.stringify({ id, source: text }))
      if (source) return terminal.text(text)
      if (isJson(command)) return terminal.json(text)
      terminal.out(...runbookLines(body, terminal))
    })
}
