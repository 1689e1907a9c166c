// A master, a replica and three real Sentinels, with a proxy that can hold back what is replicated. The roles change with
// every failover; what was master comes back as a replica.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { FaultyProxy } from '../support/proxy.js'
import { freePort, PROPER, startRedis, type TestRedis } from '../support/redis.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const NAME = 'main'
/** As short as a Sentinel's own second-long beats make sense of. */
const DOWN_AFTER_MS = 1_000
const FAILOVER_TIMEOUT_MS = 3_000

export class Sentinels {
  readonly url: string
  master: TestRedis
  replica: TestRedis
  readonly #ports: readonly number[]
  readonly #asked: Redis
  /** Between replica and master, while there is a hole. */
  #between: FaultyProxy | undefined

  private constructor(master: TestRedis, replica: TestRedis, ports: readonly number[]) {
    this.master = master
    this.replica = replica
    this.#ports = ports
    this.#asked = new Redis({ host: '127.0.0.1', port: ports[0] as number, retryStrategy: () => 50 })
    this.#asked.on('error', () => {})
    this.url = `redis+sentinel://${ports.map(port => `127.0.0.1:${port}`).join(',')}/${NAME}`
  }

  static async start(t: Teardown): Promise<Sentinels> {
    const [master, replica] = [await startRedis(t, PROPER), await startRedis(t, PROPER)]
    await replica.admin.replicaof('127.0.0.1', master.port)
    const ports = [await freePort(), await freePort(), await freePort()]
    for (const port of ports) await startSentinel(t, port, master.port)
    const sentinels = new Sentinels(master, replica, ports)
    t.after(() => {
      sentinels.#asked.disconnect()
      return sentinels.#between?.close()
    })
    await sentinels.whole()
    return sentinels
  }

  /** What is written from now on reaches the replica no more. A Sentinel would see to it after eight seconds. */
  async openHole(): Promise<void> {
    const proxy = new FaultyProxy(this.master.port)
    await proxy.listen()
    this.#between = proxy
    await this.replica.admin.replicaof('127.0.0.1', proxy.port)
    await inStep(this.master, this.replica)
    proxy.mode = 'black-hole'
  }

  /** Ends the master as the kernel would, and what was on its way to the replica with it. */
  async killMaster(): Promise<void> {
    await this.master.stop('SIGKILL')
    await this.#between?.close()
    this.#between = undefined
  }

  /** Resolves with the master that the Sentinels have agreed on when it takes writes. */
  async promoted(): Promise<TestRedis> {
    const { replica } = this
    await until(async () => (await roleOf(replica)) === 'master', 'the replica is promoted', 180_000)
    this.replica = this.master
    this.master = replica
    return replica
  }

  /** The one that was killed comes back, and is a replica as if it had been told so. */
  async whole(): Promise<void> {
    const { master, replica } = this
    if ((await roleOf(replica)) === undefined) await replica.start({ replicaof: `127.0.0.1 ${master.port}` })
    await inStep(master, replica)
    for (const port of this.#ports)
      await until(() => this.#isKnownTo(port), `Sentinel ${port} sees both`, 180_000)
  }

  async #isKnownTo(port: number): Promise<boolean> {
    const sentinel = new Redis({ host: '127.0.0.1', port, lazyConnect: true })
    sentinel.on('error', () => {})
    try {
      const [known] = (await sentinel.call('SENTINEL', 'MASTERS')) as string[][]
      const [replica] = (await sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][]
      const [of, by] = [fields(known), fields(replica)]
      return (
        of.port === String(this.master.port) &&
        of.flags === 'master' &&
        of['num-other-sentinels'] === '2' &&
        by.port === String(this.replica.port) &&
        by.flags === 'slave' &&
        by['master-link-status'] === 'ok'
      )
    } finally {
      sentinel.disconnect()
    }
  }
}

const fields = (flat: readonly string[] = []): Record<string, string> =>
  Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [])))

/** Undefined while it does not answer. */
async function roleOf({ admin }: TestRedis): Promise<string | undefined> {
  const role = admin.role().then(([name]) => String(name))
  const timeout = new Promise<undefined>(resolve => setTimeout(() => resolve(undefined), 1_000))
  return Promise.race([role.catch(() => undefined), timeout])
}

async function inStep(master: TestRedis, replica: TestRedis): Promise<void> {
  const isInStep = async () => {
    const [of, by] = [await master.admin.info('replication'), await replica.admin.info('replication')]
    const offset = (info: string, name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1] ?? -1)
    return (
      /master_link_status:up/.test(by) &&
      offset(by, 'slave_repl_offset') >= offset(of, 'master_repl_offset') - 10_000
    )
  }
  await until(() => isInStep().catch(() => false), 'the replica has what the master has', 180_000)
}

async function startSentinel(t: Teardown, port: number, master: number): Promise<void> {
  const folder = join(testdir(t), String(port))
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${master} 2`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} ${FAILOVER_TIMEOUT_MS}`,
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const child: ChildProcess = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' })
  t.after(async () => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  })
}
