// Connections to Redis that are cut, lose an answer, or stay half open, at any moment of a flip: nothing is done twice,
// whatever is sent again.

import { setTimeout as lasts } from 'node:timers/promises'
import { randomFrom } from '../../support/entries.js'
import { until } from '../../support/until.js'
import { check } from '../check.js'
import { fateOf } from '../history.js'
import { World } from '../world.js'
import type { Scenario } from './scenario.js'

export const CUTS: Scenario = {
  name: 'cuts',
  what: 'TCP cut, lost reply, half-open',
  rounds: { bulk: 1_000, world: 100, test: 10 },
  async run(t, { seed, rounds }) {
    const random = randomFrom(seed)
    const given = { instances: 2, writers: 16, observers: 2, thinkMs: 50 }
    const world = await World.start(t, { ...given, random: randomFrom(seed + 1) })
    world.startWriting()
    for (let round = 0; round < rounds; round++) {
      await harm(world, random)
      await someAnswers(world, 1 + Math.floor(random() * 8))
    }
    await world.stopWriting()
    const violations = check(world.history, await world.ending())
    const { operations } = world.history
    const attempts = operations.flatMap(each => each.attempts)
    return {
      violations,
      counts: {
        acknowledged: operations.filter(each => fateOf(each) === 'acknowledged').length,
        'attempts without a certain answer': attempts.filter(({ status }) => status === 0 || status === 504)
          .length,
        'answered as done before': attempts.filter(({ replayed }) => replayed).length,
      },
    }
  },
}

async function harm(world: World, random: () => number): Promise<void> {
  const { proxy } = world.pick(world.instances)
  const kind = random()
  if (kind < 0.4) proxy.cut()
  else if (kind < 0.6) proxy.halfOpen()
  else {
    // executed, and not heard of: then cut, or left until the command times out
    proxy.mode = 'drop-replies'
    const dropped = proxy.droppedBytes
    await until(() => proxy.droppedBytes > dropped, 'an answer is lost', 5_000).catch(() => {})
    if (kind > 0.9) await lasts(random() * 600)
    proxy.mode = 'pass'
    proxy.cut()
  }
}

async function someAnswers(world: World, many: number): Promise<void> {
  const count = () => world.history.operations.filter(each => fateOf(each) === 'acknowledged').length
  const before = count()
  await until(() => count() >= before + many, 'some flips since the last cut', 180_000)
}
