// killswitch audit roles: who had which role at a time, as the log shows it.

import type { Command } from 'commander'
import { entryId } from '../../domain/log/audit.js'
import type { AuditRoles } from '../../wire/audit-questions.js'
import { type Cli, connect, isJson, pastTime, queryOf, several } from '../plumbing/context.js'
import { showList, withOutput } from '../plumbing/output.js'
import { ROLE_COLUMNS } from '../print/columns.js'
import { table } from '../print/table.js'
import { when } from '../print/time.js'

type Options = { at?: string; actor?: string[] }

export function auditRolesVerb(group: Command, { terminal }: Cli): void {
  const verb = group
    .command('roles')
    .description('Shows who had which role at a time: of each actor the last entry by then, and its role.')
    .option('--at <time>', 'at that time: 2h, yesterday, or 2026-11-20T03:00:00Z (now)', pastTime)
    .option('--actor <actor>', 'only this actor', several)
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch audit roles --at 2026-11-20T03:00:00Z\n  killswitch audit roles --actor alice',
    )
  withOutput(verb).action(async ({ at, actor }: Options, command: Command) => {
    const client = await connect(command)
    const { body, text } = await client.get<AuditRoles>(`/v1/audit/roles${queryOf({ at, actor })}`)
    const { style, columns, now } = terminal
    await showList(terminal, command, { text, items: body.roles, columns: ROLE_COLUMNS }, () => {
      const rows = body.roles.map(each => [
        each.actor,
        each.role,
        each.via,
        entryId(each.entry),
        when(each.entryAt, now),
      ])
      if (rows.length === 0) terminal.say('The log has no entry of anybody by then.')
      else terminal.out(...table(['ACTOR', 'ROLE', 'VIA', 'ENTRY', 'WRITTEN'], rows, { style, columns }))
      const files = filesOf(body)
      if (files.length > 0)
        terminal.out(
          '',
          ...table(['MAY ACT', 'ROLE', 'LIMITS', 'TOKENS FILE OF', 'ENTRY'], files, { style, columns }),
        )
    })
    if (isJson(command)) return
    terminal.say(...body.unknown)
    terminal.say(...[body.more, body.unreadable].flatMap(said => said ?? []))
    terminal.say(terminal.aside.dim(body.detail))
  })
}

const filesOf = ({ files }: AuditRoles): string[][] =>
  files.flatMap(({ instance, entry, may }) =>
    may.map(({ id, role, only, apps }) => [
      id,
      role,
      [only && `only ${only}`, apps?.join(' ')].filter(Boolean).join(', '),
      instance,
      entryId(entry),
    ]),
  )
