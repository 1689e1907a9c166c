// What is told of this process: its state to whoever asks, and its receipt to the service. Sends nothing itself.

import type { Holding, Status } from '../answer/holding.js'
import type { Known } from '../follow/known.js'
import type { Options } from '../options.js'
import type { Runtime } from '../runtime.js'
import { SDK } from '../version.js'
import { InForce } from './in-force.js'
import type { Boot, Receipt } from './receipt.js'
import type { Session, Signed } from './session.js'
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
  /** What contradicts the checkpoints of the log that were seen. */
  fork?: string
  /** The last branch that the log left behind what was seen, and what of it is proved. */
  branchLeft?: string
  /** Why too few witnesses stand behind the log: with the option `witnesses` alone. */
  unwitnessed?: string
  ageSeconds?: number
}

type Making = {
  runtime: Runtime
  options: Options
  holding: Holding
  witness: Witness
  session: Session | undefined
}

/** A receipt with more is refused. */
const FORCED_TOLD = 50
const MOST_FLAGS = 500
const MOST_HOLDS = 50
const MOST_WARRANTS = 50
const LONGEST_WARRANT = 1_024

export class Report {
  boot: Boot = 'unknown'
  private readonly making: Making
  private readonly startedAt: string
  private appliedAt: string
  private appliedWhat = ''
  private readonly inForce: InForce

  constructor(making: Making) {
    this.making = making
    this.startedAt = this.hour()
    this.appliedAt = this.startedAt
    const { whenUnknown, killValues } = making.options
    this.inForce = new InForce(key => {
      if (whenUnknown === 'normal') return undefined
      return Object.hasOwn(killValues, key) ? killValues[key] : false
    })
    making.holding.listen({ changed: (keys, table) => this.inForce.changed(keys, table) })
  }

  /** A state came in and is in force: another one than before dates the receipt. */
  applied(): void {
    const { known } = this.making.holding
    const { log, revision, hash } = known?.heard ?? {}
    const what = `${log} ${revision} ${hash}`
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
      ...(witness.branchLeft === undefined ? {} : { branchLeft: witness.branchLeft }),
      ...(witness.unwitnessed === undefined ? {} : { unwitnessed: witness.unwitnessed }),
      ...(staleMs === undefined ? {} : { ageSeconds: Math.round(staleMs / 1000) }),
    }
  }

  /** Undefined while there is nothing to report. */
  receipt(): Receipt | undefined {
    const { options, holding, witness, session } = this.making
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
      ...this.proof(known, session?.sign()),
      ...(forced.size === 0 ? {} : { forced: [...forced].slice(0, FORCED_TOLD) }),
      ...(witness.fork === undefined ? {} : { fork: witness.fork }),
    }
  }

  /** With a session, what answers a flip; without one nothing, as an older service refuses what it does not know. */
  private proof(known: Known, signed: Signed | undefined): Partial<Receipt> {
    if (signed === undefined) return {}
    const { heard, provisional, holding, toShow } = known
    const warrants = toShow.map(each => each.warrant).filter(each => each.length <= LONGEST_WARRANT)
    const provisionally = [...provisional.keys()].slice(0, MOST_FLAGS)
    const apart = Object.entries(holding)
      .slice(0, MOST_FLAGS)
      .map(([key, ids]) => [key, ids.slice(0, MOST_HOLDS)] as const)
    return {
      ...signed,
      // what is heard of an older service has no hash, and answers nothing
      ...(heard === undefined || heard.hash === '' ? {} : { answer: heard }),
      inForce: this.inForce.shown(this.making.holding.table),
      ...(provisionally.length === 0 ? {} : { provisional: provisionally }),
      ...(apart.length === 0 ? {} : { holding: Object.fromEntries(apart) }),
      ...(warrants.length === 0 ? {} : { warrants: warrants.slice(0, MOST_WARRANTS) }),
    }
  }

  private hour(): string {
    return new Date(this.making.runtime.now()).toISOString()
  }
}
