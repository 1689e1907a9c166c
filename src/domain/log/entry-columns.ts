// The columns of entries, for a spreadsheet: the API's CSV has them, and the terminal's. New columns come after the old ones,
// which keep their names and places.

import type { ListedEntry, Entry as ShownEntry } from '../../wire/entry.js'
import { provenBy } from '../fleet/proof.js'
import { placeOf } from './audit.js'

type Row = {
  entry: Omit<ShownEntry, 'place' | 'hash' | 'sentence'> | Omit<ListedEntry, 'place' | 'hash' | 'sentence'>
  hash: string
  sentence: string
}

export const COLUMNS_OF_ENTRIES = {
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
  hash: ({ hash }) => hash,
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
} satisfies Record<string, (row: Row) => string | number | boolean | undefined>
