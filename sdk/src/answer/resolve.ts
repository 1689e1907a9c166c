// From what is known to what is answered: one frozen resolution per flag, made when something changes, so that an
// evaluation is a Map lookup and allocates nothing. Pure; never an error for a kill.

import type { FlagValue, Scalar } from '../../../src/wire/words.js'
import type { Definition, Known } from '../follow/known.js'
import { holdOn, keysOf } from '../follow/known.js'
import type { Held } from '../follow/snapshot.js'
import type { Targeting, TargetingResult } from './targeting.js'

type Reason = 'STATIC' | 'STALE' | 'DEFAULT' | 'TARGETING_MATCH'
export type Kind = 'boolean' | 'string' | 'number' | 'object'

/** OpenFeature's ResolutionDetails of a success. `flagMetadata` always has `revision`, `log` and `killed`. */
type Details = {
  readonly value: FlagValue
  readonly variant?: string
  readonly reason: Reason
  readonly flagMetadata: Readonly<Record<string, Scalar>>
}

export type Resolution = {
  readonly key: string
  readonly killed: boolean
  readonly value: FlagValue
  readonly kind: Kind
  readonly details: Details
  /** The details as a promise that has been kept already: what a resolver hands out. */
  readonly promise: Promise<Details>
  /** Only on a flag at its normal behaviour with a rule that can be evaluated. Total: never throws. */
  readonly target?: (context: object) => Details
  readonly incident?: string
  readonly message?: string
}

export type Table = ReadonlyMap<string, Resolution>

/** Everything beside the state that decides an answer. */
export type Circumstances = {
  /** Milliseconds since a live service confirmed the state; undefined while it does. */
  staleMs?: number
  forced: ReadonlySet<string>
  /** Kill values of flags that may be forced before any definition is known. */
  killValues: Readonly<Record<string, FlagValue>>
  targeting?: Targeting
}

/** Why a flag is at its kill variant. */
type Kill = { variant?: string; value: FlagValue; incident?: string; because: 'held' | 'forced' | 'stale' }

export function tableOf(known: Known | undefined, circumstances: Circumstances): Table {
  const keys = known ? keysOf(known) : new Set<string>()
  for (const key of circumstances.forced) keys.add(key)
  const table = new Map<string, Resolution>()
  for (const key of keys) {
    const resolution = resolutionOf(key, known, circumstances)
    if (resolution) table.set(key, resolution)
  }
  return table
}

/** Keys whose answer is another one: value, variant, killed, incident or rule; the age alone does not count. */
export function differing(before: Table, after: Table): string[] {
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys].filter(key => !sameAnswer(before.get(key), after.get(key)))
}

function resolutionOf(key: string, known: Known | undefined, around: Circumstances): Resolution | undefined {
  const definition = known?.flags.get(key)?.definition
  const kill = killOf(key, known, definition, around)
  const value = kill ? kill.value : definition?.variants[definition.defaultVariant]
  if (value === undefined) return undefined
  const variant = kill ? kill.variant : definition?.defaultVariant
  const metadata = metadataOf(known, definition, kill, around)
  const details: Details = Object.freeze({
    value: deepFreeze(value),
    ...(variant === undefined ? {} : { variant }),
    reason: around.staleMs === undefined ? 'STATIC' : 'STALE',
    flagMetadata: metadata,
  })
  const target = kill || !definition?.targeting ? undefined : targetOf(key, definition, details, around)
  return {
    key,
    killed: kill !== undefined,
    value,
    kind: kindOf(value),
    details,
    promise: Promise.resolve(details),
    ...(target === undefined ? {} : { target }),
    ...(kill?.incident === undefined ? {} : { incident: kill.incident }),
    ...(definition?.message === undefined ? {} : { message: definition.message }),
  }
}

function killOf(
  key: string,
  known: Known | undefined,
  definition: Definition | undefined,
  around: Circumstances,
): Kill | undefined {
  const hold = known && holdOn(known, key)
  if (hold) return heldKill(hold)
  if (around.forced.has(key)) return { ...killVariantOf(key, definition, around), because: 'forced' }
  const { staleMs } = around
  const limit = definition?.onStale === 'kill' ? definition.staleAfterSeconds : undefined
  if (staleMs === undefined || limit === undefined || staleMs < limit * 1000) return undefined
  return { ...killVariantOf(key, definition, around), because: 'stale' }
}

const heldKill = ({ variant, value, incident }: Held): Kill => ({
  variant,
  value,
  because: 'held',
  ...(incident === undefined ? {} : { incident }),
})

function killVariantOf(key: string, definition: Definition | undefined, { killValues }: Circumstances) {
  const value = definition?.variants[definition.killVariant]
  if (definition && value !== undefined) return { variant: definition.killVariant, value }
  return { value: Object.hasOwn(killValues, key) ? (killValues[key] as FlagValue) : false }
}

function metadataOf(
  known: Known | undefined,
  definition: Definition | undefined,
  kill: Kill | undefined,
  { staleMs }: Circumstances,
): Readonly<Record<string, Scalar>> {
  return Object.freeze({
    ...definition?.metadata,
    revision: known?.revision ?? 0,
    log: known?.log ?? '',
    killed: kill !== undefined,
    ...(kill && kill.because !== 'held' ? { killedBy: kill.because } : {}),
    ...(kill?.incident === undefined ? {} : { incident: kill.incident }),
    ...(staleMs === undefined ? {} : { ageSeconds: Math.round(staleMs / 1000) }),
  })
}

function targetOf(key: string, definition: Definition, normal: Details, around: Circumstances) {
  const evaluate = around.targeting?.(key, definition)
  if (!evaluate) {
    // without flagd-core, or with a rule it cannot read: the default variant, and the reason says that no rule spoke
    const details = around.staleMs === undefined ? { ...normal, reason: 'DEFAULT' as const } : normal
    return () => details
  }
  return (context: object): Details => targeted(evaluate(context), normal, definition)
}

function targeted(result: TargetingResult, normal: Details, definition: Definition): Details {
  const value = result.variant === undefined ? undefined : definition.variants[result.variant]
  const stale = normal.reason === 'STALE'
  if (value === undefined || result.variant === undefined) {
    const told = result.error === undefined ? {} : { targetingError: result.error }
    return {
      ...normal,
      reason: stale ? 'STALE' : 'DEFAULT',
      flagMetadata: { ...normal.flagMetadata, ...told },
    }
  }
  const reason = stale ? 'STALE' : result.matched ? 'TARGETING_MATCH' : 'DEFAULT'
  return { ...normal, value: deepFreeze(value), variant: result.variant, reason }
}

const kindOf = (value: FlagValue): Kind => (typeof value === 'object' ? 'object' : (typeof value as Kind))

function sameAnswer(a: Resolution | undefined, b: Resolution | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const same = a.killed === b.killed && a.incident === b.incident && a.details.variant === b.details.variant
  if (!same || JSON.stringify(a.value) !== JSON.stringify(b.value)) return false
  return (a.target === undefined) === (b.target === undefined)
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
