// What is done to the world: each fault begins, lasts, and is taken back by the same function. `weight` is how often it
// comes in a mix.

import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as lasts } from 'node:timers/promises'
import { until } from '../support/until.js'
import { type Instance, tearTail, type World } from './world.js'

export type Fault = { name: string; weight: number; run: (world: World) => Promise<void> }

const LOG_KEYS = ['log', 'flags', 'meta', 'shared', 'sharing'].map(name => `killswitch:{test}:${name}`)

/** All instances, or one. */
const victims = (world: World): Instance[] =>
  world.random() < 0.5 ? world.instances : [world.pick(world.instances)]

async function proxied(
  world: World,
  mode: Instance['proxy']['mode'],
  [low, high]: [number, number],
): Promise<void> {
  const chosen = victims(world)
  for (const { proxy } of chosen) proxy.mode = mode
  await lasts(world.between(low, high))
  for (const { proxy } of chosen) {
    proxy.mode = 'pass'
    proxy.cut()
  }
}

/** Ends Redis as the kernel would, does something to its files, and starts it again. */
export async function restartRedis(world: World, downMs: number, act: () => void = () => {}): Promise<void> {
  await world.redis.stop('SIGKILL')
  act()
  await lasts(downMs)
  await world.redis.start()
}

export async function stopRedis(world: World, forMs: number): Promise<void> {
  world.redis.pause()
  await lasts(forMs)
  world.redis.resume()
}

export function emptyFiles(world: World): void {
  for (const name of readdirSync(world.redis.dir)) rmSync(join(world.redis.dir, name), { recursive: true })
}

export function putBack(world: World, folder: string): void {
  emptyFiles(world)
  cpSync(folder, world.redis.dir, { recursive: true })
}

const configured = async (world: World, name: string, value: string, back: string): Promise<void> => {
  await world.redis.admin.config('SET', name, value)
  await lasts(world.between(50, 300))
  await world.redis.admin.config('SET', name, back)
}

/** A script that never ends, until it is killed. */
async function busy(world: World): Promise<void> {
  const { admin } = world.redis
  const other = admin.duplicate()
  other.on('error', () => {})
  await admin.config('SET', 'busy-reply-threshold', '50')
  let isOver = false
  const running = other
    .eval('while true do end', 0)
    .catch(() => {})
    .finally(() => {
      isOver = true
    })
  await lasts(world.between(100, 400))
  // one that is not busy may not have begun yet: its connection is new
  await until(
    () =>
      admin
        .script('KILL')
        .catch(() => {})
        .then(() => isOver),
    'the script is killed',
  )
  await running
  other.disconnect()
}

async function crashInstance(world: World, torn: boolean): Promise<void> {
  const instance = world.pick(world.instances.filter(({ isUp }) => isUp))
  await world.killInstance(instance)
  if (torn) tearTail(instance, '{"v":1,"epoch":0,"seq":99999,"at":"2026-')
  await world.startInstance(instance)
}

export const FAULTS: Fault[] = [
  {
    name: 'cut',
    weight: 12,
    run: async world => {
      for (const { proxy } of victims(world)) proxy.cut()
    },
  },
  { name: 'lost-reply', weight: 10, run: world => proxied(world, 'drop-replies', [20, 250]) },
  { name: 'black-hole', weight: 5, run: world => proxied(world, 'black-hole', [100, 800]) },
  { name: 'refuse', weight: 4, run: world => proxied(world, 'refuse', [50, 400]) },
  {
    name: 'half-open',
    weight: 6,
    run: async world => {
      for (const { proxy } of victims(world)) proxy.halfOpen()
    },
  },
  {
    name: 'latency',
    weight: 3,
    run: async world => {
      const chosen = victims(world)
      for (const { proxy } of chosen) proxy.latencyMs = world.between(5, 80)
      await lasts(world.between(100, 500))
      for (const { proxy } of chosen) proxy.latencyMs = 0
    },
  },
  { name: 'redis-kill', weight: 8, run: world => restartRedis(world, world.between(0, 300)) },
  { name: 'redis-stop', weight: 6, run: world => stopRedis(world, world.between(200, 1_500)) },
  { name: 'flushall', weight: 4, run: async world => void (await world.redis.admin.flushall()) },
  { name: 'flushdb', weight: 3, run: async world => void (await world.redis.admin.flushdb()) },
  { name: 'swapdb', weight: 3, run: async world => void (await world.redis.admin.call('SWAPDB', 0, 1)) },
  { name: 'del', weight: 4, run: async world => void (await world.redis.admin.del(world.pick(LOG_KEYS))) },
  { name: 'empty-restart', weight: 3, run: world => restartRedis(world, 0, () => emptyFiles(world)) },
  {
    name: 'old-backup',
    weight: 4,
    run: async world => {
      const folder = world.backup('mixed')
      await lasts(world.between(50, 500))
      await restartRedis(world, 0, () => putBack(world, folder))
    },
  },
  {
    name: 'script-flush',
    weight: 3,
    run: async world => void (await world.redis.admin.script('FLUSH')),
  },
  {
    name: 'client-kill',
    weight: 3,
    run: async world =>
      void (await world.redis.admin.call('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => {})),
  },
  { name: 'no-replicas', weight: 2, run: world => configured(world, 'min-replicas-to-write', '1', '0') },
  { name: 'out-of-memory', weight: 2, run: world => configured(world, 'maxmemory', '1', '0') },
  { name: 'busy', weight: 2, run: busy },
  {
    name: 'instance-stop',
    weight: 3,
    run: async world => {
      const instance = world.pick(world.instances.filter(({ isUp }) => isUp))
      world.pauseInstance(instance)
      await lasts(world.between(100, 1_000))
      world.resumeInstance(instance)
    },
  },
  { name: 'instance-kill', weight: 1, run: world => crashInstance(world, false) },
  { name: 'torn-tail', weight: 1, run: world => crashInstance(world, true) },
  {
    name: 'observer-restart',
    weight: 4,
    run: async world => world.pick(world.observers)?.restart(),
  },
]

export function chooseFault(random: () => number): Fault {
  let left = random() * FAULTS.reduce((sum, { weight }) => sum + weight, 0)
  const found = FAULTS.find(({ weight }) => {
    left -= weight
    return left < 0
  })
  return found ?? (FAULTS[0] as Fault)
}
