// Apps that remember what they ran, somebody who kills and asks again and again what is confirmed, and a forger beside them.
// All of it goes by HTTP to whichever instance of the service, in the middle of the faults; proofs.ts judges it afterwards.

import { randomFrom } from '../support/entries.js'
import { type Door, ModelApp } from '../support/model-app.js'
import { until } from '../support/until.js'
import { Forger, type Forgery, LOUD, QUIET } from './forger.js'
import { ask } from './http.js'
import type { ClaimRecord, KillRecord, ProofHistory } from './proofs.js'
import { PROVEN, TOKENS, type World } from './world.js'

const APP = 'proven'
/** How long an app waits for an answer; an instance that is stopped gives none. */
const PATIENCE_MS = 1_000

export type Asked = { apps: number; seed: number; forgeries?: readonly Forgery[] }

/** What SDK apps remember, in the same words. */
export type Remembering = { readonly record: ProofHistory['apps'][number] }

export class Provers {
  readonly kills: KillRecord[] = []
  readonly claims: ClaimRecord[] = []
  /** What was said instead of `confirmed`, and why, as often as it was. */
  readonly withheld = new Map<string, number>()
  readonly forger: Forger
  readonly #world: World
  readonly #random: () => number
  readonly #all: ModelApp[] = []
  readonly #forgeries: readonly Forgery[]
  readonly #loops: Promise<void>[] = []
  readonly #others: Remembering[] = []
  #isEnding = false
  #isLoud = false

  constructor(world: World, { apps, seed, forgeries = [...QUIET, ...LOUD] }: Asked) {
    this.#world = world
    this.#random = randomFrom(seed + 2)
    this.#forgeries = forgeries
    this.forger = new Forger({
      door: this.#door,
      victims: () => this.#all.filter(({ isRunning, session }) => isRunning && session !== undefined),
      app: APP,
      off: Object.fromEntries(PROVEN.map(flag => [flag, 'off'])),
      random: this.#random,
      redis: () => world.redis.admin,
    })
    for (let number = 0; number < apps; number++) this.#comeUp(`api-${number}`)
  }

  start(): void {
    this.#loops.push(this.#harm(), this.#forge(), ...PROVEN.map(flag => this.#prove(flag)))
  }

  /** From here on the forger does what keeps kills from being confirmed, too. */
  beLoud(): void {
    this.#isLoud = true
  }

  with(other: Remembering): void {
    this.#others.push(other)
  }

  async stop(): Promise<void> {
    this.#isEnding = true
    await Promise.all(this.#loops)
  }

  /** Resolves when one more kill was said to be confirmed; or after a while, where faults have left somebody lost. */
  async anotherProof(): Promise<void> {
    const from = this.claims.length
    await until(() => this.claims.length > from, 'a proof between two faults', 15_000).catch(() => {})
  }

  /** What was seen, with what the log says was confirmed: entries have their own hour. */
  history(lines: readonly string[]): ProofHistory {
    const claims = [...this.claims]
    const byPlace = new Map<number, KillRecord>()
    for (const line of lines) {
      const entry = JSON.parse(line)
      if (entry.action === 'kill' && entry.outcome === 'applied') {
        const kill = this.kills.find(({ key }) => key === entry.request.key)
        if (kill !== undefined) byPlace.set(entry.epoch * 2 ** 32 + entry.seq, kill)
      }
      if (entry.action !== 'flip.confirmed' || !entry.confirmed.complete || !PROVEN.includes(entry.flag))
        continue
      const kill = byPlace.get(entry.confirmed.flip)
      const atMs = Date.parse(entry.at) - performance.timeOrigin
      const where = `flip.confirmed at ${entry.epoch}-${entry.seq}`
      // of a restore there is nothing to be judged here
      if (kill !== undefined)
        claims.push({
          where,
          key: kill.key,
          fromMs: atMs - 5,
          toMs: atMs + 5,
          served: entry.confirmed.served,
        })
    }
    const apps = this.#all.map(({ name, app, turns, knownMs, leftMs }) => ({
      ...{ name, app, turns },
      ...(knownMs === undefined ? {} : { knownMs }),
      ...(leftMs === undefined ? {} : { leftMs }),
    }))
    return { apps: [...apps, ...this.#others.map(({ record }) => record)], kills: this.kills, claims }
  }

  readonly #door: Door = async (method, path, { headers, body }) => {
    const { url } = this.#pick(this.#world.instances)
    const answer = await ask(method, `${url}${path}`, {
      ...{ token: TOKENS.sdk, withinMs: PATIENCE_MS },
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    })
    return answer.status === 0 ? undefined : answer
  }

  #comeUp(wanted: string, left?: ModelApp['left']): ModelApp {
    const nowMs = () => performance.now()
    const app = new ModelApp({
      wanted,
      app: APP,
      flags: PROVEN,
      nowMs,
      ...(left === undefined ? {} : { left }),
    })
    this.#all.push(app)
    this.#loops.push(this.#live(app))
    return app
  }

  async #live(app: ModelApp): Promise<void> {
    while (app.isRunning && !this.#isEnding) {
      if (await app.poll(this.#door)) await app.report(this.#door)
      await this.#pause(50, 300)
    }
  }

  /** One hangs, crashes and comes up on the same disk, is deployed anew, or meets another of its name; then the next. */
  async #harm(): Promise<void> {
    while (!this.#isEnding) {
      await this.#pause(600, 1_800)
      const app = this.#pick(this.#all.filter(each => each.isRunning && each.session !== undefined))
      if (app === undefined) continue
      const chance = this.#random()
      if (chance < 0.3) {
        app.isHung = true
        await this.#pause(300, 2_500)
        app.isHung = false
      } else if (chance < 0.45) {
        app.crash()
        this.#comeUp(app.wanted, app.left)
      } else if (chance < 0.6) {
        this.#comeUp(app.wanted)
        await this.#goodbye(app)
      } else if (chance < 0.75) {
        const other = this.#comeUp(app.wanted)
        await this.#pause(300, 900)
        await this.#goodbye(other)
      } else {
        // those that a fault kept from being replaced or heard are let go of by a person, once they are lost
        const { url } = this.#pick(this.#world.instances)
        const body = { app: APP, lost: true }
        const { status, body: found } = await ask('POST', `${url}/v1/instances/forget`, {
          token: TOKENS.operator,
          body,
        })
        for (const each of this.#all)
          if (status === 200 && found.instances.includes(each.name)) each.leftMs ??= performance.now()
      }
    }
  }

  async #goodbye(app: ModelApp): Promise<void> {
    // one that never had its answer has no session to end: it comes by it, or goes on
    while (!this.#isEnding && app.session === undefined) await this.#pause(20, 50)
    while (!this.#isEnding && !(await app.close(this.#door))) await this.#pause(20, 50)
  }

  async #forge(): Promise<void> {
    const has = (list: readonly Forgery[]) => list.filter(each => this.#forgeries.includes(each))
    while (!this.#isEnding) {
      await this.#pause(50, 200)
      const all = has(this.#isLoud ? [...QUIET, ...LOUD] : QUIET)
      if (all.length > 0) await this.forger.try(this.#pick(all))
    }
  }

  /** Kills a flag of its own, asks what is confirmed until it is or for a while, releases it, and again. */
  async #prove(flag: string): Promise<void> {
    const world = this.#world
    for (let round = 0; !this.#isEnding; round++) {
      const incident = `INC-${flag}-${round}`
      const key = `proof-${flag}-${round}`
      const kill: KillRecord = { key, flag, app: APP }
      this.kills.push(kill)
      const operation = world.operation('kill', flag, incident, key)
      const made = await this.#acknowledged(operation, ({ sentMs, answeredMs, proof }) => {
        if (proof?.status !== 'confirmed') return
        const where = 'the answer to the kill'
        this.claims.push({ where, key, fromMs: sentMs, toMs: answeredMs, served: proof.served })
      })
      if (made) await this.#askOf(kill)
      kill.releasedMs = performance.now()
      await this.#acknowledged(world.operation('restore', flag, incident, `${key}-r`))
    }
  }

  async #acknowledged(
    operation: ReturnType<World['operation']>,
    heard: (made: Awaited<ReturnType<World['attempt']>>) => void = () => {},
  ): Promise<boolean> {
    for (let times = 0; times < 20; times++) {
      const made = await this.#world.attempt(operation, this.#pick(this.#world.instances))
      heard(made)
      if (made.status === 200) return true
      // what was refused for good is not asked for again
      if (this.#isEnding || (made.status !== 0 && made.status < 500 && made.status !== 409)) return false
      await this.#pause(50, 200)
    }
    return false
  }

  async #askOf(kill: KillRecord): Promise<void> {
    let confirmed = 0
    for (let times = 0; times < 40 && confirmed < 6 && !this.#isEnding; times++) {
      const { url } = this.#pick(this.#world.instances)
      const isFlip = this.#random() < 0.5
      const path = isFlip ? `/v1/flips/${kill.key}` : `/v1/flags/${kill.flag}`
      const fromMs = performance.now()
      const { status, body } = await ask('GET', `${url}${path}`, {
        token: TOKENS.operator,
        withinMs: PATIENCE_MS,
      })
      const toMs = performance.now()
      if (status === 200 && isFlip && body.id !== undefined) kill.place = body.id
      const found = isFlip ? body?.convergence?.[0] : body?.convergence
      this.#note(found)
      const isIt = isFlip || (body?.killed === true && found?.revision === kill.place)
      if (status === 200 && isIt && found?.status === 'confirmed') {
        confirmed++
        const where = isFlip ? 'GET /v1/flips/:id' : 'GET /v1/flags/:key'
        this.claims.push({ where, key: kill.key, fromMs, toMs, served: found.served })
      }
      await this.#pause(10, 100)
    }
  }

  #note(
    found: { status: string; count: Record<string, number>; because: { code: string }[] } | undefined,
  ): void {
    if (found === undefined || found.status === 'confirmed') return
    const { pending, lost, cannotProve } = found.count
    const named = Object.entries({ pending, lost, cannotProve }).flatMap(([name, count]) =>
      count ? [name] : [],
    )
    const why = [found.status, ...named, ...found.because.map(({ code }) => code)].join(' ')
    this.withheld.set(why, (this.withheld.get(why) ?? 0) + 1)
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }

  #pause(low: number, high: number): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, low + this.#random() * (high - low)))
  }
}
