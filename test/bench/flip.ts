// How long a flip takes from the request until 1, 100 and 1,000 stream clients have read it, beside the bare path (sides.ts),
// on both stores. The clients are raw sockets in this process, the same for both sides.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { PROPER, startRedis } from '../support/redis.js'
import { type Figure, quantile } from './figures.js'
import { flip } from './kill.js'
import { type Side, startSide } from './sides.js'

const LIMIT = 1.5
const CLIENTS = [1, 100, 1000]
const WARM_UP = 40
const ROUNDS = 80
const CHANGE = Buffer.from('event: change\n')

/** Stream clients of one side, and when the last of them has read the next change. */
class Clients {
  readonly #side: Side
  readonly #sockets: Socket[] = []
  #read = 0
  #told: () => void = () => {}

  constructor(side: Side) {
    this.#side = side
  }

  async grow(count: number): Promise<void> {
    while (this.#sockets.length < count) await this.#open()
  }

  /** Resolves when every one of them has read a change that comes after this call. */
  all(): Promise<void> {
    this.#read = 0
    return new Promise(resolve => {
      this.#told = resolve
    })
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #open(): Promise<void> {
    const { hostname, port } = new URL(this.#side.address)
    const socket = connect(Number(port), hostname)
    const auth =
      this.#side.tokens.sdk === undefined ? '' : `Authorization: Bearer ${this.#side.tokens.sdk}\r\n`
    socket.write(`GET /v1/stream HTTP/1.1\r\nHost: ${hostname}\r\n${auth}\r\n`)
    await once(socket, 'data')
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes(CHANGE) && ++this.#read === this.#sockets.length) this.#told()
    })
    this.#sockets.push(socket)
  }
}

/**
 * A flip is seldom, and so are those here: what the one before leaves to be done (an index, a log line) is done when the
 * next one comes, on either side.
 */
const BETWEEN_MS = 5

async function reach(side: Side, clients: Clients): Promise<number> {
  await pause(BETWEEN_MS)
  const reached = clients.all()
  const began = performance.now()
  const answered = flip(side, 'kill')
  await reached
  const took = performance.now() - began
  await answered
  const back = clients.all()
  await flip(side, 'restore')
  await back
  return took
}

async function compare(where: string, bare: Side, service: Side): Promise<Figure[]> {
  const [below, above] = [new Clients(bare), new Clients(service)]
  const figures: Figure[] = []
  for (const count of CLIENTS) {
    await below.grow(count)
    await above.grow(count)
    const [floors, ours]: [number[], number[]] = [[], []]
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      const [one, other] = [await reach(bare, below), await reach(service, above)]
      if (round < WARM_UP) continue
      floors.push(one)
      ours.push(other)
    }
    for (const [q, said] of [
      [0.5, ''],
      [0.1, ', the fastest tenth'],
    ] as const) {
      const [floor, own] = [quantile(floors, q), quantile(ours, q)]
      const name = `a flip reaches ${count} stream client${count > 1 ? 's' : ''}, ${where}${said}`
      const limit = q === 0.5 ? { limit: LIMIT } : {}
      figures.push({ name, unit: 'ms', floor, ours: own, ratio: own / floor, ...limit })
    }
  }
  below.end()
  above.end()
  return figures
}

export async function run(): Promise<Figure[]> {
  const teardown: (() => void | Promise<void>)[] = []
  const t = { after: (act: () => void | Promise<void>) => void teardown.unshift(act) }
  const side = async (name: 'bare' | 'service', url?: string) => {
    const started = await startSide(name, url)
    t.after(started.end)
    return started
  }
  try {
    const local = await compare('local store', await side('bare'), await side('service'))
    const redis = await startRedis(t, PROPER)
    const shared = await compare(
      'Redis, AOF always',
      await side('bare', redis.url),
      await side('service', redis.url),
    )
    return [...local, ...shared]
  } finally {
    for (const act of teardown) await act()
  }
}
