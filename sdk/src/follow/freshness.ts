// How sure we are: READY while a live service confirms the state, STALE after 2.5 heartbeats without, ERROR after a
// grace. Owns the timers of that, and nothing else; what is answered meanwhile is the holding's.

import type { Holding } from '../answer/holding.js'
import type { Voice } from '../logger.js'
import type { Runtime } from '../runtime.js'

/** Beats that may be missed before a state counts as stale. */
export const MISSED_BEATS = 2.5

type Making = {
  runtime: Runtime
  holding: Holding
  voice: Voice
  heartbeatMs: number
  errorAfterMs: number
  /** No confirmation for 2.5 beats, again and again while that lasts. */
  onOverdue: () => void
}

export class Freshness {
  private readonly making: Making
  private overdue = nothing
  private grace = nothing
  private ticking = nothing

  constructor(making: Making) {
    this.making = making
  }

  start(): void {
    this.arm()
  }

  stop(): void {
    this.overdue()
    this.grace()
    this.ticking()
  }

  /** A live service has confirmed the state in force. */
  confirm(): void {
    const { holding, voice } = this.making
    this.grace()
    this.ticking()
    this.arm()
    voice.settled('stale')
    holding.confirm()
  }

  /** Nobody could be reached, or nobody has confirmed in time. */
  lose(reason: string): void {
    const { runtime, holding, voice, errorAfterMs } = this.making
    if (holding.status === 'stale' || holding.status === 'error') return
    voice.once('stale', `${holding.known ? 'going by the last known state' : 'no state is known'}: ${reason}`)
    holding.turn('stale')
    this.grace = runtime.later(errorAfterMs, () => holding.turn('error'))
    this.tick()
  }

  private arm(): void {
    const { runtime, heartbeatMs, onOverdue } = this.making
    this.overdue()
    this.overdue = runtime.later(heartbeatMs * MISSED_BEATS, () => {
      this.lose(`no live word for ${(heartbeatMs * MISSED_BEATS) / 1000} s`)
      this.arm()
      onOverdue()
    })
  }

  private tick(): void {
    const { runtime, holding, heartbeatMs } = this.making
    this.ticking = runtime.later(Math.min(heartbeatMs, 1000), () => {
      holding.tick()
      this.tick()
    })
  }
}

const nothing = () => {}
