// killswitch audit query: entries of the log, newest first.

import type { Command } from 'commander'
import type { AuditPage } from '../../wire/audit.js'
import type { ListedEntry } from '../../wire/entry.js'
import type { Warning } from '../../wire/hold.js'
import type { Client } from '../client/client.js'
import { type Cli, connect, isJson, wholeNumber } from '../plumbing/context.js'
import { showList, withOutput } from '../plumbing/output.js'
import { ENTRY_COLUMNS } from '../print/columns.js'
import { ENTRY_HEAD, entryRow } from '../print/entry.js'
import { warningLines } from '../print/flip.js'
import { table } from '../print/table.js'
import { type FilterOptions, filterQuery, withFilter } from './filter.js'

type Options = FilterOptions & { limit: number; oldest?: true; cursor?: string }

const LARGEST_PAGE = 500

export function auditQueryVerb(group: Command, { terminal }: Cli): void {
  const verb = group
    .command('query')
    .description(
      'Shows entries of the log, newest first. Options are combined; one given twice means any of its values.',
    )
    .option('-n, --limit <count>', 'how many', wholeNumber, 50)
    .option('--oldest', 'oldest first')
    .option('--cursor <cursor>', 'go on where a page ended: its "next"')
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch audit query --flag ai_v1 --since 24h\n  killswitch audit query --incident INC-42 --oldest\n  killswitch audit query --off-runbook --action kill --json | jq .entries\n  killswitch audit query --app trustflow --confirmed no --since 7d',
    )
  withOutput(withFilter(verb)).action(async (options: Options, command: Command) => {
    const client = await connect(command)
    // one page, exactly as it was answered
    if (isJson(command)) {
      const limit = Math.min(options.limit, LARGEST_PAGE)
      return terminal.json((await page(client, options, limit, options.cursor)).text)
    }
    const { entries, warnings, next, unreadable } = await collect(client, options)
    const { style, columns, now } = terminal
    const rows = entries.map(entry => entryRow(entry, style, now))
    if (rows.length === 0) terminal.say('No entry matches.', ...warningLines(warnings, terminal.aside))
    await showList(terminal, command, { text: '', items: entries, columns: ENTRY_COLUMNS }, () => {
      if (rows.length > 0) terminal.out(...table(ENTRY_HEAD, rows, { style, columns }))
    })
    if (unreadable !== undefined) terminal.say(unreadable)
    if (next !== undefined && entries.length >= options.limit)
      terminal.say(terminal.aside.dim(`There may be more: --limit ${options.limit * 4}, or --cursor ${next}`))
  })
}

const page = (client: Client, options: Options, limit: number, cursor?: string) =>
  client.get<AuditPage>(
    `/v1/audit${filterQuery(options, { order: options.oldest ? 'oldest' : 'newest', limit, ...(cursor ? { cursor } : {}) })}`,
  )

type Collected = { entries: ListedEntry[]; warnings: Warning[]; next?: string; unreadable?: string }

/** Pages may be short or empty and go on: they are read until there are enough entries, or no more of them. */
async function collect(client: Client, options: Options): Promise<Collected> {
  const entries: ListedEntry[] = []
  const warnings: Warning[] = []
  let unreadable: string | undefined
  let cursor = options.cursor
  for (;;) {
    const { body } = await page(
      client,
      options,
      Math.min(options.limit - entries.length, LARGEST_PAGE),
      cursor,
    )
    entries.push(...body.entries)
    warnings.push(...(body.warnings ?? []))
    unreadable = body.unreadable ?? unreadable
    const found = { entries, warnings, ...(unreadable === undefined ? {} : { unreadable }) }
    const isAtHead = options.oldest && body.entries.length === 0 && body.examined === 0
    if (body.next === undefined || isAtHead) return found
    if (entries.length >= options.limit) return { ...found, next: body.next }
    cursor = body.next
  }
}
