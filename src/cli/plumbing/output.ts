// In which form an answer is printed: for people, as the JSON of the API, as YAML; a list also as CSV, or wide.

import { type Command, Option } from 'commander'
import { entryId } from '../../domain/log/audit.js'
import { csvOf } from '../../text/csv.js'
import type { Columns } from '../print/columns.js'
import { table } from '../print/table.js'
import { UsageError } from './exit.js'
import type { GlobalOptions } from './settings.js'
import type { Terminal } from './terminal.js'

const FORMATS = ['json', 'yaml', 'csv', 'wide'] as const
type Format = (typeof FORMATS)[number]

/** For a verb that lists. Below a group that lists, other verbs take json and yaml. */
export const withOutput = (command: Command): Command =>
  command.addOption(
    new Option(
      '-o, --output <format>',
      'json (the same as --json), yaml, csv, or wide: with every column',
    ).choices(FORMATS),
  )

/** Undefined for people. Throws a `UsageError` for what does not go together. */
export function formatOf(command: Command): Format | undefined {
  const { json } = command.optsWithGlobals<GlobalOptions>()
  const listing = listingAbove(command)
  const output = listing?.opts<{ output?: Format }>().output
  if (json && output !== undefined && output !== 'json')
    throw new UsageError(`--json and --output ${output} do not go together: give one of them.`)
  if ((output === 'csv' || output === 'wide') && listing !== command)
    throw new UsageError(`--output ${output} is for lists, and this is none: give json or yaml.`)
  return json ? 'json' : output
}

/** The verb, or the group above it, that has the option; elsewhere `--output` is a file. */
function listingAbove(command: Command | null): Command | undefined {
  if (command === null) return undefined
  const option = command.options.find(each => each.attributeName() === 'output')
  if (option !== undefined) return option.argChoices === undefined ? undefined : command
  return listingAbove(command.parent)
}

/** Prints a list: `text` is the exact answer, `people` prints it for people. */
export async function showList<T>(
  terminal: Terminal,
  command: Command,
  { text, items, columns }: { text: string; items: readonly T[]; columns: Columns<T> },
  people: () => void | Promise<void>,
): Promise<void> {
  const format = formatOf(command)
  if (format === undefined) return people()
  if (format === 'json' || format === 'yaml') return terminal.json(text)
  const names = Object.keys(columns)
  const rows = items.map(item => Object.values(columns).map(read => read(item)))
  if (format === 'csv') return terminal.text(await csvText(names, rows))
  const { style } = terminal
  terminal.text(
    table(
      names.map(headOf),
      rows.map(row =>
        row.map((cell, at) => (PLACES.has(names[at] as string) ? short(cell) : String(cell ?? ''))),
      ),
      { style },
    ).join('\n'),
  )
}

/** Columns that name an entry: people read `0-42`, a spreadsheet the number. */
const PLACES: ReadonlySet<string> = new Set(['place', 'revision', 'entry'])
const short = (place: unknown): string => (typeof place === 'number' ? entryId(place) : String(place ?? ''))

/** `HELD BY` of `heldBy`. */
const headOf = (name: string): string => name.replace(/(?=[A-Z])/g, ' ').toUpperCase()

async function csvText(names: string[], rows: readonly unknown[][]): Promise<string> {
  const csv = csvOf(names)
  for (const row of rows) csv.write(row)
  csv.end()
  let text = ''
  for await (const part of csv) text += String(part)
  return text
}
