// A protective flag as its owner defines it: flagd's definition shape, plus what a kill needs to know.

import type { Role } from './actor.js'

export const FLAG_KEY = /^[a-z][a-z0-9_.-]{0,63}$/

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
