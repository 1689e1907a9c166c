// Reads what came over the network or out of a file, and refuses what is not of the shape: a half answer must never
// become a state. Writes receipts as the service takes them. Pure; no reading of bytes.

import type * as audit from '../../../src/wire/audit.js'
import type * as receipt from '../../../src/wire/receipt.js'
import type * as wire from '../../../src/wire/snapshot.js'
import type { FlagValue } from '../../../src/wire/words.js'
import type { Answer, Receipt } from '../prove/receipt.js'
import type { Known, KnownJson } from './known.js'
import { fromJson } from './known.js'
import type {
  Change,
  ConsistencyProof,
  Heartbeat,
  Held,
  KeyChanges,
  Position,
  ProvisionalHold,
  Snapshot,
} from './snapshot.js'

type Json = Record<string, unknown>

/** The members alone, down to the last: an intersection and one object of the same members are the same. */
type Members<T> = T extends object ? { [K in keyof T]: Members<T[K]> } : T
type Same<A, B> =
  (<T>() => T extends Members<A> ? 1 : 2) extends <T>() => T extends Members<B> ? 1 : 2 ? unknown : never

/** As this package has it: does not compile where the service says it with other members. */
const as = <Own extends Same<Own, Wire>, Wire>(value: unknown): Own => value as Own

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isValue = (value: unknown): value is FlagValue =>
  ['boolean', 'string', 'number'].includes(typeof value) || (typeof value === 'object' && value !== null)
const all = (value: unknown, test: (item: unknown) => boolean): boolean =>
  isObject(value) && Object.values(value).every(test)

const isHeld = (value: unknown): value is Held =>
  isObject(value) &&
  isText(value.variant) &&
  isValue(value.value) &&
  Array.isArray(value.holds) &&
  (value.warrants === undefined || isTexts(value.warrants))

const isProvisional = (value: unknown): value is ProvisionalHold =>
  isObject(value) &&
  isText(value.id) &&
  isText(value.flag) &&
  isText(value.variant) &&
  isValue(value.value) &&
  (value.warrant === undefined || isText(value.warrant))

const isDefinition = (value: unknown): value is Json =>
  isObject(value) &&
  all(value.variants, isValue) &&
  isText(value.defaultVariant) &&
  isText(value.killVariant) &&
  isObject(value.metadata) &&
  Object.hasOwn(value.variants as Json, value.defaultVariant) &&
  Object.hasOwn(value.variants as Json, value.killVariant)

const isPosition = (value: Json): value is Json & Position =>
  isText(value.environment) &&
  isText(value.log) &&
  value.log !== '' &&
  isPlace(value.revision) &&
  isText(value.catalogue) &&
  Array.isArray(value.provisional) &&
  value.provisional.every(isProvisional) &&
  Array.isArray(value.merged) &&
  (value.hash === undefined || isText(value.hash)) &&
  (value.released === undefined || isTexts(value.released))

/** What an older service, or a document of its time, does not say. */
const withLater = (value: Json): Json => ({
  ...value,
  hash: value.hash ?? '',
  released: value.released ?? [],
})

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A Snapshot out of JSON text or a document; undefined where it is anything else. */
export function readSnapshot(source: unknown): Snapshot | undefined {
  const value = isText(source) ? parsed(source) : source
  if (!isObject(value) || value.v !== 1 || !isPosition(value)) return undefined
  const whole = all(
    value.flags,
    flag => isDefinition(flag) && isPlace(flag.flipped) && (flag.held === undefined || isHeld(flag.held)),
  )
  return whole ? as<Snapshot, wire.Snapshot>(withLater(value)) : undefined
}

/** What a refusal of the service says. */
export type Refusal = { code: string; detail: string }

const LONGEST_DETAIL = 500

/** Undefined for what is no problem of the service: a page of somebody in between. */
export function readProblem(text: string): Refusal | undefined {
  const value = parsed(text)
  if (!isObject(value) || !isText(value.code) || !isText(value.detail)) return undefined
  return { code: value.code, detail: value.detail.slice(0, LONGEST_DETAIL) }
}

/** The data of an `event: change`. */
export function readChange(text: string): Change | undefined {
  const value = parsed(text)
  if (!isObject(value) || value.v !== 1 || !isPosition(value)) return undefined
  const whole = all(value.held, isHeld) && all(value.flipped, isPlace)
  return whole ? as<Change, wire.Change>(withLater(value)) : undefined
}

/** The data of an `event: heartbeat`. */
export function readHeartbeat(text: string): Heartbeat | undefined {
  const value = parsed(text)
  if (!isObject(value) || !isText(value.log) || !isPlace(value.revision)) return undefined
  if (value.checkpoint !== undefined && !isText(value.checkpoint)) return undefined
  if (value.cosigned !== undefined && !isText(value.cosigned)) return undefined
  return value.upstream === 'live' || value.upstream === 'stale'
    ? as<Heartbeat, wire.Heartbeat>(value)
    : undefined
}

/** That the log only grew from one size to another. */
export function readConsistency(text: string): ConsistencyProof | undefined {
  const value = parsed(text)
  if (!isObject(value) || !isPlace(value.from) || !isPlace(value.to)) return undefined
  return isTexts(value.proof) && isText(value.checkpoint)
    ? as<ConsistencyProof, audit.ConsistencyProof>(value)
    : undefined
}

export const readKeyChanges = (text: string): KeyChanges | undefined => keyChangesOf(parsed(text))

/** Of an answer, or of a cache file. */
export function keyChangesOf(value: unknown): KeyChanges | undefined {
  if (!isObject(value) || !isText(value.environment) || !isText(value.log)) return undefined
  const { changes } = value
  const isChange = (each: unknown) => isObject(each) && isText(each.line) && isInclusion(each.proof)
  if (!Array.isArray(changes) || !changes.every(isChange)) return undefined
  return as<KeyChanges, audit.KeyChanges>(value)
}

const isInclusion = (value: unknown): boolean =>
  isObject(value) &&
  [value.place, value.index, value.size].every(isPlace) &&
  isTexts(value.proof) &&
  [value.leafHash, value.checkpoint].every(isText)

/** What a cache file holds. */
export function readKnown(value: unknown): Known | undefined {
  if (!isObject(value) || !isPosition(value) || !all(value.revisions, isPlace)) return undefined
  const whole = all(
    value.flags,
    flag =>
      isObject(flag) &&
      all(flag.seen, isPlace) &&
      (flag.definition === undefined || isDefinition(flag.definition)) &&
      (flag.held === undefined || isHeld(flag.held)),
  )
  if (!whole) return undefined
  const { hash: _none, ...known } = withLater(value)
  const holding = all(value.holding, isTexts) ? value.holding : {}
  const toShow = Array.isArray(value.toShow) && value.toShow.every(isToShow) ? value.toShow : []
  const { heard, ...rest } = { ...known, holding, toShow } as unknown as KnownJson
  return fromJson(isAnswer(heard) ? { ...rest, heard } : rest)
}

const isToShow = (value: unknown): boolean =>
  isObject(value) && isText(value.flag) && isText(value.id) && isText(value.warrant)

const isAnswer = (value: unknown): value is Answer =>
  isObject(value) && isText(value.log) && isPlace(value.revision) && isText(value.hash)

/** The body of `POST /v1/receipts`. */
export const writeReceipt = (own: Receipt): string =>
  JSON.stringify({ receipts: [as<Receipt, receipt.Receipt>(own)] } satisfies receipt.Receipts)
