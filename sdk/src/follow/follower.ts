// Follows the service: holds one stream, notices its silence, goes on to the next address with full jitter, asks for
// the snapshot while no stream is open and when definitions changed. Applies nothing itself (holding.ts), and a
// failure here never reaches the app.

import type { Holding } from '../answer/holding.js'
import type { Voice } from '../logger.js'
import type { Options } from '../options.js'
import type { Witness } from '../prove/witness.js'
import { fullJitter, pause, type Runtime } from '../runtime.js'
import { fromChange } from './apply.js'
import { Freshness, MISSED_BEATS } from './freshness.js'
import type { Change, Heartbeat } from './snapshot.js'
import type { Snapshots } from './snapshots.js'
import { type Ended, follow } from './stream.js'
import type { Transport } from './transport.js'

type Making = {
  runtime: Runtime
  options: Options
  transport: Transport
  holding: Holding
  witness: Witness
  snapshots: Snapshots
  voice: Voice
  /** After the first round of every address: confirmed or not. */
  onRound: (confirmed: boolean, refused: boolean) => void
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5000

export class Follower {
  private readonly making: Making
  private readonly freshness: Freshness
  private stopping = new AbortController()
  /** The connection in use; aborting it leads on to the next address. */
  private session = new AbortController()
  private index = 0
  private streaming = false
  private confirmedInSession = false
  private silence = nothing
  private polling = nothing
  private catalogueHeard = ''
  private fetching = false
  /** As the last heartbeat of this connection said; a change says nothing of it. */
  private upstream: 'live' | 'stale' | undefined

  constructor(making: Making) {
    this.making = making
    const { runtime, holding, voice, options } = making
    const { heartbeatMs, errorAfterMs } = options
    const onOverdue = () => this.moveOn('no instance of it confirms the state')
    this.freshness = new Freshness({ runtime, holding, voice, heartbeatMs, errorAfterMs, onOverdue })
  }

  /** The address in use. */
  get url(): string {
    const { urls } = this.making.options
    return urls[this.index % urls.length] as string
  }

  start(): void {
    this.stopping = new AbortController()
    this.freshness.start()
    void this.poll()
    void this.run(this.stopping.signal)
  }

  stop(): void {
    this.stopping.abort()
    this.session.abort()
    this.freshness.stop()
    this.silence()
    this.polling()
  }

  private async run(stopped: AbortSignal): Promise<void> {
    const { runtime } = this.making
    let failures = 0
    while (!stopped.aborted) {
      const ended = await this.connect()
      if (stopped.aborted) return
      failures = this.confirmedInSession ? 0 : failures + 1
      this.say(ended)
      this.index++
      await pause(runtime, fullJitter(runtime, failures, FIRST_WAIT_MS, LONGEST_WAIT_MS), stopped)
    }
  }

  private async connect(): Promise<Ended> {
    const { runtime, transport, holding, options } = this.making
    this.session = new AbortController()
    this.confirmedInSession = false
    this.upstream = undefined
    this.heard(options.requestTimeoutMs)
    const { known } = holding
    const resume: Record<string, string> = known ? { 'last-event-id': String(known.revision) } : {}
    try {
      const asking = transport.introduce()
      const headers = { ...transport.headers(known), ...resume, ...asking.headers }
      return await follow(runtime, this.url, headers, this.session.signal, {
        opened: answer => {
          asking.answered(answer)
          this.heard()
        },
        change: change => this.onChange(change),
        heartbeat: heartbeat => this.onHeartbeat(heartbeat),
        malformed: event =>
          this.making.voice.once('malformed', `an event ${event} is not of the shape; ignored`),
      })
    } catch (error) {
      return { how: 'unreachable', reason: String(error) }
    } finally {
      this.lost()
    }
  }

  private lost(): void {
    const wasStreaming = this.streaming
    this.streaming = false
    this.silence()
    this.session.abort()
    if (wasStreaming && !this.stopping.signal.aborted)
      this.pollAfter(fullJitter(this.making.runtime, 0, FIRST_WAIT_MS, FIRST_WAIT_MS))
  }

  private onChange(change: Change): void {
    this.flows()
    const applied = this.making.holding.take(fromChange(change))
    if (!applied || applied.behind) {
      this.moveOn(applied ? 'the instance is behind what this app has seen' : 'another environment')
      return
    }
    this.catalogueHeard = change.catalogue
    if (this.upstream === 'live') this.confirm()
    if (applied.wantsDefinitions && !this.fetching) void this.fetchDefinitions()
  }

  private onHeartbeat(heartbeat: Heartbeat): void {
    this.flows()
    this.upstream = heartbeat.upstream
    if (heartbeat.cosigned !== undefined) this.making.witness.seeCosigned(heartbeat.cosigned, this.url)
    if (heartbeat.checkpoint !== undefined)
      this.making.witness.see(heartbeat.checkpoint, heartbeat.upstream === 'live', this.url)
    const { known } = this.making.holding
    const missed = !known || known.log !== heartbeat.log || known.revision < heartbeat.revision
    const behind = known?.log === heartbeat.log && heartbeat.revision < known.revision
    if (missed) void this.poll()
    else if (heartbeat.upstream === 'live' && !behind) this.confirm()
  }

  /** Events come: no more polls. Headers alone are no stream, since a proxy may pass them and hold back the rest. */
  private flows(): void {
    this.streaming = true
    this.polling()
    this.heard()
  }

  /** A sign of life; without another within 2.5 beats the connection is given up. */
  private heard(withinMs = this.making.options.heartbeatMs * MISSED_BEATS): void {
    this.silence()
    const session = this.session
    this.silence = this.making.runtime.later(withinMs, () => session.abort(new Error('silent')))
  }

  /** Not before there are definitions: a change tells what is held, and of everything else nothing. */
  private confirm(): void {
    if (this.making.holding.known?.catalogue === '' || this.stopping.signal.aborted) return
    this.confirmedInSession = true
    this.freshness.confirm()
  }

  /** On to the next address, where there is one; a connection to the only one is kept for the kills it may carry. */
  private moveOn(reason: string): void {
    if (this.streaming && this.making.options.urls.length > 1) this.session.abort(new Error(reason))
  }

  /** Until they are those the stream speaks of, or there is no stream that speaks. */
  private async fetchDefinitions(): Promise<void> {
    const { runtime, holding } = this.making
    const stopped = this.stopping.signal
    this.fetching = true
    for (let attempt = 0; !stopped.aborted; attempt++) {
      await this.ask()
      if (!this.streaming || holding.known?.catalogue === this.catalogueHeard) break
      await pause(runtime, fullJitter(runtime, attempt + 1, FIRST_WAIT_MS, LONGEST_WAIT_MS), stopped)
    }
    this.fetching = false
  }

  private async poll(): Promise<void> {
    const { options, onRound, runtime } = this.making
    const { confirmed, refused, reason } = await this.ask()
    if (this.stopping.signal.aborted) return
    if (!confirmed && !this.streaming) this.freshness.lose(reason)
    onRound(confirmed, refused)
    if (!this.streaming) this.pollAfter(options.pollMs * (0.8 + 0.4 * runtime.random()))
  }

  /** Asks for the snapshot now, whatever the stream does. */
  async ask() {
    const { snapshots, options } = this.making
    const first = this.index % options.urls.length
    const urls = [...options.urls.slice(first), ...options.urls.slice(0, first)]
    const round = await snapshots.round(urls, this.stopping.signal)
    const doubtful = this.streaming && this.upstream === 'stale' && round.url === this.url
    if (round.confirmed && !doubtful && !this.stopping.signal.aborted) this.freshness.confirm()
    return round
  }

  private pollAfter(ms: number): void {
    this.polling()
    this.polling = this.making.runtime.later(ms, () => void this.poll())
  }

  private say(ended: Ended): void {
    const why = 'reason' in ended ? ended.reason : ended.how
    this.making.voice.debug(`the stream of ${this.url} ended (${why})`)
    if (ended.how === 'refused')
      this.making.voice.once('refused', `${this.url} refuses the token (${ended.status})`)
  }
}

const nothing = () => {}
