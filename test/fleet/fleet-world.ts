// One service on either store, its app instances, and everything that may happen to both, one thing after the other. After
// each of them everybody is asked what is confirmed, and every claim is written down beside what the apps remember.
// Time is a clock held in the hand; the history's own time counts what happened.

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '../../src/wire/words.js'
import type { AppRecord, ClaimRecord, KillRecord, ProofHistory } from '../faults/proofs.js'
import { type Door, type Left, ModelApp } from '../support/model-app.js'
import type { TestRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

export const FLAGS = ['shop.search', 'shop.pay', 'shop.stale'] as const
const APP = 'shop'
const WINDOW_MS = 24 * 3_600_000
/** The hour of an instance on the disk of the service may be so much older than the truth. */
const SLACK_MS = 301_000
/** For so long a start confirms nothing that cannot know who was there. */
const UNRECORDED_MS = 60_000

type Node = { dataDir: string; server: TestServer; tokens: Record<Role, string> }
type Kill = KillRecord & { atMs: number }

export class FleetWorld {
  readonly clock = { now: Date.parse('2026-11-20T03:00:00.000Z') }
  readonly nodes: Node[] = []
  readonly apps: ModelApp[] = []
  readonly kills: Kill[] = []
  readonly claims: ClaimRecord[] = []
  /** What was done, for whoever has to understand a failure. */
  readonly steps: string[] = []
  readonly redis: TestRedis | undefined
  readonly #t: Teardown
  readonly flagsDir: string
  readonly #heardAt = new Map<ModelApp, number>()
  readonly #toldPlaces = new Set<string>()
  #tokensFile: string | undefined
  #tick = 0
  #checkedAt = 0
  /** The only memory of who was there went then, or became an old one. */
  #loss: { at: number; graceMs: number } | undefined
  /** It is not noticed yet that a backup does not know who came after it: gaps.test.ts. */
  isBackupExcused = true

  private constructor(t: Teardown, redis: TestRedis | undefined) {
    this.#t = t
    this.redis = redis
    this.flagsDir = join(testdir(t), 'flags')
    mkdirSync(this.flagsDir)
    writeFileSync(join(this.flagsDir, 'shop.yaml'), CATALOGUE)
  }

  static async start(t: Teardown, redis?: TestRedis): Promise<FleetWorld> {
    const world = new FleetWorld(t, redis)
    const first = await world.#serve()
    if (redis !== undefined) await world.#serve(first.tokens)
    return world
  }

  get history(): ProofHistory {
    return { apps: this.apps.map(recordOf), kills: this.kills, claims: this.claims }
  }

  /** Of the history. Grows with each reading, so that what comes later is later. */
  get tick(): number {
    return ++this.#tick
  }

  get running(): ModelApp[] {
    return this.apps.filter(({ isRunning }) => isRunning)
  }

  door({ server }: Node): Door {
    return async (method, path, asked) => {
      const { status, headers, body } = await server.ask('sdk', method, path, asked)
      return { status, headers, body }
    }
  }

  /** Time goes by for everybody. */
  pass(ms: number): void {
    this.clock.now += ms
    for (const app of this.apps) app.look()
    this.#letGo()
  }

  comeUp(wanted: string, left?: Left): ModelApp {
    const app = new ModelApp({
      ...{ wanted, app: APP, flags: FLAGS, ...(left === undefined ? {} : { left }) },
      nowMs: () => this.tick,
      lifeMs: () => this.clock.now,
    })
    this.apps.push(app)
    return app
  }

  async poll(app: ModelApp, node: Node, isDeaf = false): Promise<void> {
    if (app.isHung || !app.isRunning) return
    await app.poll(this.door(node), isDeaf)
    this.#heard(app)
  }

  async report(app: ModelApp, node: Node, more?: object): Promise<number | undefined> {
    const status = await app.report(this.door(node), more)
    if (status === 202) this.#heard(app)
    return status
  }

  async kill(flag: string, node: Node): Promise<void> {
    const key = `kill-${this.kills.length}`
    const kill: Kill = { key, flag, app: APP, atMs: this.tick }
    this.kills.push(kill)
    const fromMs = this.tick
    const { status, body, text } = await node.server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, {
      body: { incident: `INC-${key}`, reason: 'a test' },
      headers: { 'idempotency-key': key },
    })
    assert.equal(status, 200, text)
    if (body.id !== undefined) kill.place = body.id
    this.#claim(`the answer to the kill`, key, fromMs, body.convergence?.[0])
  }

  async restore(flag: string, node: Node): Promise<void> {
    const releasedMs = this.tick
    for (const kill of this.kills) if (kill.flag === flag) kill.releasedMs ??= releasedMs
    // while what Redis lost is put back, a restore is refused and not done
    const { status, body, text } = await until(async () => {
      const answer = await node.server.ask('engineer', 'POST', `/v1/flags/${flag}/restore`, {
        body: { all: true, reason: 'a test' },
      })
      return answer.status !== 503 && answer
    }, `${flag} is restored`)
    assert.ok(status === 200 || body.code === 'nothing-to-release', text)
  }

  /** Of those that are lost, as after a deploy, or of one by its name. */
  async forget(node: Node, instance?: string): Promise<void> {
    const body = instance === undefined ? { app: APP, lost: true } : { app: APP, instance }
    const answer = await node.server.ask('operator', 'POST', '/v1/instances/forget', { body })
    if (answer.status !== 200) return
    for (const app of this.apps)
      if (answer.body.instances.includes(app.name) && app.knownMs !== undefined) app.leftMs ??= this.tick
    // another instance of the service lets go of them with the entry
    await this.#together()
  }

  /** A start of the service on the same folder: after an orderly stop, or on what a crash left of it. */
  async restart(
    node: Node,
    how: 'orderly' | 'crash' | 'unrecorded' | 'backup',
    backup?: string,
  ): Promise<void> {
    const left = join(testdir(this.#t), 'data')
    if (how === 'crash') cpSync(node.dataDir, left, { recursive: true, filter: isFile })
    await node.server.close()
    if (how === 'backup') cpSync(backup as string, left, { recursive: true, filter: isFile })
    if (how === 'crash' || how === 'backup') node.dataDir = left
    if (how === 'unrecorded') rmSync(join(node.dataDir, 'fleet.ndjson'), { force: true })
    if (this.redis === undefined && (how === 'unrecorded' || how === 'backup'))
      this.#loss = {
        at: this.clock.now,
        graceMs: how === 'backup' && this.isBackupExcused ? 0 : UNRECORDED_MS,
      }
    node.server = await this.#start(node.dataDir, node.tokens, how === 'unrecorded')
    await this.#together()
  }

  backup(node: Node): string {
    const folder = join(testdir(this.#t), 'backup')
    cpSync(node.dataDir, folder, { recursive: true, filter: isFile })
    return folder
  }

  async flush(): Promise<void> {
    await this.redis?.admin.flushall()
    await this.#together()
  }

  /** Asks every instance of the service for everything it claims of kills that nobody has released. */
  async ask(): Promise<void> {
    this.#letGo()
    for (const { server } of this.nodes) {
      for (const kill of this.kills.filter(({ releasedMs }) => releasedMs === undefined).slice(-6)) {
        const fromMs = this.tick
        const flip = await server.ask('operator', 'GET', `/v1/flips/${kill.key}`)
        if (flip.status === 200) {
          if (flip.body.id !== undefined) kill.place = flip.body.id
          this.#claim('GET /v1/flips/:id', kill.key, fromMs, flip.body.convergence?.[0])
        }
      }
      for (const flag of FLAGS) {
        const fromMs = this.tick
        const { body } = await server.ask('viewer', 'GET', `/v1/flags/${flag}`)
        const key = this.#killAt(flag, body.convergence?.revision)?.key
        if (body.killed && key !== undefined) this.#claim('GET /v1/flags/:key', key, fromMs, body.convergence)
      }
      await this.#readLog(server)
    }
    this.#checkedAt = this.tick
  }

  async #readLog(server: TestServer): Promise<void> {
    const { body } = await server.ask('viewer', 'GET', '/v1/audit?action=flip.confirmed&limit=50')
    for (const { id, hash, flag, confirmed } of body.entries) {
      const { flip, complete, lost } = confirmed
      if (this.#toldPlaces.has(`${id} ${hash}`)) continue
      this.#toldPlaces.add(`${id} ${hash}`)
      const kill = this.#killAt(flag, flip)
      // written at some moment since the last look: who ran the feature at both is meant
      if (kill !== undefined && complete && lost.length === 0)
        this.claims.push({
          ...{ where: `flip.confirmed at ${id}`, key: kill.key, served: confirmed.served },
          ...{ fromMs: this.#checkedAt, toMs: this.tick },
        })
    }
  }

  #killAt(flag: string, place: number | undefined): Kill | undefined {
    return this.kills.findLast(kill => kill.flag === flag && kill.place === place && place !== undefined)
  }

  #claim(where: string, key: string, fromMs: number, found: { status: string; served: number } | undefined) {
    if (found?.status === 'confirmed')
      this.claims.push({ where, key, fromMs, toMs: this.tick, served: found.served })
  }

  #heard(app: ModelApp): void {
    this.#heardAt.set(app, this.clock.now)
    if (app.leftMs === undefined || !app.isRunning) return
    app.leftMs = undefined
    app.knownMs = this.tick
  }

  /** Whom nobody can wait for any more: silent for a day, or known to a disk only that is not there any more. */
  #letGo(): void {
    const { now } = this.clock
    const loss = this.#loss
    for (const app of this.apps) {
      if (app.knownMs === undefined || app.leftMs !== undefined) continue
      const heardAt = this.#heardAt.get(app) ?? 0
      const isForgotten = now - heardAt > WINDOW_MS - SLACK_MS
      const isLost = loss !== undefined && heardAt <= loss.at && now - loss.at >= loss.graceMs
      if (isForgotten || isLost) app.leftMs = this.tick
    }
  }

  async #serve(known?: Record<Role, string>): Promise<Node> {
    const dataDir = join(testdir(this.#t), 'data')
    mkdirSync(dataDir)
    const server = await this.#start(dataDir, known, false)
    const node = { dataDir, server, tokens: server.tokens }
    // all instances of the service have one list of tokens, and so does each start
    this.#tokensFile ??= copied(join(dataDir, 'tokens.yaml'), join(this.flagsDir, '../tokens.yaml'))
    this.nodes.push(node)
    await this.#together()
    return node
  }

  #start(
    dataDir: string,
    tokens: Record<Role, string> | undefined,
    isUnrecorded: boolean,
  ): Promise<TestServer> {
    return aServer(this.#t, {
      ...{ dataDir, flagsDir: this.flagsDir, clock: () => this.clock.now, isUnrecorded },
      ...(tokens === undefined ? {} : { tokens }),
      ...(this.#tokensFile === undefined ? {} : { tokensFile: this.#tokensFile }),
      ...(this.redis === undefined ? {} : { redisUrl: this.redis.url }),
    })
  }

  /** All instances of the service have the log as the store has it: what they do not know is not for want of time. */
  async #together(): Promise<void> {
    await until(async () => {
      const logs = this.nodes.map(({ server }) => server.parts.log)
      if (logs.some(log => !log.condition.isLive)) return false
      await Promise.all(logs.map(log => log.toEnd().catch(() => {})))
      return new Set(logs.map(({ head }) => head.hash)).size === 1
    }, 'the instances of the service have one log')
  }
}

function copied(from: string, to: string): string {
  cpSync(from, to)
  return to
}

const isFile = (path: string): boolean => !path.endsWith('/lock')

const recordOf = ({ name, app, knownMs, leftMs, turns }: ModelApp): AppRecord => ({
  ...{ name, app, turns },
  ...(knownMs === undefined ? {} : { knownMs }),
  ...(leftMs === undefined ? {} : { leftMs }),
})

const flag = (key: string, more = '') => `  ${key}:
    state: ENABLED
    variants: { "on": true, "off": false }
    defaultVariant: "on"
    metadata: { description: a flag, owner: shop, effect: nothing, killVariant: "off"${more} }`

const CATALOGUE = `flags:
${flag('shop.search')}
${flag('shop.pay')}
${flag('shop.stale', ', onStale: kill, staleAfterSeconds: 120')}
`
