// Reads what came over the network or out of a file, and refuses what is not of the shape: a half answer must never
// become a state. Pure; no reading of bytes.

import type { FlagValue } from '../../src/domain/flag.js'
import type {
  Change,
  Heartbeat,
  Held,
  Position,
  ProvisionalHold,
  Snapshot,
} from '../../src/domain/snapshot.js'
import type { Known, KnownJson } from './known.js'
import { fromJson } from './known.js'

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isValue = (value: unknown): value is FlagValue =>
  ['boolean', 'string', 'number'].includes(typeof value) || (typeof value === 'object' && value !== null)
const all = (value: unknown, test: (item: unknown) => boolean): boolean =>
  isObject(value) && Object.values(value).every(test)

const isHeld = (value: unknown): value is Held =>
  isObject(value) && isText(value.variant) && isValue(value.value) && Array.isArray(value.holds)

const isProvisional = (value: unknown): value is ProvisionalHold =>
  isObject(value) && isText(value.id) && isText(value.flag) && isText(value.variant) && isValue(value.value)

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
  Array.isArray(value.merged)

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
  return whole ? (value as unknown as Snapshot) : undefined
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
  return all(value.held, isHeld) && all(value.flipped, isPlace) ? (value as unknown as Change) : undefined
}

/** The data of an `event: heartbeat`. */
export function readHeartbeat(text: string): Heartbeat | undefined {
  const value = parsed(text)
  if (!isObject(value) || !isText(value.log) || !isPlace(value.revision)) return undefined
  if (value.checkpoint !== undefined && !isText(value.checkpoint)) return undefined
  return value.upstream === 'live' || value.upstream === 'stale' ? (value as Heartbeat) : undefined
}

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
  return whole ? fromJson(value as unknown as KnownJson) : undefined
}
