// What the service remembers goes back in time under apps that run: on the local store its data folder, on Redis the files of
// Redis and every data folder, from a backup of any age. Every kill after that must be in every app that is connected, and
// what is said of its proof must be true: whoever has seen more than the log says is named, and is not taken for less. A hold
// that an app has and the log never had comes back, once; one that the log had does not.

import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '../../../src/domain/log/audit.js'
import { randomFrom } from '../../support/entries.js'
import { type Door, ModelApp } from '../../support/model-app.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import type { Violation } from '../check.js'
import { ask } from '../http.js'
import { type ClaimRecord, falseProofs, type KillRecord } from '../proofs.js'
import { type Instance, PROVEN, TOKENS, World } from '../world.js'
import type { Scenario, Seen } from './scenario.js'

const APP = 'proven'
const APPS = 3
const KEPT = 5

export const backupUnderApps: Scenario = {
  name: 'backup-under-apps',
  what: 'data folders and Redis put back from a backup of any age, under three apps that run; both stores in turn',
  rounds: { bulk: 100, world: 5, test: 2 },
  async run(t, { seed, rounds }): Promise<Seen> {
    const isLocal = seed % 2 === 0
    const world = await World.start(t, {
      ...{ instances: isLocal ? 1 : 2, writers: 0, observers: 0, isLocal, random: randomFrom(seed + 1) },
    })
    return new Rounds(t, world, seed, isLocal).run(rounds)
  },
}

class Rounds {
  readonly #t: Teardown
  readonly #world: World
  readonly #random: () => number
  readonly #isLocal: boolean
  readonly #apps: ModelApp[] = []
  readonly #kills: KillRecord[] = []
  readonly #claims: ClaimRecord[] = []
  readonly #violations: Violation[] = []
  readonly #backups: string[] = []
  readonly #counts: Record<string, number> = {}
  #isEnding = false

  constructor(t: Teardown, world: World, seed: number, isLocal: boolean) {
    this.#t = t
    this.#world = world
    this.#random = randomFrom(seed)
    this.#isLocal = isLocal
  }

  async run(rounds: number): Promise<Seen> {
    const nowMs = () => performance.now()
    for (let number = 0; number < APPS; number++)
      this.#apps.push(new ModelApp({ wanted: `api-${number}`, app: APP, flags: PROVEN, nowMs, shows: true }))
    const living = this.#apps.map(app => this.#live(app))
    await this.#connected()
    for (let round = 0; round < rounds; round++) {
      await this.#backUp()
      for (let times = 1 + Math.floor(this.#random() * 4); times > 0; times--)
        await this.#flip(`${round}-${times}`)
      await this.#goBack()
      // the first is asked for before any app is there again
      await this.#proved(await this.#kill(PROVEN[round % 2] as string, `after-${round}`), round)
      await this.#shownBack(round)
    }
    this.#isEnding = true
    await Promise.all(living)
    const apps = this.#apps.map(({ name, app, turns, knownMs, leftMs }) => ({
      ...{ name, app, turns },
      ...(knownMs === undefined ? {} : { knownMs }),
      ...(leftMs === undefined ? {} : { leftMs }),
    }))
    this.#violations.push(...falseProofs({ apps, kills: this.#kills, claims: this.#claims }))
    this.#count('claims', this.#claims.length)
    await this.#world.close()
    return { violations: this.#violations, counts: this.#counts }
  }

  /** A kill, and perhaps its restore, which the backup does not have. */
  async #flip(name: string): Promise<void> {
    const flag = this.#world.pick(PROVEN)
    const kill = await this.#kill(flag, name)
    if (this.#random() < 0.6) await this.#restore(kill)
  }

  /** Every app is off, and it is told as it is: confirmed, or with the apps that stand apart. Then it is released. */
  async #proved(kill: KillRecord, round: number): Promise<void> {
    await until(
      () => this.#apps.every(app => !app.isOn(kill.flag)),
      'the kill is in every app',
      30_000,
    ).catch(() =>
      this.#violations.push({
        invariant: 'P3',
        detail: `round ${round}: ${this.#running(kill)} never heard of ${kill.key}`,
      }),
    )
    const ahead = this.#apps.filter(app => app.isAhead)
    const [instance] = this.#world.instances as [Instance]
    let said = ''
    const isTrue = async () => {
      const fromMs = performance.now()
      const flip = await ask('GET', `${instance.url}/v1/flips/${kill.key}`, { token: TOKENS.operator })
      const found = flip.body?.convergence?.[0]
      if (found?.status === 'confirmed')
        this.#claims.push({
          ...{
            where: 'GET /v1/flips/:id',
            key: kill.key,
            fromMs,
            toMs: performance.now(),
            served: found.served,
          },
        })
      const { body } = await ask('GET', `${instance.url}/v1/instances?app=${APP}`, { token: TOKENS.viewer })
      const named = (body?.instances ?? []).flatMap((each: { instance: string; apart: unknown[] }) =>
        each.apart.length > 0 ? [each.instance] : [],
      )
      said = `${found?.status}: ${found?.detail}; apart: ${named.join()}`
      // kills that came back may have brought the log past what an app had seen of the one that was lost
      const newest = await ask('GET', `${instance.url}/v1/audit?limit=1`, { token: TOKENS.viewer })
      const end = newest.body?.entries?.[0]?.place ?? 0
      const areNamed = ahead.every(app => !app.isAhead || app.highest <= end || named.includes(app.name))
      return found?.status === 'confirmed' && areNamed
    }
    await until(isTrue, 'it is confirmed, and whoever is ahead is named', 90_000).catch(() =>
      this.#violations.push({
        invariant: 'P4',
        detail: `round ${round}: ${kill.key}, and at last it said ${said}`,
      }),
    )
    this.#count('apps ahead of the log', ahead.length)
    await this.#restore(kill)
  }

  /** Every hold that an app has is in the log, or was; and what an app brought back, the log did not have before. */
  async #shownBack(round: number): Promise<void> {
    let missing: string[] = []
    const isInLog = async () => {
      const entries = await this.#flips()
      missing = this.#apps.flatMap(app => app.holding.filter(id => !entries.some(each => names(each, id))))
      return missing.length === 0
    }
    await until(isInLog, 'what apps hold is in the log', 90_000).catch(() =>
      this.#violations.push({ invariant: 'P5', detail: `round ${round}: ${missing} never came back` }),
    )
    const entries = await this.#flips()
    for (const [index, { shown, outcome }] of entries.entries()) {
      if (shown === undefined || outcome !== 'applied') continue
      this.#count('kills shown back')
      if (entries.slice(0, index).some(each => names(each, shown.hold)))
        this.#violations.push({ invariant: 'P6', detail: `round ${round}: ${shown.hold} came back again` })
    }
  }

  /** Kills and restores, oldest first, as an instance has them. */
  async #flips(): Promise<Entry[]> {
    const [{ url }] = this.#world.instances as [Instance]
    const found: Entry[] = []
    for (let after = ''; ; ) {
      const query = `limit=500&order=oldest&action=kill&action=restore&flag=${PROVEN.join('&flag=')}${after}`
      const { body } = await ask('GET', `${url}/v1/audit?${query}`, { token: TOKENS.viewer })
      found.push(...(body?.entries ?? []))
      if (!body?.next || body.entries.length === 0) return found
      after = `&cursor=${encodeURIComponent(body.next)}`
    }
  }

  #running(kill: KillRecord): string {
    return this.#apps
      .filter(app => app.isOn(kill.flag))
      .map(({ name }) => name)
      .join()
  }

  async #kill(flag: string, name: string): Promise<KillRecord> {
    const kill: KillRecord = { key: `backup-${name}`, flag, app: APP }
    this.#kills.push(kill)
    await this.#flipped('kill', kill)
    return kill
  }

  async #restore(kill: KillRecord): Promise<void> {
    for (const each of this.#kills) if (each.flag === kill.flag) each.releasedMs ??= performance.now()
    await this.#flipped('restore', kill)
  }

  /** At any instance, until it is done; a restore may find that the log never had the kill. */
  async #flipped(kind: 'kill' | 'restore', { flag, key }: KillRecord): Promise<void> {
    await until(async () => {
      const { url } = this.#world.pick(this.#world.instances)
      const fromMs = performance.now()
      const { status, body } = await ask('POST', `${url}/v1/flags/${flag}/${kind}`, {
        token: kind === 'kill' ? TOKENS.operator : TOKENS.engineer,
        body: { reason: 'backups', ...(kind === 'kill' ? { incident: key } : { all: true }) },
        headers: { 'idempotency-key': kind === 'kill' ? key : `${key}-r` },
      })
      const proof = body?.convergence?.[0]
      if (kind === 'kill' && proof?.status === 'confirmed')
        this.#claims.push({
          ...{ where: 'the answer to the kill', key, fromMs, toMs: performance.now(), served: proof.served },
        })
      return status === 200 || body?.code === 'nothing-to-release'
    }, `${kind} ${key}`)
  }

  async #backUp(): Promise<void> {
    const folder = join(testdir(this.#t), 'backup')
    for (const { number, dataDir } of this.#world.instances)
      cpSync(dataDir, join(folder, `data-${number}`), { recursive: true, filter: isFile })
    if (!this.#isLocal) cpSync(this.#world.redis.dir, join(folder, 'redis'), { recursive: true })
    this.#backups.push(folder)
    if (this.#backups.length > KEPT) this.#backups.splice(Math.floor(this.#random() * KEPT), 1)
  }

  async #goBack(): Promise<void> {
    const world = this.#world
    const folder = world.pick(this.#backups)
    for (const instance of world.instances) await world.killInstance(instance)
    if (!this.#isLocal) {
      await world.redis.stop('SIGKILL')
      replace(world.redis.dir, join(folder, 'redis'))
      await world.redis.start()
    }
    for (const { number, dataDir } of world.instances) replace(dataDir, join(folder, `data-${number}`))
    await Promise.all(world.instances.map(instance => world.startInstance(instance)))
    this.#count('backups put back')
  }

  async #live(app: ModelApp): Promise<void> {
    while (!this.#isEnding) {
      if (await app.poll(this.#door)) await app.report(this.#door)
      await new Promise(resolve => setTimeout(resolve, 50 + this.#random() * 150))
    }
  }

  readonly #door: Door = async (method, path, { headers, body }) => {
    const { url } = this.#world.pick(this.#world.instances)
    const asked = { ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { body }) }
    const answer = await ask(method, `${url}${path}`, { token: TOKENS.sdk, withinMs: 2_000, ...asked })
    return answer.status === 0 ? undefined : answer
  }

  #connected(): Promise<boolean> {
    return until(() => this.#apps.every(({ knownMs }) => knownMs !== undefined), 'every app has its session')
  }

  #count(name: string, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by
  }
}

const names = ({ hold, released, merged }: Entry, id: string): boolean =>
  hold === id || [...(released ?? []), ...(merged ?? [])].includes(id)

const isFile = (path: string): boolean => !path.endsWith('/lock')

function replace(folder: string, by: string): void {
  rmSync(folder, { recursive: true, force: true })
  cpSync(by, folder, { recursive: true })
}
