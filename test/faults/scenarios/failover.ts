// The master dies, and a replica takes over. Behind Sentinel it lags by 1.5 s: what was acknowledged meanwhile is on no
// Redis any more, and in the journals alone.

import { setTimeout as lasts } from 'node:timers/promises'
import type { TestRedis } from '../../support/redis.js'
import type { Teardown } from '../../support/testdir.js'
import { RedisCluster } from '../cluster.js'
import { Sentinels } from '../sentinels.js'
import type { Scenario, Seen } from './scenario.js'
import { UnderLoad } from './under-load.js'

const HOLE_MS = 1_500

/** What the two have in common: a pair of which one is master. */
type Pair = {
  readonly url: string
  readonly master: TestRedis
  /** Where what is written can be kept from the replica. */
  openHole?(): Promise<void>
  killMaster(): Promise<void>
  promoted(): Promise<TestRedis>
  whole(): Promise<void>
}

export const sentinelFailover: Scenario = {
  name: 'sentinel-failover',
  what: 'Sentinel failover with a hole of 1.5 s in the replication; three instances, 8 writers, 3 apps with the SDK',
  rounds: { bulk: 20, world: 5, test: 1 },
  wanted: { 'first kill': { max: 50 }, 'store back': { max: 5_000 } },
  run: async (t, asked) => failOverAndOver(t, await Sentinels.start(t), asked),
}

export const clusterFailover: Scenario = {
  name: 'cluster-failover',
  what: 'failover of the node of a cluster that has the log; three instances, 8 writers, 3 apps with the SDK',
  rounds: { bulk: 20, world: 5, test: 1 },
  wanted: { 'first kill': { max: 50 } },
  run: async (t, asked) => failOverAndOver(t, await RedisCluster.start(t, 'killswitch:{test}:log'), asked),
}

async function failOverAndOver(
  t: Teardown,
  pair: Pair,
  { seed, rounds }: { seed: number; rounds: number },
): Promise<Seen> {
  const store = { redis: pair.master, url: pair.url }
  const load = await UnderLoad.start(t, { seed, instances: 3, store })
  for (let round = 0; round < rounds; round++) {
    await load.someFlips(10)
    await failOver(load, pair)
    await load.wellAgain()
    await pair.whole()
  }
  return load.judge()
}

async function failOver(load: UnderLoad, pair: Pair): Promise<void> {
  const { world } = load
  const from = world.history.operations.length
  if (pair.openHole !== undefined) {
    await pair.openHole()
    await lasts(HOLE_MS)
  }
  world.inForce.add('a failover')
  await pair.killMaster()
  const killedMs = performance.now()
  await firstKill(load)
  if (pair.openHole !== undefined)
    load.count('flips acknowledged in the hole', inLogBetween(load, from, killedMs))
  world.hasMoved(await pair.promoted())
  load.time('promoted', performance.now() - killedMs)
  load.time('store back', (await load.firstInLog(killedMs)).answeredMs - killedMs)
  world.inForce.delete('a failover')
}

const inLogBetween = ({ world }: UnderLoad, from: number, untilMs: number): number =>
  world.history.operations
    .slice(from)
    .flatMap(({ attempts }) => attempts)
    .filter(({ durability, answeredMs }) => durability === 'both' && answeredMs < untilMs).length

/** On an instance that may not know yet that its master is gone. */
async function firstKill(load: UnderLoad): Promise<void> {
  const { world } = load
  const key = `first-${world.history.operations.length}`
  const operation = world.operation('kill', 'chaos.f00', `INC-${key}`, key)
  const made = await world.attempt(operation, load.pick(world.instances))
  if (made.status !== 200)
    return load.fail('I5', `the first kill after the failure was answered ${made.status}`)
  load.time('first kill', made.answeredMs - made.sentMs)
  load.count(`first kills "${made.durability}"`)
}
