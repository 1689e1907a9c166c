// Following without a stream, for a process that is frozen between calls: refreshed before use when older than 5 s,
// within 150 ms, and not asked again at every use while the service is away. No timers of its own, no receipts.

import type { Holding } from './answer/holding.js'
import type { Round, Snapshots } from './follow/snapshots.js'
import { pause, type Runtime } from './runtime.js'

type Making = {
  runtime: Runtime
  holding: Holding
  snapshots: Snapshots
  urls: readonly string[]
  requestTimeoutMs: number
  refreshAfterMs: number
  refreshTimeoutMs: number
}

export class Serverless {
  private readonly making: Making
  /** The last round that was waited for was refused, for its credentials. */
  refused = false
  private askedAt = Number.NEGATIVE_INFINITY
  private running: Promise<void> | undefined
  private round = new AbortController()

  constructor(making: Making) {
    this.making = making
  }

  /** Undefined where the state is young enough, so that most uses wait for nothing at all. Uses at once wait together. */
  freshen(withinMs: number = this.making.refreshTimeoutMs): Promise<void> | undefined {
    const { runtime, urls, requestTimeoutMs, refreshAfterMs } = this.making
    const age = runtime.now() - this.askedAt
    if (age >= 0 && age <= refreshAfterMs) return this.running
    // a round that is older than its requests may become was frozen with the process, and its connection is dead
    if (age < 0 || age > urls.length * requestTimeoutMs) this.stop()
    if (this.round.signal.aborted) this.round = new AbortController()
    this.askedAt = runtime.now()
    const running = this.refresh(withinMs).finally(() => {
      if (this.running === running) this.running = undefined
    })
    this.running = running
    return running
  }

  /** The next use asks again. */
  stop(): void {
    this.round.abort()
    this.askedAt = Number.NEGATIVE_INFINITY
  }

  private async refresh(withinMs: number): Promise<void> {
    const { runtime, holding, snapshots, urls } = this.making
    const waited = new AbortController()
    const round = snapshots.round(urls, this.round.signal).then(round => {
      if (round.confirmed) holding.confirm()
      waited.abort()
      return round
    })
    const answered: Round | undefined = await Promise.race([
      round,
      pause(runtime, withinMs, waited.signal, true).then(() => undefined),
    ])
    this.refused = answered?.refused === true && !answered.confirmed
    if (answered?.confirmed || (holding.status === 'ready' && this.justConfirmed())) return
    holding.turn('stale')
    holding.tick()
  }

  private justConfirmed(): boolean {
    const { holding, runtime, refreshAfterMs } = this.making
    const age = runtime.now() - (holding.confirmedAt ?? 0)
    return age >= 0 && age <= refreshAfterMs
  }
}
