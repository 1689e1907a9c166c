// The kill switch this process made last, so that a guard can be written `killswitchGuard('kyc_v1')`. Kept under a
// global symbol: an app may hold the ESM and the CJS build of this package at once.

import { isKillswitch } from './brand.js'
import type { Killswitch } from './killswitch.js'

const CURRENT = Symbol.for('killswitch.current')
type Holder = { [CURRENT]?: Killswitch }

export function setCurrent(killswitch: Killswitch): void {
  ;(globalThis as Holder)[CURRENT] = killswitch
}

/** @throws Error where none was made yet, or by a version that this one does not understand */
export function current(): Killswitch {
  const killswitch: unknown = (globalThis as Holder)[CURRENT]
  if (isKillswitch(killswitch)) return killswitch
  throw new Error(
    'killswitch: make a KillswitchProvider (or a Killswitch) before its guards, or give the guard one',
  )
}
