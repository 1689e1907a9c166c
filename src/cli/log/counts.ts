// killswitch audit counts: how many entries of the log, by flag, day, actor and the rest.

import type { Command } from 'commander'
import { visible } from '../../text/terminal.js'
import type { AuditCounts } from '../../wire/audit-questions.js'
import { type Cli, connect, isJson } from '../plumbing/context.js'
import { showList, withOutput } from '../plumbing/output.js'
import { groupColumns } from '../print/columns.js'
import { table } from '../print/table.js'
import { drillOption, type FilterOptions, filterQuery, withFilter } from './filter.js'

type Options = FilterOptions & { by: string; drills?: string }

export function auditCountsVerb(group: Command, { terminal }: Cli): void {
  const verb = group
    .command('counts')
    .description(
      'Counts entries of the log. Takes the filters of query; drills are left out unless --drills asks for them.',
    )
    .requiredOption(
      '--by <groups>',
      'one or several of flag,step,actor,action,outcome,application,incident,severity,day,month',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch audit counts --by flag,day --action kill --since 30d\n  killswitch audit counts --by actor --without-step --json | jq .groups',
    )
  withOutput(withFilter(verb, drillOption())).action(async ({ by, ...filter }: Options, command: Command) => {
    const client = await connect(command)
    const { body, text } = await client.get<AuditCounts>(`/v1/audit/counts${filterQuery(filter, { by })}`)
    const { style, columns } = terminal
    const list = { text, items: body.groups, columns: groupColumns(body.by) }
    await showList(terminal, command, list, () => {
      const rows = body.groups.map(each => [
        ...body.by.map(name => shown(each[name as keyof typeof each])),
        String(each.count),
      ])
      const head = [...body.by.map(name => name.toUpperCase()), 'COUNT']
      if (rows.length === 0) terminal.say('No entry matches.')
      else terminal.out(...table(head, rows, { style, columns }))
    })
    if (isJson(command)) return
    terminal.say(...[body.more, body.cut, body.unreadable].flatMap(said => said ?? []))
    if (body.groups.length > 0)
      terminal.say(
        terminal.aside.dim(
          `${body.total} ${body.total === 1 ? 'entry' : 'entries'}${drillWords(body.drill)}`,
        ),
      )
  })
}

const shown = (value: string | number | null | undefined): string => visible(String(value ?? '-'))

/** Whether what was counted has drills in it. */
export const drillWords = (drill: AuditCounts['drill']): string =>
  ({ false: ', without drills', true: ' of drills', any: ', drills among them' })[drill]
