// A TCP proxy that harms what passes through it: cuts, lost replies, silence, half-open connections, latency.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * - `pass`: both ways
 * - `drop-replies`: what is asked arrives, what is answered does not
 * - `black-hole`: nothing passes in either direction, and nothing is closed
 * - `refuse`: new connections are closed at once
 */
export type ProxyMode = 'pass' | 'drop-replies' | 'black-hole' | 'refuse'

type Pair = { client: Socket; server: Socket }

export async function startProxy(
  t: { after: (fn: () => void | Promise<void>) => void },
  targetPort: number,
): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(targetPort)
  await proxy.listen()
  t.after(() => proxy.close())
  return proxy
}

export class FaultyProxy {
  mode: ProxyMode = 'pass'
  latencyMs = 0
  /** How many bytes of answers were swallowed: a test waits for it, to know that the command was executed. */
  droppedBytes = 0
  /** How many connections there have been. */
  accepted = 0
  /** Where new connections go. */
  targetPort: number
  readonly #pairs = new Set<Pair>()
  readonly #server: Server

  constructor(targetPort: number) {
    this.targetPort = targetPort
    this.#server = createServer({ allowHalfOpen: true }, client => this.#accept(client))
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Resets every connection there is. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      reset(client)
      server.destroy()
    }
  }

  /** Closes the server's side alone; the client is left with a connection that nobody answers. */
  halfOpen(): void {
    for (const { server } of this.#pairs) {
      server.removeAllListeners('close')
      server.destroy()
    }
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    this.accepted++
    if (this.mode === 'refuse') {
      reset(client)
      return
    }
    const server = connect({ port: this.targetPort, host: '127.0.0.1' })
    const pair = { client, server }
    this.#pairs.add(pair)
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('data', data => this.mode !== 'black-hole' && this.#forward(data, server))
    server.on('data', data => this.#answer(data, client))
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {})
      one.on('end', () => one.end())
      one.on('close', () => {
        this.#pairs.delete(pair)
        other.destroy()
      })
    }
  }

  #answer(data: Buffer, client: Socket): void {
    if (this.mode === 'drop-replies') this.droppedBytes += data.length
    else if (this.mode !== 'black-hole') this.#forward(data, client)
  }

  #forward(data: Buffer, to: Socket): void {
    const send = (): unknown => to.writable && to.write(data)
    if (this.latencyMs > 0) setTimeout(send, this.latencyMs)
    else send()
  }
}

/**
 * A socket that is being shut down cannot be reset: Node 20 then takes its handle for closed without closing it, and the
 * process spins at its end, waiting for a handle that nobody closes.
 */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
