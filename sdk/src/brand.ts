// How this package knows its own: a process may hold its ESM and its CJS build, bundled ones, and two installed versions, each
// with classes of its own. What one of them made is known to the others by a registered symbol.

import type { Killswitch } from './killswitch.js'

const KILLSWITCH = Symbol.for('killswitch.killswitch')
const KILLED = Symbol.for('killswitch.killed-error')

/** Raised when what a provider or a guard asks of a kill switch changes: a kill switch of another number does not answer it. */
const VERSION = 1

export function brandKillswitch(killswitch: Killswitch): void {
  Object.defineProperty(killswitch, KILLSWITCH, { value: VERSION })
}

export function brandKilled(error: Error): void {
  Object.defineProperty(error, KILLED, { value: true })
}

export const isKilledError = (value: unknown): boolean => brandOf(value, KILLED) !== undefined

/**
 * Whether it is a kill switch, whichever build made it.
 * @throws TypeError for one of a version that cannot work with this one
 */
export function isKillswitch(value: unknown): value is Killswitch {
  const version = brandOf(value, KILLSWITCH)
  if (version === undefined || version === VERSION) return version !== undefined
  throw new TypeError(
    'killswitch: the kill switch was made by another version of @killswitch/openfeature-provider, which this one does not ' +
      'understand: install one version for the whole app (npm ls @killswitch/openfeature-provider shows them)',
  )
}

const brandOf = (value: unknown, brand: symbol): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<symbol, unknown>)[brand] : undefined
