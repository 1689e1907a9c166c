// What is told of this process: its state to whoever asks, and its receipt to the service. Sends nothing itself.

import type { Holding, Status } from './holding.js'
import type { Options } from './options.js'
import type { Boot, Receipt } from './receipt.js'
import type { Runtime } from './runtime.js'
import { SDK } from './version.js'
import type { Witness } from './witness.js'

/** What is told about itself; `ageSeconds` only while going by the last known state. */
export type State = {
  status: Status
  boot: Boot
  instance: string
  environment: string | undefined
  log: string | undefined
  revision: number | undefined
  forced: string[]
  /** What contradicts the largest checkpoint of the log that was seen. */
  fork?: string
  ageSeconds?: number
}

type Making = { runtime: Runtime; options: Options; holding: Holding; witness: Witness }

/** A receipt with more is refused. */
const FORCED_TOLD = 50

export class Report {
  boot: Boot = 'unknown'
  private readonly making: Making
  private readonly startedAt: string
  private appliedAt: string
  private appliedWhat = ''

  constructor(making: Making) {
    this.making = making
    this.startedAt = this.hour()
    this.appliedAt = this.startedAt
  }

  /** A state came in and is in force: another one than before dates the receipt. */
  applied(): void {
    const { known } = this.making.holding
    const what = `${known?.log} ${known?.revision}`
    if (what !== this.appliedWhat) this.appliedAt = this.hour()
    this.appliedWhat = what
  }

  state(): State {
    const { options, holding, witness } = this.making
    const { status, known, forced } = holding
    const staleMs = holding.staleMs()
    return {
      status,
      boot: this.boot,
      instance: options.instance,
      environment: known?.environment,
      log: known?.log,
      revision: known?.revision,
      forced: [...forced],
      ...(witness.fork === undefined ? {} : { fork: witness.fork }),
      ...(staleMs === undefined ? {} : { ageSeconds: Math.round(staleMs / 1000) }),
    }
  }

  /** Undefined while there is nothing to report. */
  receipt(): Receipt | undefined {
    const { options, holding, witness } = this.making
    const { known, forced } = holding
    if (!known) return undefined
    return {
      instance: options.instance,
      app: options.app,
      log: known.log,
      revision: known.revision,
      appliedAt: this.appliedAt,
      sdk: SDK,
      startedAt: this.startedAt,
      boot: this.boot,
      ...(forced.size === 0 ? {} : { forced: [...forced].slice(0, FORCED_TOLD) }),
      ...(witness.fork === undefined ? {} : { fork: witness.fork }),
    }
  }

  private hour(): string {
    return new Date(this.making.runtime.now()).toISOString()
  }
}
