// An AbortSignal per flag: aborts when the flag is killed, so that work in flight stops at once; a fresh one after a
// restore. Never aborts for anything but a kill.

import { setMaxListeners } from 'node:events'
import { brandKilled, isKilledError } from '../brand.js'
import type { Resolution } from './resolve.js'

/** The reason a signal aborts with, and so what a `fetch` in flight rejects with. */
export class KilledError extends Error {
  readonly flag: string
  readonly incident: string | undefined
  readonly revision: number

  constructor(flag: string, incident: string | undefined, revision: number) {
    super(`${flag} is killed${incident === undefined ? '' : ` (incident ${incident})`}`)
    this.name = 'KilledError'
    this.flag = flag
    this.incident = incident
    this.revision = revision
    brandKilled(this)
  }

  /** Also of one that another build of this package made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKilledError(value)
  }
}

export class Signals {
  private readonly controllers = new Map<string, AbortController>()

  /** The signal of `key` as it stands: aborted already while it is killed. */
  of(key: string, killed: boolean, resolution: Resolution | undefined): AbortSignal {
    const present = this.controllers.get(key)
    if (present && present.signal.aborted === killed) return present.signal
    const controller = new AbortController()
    // one signal serves every request in flight: many listeners are no leak
    setMaxListeners(0, controller.signal)
    if (killed) abort(controller, key, resolution)
    this.controllers.set(key, controller)
    return controller.signal
  }

  /** Follows a change of the answer for `key`. */
  changed(key: string, killed: boolean, resolution: Resolution | undefined): void {
    const present = this.controllers.get(key)
    if (!present || present.signal.aborted === killed) return
    if (killed) abort(present, key, resolution)
    else this.controllers.delete(key)
  }
}

function abort(controller: AbortController, key: string, resolution: Resolution | undefined): void {
  const revision = Number(resolution?.details.flagMetadata.revision ?? 0)
  controller.abort(new KilledError(key, resolution?.incident, revision))
}
