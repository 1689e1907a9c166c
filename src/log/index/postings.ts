// How the index is laid out in leveldb, key by key, and what an entry puts there. Touches no database and no file.
//
//   m                              meta: { format, log, place, hash, gaps }, JSON
//   p <place>                      where the line stands: segment, offset, length; the first 8 bytes of its hash
//   t <term> 00 <place>            a posting: the entry has the term ("flag=ai_v1")
//   c <term>                       how many postings the term has
//
// Places are 8 bytes, big-endian, so that keys of a term are in the log's order. A term is cut to 240 bytes: two that
// begin alike then share postings, which costs time and never an answer.

import { hashLine, placeOf } from '../../domain/audit.js'
import { termsOf } from '../../domain/audit-query.js'
import { parseEntry } from '../../domain/chain.js'
import type { Gap } from '../../domain/unreadable.js'
import type { Located, Location } from '../journal/segment.js'

/** Another number: the index is built anew. */
export const FORMAT = 2
export type Meta = { format: number; log: string; place: number; hash: string; gaps: readonly Gap[] }
/** Where a line stands, and the beginning of its SHA-256 as it was taken in. */
export type Indexed = Location & { hash: string }
export const markOf = (hash: string): string => hash.slice(0, 16)

export const META_KEY = Buffer.from('m')
const TERM_BYTES = 240

/** The beginning of all keys of one list: of a term's postings, or of all entries. */
export type List = Buffer
export const ALL: List = Buffer.from('p')

export const postingsOf = (term: string): List => Buffer.concat([Buffer.from('t'), cut(term), Buffer.of(0)])

export const countKey = (term: string): Buffer => Buffer.concat([Buffer.from('c'), cut(term)])

export function keyIn(list: List, place: number): Buffer {
  const key = Buffer.allocUnsafe(list.length + 8)
  list.copy(key)
  key.writeUInt32BE(Math.floor(place / 2 ** 32), list.length)
  key.writeUInt32BE(place % 2 ** 32, list.length + 4)
  return key
}

export const placeIn = (key: Buffer): number =>
  key.readUInt32BE(key.length - 8) * 2 ** 32 + key.readUInt32BE(key.length - 4)

function encodeLocation({ segment, offset, length, hash }: Indexed): Buffer {
  const value = Buffer.allocUnsafe(28)
  value.writeDoubleBE(segment, 0)
  value.writeDoubleBE(offset, 8)
  value.writeUInt32BE(length, 16)
  value.write(markOf(hash), 20, 'hex')
  return value
}

export const decodeLocation = (value: Buffer): Indexed => ({
  segment: value.readDoubleBE(0),
  offset: value.readDoubleBE(8),
  length: value.readUInt32BE(16),
  hash: value.toString('hex', 20),
})

export function encodeCount(count: number): Buffer {
  const value = Buffer.allocUnsafe(8)
  value.writeDoubleBE(count)
  return value
}

export const decodeCount = (value: Buffer | undefined): number => value?.readDoubleBE(0) ?? 0

export type Put = { type: 'put'; key: Buffer; value: Buffer }
export const putOf = (key: Buffer, value: Buffer): Put => ({ type: 'put', key, value })
const NOTHING = Buffer.alloc(0)

/**
 * What lines add: their locations and postings, how many per term, and the last entry. Lines that are no entries are passed
 * over. Where one does not name the one before, lines are missing between them, or that one is not as it was written.
 */
export function postingsIn(lines: readonly Located[], after: { place: number; hash: string }) {
  const puts: Put[] = []
  const counts = new Map<string, number>()
  const gaps: Gap[] = []
  let { place, hash } = after
  for (const { bytes, ...location } of lines) {
    const entry = parseEntry(bytes.toString())
    if (entry === undefined || placeOf(entry) <= place) continue
    const next = placeOf(entry)
    const from = Math.max(1, next === place + 1 ? place : place + 1)
    if (entry.prev !== hash && from < next) gaps.push({ from, to: next - 1 })
    place = next
    hash = hashLine(bytes)
    puts.push(putOf(keyIn(ALL, place), encodeLocation({ ...location, hash })))
    for (const term of termsOf(entry)) {
      puts.push(putOf(keyIn(postingsOf(term), place), NOTHING))
      counts.set(term, (counts.get(term) ?? 0) + 1)
    }
  }
  return { puts, counts, gaps, place, hash }
}

/** No NUL in a term, since it ends one in a key. */
const cut = (term: string): Buffer =>
  Buffer.from(term.includes('\0') ? term.replaceAll('\0', ' ') : term).subarray(0, TERM_BYTES)
