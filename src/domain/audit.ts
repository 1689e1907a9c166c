// The log: one entry is one line of UTF-8 JSON, linked to the one before by `prev`, the SHA-256 of that line's bytes.
// Nothing is ever canonicalised: the store, the journals and an export hold the same bytes.

import { createHash } from 'node:crypto'
import type { Role, Via } from './actor.js'
import type { CatalogueDocument } from './catalogue.js'
import type { ErrorCode, Way } from './errors.js'
import type { HoldSummary } from './hold.js'

export const ACTIONS = [
  'kill',
  'restore',
  'step.run',
  'flip.voided', // an attempt with an unknown outcome that is now certain never to happen
  'flip.confirmed', // what the receipts showed of a flip
  'hold.merged', // provisional holds that turned out to be in the log already
  'log.recovered', // opens an epoch: the store is another server, or had lost entries
  'incident.declared',
  'incident.noted',
  'incident.changed', // severity, commander, links
  'incident.adopted', // holds without an incident taken under this one
  'incident.step', // a runbook step ticked off: done or skipped
  'incident.resolved',
  'drill', // the path of a kill proved end to end, without changing any value
  'catalogue.loaded',
  'refused.summary',
] as const
export type Action = (typeof ACTIONS)[number]

export const OUTCOMES = ['applied', 'unchanged', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** A runbook step as the flip saw it. Only `id` is there where the step named could not be found: it is kept as given. */
export type StepReference = { id: string; code?: string; text?: string; line?: number }

export type Entry = {
  v: 1
  epoch: number
  seq: number
  /** Never below the predecessor's, so that a time range is a range of places. */
  at: string
  /** The accepting instance's clock. */
  receivedAt: string
  action: Action
  outcome: Outcome
  environment: string
  actor: { id: string; role: Role; via: Via }
  flag?: string
  application?: string
  label?: string
  /** Variants before and after; null is the normal behaviour. */
  from?: string | null
  to?: string | null
  /** On a kill: the hold it put, or the one that was there. */
  hold?: string
  /** On a restore: the ids of exactly the holds it released. */
  released?: string[]
  /** The holds left after the entry. */
  holds?: HoldSummary[]
  /** On a step.run: the flags it killed; on incident.adopted and incident.resolved: those it speaks of. */
  flags?: string[]
  incident?: string
  runbook?: { id: string; digest: string }
  step?: StepReference
  offRunbook?: boolean
  reason?: string
  /** What was missing or wrong in a kill's paperwork. */
  warnings?: Warning[]
  /** On a refusal: why. */
  refusal?: { code: ErrorCode; detail: string }
  /** On a refused.summary: how many, since when. */
  summary?: { count: number; since: string }
  /** On a kill: ids of the provisional holds it makes an end of, by bringing them into the log. */
  merged?: string[]
  /** An entry offered again from an abandoned branch: what it was there. */
  origin?: { place: number; hash: string }
  /** On log.recovered: why, and how many lines were put back. */
  recovered?: { why: string; restored: number }
  /** On incident.declared. */
  declared?: { title: string; runbook: string; severity: string; commander?: string }
  /** On incident.noted. */
  note?: IncidentNote
  /** On incident.changed: what is new. */
  change?: { severity?: string; commander?: string; title?: string; link?: { title: string; url: string } }
  /** On incident.adopted: the holds that now are the incident's. */
  adopted?: { flag: string; hold: string }[]
  /** On incident.step: what became of `step`. */
  ticked?: 'done' | 'skipped'
  /** On incident.resolved: the holds that stay, with who looks after them until when; `forced` past an objection. */
  resolved?: { leave: { flag: string; owner: string; until: string }[]; forced?: boolean }
  /** On flip.confirmed: the flip it speaks of, and which app instances had applied it when. */
  confirmed?: {
    /** Place of the flip. */
    flip: number
    complete: boolean
    applied: number
    pending: string[]
    lost: string[]
    served: number
    /** From the flip to the first and last application heard of, ms. */
    firstMs?: number
    lastMs?: number
  }
  /** On catalogue.loaded: all definitions and the runbooks' sources, so that the log explains itself. */
  catalogue?: CatalogueDocument
  request: { id: string; key: string; digest: string; ip?: string; userAgent?: string }
  prev: string
}

export const NOTE_KINDS = [
  'update',
  'progress',
  'impact',
  'cause',
  'resolution',
  'recovered',
  'action',
] as const
export type NoteKind = (typeof NOTE_KINDS)[number]
/** `owner` and `due` (RFC 3339 or a date) belong to an `action`: a follow-up with somebody's name on it. */
export type IncidentNote = { kind: NoteKind; text: string; owner?: string; due?: string }

export type WarningCode =
  | 'no-reason'
  | 'no-step'
  | 'unknown-step'
  | 'ambiguous-step'
  | 'step-mismatch'
  | 'step-limited'
  | 'step-conditional'
  | 'step-unsure'
  | 'unknown-incident'
  | 'resolved-incident'
  | 'nothing-to-adopt'
  | 'runbooks-unavailable'
export type Warning = { code: WarningCode; detail: string; near?: string[]; wayOut?: Way[] }

/** An entry before it has its place in the chain. */
export type Draft = Omit<Entry, 'v' | 'epoch' | 'seq' | 'at' | 'environment' | 'prev'>

/** Where the log ends: `seq` 0 and an empty hash before the first entry. */
export type Head = { epoch: number; seq: number; hash: string }
export const EMPTY: Head = { epoch: 0, seq: 0, hash: '' }

/** Whether the app instances are to confirm it by receipt: a flip of one flag, or a drill. */
export const isProvable = ({ action }: Pick<Entry, 'action'>): boolean =>
  action === 'kill' || action === 'restore' || action === 'drill'

/** An entry together with its exact stored bytes (without the newline) and their SHA-256 in hex. */
export type SealedEntry = { entry: Entry; line: string; hash: string }

/** `(epoch, seq)` as one number that only grows: epoch x 2^32 + seq. */
export const placeOf = (at: { epoch: number; seq: number }): number => at.epoch * 2 ** 32 + at.seq

export const fromPlace = (place: number): { epoch: number; seq: number } => ({
  epoch: Math.floor(place / 2 ** 32),
  seq: place % 2 ** 32,
})

/** A place as a number, or as `<epoch>-<seq>`. */
export function parsePlace(text: string): number | undefined {
  if (/^\d{1,16}$/.test(text)) return Number(text)
  const [, epoch, seq] = /^(\d{1,7})-(\d{1,10})$/.exec(text) ?? []
  return epoch === undefined ? undefined : placeOf({ epoch: Number(epoch), seq: Number(seq) })
}

export const hashLine = (line: string | Buffer): string => createHash('sha256').update(line).digest('hex')

/** Gives a draft its place after `head`, in its epoch or a later one; `at` is the clock's hour, or the predecessor's where the clock went back. */
export function seal(
  draft: Draft,
  head: Head & { at: string },
  environment: string,
  epoch = head.epoch,
): SealedEntry {
  const { action, outcome, actor, receivedAt, ...rest } = draft
  const entry: Entry = {
    v: 1,
    epoch,
    seq: head.seq + 1,
    at: receivedAt > head.at ? receivedAt : head.at,
    receivedAt,
    action,
    outcome,
    environment,
    actor,
    ...rest,
    prev: head.hash,
  }
  const line = JSON.stringify(entry)
  return { entry, line, hash: hashLine(line) }
}

/** Reads a stored line back. Throws a SyntaxError on bytes that are not JSON. */
export function open(line: string): SealedEntry {
  return { entry: JSON.parse(line) as Entry, line, hash: hashLine(line) }
}
