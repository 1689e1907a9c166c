// A restore is on its way while Redis hangs, so that Redis may execute it late; a kill of the same flag is acknowledged
// meanwhile; Redis comes back. The kill stands, everywhere.

import { setTimeout as lasts } from 'node:timers/promises'
import { randomFrom } from '../../support/entries.js'
import { until } from '../../support/until.js'
import { check, type Violation } from '../check.js'
import { FLAGS, type Instance, World } from '../world.js'
import { tookMs } from './probe.js'
import type { Scenario } from './scenario.js'

export const LATE_RESTORE: Scenario = {
  name: 'late-restore',
  what: 'a queued restore, an acknowledged kill, heal: the kill stands',
  rounds: { bulk: 200, world: 40, test: 2 },
  async run(t, { seed, rounds }) {
    const random = randomFrom(seed)
    const given = { instances: 2, writers: 0, observers: 2 }
    const world = await World.start(t, { ...given, random: randomFrom(seed + 1) })
    const seen = { violations: [] as Violation[], took: [] as number[], executed: 0 }
    for (let round = 0; round < rounds; round++) {
      const done = await once(world, random, round)
      seen.violations.push(...done.violations)
      seen.took.push(done.tookMs)
      seen.executed += done.wasExecuted ? 1 : 0
    }
    const violations = [...seen.violations, ...check(world.history, await world.ending())]
    return {
      violations,
      times: { 'the kill meanwhile': seen.took },
      counts: { 'restores executed after all': seen.executed },
    }
  },
}

type Done = { violations: Violation[]; tookMs: number; wasExecuted: boolean }

async function once(world: World, random: () => number, round: number): Promise<Done> {
  const flag = FLAGS[round % FLAGS.length] as string
  const [here, there] = random() < 0.5 ? world.instances : [...world.instances].reverse()
  const [first, other] = [`INC-${round}`, `INC-${round}-other`]
  await acknowledged(world, 'kill', flag, first, `r${round}-before`, here as Instance)
  await world.settled()

  // hung: what was sent is executed when it goes on. Lost answers: it is executed at once, and nobody hears of it
  const isHung = random() < 0.7
  if (isHung) world.redis.pause()
  else for (const { proxy } of world.instances) proxy.mode = 'drop-replies'
  const restore = world.operation('restore', flag, first, `r${round}-restore`)
  const restored = world.attempt(restore, here as Instance)
  await lasts(random() * 700)
  const incident = random() < 0.6 ? first : other
  const killer = random() < 0.5 ? here : there
  const kill = world.operation('kill', flag, incident, `r${round}-kill`)
  const made = await world.attempt(kill, killer as Instance)
  await lasts(random() * 300)
  if (isHung) world.redis.resume()
  for (const { proxy } of world.instances) {
    proxy.mode = 'pass'
    if (!isHung) proxy.cut()
  }
  const { status } = await restored
  await world.settled()

  const violations = made.status === 200 ? await standsEverywhere(world, flag, round) : []
  if (made.status !== 200)
    violations.push({ invariant: 'I5', detail: `the kill of round ${round} was answered ${made.status}` })
  const wasExecuted = status === 200 || (await isInLog(world, restore.key))
  // the next round on this flag begins with nothing held; where the restore was refused its hold is still there
  for (const each of [first, other])
    await acknowledged(world, 'restore', flag, each, `r${round}-after-${each}`, here as Instance)
  return { violations, tookMs: tookMs(made), wasExecuted }
}

async function standsEverywhere(world: World, flag: string, round: number): Promise<Violation[]> {
  const shown = await Promise.all(world.instances.map(instance => world.killedOn(instance)))
  await until(() => world.observers.every(each => each.killed.includes(flag)), 'observers', 60_000).catch(
    () => {},
  )
  for (const [number, { killed }] of world.observers.entries())
    shown.push({ who: `observer ${number}`, flags: killed })
  return shown
    .filter(({ flags }) => !flags.includes(flag))
    .map(({ who }) => ({ invariant: 'I4', detail: `${flag} is not killed on ${who} after round ${round}` }))
}

const isInLog = async (world: World, key: string): Promise<boolean> =>
  (await world.lines()).some(line => {
    const { request, outcome } = JSON.parse(line) as { request: { key: string }; outcome: string }
    return request.key === key && outcome === 'applied'
  })

/** Sent again under its key until it is; a restore of nothing is refused, which is as good. */
async function acknowledged(
  world: World,
  kind: 'kill' | 'restore',
  flag: string,
  incident: string,
  key: string,
  instance: Instance,
): Promise<void> {
  const operation = world.operation(kind, flag, incident, key)
  await until(async () => {
    const { status } = await world.attempt(operation, instance)
    return status === 200 || (kind === 'restore' && status === 409)
  }, `${key} is acknowledged`)
}
