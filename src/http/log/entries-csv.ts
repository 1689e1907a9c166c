// Entries as a table for a spreadsheet: a row each. New columns come after the old ones, which keep their names and places.

import { pipeline, Readable } from 'node:stream'
import { provenBy } from '../../domain/fleet/proof.js'
import { type Entry, hashLine, placeOf } from '../../domain/log/audit.js'
import { sentenceOf } from '../../domain/log/sentence.js'
import type { FoundEntry } from '../../log/state.js'
import { csvOf } from '../../text/csv.js'
import type { FlagDefinition } from '../../wire/catalogue.js'

/** What is found, and told of what could not be. */
export type Export = (onUnreadable: (said: string) => void) => AsyncIterable<FoundEntry>
export type Definitions = (key: string | undefined) => FlagDefinition | undefined

type Row = { entry: Entry; line: string; sentence: string }

const COLUMNS = {
  place: ({ entry }) => placeOf(entry),
  at: ({ entry }) => entry.at,
  action: ({ entry }) => entry.action,
  outcome: ({ entry }) => entry.outcome,
  actor: ({ entry }) => entry.actor.id,
  role: ({ entry }) => entry.actor.role,
  via: ({ entry }) => entry.actor.via,
  flag: ({ entry }) => entry.flag ?? entry.flags?.join(' '),
  summary: ({ sentence }) => sentence,
  incident: ({ entry }) => entry.incident,
  runbook: ({ entry }) => entry.runbook?.id,
  step: ({ entry }) => entry.step?.id,
  stepCode: ({ entry }) => entry.step?.code,
  stepLine: ({ entry }) => entry.step?.line,
  stepText: ({ entry }) => entry.step?.text,
  offRunbook: ({ entry }) => entry.offRunbook ?? false,
  reason: ({ entry }) => entry.reason,
  holdsLeft: ({ entry }) => entry.holds?.length,
  requestId: ({ entry }) => entry.request.id,
  hash: ({ line }) => hashLine(line),
  epoch: ({ entry }) => entry.epoch,
  seq: ({ entry }) => entry.seq,
  environment: ({ entry }) => entry.environment,
  application: ({ entry }) => entry.application,
  severity: ({ entry }) => (entry.change?.severity ?? entry.declared?.severity) || undefined,
  hold: ({ entry }) => entry.hold ?? entry.released?.join(' '),
  ip: ({ entry }) => entry.request.ip,
  forced: ({ entry }) => entry.resolved && (entry.resolved.forced ?? false),
  applied: ({ entry }) => entry.confirmed?.applied,
  pending: ({ entry }) => entry.confirmed && provenBy(entry.confirmed).count.pending,
  lost: ({ entry }) => entry.confirmed?.lost.length,
  firstMs: ({ entry }) => entry.confirmed?.firstMs,
  lastMs: ({ entry }) => entry.confirmed?.lastMs,
} satisfies Record<string, (row: Row) => unknown>

const NAMES = Object.keys(COLUMNS)

export function entriesAsCsv(found: Export, definitions: Definitions) {
  const csv = csvOf(NAMES)
  pipeline(Readable.from(rows(found, definitions)), csv, () => {})
  return csv
}

async function* rows(found: Export, definitions: Definitions): AsyncGenerator<unknown[]> {
  const unreadable: string[] = []
  for await (const { entry, line } of found(said => unreadable.push(said))) {
    const row = { entry, line, sentence: sentenceOf(entry, definitions(entry.flag)) }
    yield Object.values(COLUMNS).map(column => column(row))
  }
  for (const said of unreadable) yield NAMES.map(name => (name === 'summary' ? said : undefined))
}
