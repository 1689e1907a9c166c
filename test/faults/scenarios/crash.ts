// kill -9 of the service in the middle of flips, with what a crash may leave at the end of its files: on the local store, and
// on Redis, where its journal may have lost whole lines as well and is filled again from the store.

import { randomFrom } from '../../support/entries.js'
import type { Teardown } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import { check } from '../check.js'
import { fateOf } from '../history.js'
import { ask } from '../http.js'
import { type Instance, World } from '../world.js'
import { tearJournal, tearProvisional } from './debris.js'
import { kill } from './probe.js'
import type { Scenario, Seen } from './scenario.js'

const scenario = (store: 'local' | 'redis'): Scenario => ({
  name: `crash-${store}`,
  what: `kill -9 of the service in the middle of flips, torn tails, ${store === 'local' ? 'local store' : 'Redis'}`,
  rounds: { bulk: 250, world: 25, test: 1 },
  wanted: { 'ready again': { max: 1_000 } },
  run: (t, asked) => crash(t, asked, store),
})

export const CRASHES = [scenario('local'), scenario('redis')]

async function crash(
  t: Teardown,
  { seed, rounds }: { seed: number; rounds: number },
  store: 'local' | 'redis',
): Promise<Seen> {
  const random = randomFrom(seed)
  const given = { instances: 1, writers: 8, observers: 1, thinkMs: 30, isLocal: store === 'local' }
  const world = await World.start(t, { ...given, random: randomFrom(seed + 1) })
  const instance = world.instances[0] as Instance
  const ready: number[] = []
  world.startWriting()
  for (let round = 0; round < rounds; round++) {
    await someFlips(world, 5 + Math.floor(random() * 35))
    // a third of the crashes on Redis find kills that are on this disk alone
    const isAway = store === 'redis' && random() < 0.33
    if (isAway) {
      world.redis.pause()
      for (let n = 0; n < 3; n++) await kill(world, instance, `away-${round}-${n}`)
    }
    await world.killInstance(instance)
    tearJournal(instance.dataDir, random, store === 'redis')
    tearProvisional(instance.dataDir, random)
    if (isAway) world.redis.resume()
    ready.push(await startAgain(world, instance))
  }
  await world.stopWriting()
  const ending = await world.ending()
  const violations = check(world.history, ending)
  const acknowledged = world.history.operations.filter(each => fateOf(each) === 'acknowledged').length
  return {
    violations,
    times: { 'ready again': ready },
    counts: { acknowledged, entries: ending.lines.length },
  }
}

async function someFlips(world: World, many: number): Promise<void> {
  const { operations } = world.history
  const count = () => operations.slice(-500).filter(each => fateOf(each) === 'acknowledged').length
  const [from, before] = [operations.length, count()]
  await until(() => operations.length > from + 400 || count() >= before + many, 'some flips', 180_000)
}

/** From the start of the process to the first 200 of /readyz, in ms. */
async function startAgain(world: World, instance: Instance): Promise<number> {
  const fromMs = performance.now()
  const up = world.startInstance(instance)
  const isReady = async () => (await ask('GET', `${instance.url}/readyz`)).status === 200
  await Promise.race([until(isReady, 'it is ready', 120_000), up.then(() => until(isReady, 'it is ready'))])
  const readyMs = performance.now() - fromMs
  await up
  return readyMs
}
