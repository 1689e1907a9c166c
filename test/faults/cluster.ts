// A Redis Cluster of three masters and one replica, that of the node which has the log. The roles change with every
// failover; what was master comes back as a replica by itself.

import { PROPER, startRedis, type TestRedis } from '../support/redis.js'
import type { Teardown } from '../support/testdir.js'
import { until } from '../support/until.js'

const CONFIG = {
  ...PROPER,
  'cluster-enabled': 'yes',
  'cluster-announce-ip': '127.0.0.1',
  'cluster-node-timeout': '1000',
}
const SLOTS = 16_384

export class RedisCluster {
  readonly url: string
  master: TestRedis
  replica: TestRedis
  readonly #nodes: readonly TestRedis[]

  private constructor(nodes: readonly TestRedis[], master: TestRedis, replica: TestRedis) {
    this.#nodes = nodes
    this.master = master
    this.replica = replica
    this.url = `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  /** `key` is one of those that all are on one node. */
  static async start(t: Teardown, key: string): Promise<RedisCluster> {
    const masters: TestRedis[] = []
    for (let number = 0; number < 3; number++) masters.push(await startRedis(t, CONFIG))
    const replica = await startRedis(t, CONFIG)
    const nodes = [...masters, replica]
    const slot = Number(await replica.admin.cluster('KEYSLOT', key))
    for (const [index, { admin }] of masters.entries()) {
      const [from, to] = [Math.ceil((index * SLOTS) / 3), Math.ceil(((index + 1) * SLOTS) / 3) - 1]
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    }
    for (const { port } of nodes.slice(1)) await nodes[0]?.admin.call('CLUSTER', 'MEET', '127.0.0.1', port)
    const master = masters[Math.floor((slot * 3) / SLOTS)] as TestRedis
    const cluster = new RedisCluster(nodes, master, replica)
    const id = String(await master.admin.call('CLUSTER', 'MYID'))
    await until(
      async () => (await cluster.#view(replica)).includes(id),
      'the replica knows its master',
      60_000,
    )
    await replica.admin.call('CLUSTER', 'REPLICATE', id)
    await cluster.whole()
    return cluster
  }

  async killMaster(): Promise<void> {
    await this.master.stop('SIGKILL')
  }

  /** Resolves with the replica when it has been made the master. */
  async promoted(): Promise<TestRedis> {
    const { replica } = this
    await until(
      async () => (await this.#isIn(replica, 'myself,master')) === true,
      'the replica is promoted',
      60_000,
    )
    this.replica = this.master
    this.master = replica
    return replica
  }

  /** The one that was killed is back, and every node agrees on who is what. */
  async whole(): Promise<void> {
    if (!(await isUp(this.replica))) await this.replica.start()
    const agree = async () => {
      const [infos, own] = [
        await Promise.all(this.#nodes.map(({ admin }) => admin.cluster('INFO'))),
        await this.#isIn(this.replica, 'myself,slave'),
      ]
      const replication = await this.replica.admin.info('replication')
      return (
        own &&
        /master_link_status:up/.test(replication) &&
        infos.every(info => /cluster_state:ok/.test(info) && /cluster_known_nodes:4/.test(info))
      )
    }
    await until(() => agree().catch(() => false), 'the cluster is whole', 180_000)
  }

  async #view({ admin }: TestRedis): Promise<string> {
    return String(await admin.cluster('NODES').catch(() => ''))
  }

  async #isIn(node: TestRedis, flags: string): Promise<boolean> {
    return (await this.#view(node)).split('\n').some(line => line.includes(` ${flags} `))
  }
}

const isUp = async ({ admin }: TestRedis): Promise<boolean> => {
  const answer = admin.ping().then(
    () => true,
    () => false,
  )
  return Promise.race([answer, new Promise<boolean>(resolve => setTimeout(() => resolve(false), 1_000))])
}
