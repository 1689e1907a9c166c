// The OpenFeature provider: translates the answers of a Killswitch into OpenFeature's words, and its changes into
// OpenFeature's events. Evaluates nothing and keeps no state but what it last announced.

import {
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  ProviderFatalError,
  type ResolutionDetails,
} from '@openfeature/server-sdk'
import type { FlagValue } from '../../src/wire/words.js'
import type { Status } from './answer/holding.js'
import type { Kind, Resolution } from './answer/resolve.js'
import { isKillswitch } from './brand.js'
import { Killswitch } from './killswitch.js'
import type { KillswitchOptions } from './options.js'

type Answer = ResolutionDetails<FlagValue>

const MESSAGES = {
  stale: 'the service is away: going by the last known state',
  error: 'the service is away: going by the last known state',
  unknown: 'the service is away, and nothing is known of any flag yet',
  fatal:
    'the service refuses the token, and nothing else is known: KILLSWITCH_TOKEN must be an sdk token of this application',
} as const

export class KillswitchProvider implements Provider {
  readonly metadata = { name: 'killswitch' } as const
  readonly runsOn = 'server'
  readonly events: OpenFeatureEventEmitter = new OpenFeatureEventEmitter()
  /** The same state, synchronously: `isKilled`, `value`, `signal`, `onChange`. */
  readonly killswitch: Killswitch
  private announced: Status | 'unknown' | 'fatal' = 'ready'
  private stopListening: (() => void) | undefined
  /** One that was given may serve others as well: whoever made it closes it. */
  private readonly isOwn: boolean

  /** @throws TypeError for an option that cannot be what it is, and for what is neither options nor a kill switch */
  constructor(options: KillswitchOptions | Killswitch = {}) {
    this.isOwn = !isKillswitch(options)
    this.killswitch = isKillswitch(options) ? options : new Killswitch(options)
  }

  /**
   * Within `initTimeoutMs`, with or without a service. READY is what the SDK says of one that resolves, so it rejects where
   * nothing is known: as FATAL where the token is refused, else as ERROR. But for `failOnStart` it goes on from there, and
   * says READY once the service has been heard.
   * @throws Error, ProviderFatalError
   */
  async initialize(): Promise<void> {
    try {
      await this.killswitch.start()
    } catch (error) {
      throw this.killswitch.fatal ? new ProviderFatalError((error as Error).message) : error
    }
    this.stopListening?.()
    this.stopListening = this.killswitch.listen({
      changed: flagsChanged => {
        // first: a flag may be forced, or let go of, while nothing else is known, and FATAL stops evaluations
        this.announce()
        this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged })
      },
      status: () => this.announce(),
    })
    this.announced = this.standing()
    if (this.announced === 'fatal') throw new ProviderFatalError(MESSAGES.fatal)
    if (this.announced === 'unknown') throw new Error(MESSAGES.unknown)
    this.announced = 'ready'
    void this.announceAfterReady()
  }

  /** The SDK says READY one turn after `initialize` has resolved, and whoever waits for it goes on some turns later. */
  private async announceAfterReady(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await Promise.resolve()
    this.announce()
  }

  async onClose(): Promise<void> {
    this.stopListening?.()
    this.stopListening = undefined
    if (this.isOwn) await this.killswitch.close()
  }

  resolveBooleanEvaluation(key: string, fallback: boolean, context: EvaluationContext) {
    return this.resolve('boolean', key, fallback, context) as Promise<ResolutionDetails<boolean>>
  }

  resolveStringEvaluation(key: string, fallback: string, context: EvaluationContext) {
    return this.resolve('string', key, fallback, context) as Promise<ResolutionDetails<string>>
  }

  resolveNumberEvaluation(key: string, fallback: number, context: EvaluationContext) {
    return this.resolve('number', key, fallback, context) as Promise<ResolutionDetails<number>>
  }

  resolveObjectEvaluation<T extends JsonValue>(key: string, fallback: T, context: EvaluationContext) {
    return this.resolve('object', key, fallback as FlagValue, context) as unknown as Promise<
      ResolutionDetails<T>
    >
  }

  private resolve(kind: Kind, key: string, fallback: FlagValue, context: EvaluationContext): Promise<Answer> {
    const waiting = this.killswitch.freshen()
    if (waiting === undefined) return this.answer(kind, key, fallback, context)
    return waiting.then(() => this.answer(kind, key, fallback, context))
  }

  private answer(kind: Kind, key: string, fallback: FlagValue, context: EvaluationContext): Promise<Answer> {
    const resolution = this.killswitch.resolution(key)
    if (resolution === undefined) return Promise.resolve(this.unknown(kind, key, fallback))
    if (resolution.kind !== kind) return Promise.resolve(mismatch(kind, fallback, resolution))
    return resolution.target ? Promise.resolve(resolution.target(context)) : resolution.promise
  }

  private unknown(kind: Kind, key: string, fallback: FlagValue): Answer {
    if (this.killswitch.unknownIsKilled(key)) {
      const value = this.killswitch.killValue(key, kind === 'boolean' ? false : fallback)
      const flagMetadata = { killed: true, killedBy: 'unknown' }
      return { value: typeof value === kind ? value : fallback, reason: 'DEFAULT', flagMetadata }
    }
    const errorMessage = `nothing is known of the flag "${key}"`
    return { value: fallback, reason: 'ERROR', errorCode: ErrorCode.FLAG_NOT_FOUND, errorMessage }
  }

  private announce(): void {
    const status = this.standing()
    if (status === this.announced) return
    this.announced = status
    if (status === 'ready') this.events.emit(ProviderEvents.Ready)
    else if (status === 'stale' || status === 'starting')
      this.events.emit(ProviderEvents.Stale, { message: MESSAGES.stale })
    else if (status === 'fatal')
      this.events.emit(ProviderEvents.Error, {
        errorCode: ErrorCode.PROVIDER_FATAL,
        message: MESSAGES.fatal,
      })
    else this.events.emit(ProviderEvents.Error, { message: MESSAGES[status] })
  }

  /** FATAL stops evaluations, so only where there is nothing to evaluate. */
  private standing(): Status | 'unknown' | 'fatal' {
    const { status, log } = this.killswitch.state
    if (status === 'ready' || log !== undefined) return status
    return this.killswitch.fatal ? 'fatal' : 'unknown'
  }
}

function mismatch(kind: Kind, fallback: FlagValue, { key, kind: has, details }: Resolution): Answer {
  return {
    value: fallback,
    reason: 'ERROR',
    errorCode: ErrorCode.TYPE_MISMATCH,
    errorMessage: `"${key}" is a ${has} flag and was asked for as ${kind}`,
    flagMetadata: { ...details.flagMetadata },
  }
}
