// How long it takes from a kill until a thousand app instances have proved it: each reads the change on its stream, and posts
// a receipt of its session. Beside it the same thousand streams and as many bare POSTs (sides.ts): what the sockets and the
// bytes cost. The clients are in this process, the same for both sides.

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Change } from '../../src/wire/snapshot.js'
import { type Figure, quantile } from './figures.js'
import { flip } from './kill.js'
import { type Side, startSide } from './sides.js'

const CLIENTS = 1_000
const WARM_UP = 5
const ROUNDS = 20
const BETWEEN_MS = 20

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** One app instance: reads changes, and answers each. */
class Client {
  readonly #side: Side
  readonly #name: string
  #session: string | undefined
  #number = 0
  #socket: Socket | undefined
  /** Told when a change has been answered. */
  onAnswered: () => void = () => {}

  constructor(side: Side, name: string) {
    this.#side = side
    this.#name = name
  }

  async open(): Promise<void> {
    const { hostname, port } = new URL(this.#side.address)
    const { sdk } = this.#side.tokens
    const socket = connect(Number(port), hostname)
    this.#socket = socket
    const named = `Killswitch-App: trustflow\r\nKillswitch-Instance: ${this.#name}\r\nKillswitch-Process: ${randomUUID()}\r\n`
    socket.write(
      `GET /v1/stream HTTP/1.1\r\nHost: ${hostname}\r\n${sdk === undefined ? '' : `Authorization: Bearer ${sdk}\r\n${named}`}\r\n`,
    )
    const [head] = (await once(socket, 'data')) as [Buffer]
    this.#session = /killswitch-session: (\S+)/i.exec(head.toString())?.[1]
    let text = head.toString()
    const read = (chunk: Buffer) => {
      text += chunk.toString()
      const end = text.lastIndexOf('\n\n')
      if (end === -1) return
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      const data = /event: change\ndata: (.*)/.exec(event)?.[1]
      if (data !== undefined) void this.#answer(JSON.parse(data) as Change)
    }
    read(Buffer.alloc(0))
    socket.on('data', read)
  }

  close(): void {
    this.#socket?.destroy()
  }

  async #answer({ log, revision, hash, held }: Change): Promise<void> {
    const inForce = Object.fromEntries(Object.entries(held ?? {}).map(([key, { variant }]) => [key, variant]))
    const at = new Date().toISOString()
    const receipt = {
      ...{ instance: this.#name, app: 'trustflow', log, revision, appliedAt: at, startedAt: at },
      ...{ sdk: 'bench/1', boot: 'service', session: this.#session, number: ++this.#number },
      ...{ answer: { log, revision, hash }, inForce },
    }
    await post(this.#side, this.#session === undefined ? undefined : { receipts: [receipt] })
    this.onAnswered()
  }
}

/** A receipt to the service; to the bare side a flip's bytes, which it takes without writing them. */
function post({ address, tokens }: Side, body: object | undefined): Promise<void> {
  const text = JSON.stringify(body ?? { reason: 'a receipt, or as long as one'.padEnd(400, '.') })
  return new Promise((resolve, reject) => {
    const sent = request(
      body === undefined ? `${address}/receipt` : `${address}/v1/receipts`,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          ...(tokens.sdk === undefined ? {} : { authorization: `Bearer ${tokens.sdk}` }),
        },
      },
      answer => {
        answer.resume()
        answer.once('end', () =>
          (answer.statusCode ?? 0) < 300 ? resolve() : reject(new Error(`a receipt: ${answer.statusCode}`)),
        )
      },
    )
    sent.once('error', reject)
    sent.end(text)
  })
}

async function round(side: Side, clients: readonly Client[], act: 'kill' | 'restore'): Promise<number> {
  await pause(BETWEEN_MS)
  let left = clients.length
  const all = new Promise<void>(resolve => {
    for (const client of clients)
      client.onAnswered = () => {
        if (--left === 0) resolve()
      }
  })
  const began = performance.now()
  const answered = flip(side, act)
  await all
  const took = performance.now() - began
  await answered
  return took
}

export async function run(): Promise<Figure[]> {
  const sides = [await startSide('bare'), await startSide('service')] as const
  const clients = await Promise.all(
    sides.map(async side => {
      const found = Array.from({ length: CLIENTS }, (_, number) => new Client(side, `api-${number}`))
      for (const client of found) await client.open()
      return found
    }),
  )
  try {
    const times: [number[], number[]] = [[], []]
    for (let turn = 0; turn < WARM_UP + ROUNDS; turn++)
      for (const [index, side] of sides.entries()) {
        const took = await round(side, clients[index] as Client[], 'kill')
        await round(side, clients[index] as Client[], 'restore')
        if (turn >= WARM_UP) times[index as 0 | 1].push(took)
      }
    const [floor, ours] = [quantile(times[0], 0.5), quantile(times[1], 0.5)]
    const name = `the receipts of ${CLIENTS} instances are in, local store`
    return [{ name, unit: 'ms', floor, ours, ratio: ours / floor }]
  } finally {
    for (const client of clients.flat()) client.close()
    agent.destroy()
    for (const side of sides) side.end()
  }
}
