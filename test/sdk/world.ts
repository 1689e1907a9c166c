// A world for tests: virtual time, seeded chance, and a network of handlers. Nothing in it waits for a real clock.

import type { FetchLike, RequestInitLike, ResponseLike, Runtime } from '../../sdk/src/runtime.js'

export type Handler = (url: URL, init: RequestInitLike) => Promise<ResponseLike>

type Timer = { at: number; order: number; act: () => void }

export class World implements Runtime {
  time = Date.parse('2026-11-20T03:00:00.000Z')
  /** By origin. */
  readonly hosts = new Map<string, Handler>()
  /** Looked at after every step. */
  onStep: () => void = () => {}
  private timers: Timer[] = []
  private order = 0
  private seed: number

  constructor(seed = 1) {
    this.seed = seed
  }

  /** How far the wall clock has been set. */
  set = 0

  now(): number {
    return this.time + this.set
  }

  elapsed(): number {
    return this.time
  }

  /** mulberry32 */
  random(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T
  }

  later(ms: number, act: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), order: this.order++, act }
    this.timers.push(timer)
    return () => {
      const index = this.timers.indexOf(timer)
      if (index >= 0) this.timers.splice(index, 1)
    }
  }

  readonly fetch: FetchLike = (url, init) => {
    const address = new URL(url)
    const host = this.hosts.get(address.origin)
    return host ? host(address, init) : Promise.reject(new Error('connect ECONNREFUSED'))
  }

  /** Lets `ms` go by, timer for timer. */
  async run(ms: number): Promise<void> {
    const until = this.time + ms
    await settle()
    for (;;) {
      const next = this.earliest()
      if (!next || next.at > until) break
      this.timers.splice(this.timers.indexOf(next), 1)
      this.time = Math.max(this.time, next.at)
      next.act()
      await settle()
      this.onStep()
    }
    this.time = until
  }

  private earliest(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.timers)
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    return first
  }
}

/** Everything that waits for nothing but promises has happened. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

export function respond(status: number, body = '', headers: Record<string, string> = {}): ResponseLike {
  return { status, headers: { get: name => headers[name] ?? null }, body: null, text: async () => body }
}

/** A response body that is fed by hand and ends when it is told to, or when its reader aborts. */
export class Pipe {
  ended = false
  private readonly chunks: string[] = []
  private failure: Error | undefined
  private wake = () => {}

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.fail(new Error('aborted')), { once: true })
  }

  write(text: string): void {
    if (this.ended) return
    this.chunks.push(text)
    this.wake()
  }

  end(): void {
    this.ended = true
    this.wake()
  }

  fail(error: Error): void {
    this.failure = error
    this.end()
  }

  async *read(onChunk: (text: string) => void = () => {}): AsyncGenerator<Uint8Array> {
    for (;;) {
      const text = this.chunks.shift()
      if (this.failure) throw this.failure
      if (text !== undefined) {
        onChunk(text)
        yield new TextEncoder().encode(text)
      } else if (this.ended) return
      else
        await new Promise<void>(resolve => {
          this.wake = resolve
        })
    }
  }
}

export const sse = (event: string, data: unknown, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
