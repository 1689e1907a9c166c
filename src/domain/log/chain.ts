// Whether lines form one chain: the only place that knows what may follow what. Feed it line by line; it recomputes
// every hash from the exact bytes and must never trust a hash that came along.

import { KillswitchError } from '../errors.js'
import {
  EMPTY,
  type Entry,
  fromPlace,
  type Head,
  hashLine,
  isRedating,
  placeOf,
  type SealedEntry,
} from './audit.js'

/** A head that also knows its entry's hour, below which the next one may not be. */
export type ChainHead = Head & { at: string }
export const NO_ENTRY: ChainHead = { ...EMPTY, at: '' }

type Link = Pick<Entry, 'epoch' | 'seq' | 'at' | 'prev'> & { action?: string; outcome?: string }

/** Reads a line as an entry; undefined where it is none (not JSON, or without a place, an hour and a predecessor). */
export function parseEntry(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as Entry | null
    return isLink(entry) ? entry : undefined
  } catch {
    return undefined
  }
}

/** Lines as they came from a store. Throws `history-lost` where one of them is no entry: something else wrote it. */
export const readEntries = (lines: readonly string[]): SealedEntry[] =>
  lines.map(line => {
    const entry = parseEntry(line)
    if (entry !== undefined) return { entry, line, hash: hashLine(line) }
    throw new KillswitchError('history-lost', 'The store holds a line in its log that is no entry.')
  })

/** What keeps `entry` from following `head`, or undefined. `seq` may jump (history was lost), where `prev` holds. */
export function problemAfter(head: Head & { at?: string }, entry: Link): string | undefined {
  if (entry.prev !== head.hash) {
    const wanted = head.hash === '' ? 'none (it is the first)' : head.hash
    return `its prev is ${entry.prev || 'empty'}, the hash of the entry before is ${wanted}`
  }
  if (entry.epoch < head.epoch) return `its epoch ${entry.epoch} is below ${head.epoch}, the one before`
  if (entry.seq <= head.seq) return `its seq ${entry.seq} is not above ${head.seq}, the one before`
  if (head.at !== undefined && entry.at < head.at && !isRedating(entry))
    return `its at ${entry.at} is below ${head.at}, the one before`
  return undefined
}

/** Verifies a log as it goes by. `head` is the last line that held; a line that did not hold changes nothing. */
export class Chain {
  head: ChainHead
  entries = 0
  /** The last line that held. */
  last: SealedEntry | undefined

  /** Starts behind `after`: at the log's beginning, or at a head that is known otherwise (a checkpoint). */
  constructor(after: ChainHead = NO_ENTRY) {
    this.head = after
  }

  /** Takes the next line, without its newline. Returns what is wrong with it, or undefined. */
  add(line: string | Buffer): string | undefined {
    const text = line.toString()
    const entry = parseEntry(text)
    if (entry === undefined) return 'it is not an entry'
    const problem = problemAfter(this.head, entry)
    if (problem !== undefined) return problem
    const hash = hashLine(line)
    this.head = { epoch: entry.epoch, seq: entry.seq, hash, at: entry.at }
    this.last = { entry, line: text, hash }
    this.entries++
    return undefined
  }
}

/**
 * Whether a line names the entry before it by this hash, without parsing it. Lines that do, one after the other, up to one
 * whose own hash is known, are the very lines that were there when it was made.
 */
export function isAfter(line: string, hash: string): boolean {
  const at = line.lastIndexOf(PREV)
  return at >= 0 && line.startsWith(`${hash}"`, at + PREV.length)
}

const PREV = '"prev":"'
const PREFIX = /^\{"v":1,"epoch":(\d{1,9}),"seq":(\d{1,10}),"at":"([^"\\]*)"/

/** Place and hour of a stored line, without parsing all of it where it begins as `seal` writes it. */
export function linkOf(line: string): { place: number; at: string } | undefined {
  const found = PREFIX.exec(line)
  if (found) return { place: placeOf({ epoch: Number(found[1]), seq: Number(found[2]) }), at: found[3]! }
  const entry = parseEntry(line)
  return entry && { place: placeOf(entry), at: entry.at }
}

function isLink(entry: Entry | null): entry is Entry {
  if (typeof entry !== 'object' || entry === null || entry.v !== 1) return false
  if (typeof entry.prev !== 'string' || typeof entry.at !== 'string') return false
  if (!Number.isSafeInteger(entry.epoch) || !Number.isSafeInteger(entry.seq)) return false
  const place = placeOf(entry)
  // the two halves of a place must not run into one another
  return (
    Number.isSafeInteger(place) && fromPlace(place).seq === entry.seq && entry.epoch >= 0 && entry.seq > 0
  )
}

/**
 * The head of a log that ends at `head`, after these entries too. Throws `history-lost` where one of them does not follow
 * the entry before it; then none of them may be taken. Without an hour of `head`, that of the first is not looked at.
 */
export function headAfter<H extends Head & { at?: string }>(
  head: H,
  entries: readonly SealedEntry[],
): H | ChainHead {
  let last: H | ChainHead = head
  for (const { entry, line, hash } of entries) {
    const problem = line.includes('\n') ? 'its line has a newline in it' : problemAfter(last, entry)
    if (problem !== undefined)
      throw new KillswitchError(
        'history-lost',
        `Entry ${entry.epoch}-${entry.seq} does not follow ${last.epoch}-${last.seq}: ${problem}. Nothing was taken: ` +
          'the store is on another branch of the log than this instance.',
      )
    last = { epoch: entry.epoch, seq: entry.seq, hash, at: entry.at }
  }
  return last
}
