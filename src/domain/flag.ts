// A protective flag as its owner defines it: flagd's definition shape, plus what a kill needs to know.

import type { Role } from './actor.js'

/** The most characters that a key may have. */
export const FLAG_KEY_MOST = 128

const CHARACTERS = 'A-Za-z0-9_.:/-'

/**
 * A key as teams have them: `enableCheckout`, `payments/card:v2`. Compared as it stands: `EnableCheckout` is another one.
 * `constructor` is a key too, so that what is looked up by key is a Map, or asked with Object.hasOwn.
 */
export const FLAG_KEY = new RegExp(`^[A-Za-z][${CHARACTERS}]{0,${FLAG_KEY_MOST - 1}}$`)

/** The same in words. */
export const FLAG_KEY_RULE = `at most ${FLAG_KEY_MOST} of A-Z, a-z, 0-9, \`_\`, \`.\`, \`:\`, \`/\` and \`-\`, beginning with a letter`

/** The key that a text would be with dashes for what no key has; undefined where that is none either. */
export function keyLike(text: string): string | undefined {
  const like = text.trim().replace(new RegExp(`[^${CHARACTERS}]+`, 'g'), '-')
  const key = like.slice(0, FLAG_KEY_MOST)
  return FLAG_KEY.test(key) ? key : undefined
}

export type FlagValue = boolean | string | number | { [key: string]: unknown } | unknown[]
export type Scalar = string | number | boolean

/**
 * One definition, checked and complete (defaults filled in). What flagd would read is `state`, `variants`,
 * `defaultVariant`, `targeting` and `metadata`; the rest is lifted out of `metadata`.
 */
export type FlagDefinition = {
  key: string
  application: string
  variants: Readonly<Record<string, FlagValue>>
  defaultVariant: string
  /** JsonLogic, as flagd evaluates it; absent on most protective flags. Never consulted while the flag is held. */
  targeting?: Readonly<Record<string, unknown>>
  killVariant: string
  description: string
  owner: string
  /** What a kill does to work in progress. */
  effect: string
  killLabel: string
  restoreLabel: string
  killRole: Role
  restoreRole: Role
  /** After so long without contact an app keeps the last state or goes to the kill variant; absent: keeps for ever. */
  staleAfterSeconds?: number
  onStale: 'keep' | 'kill'
  /** What a guarded route tells a caller while the flag is killed. */
  message?: string
  /** Every metadata member as written, for flagd and OFREP: scalars only. */
  metadata: Readonly<Record<string, Scalar>>
}
