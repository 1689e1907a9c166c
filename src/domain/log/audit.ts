// The log: one entry is one line of UTF-8 JSON, linked to the one before by `prev`, the SHA-256 of that line's bytes.
// Nothing is ever canonicalised: the store, the journals and an export hold the same bytes.

import { createHash } from 'node:crypto'
import type { Line } from '../../wire/entry.js'

/** As it is stored. */
export type Entry = Line

/** What a line is given when it is sealed: its place, and who signs. */
type Sealing = 'v' | 'epoch' | 'seq' | 'at' | 'environment' | 'prev' | 'signs' | 'sig'

/** An entry before it has its place in the chain. */
export type Draft = Omit<Entry, Sealing>

/** A stored entry as a draft, to be told again in another place: of its signature nothing may stay, it is of the old line. */
export function draftOf(entry: Entry): Draft {
  const { v: _v, epoch: _e, seq: _q, at: _a, environment: _n, prev: _p, signs: _s, sig: _g, ...draft } = entry
  return draft
}

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

/** A place as people read and type it: `1-42`, its epoch and its number in the log. */
export function entryId(place: number): string {
  const { epoch, seq } = fromPlace(place)
  return `${epoch}-${seq}`
}

/** The other way: a place as people type it, or the number that it is. Undefined for what is no place. */
export function parsePlace(text: string): number | undefined {
  if (/^\d{1,16}$/.test(text)) return Number(text)
  const [, epoch, seq] = /^(\d{1,7})-(\d{1,10})$/.exec(text) ?? []
  if (epoch === undefined || Number(seq) >= 2 ** 32) return undefined
  return placeOf({ epoch: Number(epoch), seq: Number(seq) })
}

export const hashLine = (line: string | Buffer): string => createHash('sha256').update(line).digest('hex')

/** The one entry that may be dated before its predecessor: an owner has the log dated right from it on. */
export const isRedating = ({ action, outcome }: { action?: string; outcome?: string }): boolean =>
  action === 'log.redated' && outcome === 'applied'

/** Gives a draft its place after `head`, in its epoch or a later one; `at` is the clock's hour, or the predecessor's where the clock went back. */
export function seal(
  draft: Draft & Pick<Entry, 'signs'>,
  head: Head & { at: string },
  environment: string,
  epoch: number = head.epoch,
): SealedEntry {
  const { action, outcome, actor, receivedAt, ...rest } = draft
  const entry: Entry = {
    v: 1,
    epoch,
    seq: head.seq + 1,
    at: receivedAt > head.at || isRedating(draft) ? receivedAt : head.at,
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
