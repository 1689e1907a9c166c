// Redis dead (kill -9) or hung (SIGSTOP, 0.2 to 10 s): every kill meanwhile is timed, and what was acknowledged is in the log
// when Redis is back.

import { setTimeout as lasts } from 'node:timers/promises'
import { randomFrom } from '../../support/entries.js'
import type { Teardown } from '../../support/testdir.js'
import { check } from '../check.js'
import { fateOf } from '../history.js'
import { type Instance, World } from '../world.js'
import { floorMs, kill, tookMs } from './probe.js'
import type { Scenario, Seen } from './scenario.js'

const FLOOR = 'GET /livez at the same time'

export const REDIS_KILLED: Scenario = {
  name: 'redis-killed',
  what: 'kill -9 of Redis',
  rounds: { bulk: 150, world: 25, test: 1 },
  wanted: { 'kill, Redis dead': { p99: 50 } },
  run: (t, asked) =>
    rounds(t, asked, async (world, instance, name, random, times) => {
      await world.redis.stop('SIGKILL')
      const until = performance.now() + 100 + random() * 900
      for (let n = 0; performance.now() < until; n++)
        await probe(world, instance, `${name}-${n}`, 'kill, Redis dead', times)
      await world.redis.start()
    }),
}

export const REDIS_HUNG: Scenario = {
  name: 'redis-hung',
  what: 'SIGSTOP of Redis for 0.2 to 10 s',
  rounds: { bulk: 150, world: 25, test: 1 },
  wanted: { 'kill, Redis hung': { p99: 500 }, 'kill, Redis hung, breaker warm': { p99: 250 } },
  run: (t, asked) =>
    rounds(t, asked, async (world, instance, name, random, times) => {
      world.redis.pause()
      // short ones are as many as long ones
      const until = performance.now() + 200 * 50 ** random()
      for (let n = 0; performance.now() < until; n++) {
        const isFirst = n === 0
        const what = isFirst ? 'kill, Redis hung' : 'kill, Redis hung, breaker warm'
        await probe(world, instance, `${name}-${n}`, what, times)
      }
      world.redis.resume()
    }),
}

type Times = Record<string, number[]>
type Round = (
  world: World,
  instance: Instance,
  name: string,
  random: () => number,
  times: Times,
) => Promise<void>

/** Two instances and a few writers, so that restores and other kills are on their way when it happens. */
async function rounds(
  t: Teardown,
  { seed, rounds }: { seed: number; rounds: number },
  round: Round,
): Promise<Seen> {
  const random = randomFrom(seed)
  const given = { instances: 2, writers: 4, observers: 2, thinkMs: 300 }
  const world = await World.start(t, { ...given, random: randomFrom(seed + 1) })
  const times: Times = {}
  world.startWriting()
  for (let n = 0; n < rounds; n++) {
    const instance = world.pick(world.instances)
    await round(world, instance, String(n), random, times)
    await world.healed()
  }
  await world.stopWriting()
  const violations = check(world.history, await world.ending())
  const acknowledged = world.history.operations.filter(each => fateOf(each) === 'acknowledged').length
  return { violations, times, counts: { acknowledged } }
}

async function probe(
  world: World,
  instance: Instance,
  name: string,
  what: string,
  times: Times,
): Promise<void> {
  const took = tookMs(await kill(world, instance, name))
  times[what] = [...(times[what] ?? []), took]
  times[FLOOR] = [...(times[FLOOR] ?? []), await floorMs(instance)]
  await lasts(20)
}
