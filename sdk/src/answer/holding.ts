// The truth inside this process: what is known, how sure of it, and the table of answers made from both. Whoever
// learns something tells it here; whoever wants to hear of changes listens here. No network, no disk, no timers.

import { didYouMean, nearKeys } from '../../../src/domain/catalogue/near-key.js'
import type { FlagValue } from '../../../src/wire/words.js'
import { type Applied, apply, type Incoming, type Refusal, type ReleaseRule } from '../follow/apply.js'
import type { Known } from '../follow/known.js'
import type { Voice } from '../logger.js'
import { differing, type Table, tableOf } from './resolve.js'
import type { Targeting } from './targeting.js'

/** `starting`: no word yet; `ready`: confirmed by a live service; `stale`, then `error`: going by what is known. */
export type Status = 'starting' | 'ready' | 'stale' | 'error'

export type HoldingEvents = {
  /** The answers for these keys are others now; `table` is the new one. */
  changed(keys: string[], table: Table): void
  status(status: Status): void
  /** A state came in and is in force, changed or not. */
  applied(): void
  /** Time or its end alone has changed answers: flags that an old state kills. */
  aged(): void
  /** A live service stands behind the state. */
  confirmed(): void
}

type Making = {
  now(): number
  elapsed(): number
  voice: Voice
  killValues: Readonly<Record<string, FlagValue>>
  environment: string | undefined
  /** The application, as the way out of a refused release names it. */
  app: string
  mayRelease: ReleaseRule
}

export class Holding {
  known: Known | undefined
  table: Table = new Map()
  status: Status = 'starting'
  /** When a live service last confirmed what is known, in ms since the epoch. */
  confirmedAt: number | undefined
  forced: ReadonlySet<string> = new Set()
  /** How old the state was when this process came by it, and when that was, by a clock that nobody sets. */
  private since = { ageMs: 0, elapsed: 0 }
  private oldestMs = 0
  private targeting: Targeting | undefined
  private heardService = false
  private readonly listeners = new Set<Partial<HoldingEvents>>()
  private readonly making: Making

  constructor(making: Making) {
    this.making = making
  }

  listen(listener: Partial<HoldingEvents>): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** From a cache file or a bootstrap document, before the service has spoken. */
  begin(known: Known, confirmedAt: number): void {
    this.known = known
    this.confirmedAt = confirmedAt
    this.begins(this.making.now() - confirmedAt)
    this.rebuild([])
  }

  /** From the service. Undefined: it is of another environment and was not listened to. */
  take(incoming: Incoming): Applied | undefined {
    if (!this.isOurs(incoming)) return undefined
    const applied = apply(this.known, incoming, this.making.mayRelease)
    this.heardService = true
    if (this.known === undefined) this.begins(0)
    this.known = applied.known
    this.say(applied.refused)
    this.rebuild(applied.changed)
    this.sayNear()
    this.tell('applied')
    return applied
  }

  confirm(): void {
    this.confirmedAt = this.making.now()
    this.begins(0)
    this.turn('ready')
    this.tell('confirmed')
  }

  turn(status: Status): void {
    if (this.status === status) return
    this.status = status
    const aged = this.rebuild([])
    this.tell('status', status)
    if (aged) this.tell('aged')
  }

  /** Time has gone by: ages grow, and a flag may reach its `staleAfterSeconds`. */
  tick(): void {
    if (this.staleMs() !== undefined && this.rebuild([])) this.tell('aged')
  }

  force(keys: ReadonlySet<string>): void {
    this.forced = keys
    this.rebuild([])
    this.sayNear()
  }

  targetBy(targeting: Targeting | undefined): void {
    this.targeting = targeting
    this.rebuild([])
  }

  hasRules(): boolean {
    return [...(this.known?.flags.values() ?? [])].some(flag => flag.definition?.targeting !== undefined)
  }

  /**
   * Milliseconds since the state was confirmed, or came in where it never was; undefined while it is. By either clock the
   * longer, since one stands still while a machine sleeps; never less than before, or a clock that is set back would
   * release what age has killed.
   */
  staleMs(): number | undefined {
    if (this.status === 'ready') return undefined
    if (this.known === undefined) return 0
    const { making, since } = this
    const byHour = this.confirmedAt === undefined ? 0 : making.now() - this.confirmedAt
    const age = Math.max(since.ageMs + making.elapsed() - since.elapsed, byHour)
    this.oldestMs = Math.max(this.oldestMs, age)
    return this.oldestMs
  }

  private begins(ageMs: number): void {
    this.since = { ageMs: Math.max(0, ageMs), elapsed: this.making.elapsed() }
    this.oldestMs = 0
  }

  private isOurs(incoming: Incoming): boolean {
    const { environment, voice } = this.making
    const expected = environment ?? this.known?.environment
    if (expected === undefined || expected === incoming.environment) return true
    if (environment === undefined && !this.heardService) {
      voice.warn(
        `what was cached is of the environment ${expected}, the service of ${incoming.environment}: dropped`,
      )
      this.known = undefined
      return true
    }
    voice.once(
      'environment',
      `a service of the environment ${incoming.environment} is not listened to here (${expected})`,
    )
    return false
  }

  /** True where answers are others now. */
  private rebuild(keys: readonly string[]): boolean {
    const { killValues } = this.making
    const staleMs = this.staleMs()
    const before = this.table
    this.table = tableOf(this.known, {
      forced: this.forced,
      killValues,
      ...(staleMs === undefined ? {} : { staleMs }),
      ...(this.targeting === undefined ? {} : { targeting: this.targeting }),
    })
    const changed = [...new Set([...keys, ...differing(before, this.table)])]
    if (changed.length > 0) this.tell('changed', changed, this.table)
    return changed.length > 0
  }

  /** A key that is forced forces nothing where another one was meant. */
  private sayNear(): void {
    const flags = this.known?.flags ?? new Map<string, unknown>()
    for (const key of this.forced) {
      const near = flags.has(key) ? [] : nearKeys(flags, key)
      if (near.length > 0)
        this.making.voice.once(
          `near ${key}`,
          `${key} is forced, and is no flag that is known here${didYouMean(near)}`,
        )
    }
  }

  private say(refused: readonly Refusal[]): void {
    for (const { key, heldBy, log, place, revision } of refused) {
      const why =
        heldBy === log
          ? `log ${short(log)} at revision ${revision} shows it released, and had shown it held later than that`
          : `it is held by log ${short(heldBy)}; log ${short(log)} (revision ${revision}) shows no hold and has ` +
            (place === 0 ? 'never flipped it itself' : `not flipped it since place ${place}`)
      this.making.voice.once(
        `refused ${key}`,
        `${key} stays killed: ${why}. To release it: killswitch fleet reconcile ${this.making.app}`,
      )
    }
  }

  private tell<E extends keyof HoldingEvents>(event: E, ...told: Parameters<HoldingEvents[E]>): void {
    for (const listener of this.listeners) {
      try {
        ;(listener[event] as ((...told: unknown[]) => void) | undefined)?.(...told)
      } catch (error) {
        this.making.voice.error(`a listener failed: ${String(error)}`)
      }
    }
  }
}

const short = (log: string): string => log.slice(0, 12)
