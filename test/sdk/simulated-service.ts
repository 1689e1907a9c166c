// A small honest model of the service for the simulation: logs that only grow, instances that lag behind them, lose
// their store, go away, come back with an old backup or reinstalled, and streams that drop, stall and reorder.

import type { RequestInitLike, ResponseLike } from '../../sdk/src/runtime.js'
import type { Receipt } from '../../src/wire/receipt.js'
import type { Change, Held, Position, ProvisionalHold, Snapshot } from '../../src/wire/snapshot.js'
import { flag } from './snapshot-flag.js'
import { Pipe, respond, sse, type World } from './world.js'

export const FLAGS = ['ai_v1', 'kyc_v1', 'pilot.enabled'] as const
const EPOCH = 2 ** 32

type Entry = { place: number; flag: string; kill: boolean; hold: string; merges?: string }

/** What one answer showed: the oracle's raw material. */
export type Shown = Pick<Position, 'log' | 'revision' | 'hash' | 'provisional' | 'merged' | 'released'> & {
  held: Record<string, Held>
  flipped: Record<string, number>
}

export class Log {
  readonly name: string
  entries: Entry[] = []
  epoch = 0
  private seq = 0
  private holds = 0

  constructor(name: string) {
    this.name = name
  }

  flip(flag: string, kill: boolean, merges?: string): void {
    this.seq++
    const hold = merges ?? `${this.name}-${++this.holds}`
    this.entries.push({
      place: this.epoch * EPOCH + this.seq,
      flag,
      kill,
      hold,
      ...(merges ? { merges } : {}),
    })
  }

  isKilled(flag: string): boolean {
    return this.entries.findLast(entry => entry.flag === flag)?.kill ?? false
  }

  /** An old backup: the newest entries are gone, and a new epoch is opened; no place is issued twice. The holds that are gone. */
  loseHistory(count: number): string[] {
    const kept = Math.max(0, this.entries.length - count)
    const lost = this.entries.slice(kept).flatMap(({ kill, hold }) => (kill ? [hold] : []))
    this.entries = this.entries.slice(0, kept)
    this.epoch++
    return lost
  }
}

export class Instance {
  readonly url: string
  up = true
  upstream: 'live' | 'stale' = 'live'
  log: Log
  /** How many entries of the log it has seen; undefined: none yet, not even that there are none. */
  view: number | undefined = 0
  provisional: ProvisionalHold[] = []
  /** What somebody released in the apps, as far as this instance has heard of it. */
  released: string[] = []
  private frozen: Entry[] | undefined
  private readonly world: World
  private readonly pipes = new Set<Pipe>()
  private readonly stalled = new WeakSet<Pipe>()
  private readonly onShown: (shown: Shown) => void
  private readonly onReceipt: (receipt: Receipt) => void

  constructor(
    world: World,
    url: string,
    log: Log,
    onShown: (shown: Shown) => void,
    onReceipt: Instance['onReceipt'],
  ) {
    this.world = world
    this.url = url
    this.log = log
    this.onShown = onShown
    this.onReceipt = onReceipt
    world.hosts.set(url, (address, init) => this.handle(address, init))
    this.beat()
  }

  catchUp(): void {
    if (this.upstream === 'stale') return
    this.frozen = undefined
    this.view = this.log.entries.length
    const merged = new Set(this.log.entries.flatMap(entry => entry.merges ?? []))
    this.provisional = this.provisional.filter(hold => !merged.has(hold.id))
    this.publish()
  }

  /** Goes on serving what it knew, whatever becomes of the log. */
  freeze(): void {
    this.upstream = 'stale'
    this.frozen = this.seen()
  }

  /** Takes a kill without its store. */
  killProvisionally(flag: string, id: string): void {
    this.provisional.push({ id, flag, variant: 'off', value: false, since: '2026-11-20T03:00:00.000Z' })
    this.publish()
  }

  publish(): void {
    for (const pipe of this.pipes) this.write(pipe, this.change())
  }

  crash(): void {
    this.up = false
    for (const pipe of this.pipes) pipe.fail(new Error('socket hang up'))
    this.pipes.clear()
  }

  bye(): void {
    for (const pipe of this.pipes) {
      pipe.write(sse('bye', {}))
      pipe.end()
    }
    this.crash()
  }

  dropStreams(): void {
    for (const pipe of this.pipes) pipe.fail(new Error('terminated'))
    this.pipes.clear()
  }

  stallStreams(): void {
    for (const pipe of this.pipes) this.stalled.add(pipe)
  }

  private beat(): void {
    this.world.later(5000, () => {
      if (this.up && this.view !== undefined) {
        for (const pipe of this.pipes) this.write(pipe, this.heartbeat())
      }
      this.beat()
    })
  }

  private async handle(address: URL, init: RequestInitLike): Promise<ResponseLike> {
    await this.delay(init.signal)
    if (!this.up) throw new Error('connect ECONNREFUSED')
    if (address.pathname === '/v1/receipts') {
      for (const receipt of JSON.parse(init.body as string).receipts) this.onReceipt(receipt)
      return respond(202)
    }
    if (this.view === undefined) return respond(503, '{"code":"no-known-state"}')
    return address.pathname === '/v1/snapshot' ? this.answerSnapshot(init) : this.answerStream(init)
  }

  private async answerSnapshot(init: RequestInitLike): Promise<ResponseLike> {
    const snapshot = this.snapshot()
    const etag = `"${snapshot.log}-${snapshot.revision}-${this.provisional.length}-${this.released.length}"`
    const headers = { etag, 'killswitch-upstream': this.upstream, ...sessionOf(init) }
    const cut = this.world.random() < 0.05
    await this.delay(init.signal)
    if (init.headers['if-none-match'] === etag) return respond(304, '', headers)
    const text = JSON.stringify(snapshot)
    if (cut) return respond(200, text.slice(0, text.length / 2), headers)
    this.onShown(shownBy(snapshot))
    return respond(200, text, headers)
  }

  private answerStream(init: RequestInitLike): ResponseLike {
    const pipe = new Pipe(init.signal)
    this.pipes.add(pipe)
    this.write(pipe, this.change() + this.heartbeat())
    const headers: Record<string, string> = { 'content-type': 'text/event-stream', ...sessionOf(init) }
    const told = (text: string) => {
      const data = /^data: (.*)$/m.exec(text)?.[1]
      if (text.includes('event: change') && data) this.onShown(JSON.parse(data) as Shown)
    }
    return {
      status: 200,
      headers: { get: name => headers[name] ?? null },
      body: pipe.read(told),
      text: async () => '',
    }
  }

  /** With a delay of its own for each, so that events overtake one another now and then. */
  private write(pipe: Pipe, text: string): void {
    const late = this.world.random() < 0.2 ? this.world.random() * 3000 : 1
    this.world.later(late, () => {
      if (!this.stalled.has(pipe)) pipe.write(text)
    })
  }

  private async delay(signal: AbortSignal): Promise<void> {
    const ms = this.world.random() < 0.05 ? 60_000 : this.world.random() * 100
    await new Promise<void>((resolve, reject) => {
      const cancel = this.world.later(ms, resolve)
      signal.addEventListener('abort', () => {
        cancel()
        reject(signal.reason as Error)
      })
    })
  }

  private seen(): Entry[] {
    return this.frozen ?? this.log.entries.slice(0, this.view)
  }

  private position(): Position {
    const seen = this.seen()
    const opened = this.frozen ? 0 : this.log.epoch * EPOCH
    return {
      environment: 'test',
      log: this.log.name,
      revision: Math.max(1, opened, seen.at(-1)?.place ?? 0),
      hash: `${this.log.name} ${seen.at(-1)?.place ?? 0}`,
      catalogue: 'c1',
      at: '2026-11-20T03:00:00.000Z',
      provisional: this.provisional,
      released: this.released,
      merged: seen.flatMap(entry => entry.merges ?? []),
    }
  }

  private change(): string {
    const held: Record<string, Held> = {}
    const flipped: Record<string, number> = {}
    for (const { flag, place, kill, hold } of this.seen()) {
      flipped[flag] = place
      if (kill)
        held[flag] = { variant: 'off', value: false, since: '2026-11-20T03:00:00.000Z', holds: [hold] }
      else delete held[flag]
    }
    const position = this.position()
    const change: Change = { ...position, v: 1, held, flipped }
    return sse('change', change, position.revision)
  }

  private heartbeat(): string {
    const { revision, log } = this.position()
    return sse('heartbeat', { upstream: this.upstream, revision, log })
  }

  private snapshot(): Snapshot {
    const change = JSON.parse(/^data: (.*)$/m.exec(this.change())?.[1] as string) as Change
    const { held, flipped, ...position } = change
    const flags: Snapshot['flags'] = {}
    for (const key of FLAGS)
      flags[key] = flag({ flipped: flipped[key] ?? 0, ...(held[key] ? { held: held[key] } : {}) })
    return { ...position, v: 1, flags }
  }
}

/** One session a process, by whatever instance. */
const sessionOf = ({ headers }: RequestInitLike): Record<string, string> => ({
  'killswitch-session': `session-${headers['killswitch-process']}`,
  'killswitch-instance': headers['killswitch-instance'] ?? '',
})

function shownBy({ flags, log, revision, hash, provisional, merged, released }: Snapshot): Shown {
  const held: Record<string, Held> = {}
  const flipped: Record<string, number> = {}
  for (const [key, flag] of Object.entries(flags)) {
    if (flag.held) held[key] = flag.held
    if (flag.flipped > 0) flipped[key] = flag.flipped
  }
  return { log, revision, hash, provisional, merged, released, held, flipped }
}
