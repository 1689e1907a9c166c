// The kill switch inside an app: puts the rooms together, starts and closes them, and answers synchronously. What it
// answers never waits, never throws, and never goes back (apply.ts).

import type { FlagValue } from '../../src/wire/words.js'
import { Force } from './answer/force.js'
import { Holding, type Status } from './answer/holding.js'
import { type ChangeListener, Listeners } from './answer/listeners.js'
import type { Resolution } from './answer/resolve.js'
import { Signals } from './answer/signals.js'
import { loadTargeting } from './answer/targeting.js'
import { brandKillswitch } from './brand.js'
import { setCurrent } from './current.js'
import { neverGoesBack } from './follow/apply.js'
import { Follower } from './follow/follower.js'
import { Snapshots } from './follow/snapshots.js'
import { Transport } from './follow/transport.js'
import type { Internals } from './internals.js'
import { fileDisk } from './keep/cache.js'
import { Memory } from './keep/memory.js'
import { type Voice, voice } from './logger.js'
import { type KillswitchOptions, type Options, readOptions } from './options.js'
import { Proving } from './prove/proving.js'
import { Report, type State } from './prove/report.js'
import { sessionOf } from './prove/session.js'
import { Witness } from './prove/witness.js'
import { pause, type Runtime, systemRuntime } from './runtime.js'
import { Serverless } from './serverless.js'

export class Killswitch {
  readonly options: Options
  private readonly runtime: Runtime
  private readonly voice: Voice
  private readonly holding: Holding
  private readonly transport: Transport
  private readonly follower: Follower
  private readonly serverless: Serverless | undefined
  private readonly proving: Proving
  private readonly force: Force
  private readonly memory: Memory
  private readonly witness: Witness
  private readonly signals = new Signals()
  private readonly listeners: Listeners
  private readonly report: Report
  private readonly fed: boolean
  private started: Promise<void> | undefined
  /** The credentials were, at the start. */
  private refused = false
  private stopping = new AbortController()
  private targeting: Promise<void> | undefined
  private firstRound: (refused: boolean) => void = () => {}

  /** @throws TypeError for an option that cannot be what it is */
  constructor(options: KillswitchOptions = {}, internals: Internals = {}) {
    this.options = readOptions(options)
    brandKillswitch(this)
    this.runtime = internals.runtime ?? systemRuntime
    this.voice = voice(this.options.logger)
    const { runtime, voice: says } = this
    const { killValues, environment, app, cacheFile, mode, forceKill, forceFile } = this.options
    const mayRelease = internals.mayRelease ?? neverGoesBack
    const now = () => runtime.now()
    const elapsed = () => runtime.elapsed()
    this.holding = new Holding({ now, elapsed, voice: says, killValues, environment, app, mayRelease })
    const session = internals.feed ? undefined : sessionOf(this.options, says, internals.disk === undefined)
    this.transport = new Transport(runtime, this.options, session)
    const disk = internals.disk ?? (cacheFile === false ? undefined : fileDisk(cacheFile))
    const { holding, options: set } = this
    const { logKey, heartbeatMs, witnesses } = set
    const ask: Transport['growth'] = (...asked) => this.transport.growth(...asked)
    const onNews = () => this.onNews()
    const askKeys: Transport['keyChanges'] = (...asked) => this.transport.keyChanges(...asked)
    this.witness = new Witness({ runtime, heartbeatMs, voice: says, logKey, witnesses, ask, askKeys, onNews })
    this.memory = new Memory({ runtime, holding, witness: this.witness, options: set, voice: says, disk })
    this.report = new Report({ runtime, options: set, holding, witness: this.witness, session })
    this.listeners = new Listeners(says)
    this.force = new Force({
      runtime,
      voice: says,
      keys: forceKill,
      file: forceFile,
      onForced: keys => this.forced(keys),
    })
    const snapshots = new Snapshots(this.transport, this.holding, says)
    this.serverless = mode === 'serverless' ? this.withoutStream(snapshots) : undefined
    this.follower = this.withStream(snapshots)
    this.proving = new Proving({
      runtime,
      voice: says,
      session,
      receipt: () => this.report.receipt(),
      send: receipt => this.transport.receipt(this.follower.url, receipt),
      ask: () => this.follower.ask(),
    })
    this.holding.listen({
      changed: keys => this.onChanged(keys),
      applied: () => this.onApplied(),
      aged: () => this.proving.report(),
      confirmed: () => this.memory.keepNowAndThen(),
    })
    this.fed = internals.feed !== undefined
    internals.feed?.({
      take: incoming => void this.holding.take(incoming),
      confirm: () => this.holding.confirm(),
      lose: () => this.holding.turn('stale'),
    })
    setCurrent(this)
  }

  /**
   * Comes up: service, else cache file, else bootstrap document, else `whenUnknown`, within `initTimeoutMs`.
   * @throws Error only with `failOnStart`, when nothing is known
   */
  start(): Promise<void> {
    if (this.started === undefined) {
      this.stopping = new AbortController()
      this.started = this.comeUp(this.stopping.signal)
    }
    return this.started
  }

  /** Says goodbye to the service and stops following. What is known goes on being answered, STALE; `start` may follow. */
  async close(): Promise<void> {
    if (!this.started) return
    this.started = undefined
    this.stopping.abort()
    this.follower.stop()
    this.serverless?.stop()
    this.force.stop()
    this.witness.stop()
    if (!this.fed) this.holding.turn('stale')
    await Promise.all([this.proving.close(), this.memory.close()])
  }

  isKilled(key: string): boolean {
    const resolution = this.holding.table.get(key)
    return resolution === undefined ? this.unknownIsKilled(key) : resolution.killed
  }

  /** The value in force. `context` is for targeting; `undefined` for a flag of which nothing is known. */
  value(key: string, context?: object): FlagValue | undefined {
    const resolution = this.holding.table.get(key)
    if (resolution === undefined) return this.unknownIsKilled(key) ? this.killValue(key) : undefined
    return resolution.target ? resolution.target(context ?? {}).value : resolution.value
  }

  /** Aborts, with a KilledError, when the flag is killed. Ask for it at each use: it is another after a restore. */
  signal(key: string): AbortSignal {
    return this.signals.of(key, this.isKilled(key), this.holding.table.get(key))
  }

  /** Called after each change of the flag's answer. The function given back ends that. */
  onChange(key: string, listener: ChangeListener): () => void {
    return this.listeners.add(key, listener)
  }

  /** The precomputed answer, as the provider and the guard read it. */
  resolution(key: string): Resolution | undefined {
    return this.holding.table.get(key)
  }

  /** What an unknown flag is, by `whenUnknown`; warned once per key. */
  unknownIsKilled(key: string): boolean {
    const killed = this.options.whenUnknown === 'killed'
    this.voice.once(
      `unknown ${key}`,
      `nothing is known of ${key}: taken as ${killed ? 'killed' : 'normal'} (whenUnknown)`,
    )
    return killed
  }

  /** What a flag without a definition is killed to; `fallback` where nobody said. */
  killValue(key: string, fallback: FlagValue = false): FlagValue {
    const { killValues } = this.options
    return Object.hasOwn(killValues, key) ? (killValues[key] as FlagValue) : fallback
  }

  /** Serverless: waits for a state that is too old, 150 ms at most. Undefined where there is nothing to wait for. */
  freshen(): Promise<void> | undefined {
    return this.serverless?.freshen()
  }

  /** Credentials were refused at the start, and there is nothing to evaluate: no state, and nothing forced. */
  get fatal(): boolean {
    const { known, forced } = this.holding
    return this.refused && !known && forced.size === 0 && this.options.whenUnknown === 'normal'
  }

  get state(): State {
    return this.report.state()
  }

  /** For the provider: what changed, and how sure we are. */
  listen(told: { changed?(keys: string[]): void; status?(status: Status): void }): () => void {
    return this.holding.listen(told)
  }

  private async comeUp(stopped: AbortSignal): Promise<void> {
    this.begin()
    this.proving.begin()
    if (!this.fed) this.holding.turn('starting')
    this.force.start(this.options.mode === 'stream')
    this.refused = await this.firstWord(stopped)
    if (this.holding.status === 'ready') this.report.boot = 'service'
    await this.targeting
    if (stopped.aborted) return
    if (this.options.receipts && !this.serverless && !this.fed) this.proving.start()
    if (this.holding.known || !this.options.failOnStart) return
    await this.close()
    throw new Error(
      `killswitch: no state at start: ${this.refused ? 'the token is refused' : 'no service, cache or bootstrap'}`,
    )
  }

  private begin(): void {
    if (this.holding.known) return
    this.report.boot = this.memory.begin()
    this.loadRules()
  }

  /** The first answer of the service, or none of it in time. True: the credentials were refused. */
  private async firstWord(stopped: AbortSignal): Promise<boolean> {
    const { initTimeoutMs } = this.options
    if (this.fed) return false
    if (this.serverless) {
      await this.serverless.freshen(initTimeoutMs)
      return this.serverless.refused
    }
    const waiting = new AbortController()
    stopped.addEventListener('abort', () => waiting.abort(), { once: true })
    let refused = false
    this.firstRound = given => {
      refused = given
      waiting.abort()
    }
    const stop = this.holding.listen({ confirmed: () => waiting.abort() })
    this.follower.start()
    await pause(this.runtime, initTimeoutMs, waiting.signal, true)
    stop()
    this.firstRound = () => {}
    return refused
  }

  private withoutStream(snapshots: Snapshots): Serverless {
    const { runtime, holding } = this
    const { urls, requestTimeoutMs, refreshAfterMs, refreshTimeoutMs } = this.options
    const times = { requestTimeoutMs, refreshAfterMs, refreshTimeoutMs }
    return new Serverless({ runtime, holding, snapshots, urls, ...times })
  }

  private withStream(snapshots: Snapshots): Follower {
    const { runtime, options, transport, holding, witness, voice: says } = this
    const onRound = (confirmed: boolean, refused: boolean) => {
      if (confirmed || refused || holding.known) this.firstRound(refused && !confirmed)
    }
    return new Follower({ runtime, options, transport, holding, witness, snapshots, voice: says, onRound })
  }

  private onChanged(keys: string[]): void {
    for (const key of keys) {
      const resolution = this.holding.table.get(key)
      const killed = resolution === undefined ? this.options.whenUnknown === 'killed' : resolution.killed
      this.signals.changed(key, killed, resolution)
      this.listeners.tell(key, killed, resolution, this.holding.known?.revision ?? 0)
    }
  }

  private onApplied(): void {
    this.report.applied()
    this.memory.keep()
    this.loadRules()
    // a receipt says that a crash right after it comes up killed
    void this.memory.kept().then(() => this.proving.report())
  }

  private loadRules(): void {
    if (!this.holding.hasRules()) return
    this.targeting ??= loadTargeting(this.voice).then(by => this.holding.targetBy(by))
  }

  private forced(keys: ReadonlySet<string>): void {
    this.holding.force(keys)
    this.proving?.report()
  }

  private onNews(): void {
    this.memory.keep()
    this.proving.report()
  }
}
