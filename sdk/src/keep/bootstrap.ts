// The state to come up from when neither the service nor a cache file is there: a snapshot baked into the image or
// given in code. As old as it says it is.

import { readFileSync } from 'node:fs'
import { apply, fromSnapshot } from '../follow/apply.js'
import type { Snapshot } from '../follow/snapshot.js'
import { readSnapshot } from '../follow/wire.js'
import type { Voice } from '../logger.js'
import type { Cached } from './cache.js'

/** Undefined, with a warning, where it cannot be used. */
export function loadBootstrap(
  given: Snapshot | string | undefined,
  environment: string | undefined,
  voice: Voice,
): Cached | undefined {
  if (given === undefined) return undefined
  try {
    const snapshot = readSnapshot(typeof given === 'string' ? readFileSync(given, 'utf8') : given)
    if (!snapshot) throw new Error('it is no snapshot (GET /v1/snapshot gives one)')
    if (environment !== undefined && snapshot.environment !== environment)
      throw new Error(`it is of the environment ${snapshot.environment}, not ${environment}`)
    const confirmedAt = Date.parse(snapshot.at)
    return { known: apply(undefined, fromSnapshot(snapshot)).known, confirmedAt: confirmedAt || 0 }
  } catch (error) {
    voice.warn(`the bootstrap document is ignored: ${(error as Error).message}`)
    return undefined
  }
}
