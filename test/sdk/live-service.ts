// The service over real HTTP, on port 0, as far as an app can see: snapshot, stream, receipts. For tests of the
// provider until they meet the real one; holds flags, takes kills, and notes what apps sent.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Receipt } from '../../src/wire/receipt.js'
import type { Change, Held, Snapshot, SnapshotFlag } from '../../src/wire/snapshot.js'
import { LiveSessions } from './live-sessions.js'
import { flag } from './snapshot-flag.js'
import { sse } from './world.js'

export class LiveService {
  readonly flags = new Map<string, SnapshotFlag>()
  readonly receipts: Receipt[] = []
  readonly sessions = new LiveSessions()
  readonly seen: { path: string; headers: IncomingMessage['headers'] }[] = []
  log = 'log-1'
  revision = 1
  catalogue = 'c1'
  token = 'secret'
  /** What the snapshot is answered with instead. */
  snapshotStatus = 200
  upstream: 'live' | 'stale' = 'live'
  environment = 'test'
  /** Ids of holds that somebody released in the apps. */
  released: string[] = []
  private server: Server | undefined
  private readonly streams = new Set<ServerResponse>()
  private waiting: (() => void)[] = []
  private port = 0

  define(key: string, more: Partial<SnapshotFlag> = {}): void {
    this.flags.set(key, flag(more))
    this.catalogue = `c${this.flags.size}-${this.revision}`
  }

  async start(): Promise<string> {
    this.server = createServer((request, response) => void this.answer(request, response))
    await new Promise<void>(resolve => this.server?.listen(this.port, '127.0.0.1', resolve))
    this.port = (this.server.address() as AddressInfo).port
    return `http://127.0.0.1:${this.port}`
  }

  /** As a process that is gone; `start` brings it back on the same port. */
  async stop(): Promise<void> {
    const { server } = this
    this.server = undefined
    server?.closeAllConnections()
    await new Promise<void>(resolve => (server ? server.close(() => resolve()) : resolve()))
  }

  kill(key: string, more: Partial<Held> = {}): void {
    const flag = this.flags.get(key) as SnapshotFlag
    const variant = flag.killVariant
    const value = flag.variants[variant] as Held['value']
    const held: Held = {
      variant,
      value,
      since: '2026-11-20T03:00:00.000Z',
      holds: [`h${this.revision}`],
      ...more,
    }
    this.flags.set(key, { ...flag, flipped: ++this.revision, held })
    this.publish()
  }

  restore(key: string): void {
    const { held: _released, ...flag } = this.flags.get(key) as SnapshotFlag
    this.flags.set(key, { ...flag, flipped: ++this.revision })
    this.publish()
  }

  publish(): void {
    for (const stream of this.streams) stream.write(this.changeFrame())
  }

  beat(): void {
    for (const stream of this.streams) stream.write(this.heartbeat())
  }

  /** Keeps once `test` holds of what was received so far; looked at after every request. */
  async until(test: () => boolean): Promise<void> {
    while (!test()) await new Promise<void>(resolve => this.waiting.push(resolve))
  }

  /** Every stream breaks off; the service goes on. */
  drop(): void {
    for (const stream of this.streams) stream.destroy()
  }

  get connected(): number {
    return this.streams.size
  }

  snapshot(): Snapshot {
    return { ...this.position(), v: 1, flags: Object.fromEntries(this.flags) }
  }

  private change(): Change {
    const held: Change['held'] = {}
    const flipped: Change['flipped'] = {}
    for (const [key, flag] of this.flags) {
      if (flag.held) held[key] = flag.held
      if (flag.flipped > 0) flipped[key] = flag.flipped
    }
    return { ...this.position(), v: 1, held, flipped }
  }

  private changeFrame(): string {
    return sse('change', this.change(), this.revision)
  }

  private heartbeat(): string {
    const { upstream, revision, log } = this
    return sse('heartbeat', { upstream, revision, log })
  }

  private position() {
    const { environment, log, revision, catalogue } = this
    return {
      environment,
      log,
      revision,
      hash: this.hash(revision),
      catalogue,
      at: '2026-11-20T03:00:00.000Z',
      provisional: [],
      merged: [],
      released: this.released,
    }
  }

  hash(revision: number): string {
    return `${this.log}-hash-${revision}`
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    this.seen.push({ path, headers: request.headers })
    if (request.headers.authorization !== `Bearer ${this.token}`) response.writeHead(401).end('{}')
    else if (path === '/v1/snapshot') this.answerSnapshot(request, response)
    else if (path === '/v1/stream') this.answerStream(request, response)
    else await this.takeReceipts(request, response)
    for (const wake of this.waiting.splice(0)) wake()
  }

  private answerSnapshot(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of this.sessions.claim(request.headers)) response.setHeader(name, value)
    const etag = `"${this.log}-${this.revision}-${this.catalogue}"`
    if (this.snapshotStatus !== 200) response.writeHead(this.snapshotStatus).end('{}')
    else if (request.headers['if-none-match'] === etag)
      response.writeHead(304, { etag, 'killswitch-upstream': this.upstream }).end()
    else
      response
        .writeHead(200, {
          etag,
          'content-type': 'application/json',
          'killswitch-upstream': this.upstream,
        })
        .end(JSON.stringify(this.snapshot()))
  }

  private answerStream(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of this.sessions.claim(request.headers)) response.setHeader(name, value)
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
    })
    response.on('close', () => this.streams.delete(response))
    this.streams.add(response)
    response.write(this.changeFrame() + this.heartbeat())
  }

  private async takeReceipts(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { receipts } = JSON.parse(text) as { receipts: Receipt[] }
    const refusal = receipts.map(receipt => this.sessions.refusal(receipt)).find(Boolean)
    if (refusal) {
      response.writeHead(refusal.status).end(JSON.stringify(refusal))
      return
    }
    this.receipts.push(...receipts)
    response.writeHead(202).end()
  }
}
