// The whole thing, alive: a Redis, a proxy before it for each instance, service processes, writers and observers. What is
// done to it is in faults.ts; whether it held is for check.ts.

import { createHash } from 'node:crypto'
import { appendFileSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { withRecord } from '../support/fleet-record.js'
import { FaultyProxy } from '../support/proxy.js'
import { freePort, PROPER, type RedisConfig, TestRedis } from '../support/redis.js'
import { Service } from '../support/service.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import type { Ending } from './check.js'
import { type Attempt, fateOf, type History, newHistory, type Operation } from './history.js'
import { type Answer, ask } from './http.js'
import { Observer } from './observer.js'

/** Twenty flags of a catalogue of the harness's own. */
export const FLAGS = Array.from({ length: 20 }, (_, index) => `chaos.f${String(index).padStart(2, '0')}`)
/** Of another application, whose apps prove what they apply: provers.ts. */
export const PROVEN = ['proven.p0', 'proven.p1']
const ACTORS = ['sdk', 'viewer', 'operator', 'engineer'] as const
type Who = (typeof ACTORS)[number]
export const TOKENS = Object.fromEntries(ACTORS.map(who => [who, `ks_${who}_${'x'.repeat(40)}`])) as Record<
  Who,
  string
>

export type Given = {
  instances: number
  writers: number
  observers: number
  redis?: RedisConfig
  /** One instance on the local store: its journal is the log, and there is no Redis. */
  isLocal?: boolean
  /** Folders for the instances' data, by their number; each its own below the world's otherwise. */
  dataDir?: (instance: number) => string
  /** What to start instead of the service. */
  command?: string[]
  /** False for a build without one. */
  hasJournal?: boolean
  /** Milliseconds a writer waits at most between two requests. */
  thinkMs?: number
  /** What the writers flip; all flags, where it does not say. */
  flags?: readonly string[]
  /** Instead of a Redis of its own behind proxies: who is master now, and where the instances find it. Its owner ends it. */
  store?: { redis: TestRedis; url: string }
  random: () => number
}

export class Instance {
  readonly number: number
  readonly port: number
  readonly proxy: FaultyProxy
  readonly dataDir: string
  service: Service | undefined
  /** Grows with everything that is done to the process: an answer across such a moment proves nothing. */
  disturbed = 0
  isUp = false
  starts = 0

  constructor(given: { number: number; port: number; proxy: FaultyProxy; dataDir: string }) {
    this.number = given.number
    this.port = given.port
    this.proxy = given.proxy
    this.dataDir = given.dataDir
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
}

export class World {
  readonly history: History = newHistory()
  readonly instances: Instance[] = []
  readonly observers: Observer[] = []
  redis: TestRedis
  readonly random: () => number
  /** Faults in force, for the report. */
  readonly inForce = new Set<string>()
  readonly #given: Given
  readonly #t: Teardown
  readonly #folder: string
  #writing = false
  #writers: Promise<void>[] = []
  /** What the judge reads by: no fault touches it. */
  #reader: Redis | undefined

  private constructor(t: Teardown, given: Given, redis: TestRedis) {
    this.#t = t
    this.#given = given
    this.random = given.random
    this.redis = redis
    this.#folder = testdir(t)
  }

  static async start(t: Teardown, given: Given): Promise<World> {
    const redis = given.store?.redis ?? new TestRedis(await freePort(), given.redis ?? PROPER)
    if (given.store === undefined && !given.isLocal) await redis.start()
    const world = new World(t, given, redis)
    t.after(() => world.close())
    world.#writeFiles()
    for (let number = 0; number < given.instances; number++) {
      const proxy = new FaultyProxy(redis.port)
      await proxy.listen()
      const dataDir = given.dataDir?.(number) ?? join(world.#folder, `data-${number}`)
      mkdirSync(dataDir, { recursive: true })
      // one that knows of nobody before it may confirm from its first second
      withRecord(dataDir)
      world.instances.push(new Instance({ number, port: await freePort(), proxy, dataDir }))
    }
    await Promise.all(world.instances.map(instance => world.startInstance(instance)))
    await world.settled()
    const urls = world.instances.map(({ url }) => url)
    for (let number = 0; number < given.observers; number++)
      world.observers.push(new Observer({ number, urls, token: TOKENS.sdk, history: world.history }).start())
    return world
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T
  }

  between(low: number, high: number): number {
    return Math.round(low + this.random() * (high - low))
  }

  async startInstance(instance: Instance): Promise<void> {
    const { command, store, isLocal } = this.#given
    instance.disturbed++
    instance.starts++
    instance.service = Service.launch(this.#t, {
      dataDir: instance.dataDir,
      env: {
        KILLSWITCH_PORT: String(instance.port),
        ...(isLocal ? {} : { KILLSWITCH_REDIS_URL: store?.url ?? instance.proxy.url }),
        KILLSWITCH_FLAGS_DIR: join(this.#folder, 'flags'),
        KILLSWITCH_TOKENS_FILE: join(this.#folder, 'tokens.yaml'),
        KILLSWITCH_LOG_LEVEL: process.env.KILLSWITCH_TEST_LOG ?? 'error',
      },
      ...(command === undefined ? {} : { command }),
    })
    await instance.service.up()
    instance.disturbed++
    instance.isUp = true
  }

  async killInstance(instance: Instance): Promise<void> {
    instance.isUp = false
    instance.disturbed++
    await instance.service?.end('SIGKILL')
  }

  pauseInstance(instance: Instance): void {
    instance.isUp = false
    instance.disturbed++
    instance.service?.child.kill('SIGSTOP')
  }

  resumeInstance(instance: Instance): void {
    instance.service?.child.kill('SIGCONT')
    instance.disturbed++
    instance.isUp = true
  }

  /** The files of Redis as they are now, to be put back later; it is stopped for that moment. */
  backup(name: string): string {
    const folder = join(this.#folder, `backup-${name}`)
    rmSync(folder, { recursive: true, force: true })
    cpSync(this.redis.dir, folder, { recursive: true })
    return folder
  }

  startWriting(): void {
    this.#writing = true
    this.#writers = Array.from({ length: this.#given.writers }, (_, number) => this.#write(number))
  }

  async stopWriting(): Promise<void> {
    this.#writing = false
    await Promise.all(this.#writers)
  }

  /** One try of an operation on an instance, kept in its history. */
  async attempt(operation: Operation, instance: Instance, withinMs?: number): Promise<Attempt> {
    const { kind, flag, incident, key, actor, seen } = operation
    const [before, wasUp, sentMs] = [instance.disturbed, instance.isUp, performance.now()]
    const during = [...this.inForce].join('+') || 'nothing'
    const answer = await ask('POST', `${instance.url}/v1/flags/${flag}/${kind}`, {
      token: TOKENS[actor as Who],
      body: { incident, reason: 'chaos' },
      headers: { 'idempotency-key': key, ...(seen > 0 ? { 'killswitch-floor': String(seen) } : {}) },
      ...(withinMs === undefined ? {} : { withinMs }),
    })
    const made: Attempt = {
      instance: instance.number,
      sentMs,
      answeredMs: performance.now(),
      during,
      wasUp: wasUp && instance.isUp && before === instance.disturbed,
      ...tell(answer),
    }
    operation.attempts.push(made)
    return made
  }

  operation(kind: Operation['kind'], flag: string, incident: string, key: string, seen = 0): Operation {
    const actor = kind === 'kill' ? 'operator' : 'engineer'
    const operation: Operation = { kind, actor, key, flag, incident, seen, attempts: [] }
    this.history.operations.push(operation)
    return operation
  }

  /** A closed loop: kill under an incident of its own, retry what is not known, restore, perhaps kill again. */
  async #write(number: number): Promise<void> {
    let seen = 0
    const pause = () =>
      new Promise(resolve => setTimeout(resolve, this.random() * (this.#given.thinkMs ?? 200)))
    const act = async (operation: Operation): Promise<boolean> => {
      for (let attempt = 0; attempt < 3; attempt++) {
        const made = await this.attempt(operation, this.pick(this.instances))
        seen = Math.max(seen, made.place ?? 0)
        await pause()
        if (made.status === 200) return true
        if (!this.#writing || (made.status !== 0 && made.status < 500)) return false
      }
      return false
    }
    for (let round = 0; this.#writing; round++) {
      const incident = `INC-${number}-${round}`
      const flag = this.pick(this.#given.flags ?? FLAGS)
      const turns = this.random() < 0.3 ? 2 : 1
      for (let turn = 0; turn < turns && this.#writing; turn++) {
        const key = `w${number}-${round}-${turn}`
        await act(this.operation('kill', flag, incident, `${key}-kill`, seen))
        if (this.#writing && this.random() < 0.8)
          await act(this.operation('restore', flag, incident, `${key}-restore`, seen))
      }
    }
  }

  /** Resolves when every instance says that all is well, and all have the same log as the store. */
  async settled(withinMs = 180_000): Promise<void> {
    let last = ''
    await until(
      async () => {
        const heads = await Promise.all(this.instances.map(instance => this.#readiness(instance)))
        const end = await this.#head()
        last = `${heads.join(' | ')} | store ${end}`
        return heads.every(head => head === String(end)) && (end > 0 || this.#given.hasJournal === false)
      },
      'all instances are well and have one log',
      withinMs,
    ).catch(error => {
      throw new Error(`${(error as Error).message}: ${last}`)
    })
  }

  /** Resolves when every instance says that all is well, whoever writes meanwhile. */
  async healed(withinMs = 180_000): Promise<void> {
    let last: string[] = []
    await until(
      async () => {
        last = await Promise.all(this.instances.map(instance => this.#readiness(instance)))
        return last.every(head => /^\d+$/.test(head))
      },
      'all instances are well',
      withinMs,
    ).catch(error => {
      throw new Error(`${(error as Error).message}: ${last.join(' | ')}`)
    })
  }

  /** Whether an instance that answers says that something is wrong. */
  async isAnyUnwell(): Promise<boolean> {
    const said = await Promise.all(this.instances.map(instance => this.#readiness(instance)))
    return said.some(each => each !== 'no answer' && !/^\d+$/.test(each))
  }

  /** The head where all is well, else what is not. */
  async #readiness(instance: Instance): Promise<string> {
    const { status, body } = await ask('GET', `${instance.url}/readyz`, { token: TOKENS.viewer })
    if (status === 0) return 'no answer'
    const codes = body.degraded
      .map(({ code }: { code: string }) => code)
      // what nobody signed stays told until a person has looked at it
      .filter((code: string) => !isApart(code) && code !== 'not-signed')
    const snapshot = await ask('GET', `${instance.url}/v1/snapshot`, { token: TOKENS.sdk })
    if (snapshot.body?.provisional?.length > 0) codes.push(`${snapshot.body.provisional.length} provisional`)
    return codes.length > 0 ? codes.join() : String(body.head)
  }

  async ending(): Promise<Ending> {
    // a build without a journal may never be well again: what it left in the store is judged all the same
    if (this.#given.hasJournal === false) return this.#remains()
    await this.settled()
    const { operations } = this.history
    const unknown = operations.filter(operation => fateOf(operation) === 'unknown')
    const resolved = new Map<string, string>()
    for (const operation of unknown) resolved.set(operation.key, await this.#resolve(operation))
    await this.settled()
    const killed = await Promise.all(this.instances.map(instance => this.killedOn(instance)))
    const folded = killed[0]?.flags.join() ?? ''
    // an observer has its last event soon; where it does not, the check says what it shows
    await until(() => this.observers.every(each => each.killed.join() === folded), 'observers', 60_000).catch(
      () => {},
    )
    for (const [index, observer] of this.observers.entries())
      killed.push({ who: `observer ${index}`, flags: observer.killed })
    return {
      ...(await this.#logs()),
      killed,
      resolved,
      restarted: this.instances.some(({ starts }) => starts > 1),
    }
  }

  /** Of one moment: what an app has confirmed comes into the log when it will. Where they stay apart, as they are. */
  async #logs(): Promise<Pick<Ending, 'lines' | 'journals'>> {
    const read = async () => ({ lines: await this.lines(), journals: this.instances.map(journalOf) })
    const isOne = ({ lines, journals }: Pick<Ending, 'lines' | 'journals'>) =>
      journals.every(journal => journal.length === lines.length)
    const together = async () => {
      const logs = await read()
      return isOne(logs) && logs
    }
    return until(together, 'log and journals are of one length', 60_000).catch(read)
  }

  async #remains(): Promise<Ending> {
    return { lines: await this.lines(), journals: [], killed: [], resolved: new Map(), restarted: true }
  }

  async #resolve(operation: Operation): Promise<string> {
    const token = TOKENS[operation.actor as Who]
    // any instance may be asked; one that still tries says pending
    return until(async () => {
      const { body } = await ask('GET', `${(this.instances[0] as Instance).url}/v1/flips/${operation.key}`, {
        token,
      })
      const said = body?.state ?? body?.code
      return said !== 'pending' && said !== 'provisional' && said
    }, `what became of ${operation.key} is known`)
  }

  async killedOn(instance: Instance): Promise<{ who: string; flags: string[] }> {
    const { body } = await ask('GET', `${instance.url}/v1/snapshot`, { token: TOKENS.sdk })
    const flags = Object.entries(body.flags as Record<string, { held?: unknown }>)
      .filter(([, { held }]) => held !== undefined)
      .map(([key]) => key)
    return { who: `instance ${instance.number}`, flags: flags.sort() }
  }

  /** Another is master now: what is judged is read from it. */
  hasMoved(to: TestRedis): void {
    this.redis = to
    this.#reader?.disconnect()
    this.#reader = undefined
  }

  get #store(): Redis {
    this.#reader ??= new Redis({
      port: this.redis.port,
      host: '127.0.0.1',
      protocol: 2,
      retryStrategy: () => 20,
    })
    if (this.#reader.listenerCount('error') === 0) this.#reader.on('error', () => {})
    return this.#reader
  }

  async #head(): Promise<number> {
    if (this.#given.isLocal) {
      const { epoch, seq } = JSON.parse((await this.lines()).at(-1) ?? '{"epoch":0,"seq":0}')
      return epoch * 2 ** 32 + seq
    }
    const [last] = await this.#store.xrevrange(LOG, '+', '-', 'COUNT', 1)
    const [epoch = 0, seq = 0] = last === undefined ? [] : last[0].split('-').map(Number)
    return epoch * 2 ** 32 + seq
  }

  /** The log, verbatim. */
  async lines(): Promise<string[]> {
    if (this.#given.isLocal) return journalOf(this.instances[0] as Instance)
    return (await this.#store.xrange(LOG, '-', '+')).map(([, fields]) => fields[1] as string)
  }

  async close(): Promise<void> {
    this.#writing = false
    for (const { service } of this.instances) {
      service?.child.kill('SIGCONT')
      await service?.end('SIGKILL')
    }
    await Promise.all(this.#writers)
    await Promise.all(this.observers.map(observer => observer.stop()))
    this.#reader?.disconnect()
    for (const { proxy } of this.instances) await proxy.close()
    if (this.#given.store === undefined) await this.redis.remove()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #writeFiles(): void {
    mkdirSync(join(this.#folder, 'flags'), { recursive: true })
    const flags = (keys: readonly string[]) =>
      keys.map(
        key => `  ${key}:
    state: ENABLED
    variants: { "on": true, "off": false }
    defaultVariant: "on"
    metadata: { description: a flag of the harness, owner: harness, effect: nothing, killVariant: "off" }`,
      )
    for (const [name, keys] of [
      ['chaos', FLAGS],
      ['proven', PROVEN],
    ] as const)
      writeFileSync(join(this.#folder, `flags/${name}.yaml`), `flags:\n${flags(keys).join('\n')}\n`)
    const tokens = ACTORS.map(who => {
      const sha256 = createHash('sha256').update(TOKENS[who]).digest('hex')
      return `- { id: ${who}, role: ${who}, sha256: "${sha256}" }`
    })
    writeFileSync(join(this.#folder, 'tokens.yaml'), `${tokens.join('\n')}\n`)
  }
}

/** What is said of the apps and of how Redis is set up is no sign that the service is not well. */
export const isApart = (code: string): boolean =>
  code.startsWith('redis-') ||
  ['restores-not-applied', 'apps-apart', 'instances-refused', 'instances-near-limit'].includes(code)

const LOG = 'killswitch:{test}:log'

const journalOf = ({ service }: Instance): string[] => (service?.journal() ?? '').split('\n').slice(0, -1)

function tell({ status, body }: Answer): Pick<Attempt, 'status'> & Partial<Attempt> {
  const { code, durability, outcome, replayed, id, convergence } = body ?? {}
  const proof = convergence?.[0]
  const told = { code, durability, outcome, replayed, place: id, proof }
  const known = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))
  return { status, ...known }
}

/** Leaves a half-written line at the end of an instance's journal, as a crash does. */
export function tearTail({ dataDir }: Instance, bytes: string): void {
  const folder = join(dataDir, 'log')
  const last = readdirSync(folder)
    .filter(name => name.endsWith('.ndjson'))
    .sort()
    .at(-1)
  if (last !== undefined) appendFileSync(join(folder, last), bytes)
}
