// The log, or a key beside it, is taken out of a Redis that goes on running. How soon it is noticed, how soon it is back,
// and that no app notices at all.

import type { Redis } from 'ioredis'
import { until } from '../../support/until.js'
import type { Instance } from '../world.js'
import type { Scenario, Seen } from './scenario.js'
import { UnderLoad } from './under-load.js'

type Harm = { name: string; losesLog: boolean; inflict: (redis: Redis) => Promise<unknown> }

const key = (name: string): string => `killswitch:{test}:${name}`

const HARMS: readonly Harm[] = [
  { name: 'FLUSHALL', losesLog: true, inflict: redis => redis.flushall() },
  { name: 'FLUSHDB', losesLog: true, inflict: redis => redis.flushdb() },
  // into a database that is empty, or has the log as it was at the last swap
  { name: 'SWAPDB', losesLog: true, inflict: redis => redis.call('SWAPDB', 0, 1) },
  { name: 'DEL log', losesLog: true, inflict: redis => redis.del(key('log')) },
  { name: 'DEL meta', losesLog: false, inflict: redis => redis.del(key('meta')) },
  { name: 'DEL flags', losesLog: false, inflict: redis => redis.del(key('flags')) },
  { name: 'DEL shared', losesLog: false, inflict: redis => redis.del(key('shared'), key('sharing')) },
]

/** The three ways of losing everything come as often as the deleted keys together. */
const CHOICE = [...HARMS, ...HARMS.filter(({ losesLog }) => losesLog)]

export const lostLog: Scenario = {
  name: 'lost-log',
  what: 'FLUSHALL, FLUSHDB, SWAPDB, DEL of a key; two instances, 8 writers, 3 apps with the SDK',
  rounds: { bulk: 500, world: 25, test: 3 },
  wanted: { detected: { max: 250 }, 're-seeded': { max: 1_000 } },
  async run(t, { seed, rounds }): Promise<Seen> {
    const load = await UnderLoad.start(t, { seed })
    for (let round = 0; round < rounds; round++) {
      await load.someFlips(10)
      const harm = load.pick(CHOICE)
      load.count(harm.name)
      await lose(load, harm)
      await load.wellAgain()
    }
    return load.judge()
  },
}

async function lose(load: UnderLoad, { name, losesLog, inflict }: Harm): Promise<void> {
  const { world } = load
  const told = world.instances.map(linesOf)
  const [sentMs, sentAt] = [performance.now(), Date.now()]
  world.inForce.add('a loss')
  await inflict(world.redis.admin)
  const [doneMs, doneAt] = [performance.now(), Date.now()]
  if (losesLog) {
    const noticed = await until(
      () => firstLoss(world.instances, told),
      `an instance says so of ${name}`,
      60_000,
    )
    // between the two moments the log went: the later one can only make the time too short by the command's own
    load.time('detected', Math.max(0, noticed - sentAt))
    load.time('the command itself', doneAt - sentAt)
  }
  const first = await load.firstInLog(doneMs)
  load.time(losesLog ? 're-seeded' : 'in the log again, log not touched', first.answeredMs - sentMs)
  const each = await Promise.all(world.instances.map(instance => load.firstInLog(doneMs, instance)))
  if (losesLog)
    load.time('re-seeded, by every instance', Math.max(...each.map(({ answeredMs }) => answeredMs)) - sentMs)
  world.inForce.delete('a loss')
}

const linesOf = ({ service }: Instance): number => service?.logged.length ?? 0

/** When the first instance logged that history is lost, by its own clock, which is this one's too. */
function firstLoss(instances: readonly Instance[], from: readonly number[]): number | undefined {
  const times = instances.flatMap(({ service }, index) =>
    (service?.logged.slice(from[index]) ?? '')
      .split('\n')
      .filter(line => line.endsWith('}') && line.includes('"code":"history-lost"'))
      .map(line => Number((JSON.parse(line) as { time: number }).time)),
  )
  return times.length === 0 ? undefined : Math.min(...times)
}
