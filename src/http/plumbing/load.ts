// Kills come first: of the reads a few at a time are under way, the others wait their turn, and while the event loop is
// late they are answered by 503 and Retry-After, before their token is looked at. Kills, restores, receipts, what became of a flip, health, metrics, and whatever apps read are
// never shed: an evaluation that is refused un-kills a client without a cache.

import { Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { by, KillswitchError } from '../../domain/errors.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A read that is answered whatever the load: apps or a kill under way need it. All other GETs may be shed. */
    kept?: boolean | ((request: FastifyRequest) => boolean)
  }
}

/** A kill takes some five turns of the loop, and is to be answered within 250 ms. */
const LATE_MS = 40
/** So many reads are under way even then: a busy neighbour makes the loop late too, and one reader is no storm. */
const ROOM = 4
const RESOLUTION_MS = 10
/** A read waits about so long for its turn at most: who reads an answer slowly keeps nobody else waiting. */
const LOOK_MS = 100
/** After the last look that found the loop late. */
const LASTS_MS = 1_000
/** After the last read that was shed. */
const TOLD_MS = 5_000

/** Told when it is a read's turn, or, with false, that it is shed. */
type Turn = (isAdmitted: boolean) => void

export class Load {
  shed = 0
  #shedAt = Number.NEGATIVE_INFINITY
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #timer: NodeJS.Timeout
  #delayMs = 0
  #lateUntil = 0
  #underWay = 0
  #waiting: Turn[] = []
  /** They were waiting at the last look already. */
  #waitingLong = 0
  #isClosed = false

  constructor() {
    this.#delay.enable()
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** How late the loop was in the last tenth of a second, on average. */
  get delayMs(): number {
    return this.#delayMs
  }

  get isLate(): boolean {
    return performance.now() < this.#lateUntil
  }

  /** Said on /readyz: reads were shed. A loop that was late for a moment, with nobody refused, is nobody's business. */
  get condition(): { code: string; detail: string } | undefined {
    if (performance.now() - this.#shedAt > TOLD_MS) return undefined
    const detail = 'The event loop is late: of the reads only a few at a time are answered. Kills are taken.'
    return { code: 'overloaded', detail }
  }

  /** Asks for a turn. A read that is admitted counts until `end`. */
  begin(turn: Turn): void {
    if (this.#underWay < ROOM || this.#isClosed) this.#admit(turn)
    else if (this.isLate) this.#refuse(turn)
    else this.#waiting.push(turn)
  }

  /** Counts until the loop has turned: what is asked and answered within one turn is many at a time all the same. */
  end(): void {
    setImmediate(() => {
      this.#underWay--
      const next = this.#underWay < ROOM ? this.#waiting.shift() : undefined
      if (next === undefined) return
      this.#waitingLong = Math.max(0, this.#waitingLong - 1)
      this.#admit(next)
    })
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#delay.disable()
    for (const turn of this.#waiting.splice(0)) this.#admit(turn)
  }

  #look(): void {
    this.#delayMs = this.#delay.count > 0 ? Math.max(0, this.#delay.mean / 1e6 - RESOLUTION_MS) : 0
    this.#delay.reset()
    if (this.#delayMs > LATE_MS) this.#lateUntil = performance.now() + LASTS_MS
    if (this.isLate) for (const turn of this.#waiting.splice(0)) this.#refuse(turn)
    else for (const turn of this.#waiting.splice(0, this.#waitingLong)) this.#admit(turn)
    this.#waitingLong = this.#waiting.length
  }

  #admit(turn: Turn): void {
    this.#underWay++
    turn(true)
  }

  #refuse(turn: Turn): void {
    this.shed++
    this.#shedAt = performance.now()
    turn(false)
  }
}

/** Before authentication: what is shed has to be cheap. */
export function registerLoad(app: FastifyInstance, load: Load): void {
  const counted = new WeakSet<FastifyRequest>()
  app.addHook('onRequest', (request, _, done) => {
    if (!mayWait(request)) return done()
    load.begin(isAdmitted => {
      if (!isAdmitted) return done(tooMuch())
      // who waits for an entry to come costs nothing meanwhile, nor does who has gone
      if (request.headers.prefer !== undefined || request.raw.destroyed) load.end()
      else counted.add(request)
      done()
    })
  })
  app.addHook('onResponse', (request, _, done) => {
    if (counted.delete(request)) load.end()
    done()
  })
  app.addHook('onRequestAbort', (request, done) => {
    if (counted.delete(request)) load.end()
    done()
  })
  app.addHook('preClose', async () => load.close())
}

/** What the process asks of itself, over no connection, may not. */
function mayWait(request: FastifyRequest): boolean {
  const { method, routeOptions, raw } = request
  const { kept = false } = routeOptions.config
  if (kept === true || (method !== 'GET' && method !== 'HEAD') || !(raw.socket instanceof Socket))
    return false
  return kept === false || !kept(request)
}

const tooMuch = (): KillswitchError =>
  new KillswitchError('overloaded', 'This instance has more to do than it can, and kills come first.', {
    wayOut: [by('Ask again in a moment, or ask another instance.')],
  })
