// How the index is laid out in leveldb, key by key. Touches no database and no file.
//
//   m                              meta: { format, log, place, hash, gaps }, JSON
//   p <place>                      a row: where the line stands (segment, offset, length), the first 8 bytes of its hash,
//                                  and what questions ask of the entry (domain/log/audit-facts.ts), JSON
//   t <term> 00 <place>            a posting: the entry has the term ("flag=ai_v1")
//   c <term>                       how many postings the term has
//   f, i, a <name>                 of a flag, an incident, an actor: what relations.ts keeps from entry to entry, JSON
//
// Places are 8 bytes, big-endian, so that keys of a term are in the log's order. A term is cut to 240 bytes: two that
// begin alike then share postings, which costs time and never an answer.

import type { Facts } from '../../domain/log/audit-facts.js'
import type { Gap } from '../../domain/log/unreadable.js'
import type { Location } from '../journal/segment.js'

/** Another number: the index is built anew. */
export const FORMAT = 3
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

/** What the index has of an entry. */
export type Row = { place: number; facts: Facts; location: Indexed }

const LOCATION_BYTES = 28

export function encodeRow({ facts, location: { segment, offset, length, hash } }: Row): Buffer {
  const about = JSON.stringify(facts)
  const value = Buffer.allocUnsafe(LOCATION_BYTES + Buffer.byteLength(about))
  value.writeDoubleBE(segment, 0)
  value.writeDoubleBE(offset, 8)
  value.writeUInt32BE(length, 16)
  value.write(markOf(hash), 20, 'hex')
  value.write(about, LOCATION_BYTES)
  return value
}

export const decodeRow = (place: number, value: Buffer): Row => ({
  place,
  facts: JSON.parse(value.toString('utf8', LOCATION_BYTES)) as Facts,
  location: decodeLocation(value),
})

const decodeLocation = (value: Buffer): Indexed => ({
  segment: value.readDoubleBE(0),
  offset: value.readDoubleBE(8),
  length: value.readUInt32BE(16),
  hash: value.toString('hex', 20, LOCATION_BYTES),
})

export function encodeCount(count: number): Buffer {
  const value = Buffer.allocUnsafe(8)
  value.writeDoubleBE(count)
  return value
}

export const decodeCount = (value: Buffer | undefined): number => value?.readDoubleBE(0) ?? 0

/** What is kept of a name from entry to entry. */
export type Kind = 'flag' | 'incident' | 'actor'
const LETTERS = { flag: 'f', incident: 'i', actor: 'a' } as const

export const recordKey = (kind: Kind, name: string): Buffer => Buffer.from(`${LETTERS[kind]}${name}`)
export const recordName = (key: Buffer): string => key.toString('utf8', 1)
/** All records of a kind. */
export const recordsOf = (kind: Kind): { gte: Buffer; lt: Buffer } => ({
  gte: Buffer.from(LETTERS[kind]),
  lt: Buffer.of((LETTERS[kind].codePointAt(0) ?? 0) + 1),
})

export const NOTHING: Buffer = Buffer.alloc(0)

/** No NUL in a term, since it ends one in a key. */
const cut = (term: string): Buffer =>
  Buffer.from(term.includes('\0') ? term.replaceAll('\0', ' ') : term).subarray(0, TERM_BYTES)
