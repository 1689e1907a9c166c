// Entries as a table for a spreadsheet: a row each.

import { pipeline, Readable } from 'node:stream'
import { hashLine } from '../../domain/log/audit.js'
import { COLUMNS_OF_ENTRIES } from '../../domain/log/entry-columns.js'
import { sentenceOf } from '../../domain/log/sentence.js'
import type { FoundEntry } from '../../log/state.js'
import { csvOf } from '../../text/csv.js'
import type { FlagDefinition } from '../../wire/catalogue.js'

/** What is found, and told of what could not be. */
export type Export = (onUnreadable: (said: string) => void) => AsyncIterable<FoundEntry>
export type Definitions = (key: string | undefined) => FlagDefinition | undefined

const NAMES = Object.keys(COLUMNS_OF_ENTRIES)

export function entriesAsCsv(found: Export, definitions: Definitions) {
  const csv = csvOf(NAMES)
  pipeline(Readable.from(rows(found, definitions)), csv, () => {})
  return csv
}

async function* rows(found: Export, definitions: Definitions): AsyncGenerator<unknown[]> {
  const unreadable: string[] = []
  for await (const { entry, line } of found(said => unreadable.push(said))) {
    const row = { entry, hash: hashLine(line), sentence: sentenceOf(entry, definitions(entry.flag)) }
    yield Object.values(COLUMNS_OF_ENTRIES).map(column => column(row))
  }
  for (const said of unreadable) yield NAMES.map(name => (name === 'summary' ? said : undefined))
}
