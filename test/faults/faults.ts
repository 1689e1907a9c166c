// What is done to the world: each fault begins, lasts, and is taken back by the same function. `weight` is how often it
// comes in a mix.

import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as lasts } from 'node:timers/promises'
import { open } from '../../src/domain/log/audit.js'
import { DAMAGES, entryId, forgedAfter } from '../support/damages.js'
import { until } from '../support/until.js'
import { watchMend } from './mends.js'
import { type Instance, tearTail, type World } from './world.js'

export type Fault = { name: string; weight: number; run: (world: World) => Promise<void> }

const keyOf = (name: string): string => `killswitch:{test}:${name}`
const LOG_KEYS = ['log', 'flags', 'meta', 'about', 'shared', 'sharing'].map(keyOf)

const KEYS = { log: keyOf('log'), flags: keyOf('flags'), meta: keyOf('meta'), about: keyOf('about') }

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

/** Whoever has the disk writes on, while the instance is down, with the right link and without the key. */
async function forgeOnDisk(world: World): Promise<void> {
  const instance = world.pick(world.instances.filter(({ isUp }) => isUp))
  await world.killInstance(instance)
  const folder = join(instance.dataDir, 'log')
  const last = readdirSync(folder)
    .filter(file => file.endsWith('.ndjson'))
    .sort()
    .at(-1)
  const lines = last === undefined ? [] : readFileSync(join(folder, last), 'utf8').split('\n')
  const end = lines.filter((_, at) => at < lines.length - 1).at(-1)
  if (last !== undefined && end !== undefined) {
    const whole = lines.slice(0, -1).map(line => `${line}\n`)
    const kill = lines.findLast(line => line.includes('"action":"kill"'))
    const { flag = 'ai_v1', hold = '' } = kill === undefined ? {} : open(kill).entry
    const { line } = forgedAfter(end, { flag, released: [hold] })
    writeFileSync(join(folder, last), `${whole.join('')}${line}\n`)
  }
  await world.startInstance(instance)
}

/** Somebody writes where only the service should. What an earlier fault left there may refuse it. */
const damages: Fault[] = DAMAGES.map(({ name, inflict }) => ({
  name,
  weight: 1,
  run: async world => {
    const { admin } = world.redis
    const isWaitedFor = world.random() < 0.5
    // what an earlier fault left is not counted
    if (isWaitedFor) await watchMend(world, name, KEYS, '0-0')
    const before = isWaitedFor ? await entryId(admin, KEYS.log) : ''
    await Promise.resolve(inflict(admin, KEYS)).catch(error => {
      if (!/WRONGTYPE|equal or smaller|smaller than|no such key/i.test(String(error))) throw error
    })
    // of the others the next fault meets what is left
    if (isWaitedFor) world.history.mends.push(await watchMend(world, name, KEYS, before))
  },
}))

/** The user of the service loses the right to write the log. */
async function withoutRight(world: World): Promise<void> {
  await world.redis.admin.call('ACL', 'SETUSER', 'default', '-xadd')
  await lasts(world.between(50, 500))
  await world.redis.admin.call('ACL', 'SETUSER', 'default', '+xadd')
}

/**
 * The newest file of one instance's journal, while it runs, until it is whole again. An instance that leaves a branch
 * meanwhile has that branch nowhere: what it does then is for people, and no part of the mix.
 */
const harmJournal = (name: string, harm: (file: string) => void): Fault => ({
  name,
  weight: 1,
  run: async world => {
    await world.healed()
    const folder = join(world.pick(world.instances).dataDir, 'log')
    const files = () => readdirSync(folder).filter(file => file.endsWith('.ndjson'))
    const last = files().sort().at(-1)
    if (last === undefined) return
    const before = readFileSync(join(folder, last), 'utf8').replace(/[^\n]*$/, '')
    harm(join(folder, last))
    await until(() => isWhole(join(folder, last), before), 'the journal is whole again')
  },
})

/** It goes on from what it was, and each line names the one before it; one may be being written. */
function isWhole(file: string, before: string): boolean {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (!text.startsWith(before)) return false
  const lines = text.split('\n').slice(0, -1)
  const hashes = lines.map(line => createHash('sha256').update(line).digest('hex'))
  return (
    lines.length > 0 && lines.every((line, at) => at === 0 || line.includes(`"prev":"${hashes[at - 1]}"`))
  )
}

export const FAULTS: Fault[] = [
  ...damages,
  { name: 'forge-on-disk', weight: 1, run: forgeOnDisk },
  harmJournal('journal-cut', file => truncateSync(file, Math.floor(statSync(file).size / 2))),
  harmJournal('journal-more', file => appendFileSync(file, 'something else\n')),
  harmJournal('journal-gone', file => rmSync(file)),
  { name: 'no-right', weight: 2, run: withoutRight },
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
