// A process of its own that wishes the service ill: garbage at a pace, slow sockets, or as many reads as it takes. Tells
// its parent how many were answered, and with what.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

export type FloodKind =
  | 'garbage'
  | 'slow'
  | 'reads'
  | 'evaluations'
  | 'strangers'
  | 'no-ops'
  | 'forks'
  | 'bodies'
export type FloodAsked = {
  kind: FloodKind
  port: number
  /** A good token: of a viewer for reads, of an application for streams and evaluations. */
  viewer: string
  sdk: string
  operator: string
  connections: number
  /** All connections together; undefined: each asks again as soon as it is answered. */
  perSecond?: number
}
/** `sent`: requests or connections begun; by status: answers; `closed`: connections that the service ended. */
export type Flooded = { sent: number; closed: number; statuses: Record<string, number> }

/** Runs in the parent. */
export class Flood {
  readonly #child = fork(fileURLToPath(import.meta.url), ['--flood'])
  #told: Flooded = { sent: 0, closed: 0, statuses: {} }

  constructor(asked: FloodAsked) {
    this.#child.on('message', told => {
      this.#told = told as Flooded
    })
    this.#child.send(asked)
  }

  get told(): Flooded {
    return this.#told
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

const get = (path: string, token: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${more}\r\n`
const post = (path: string, token: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** What no client of ours sends. The last ones end their connection. */
function garbage({ viewer }: FloodAsked): string[] {
  return [
    get('/v1/flags', 'ks_guess_nobody'),
    get('/wp-login.php?x=%00', 'none'),
    get('/v1/flags/%zz', viewer),
    get(`/v1/audit?cursor=${'A'.repeat(500)}`, viewer),
    post('/v1/flags/ai_v1/kill', 'ks_guess_nobody', '{"reason":"\\u0000"}'),
    post('/v1/receipts', 'ks_guess_nobody', '{"receipts":[{}]}'),
    post('/v1/flags/ai_v1/kill', 'ks_guess_nobody', '{'.repeat(2_000)),
    get(`/${'a'.repeat(4_000)}`, 'none'),
    'THIS IS NOT HTTP\r\n\r\n',
    `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(20_000)}\r\n\r\n`,
  ]
}

/** The dearest questions there are. */
function reads({ viewer }: FloodAsked): string[] {
  const follow = 'prefer: wait=999999\r\n'
  return [
    get('/v1/audit?limit=500', viewer),
    get(`/v1/audit?limit=500&reason=${encodeURIComponent('(a+)+$ '.repeat(40))}`, viewer),
    get('/v1/audit?limit=500&order=oldest&actor=nobody&outcome=refused', viewer),
    get('/v1/audit', viewer, 'accept: application/x-ndjson\r\n'),
    get('/v1/audit?reason=a', viewer, 'accept: text/csv\r\n'),
    get('/v1/audit/verify', viewer),
    get('/v1/housekeeping', viewer),
    get('/v1/runbooks/trustflow', viewer),
    get('/v1/steps?flag=ai_v1', viewer),
    get('/v1/audit?order=oldest&flag=nobody', viewer, follow),
    get('/openapi.json', viewer),
    get('/v1/flags', viewer),
  ]
}

const evaluations = ({ sdk }: FloodAsked): string[] => [
  post('/ofrep/v1/evaluate/flags', sdk, '{"context":{"targetingKey":"u1"}}'),
]

/** Kills of one person that change nothing: of the killer's flag no other is touched. */
const noOps = ({ operator }: FloodAsked): string[] => [
  post('/v1/flags/kyc_v1/kill', operator, '{"reason":"once more"}'),
]

/** Receipts that say that the log was forked, each of another instance. */
function forks({ sdk }: FloodAsked): string[] {
  const startedAt = new Date().toISOString()
  return Array.from({ length: 1_000 }, (_, number) => {
    const receipt = {
      app: 'trustflow',
      instance: `fork-${number}`,
      log: 'x',
      revision: 1,
      fork: 'it was cut',
    }
    const rest = { appliedAt: startedAt, startedAt, sdk: 'storm/1', boot: 'service' }
    return post('/v1/receipts', sdk, JSON.stringify({ receipts: [{ ...receipt, ...rest }] }))
  })
}

const told: Flooded = { sent: 0, closed: 0, statuses: {} }

/** One connection that asks, one request at a time, and comes back when it is closed. */
class Asker {
  #socket: Socket | undefined
  #next: number
  #busy = false
  readonly #asked: FloodAsked
  readonly #requests: readonly string[]

  constructor(asked: FloodAsked, requests: readonly string[], first: number) {
    this.#asked = asked
    this.#requests = requests
    this.#next = first
    if (asked.perSecond === undefined) this.#connect(() => this.#ask())
  }

  /** For whoever sets the pace: nothing, while the answer before is not there. */
  turn(): void {
    if (this.#busy) return
    this.#busy = true
    if (this.#socket === undefined) this.#connect(() => this.#ask())
    else this.#ask()
  }

  #connect(then: () => void): void {
    const socket = connect(this.#asked.port, '127.0.0.1', then)
    this.#socket = socket
    socket.setNoDelay(true).setEncoding('latin1')
    let seen = ''
    socket.on('data', (text: string) => {
      // an answer is known by its first line; bodies are let go, and may not look like one
      const all = seen + text
      for (const [, status] of all.matchAll(/HTTP\/1\.1 (\d{3}) /g)) this.#answered(status as string)
      seen = /HTTP\/1\.1 \d{0,3} ?$|H(?:T(?:T(?:P(?:\/(?:1(?:\.1?)?)?)?)?)?)?$/.exec(all)?.[0] ?? ''
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      told.closed++
      this.#socket = undefined
      this.#busy = false
      if (this.#asked.perSecond === undefined) setTimeout(() => this.#connect(() => this.#ask()), 50)
    })
  }

  #answered(status: string): void {
    told.statuses[status] = (told.statuses[status] ?? 0) + 1
    this.#busy = false
    // asks again while a long answer is still being read: that is ill will too
    if (this.#asked.perSecond === undefined) this.#ask()
  }

  #ask(): void {
    told.sent++
    this.#socket?.write(this.#requests[this.#next++ % this.#requests.length] as string)
  }
}

/** Says nothing, or never ends its body, and comes again as soon as it is closed. */
function silent({ kind, port, sdk }: FloodAsked): void {
  const head = `POST /v1/receipts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sdk}\r\n`
  const body = `${head}content-type: application/json\r\ncontent-length: 9000\r\n\r\n{`
  const socket = connect(port, '127.0.0.1', () => socket.write(kind === 'bodies' ? body : ''))
  told.sent++
  socket.resume().on('error', () => {})
  socket.on('close', () => {
    told.closed++
    setTimeout(() => silent({ kind, port, sdk } as FloodAsked), 50)
  })
}

/** A third never ends its headers, a third never ends its body, a third opens a stream and never reads it. */
function slow({ port, sdk }: FloodAsked, number: number): void {
  const head = `POST /v1/receipts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sdk}\r\n`
  const begin = [
    'GET /livez HTTP/1.1\r\nhost: x\r\nx-slow: ',
    `${head}content-type: application/json\r\ncontent-length: 9000\r\n\r\n{`,
    get('/v1/stream', sdk),
  ][number % 3] as string
  const socket = connect(port, '127.0.0.1', () => socket.write(begin))
  told.sent++
  if (number % 3 === 2) socket.pause()
  else socket.resume()
  const drip = setInterval(() => number % 3 === 2 || socket.write('a'), 200)
  socket.on('error', () => {})
  socket.on('close', () => {
    told.closed++
    clearInterval(drip)
    setTimeout(() => slow({ port, sdk } as FloodAsked, number), 50)
  })
}

function run(asked: FloodAsked): void {
  const { kind, connections, perSecond } = asked
  if (kind === 'slow') for (let number = 0; number < connections; number++) slow(asked, number)
  else if (kind === 'strangers' || kind === 'bodies')
    for (let left = connections; left > 0; left--) silent(asked)
  else {
    const requests = { garbage, reads, evaluations, 'no-ops': noOps, forks }[kind](asked)
    const askers = Array.from({ length: connections }, (_, number) => new Asker(asked, requests, number))
    if (perSecond !== undefined) pace(askers, perSecond)
  }
  setInterval(() => process.send?.(told), 100)
}

/** So many a second in all, as far as answers come. */
function pace(askers: Asker[], perSecond: number): void {
  let [due, turn, last] = [0, 0, performance.now()]
  setInterval(() => {
    const now = performance.now()
    due = Math.min(due + ((now - last) * perSecond) / 1_000, perSecond / 5)
    last = now
    for (; due >= 1; due--) askers[turn++ % askers.length]?.turn()
  }, 5)
}

if (process.argv[2] === '--flood') {
  process.once('message', asked => run(asked as FloodAsked))
  process.on('disconnect', () => process.exit(0))
}
