// No kill is ever said to be confirmed while an instance that was known within the day, did not say goodbye and was not
// forgotten still runs the feature: over any order of starts, goodbyes, hangs, crashes, names that are taken, deploys, starts of
// the service, backups and losses of Redis. KILLSWITCH_TEST_SEED replays; KILLSWITCH_TEST_STEPS has more of them.

import assert from 'node:assert/strict'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { Forger, type Forgery, QUIET } from '../faults/forger.js'
import { falseProofs } from '../faults/proofs.js'
import { randomFrom } from '../support/entries.js'
import type { ModelApp } from '../support/model-app.js'
import { startRedis } from '../support/redis.js'
import { FLAGS, FleetWorld } from './fleet-world.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const STEPS = Number(process.env.KILLSWITCH_TEST_STEPS ?? 200)
/** A world of its own after so many: one that has lost somebody for good confirms nothing any more. */
const PER_WORLD = 75

type Step = { weight: number; run: (drawn: Drawn) => Promise<string | undefined> }
type Drawn = {
  world: FleetWorld
  random: () => number
  pick: <T>(from: readonly T[]) => T | undefined
  node: FleetWorld['nodes'][number]
}

const reachable = ({ world }: Drawn): ModelApp[] => world.running.filter(({ isHung }) => !isHung)
const nameOf = (app: ModelApp): string => `${app.name}#${app.wanted}`
const backups = new WeakMap<FleetWorld, string[]>()

async function comeUp(
  drawn: Drawn,
  wanted: string,
  left?: ModelApp['left'],
  isDeaf = false,
): Promise<ModelApp> {
  const app = drawn.world.comeUp(wanted, left)
  await drawn.world.poll(app, drawn.node, isDeaf)
  if (!isDeaf) await drawn.world.report(app, drawn.node)
  return app
}

const STEPS_BY_NAME: Record<string, Step> = {
  'comes up': {
    weight: 8,
    run: async drawn => {
      if (drawn.world.running.length >= 6) return undefined
      const isDeaf = drawn.random() < 0.1
      const app = await comeUp(drawn, `api-${Math.floor(drawn.random() * 3)}`, undefined, isDeaf)
      return `${nameOf(app)}${isDeaf ? ', deaf to the answer' : ''}`
    },
  },
  'says goodbye': {
    weight: 4,
    run: async drawn => {
      const app = drawn.pick(reachable(drawn))
      await app?.close(drawn.world.door(drawn.node))
      return app && nameOf(app)
    },
  },
  hangs: {
    weight: 5,
    run: async drawn => {
      const app = drawn.pick(reachable(drawn))
      if (app !== undefined) app.isHung = true
      return app && nameOf(app)
    },
  },
  'goes on': {
    weight: 6,
    run: async drawn => {
      const app = drawn.pick(drawn.world.running.filter(({ isHung }) => isHung))
      if (app !== undefined) app.isHung = false
      return app && nameOf(app)
    },
  },
  crashes: {
    weight: 2,
    run: async drawn => {
      const app = drawn.pick(drawn.world.running)
      app?.crash()
      return app && nameOf(app)
    },
  },
  'comes up on the disk of one that crashed': {
    weight: 5,
    run: async drawn => {
      const before = drawn.pick(
        drawn.world.apps.filter(
          ({ isRunning, leftMs, session }) => !isRunning && leftMs === undefined && session !== undefined,
        ),
      )
      if (before === undefined) return undefined
      // its cache may be lost, and only the file with the session be there
      const { sessions, known } = before.left
      const keeps = drawn.random() < 0.7 && known !== undefined
      before.leftMs = drawn.world.tick
      return nameOf(await comeUp(drawn, before.wanted, { sessions, ...(keeps ? { known } : {}) }))
    },
  },
  hear: {
    weight: 14,
    run: async drawn => {
      const app = drawn.pick(reachable(drawn))
      if (app !== undefined) await drawn.world.poll(app, drawn.node)
      return app && nameOf(app)
    },
  },
  say: {
    weight: 14,
    run: async drawn => {
      const app = drawn.pick(reachable(drawn))
      if (app !== undefined) await drawn.world.report(app, drawn.node)
      return app && nameOf(app)
    },
  },
  'all hear and say': {
    weight: 18,
    run: async drawn => {
      const all = reachable(drawn)
      for (const app of all) {
        await drawn.world.poll(app, drawn.node)
        await drawn.world.report(app, drawn.node)
      }
      return `${all.length} of ${drawn.world.running.length}`
    },
  },
  'a deploy': {
    weight: 1,
    run: async drawn => {
      const all = reachable(drawn)
      for (const app of all) {
        await comeUp(drawn, app.wanted)
        await app.close(drawn.world.door(drawn.node))
      }
      return `${all.length}`
    },
  },
  'a forger tries': {
    weight: 8,
    run: async ({ world, random, pick, node }) => {
      const forgery = pick(QUIET) as Forgery
      const off = Object.fromEntries(FLAGS.map(flag => [flag, 'off']))
      const victims = () => world.running.filter(({ session }) => session !== undefined)
      const redis = world.redis === undefined ? {} : { redis: () => world.redis?.admin as Redis }
      const door = world.door(node)
      await new Forger({ door, victims, app: 'shop', off, random, ...redis }).try(forgery)
      return forgery
    },
  },
  'a goodbye in the name of another': {
    // it leaves a name behind that proves nothing, and keeps kills from being confirmed
    weight: 0.3,
    run: async ({ world, pick, node }) => {
      const victim = pick(world.running)
      if (victim === undefined) return undefined
      const more = { closing: true, session: undefined, number: Number.MAX_SAFE_INTEGER }
      const receipt = { ...victim.receipt(), ...more, answer: undefined, inForce: undefined }
      await world.door(node)('POST', '/v1/receipts', { body: { receipts: [receipt] } })
      return nameOf(victim)
    },
  },
  kill: {
    weight: 14,
    run: async drawn => {
      const flag = drawn.pick(FLAGS) as string
      await drawn.world.kill(flag, drawn.node)
      return flag
    },
  },
  restore: {
    weight: 6,
    run: async drawn => {
      const flag = drawn.pick(FLAGS) as string
      await drawn.world.restore(flag, drawn.node)
      return flag
    },
  },
  forget: {
    weight: 3,
    run: async drawn => {
      const one = drawn.random() < 0.5 ? drawn.pick(drawn.world.apps)?.name : undefined
      await drawn.world.forget(drawn.node, one)
      return one ?? 'the lost'
    },
  },
  'time goes by': {
    weight: 10,
    run: async drawn => {
      const seconds = drawn.pick([1, 10, 20, 50, 50, 70, 130, 400, 3_600, 20 * 3_600]) as number
      drawn.world.pass(seconds * 1000)
      return `${seconds} s`
    },
  },
  'the service starts again': {
    weight: 2,
    run: async drawn => {
      const how = drawn.pick(['orderly', 'crash', 'unrecorded'] as const) as 'orderly'
      await drawn.world.restart(drawn.node, how)
      return how
    },
  },
  'a backup is made': {
    weight: 2,
    run: async ({ world, node }) => {
      const kept = [...(backups.get(world) ?? []), `${world.nodes.indexOf(node)} ${world.backup(node)}`]
      backups.set(world, kept)
      return `${kept.length}`
    },
  },
  'a backup is put back': {
    weight: 1,
    run: async drawn => {
      const own = `${drawn.world.nodes.indexOf(drawn.node)} `
      const folder = drawn.pick((backups.get(drawn.world) ?? []).filter(each => each.startsWith(own)))
      if (folder === undefined) return undefined
      await drawn.world.restart(drawn.node, 'backup', folder.slice(own.length))
      return folder
    },
  },
  'Redis is emptied': {
    weight: 2,
    run: async ({ world }) => {
      if (world.redis === undefined) return undefined
      await world.flush()
      return 'FLUSHALL'
    },
  },
}

function choose(random: () => number): [string, Step] {
  const all = Object.entries(STEPS_BY_NAME)
  let left = random() * all.reduce((sum, [, { weight }]) => sum + weight, 0)
  for (const each of all) {
    left -= each[1].weight
    if (left < 0) return each
  }
  return all[0] as [string, Step]
}

async function live(world: FleetWorld, seed: number, steps: number): Promise<void> {
  const random = randomFrom(seed)
  for (let done = 0; done < steps; done++) {
    const [name, step] = choose(random)
    const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
    const node = pick(world.nodes) as FleetWorld['nodes'][number]
    const what = await step.run({ world, random, pick, node })
    if (what === undefined) continue
    world.steps.push(`${name}: ${what} (at ${world.nodes.indexOf(node)})`)
    await world.ask()
    const found = falseProofs(world.history)
    assert.deepEqual(
      found,
      [],
      `${found.map(({ detail }) => detail).join('\n')}\nafter:\n  ${world.steps.join('\n  ')}\nagain: KILLSWITCH_TEST_SEED=${SEED}`,
    )
  }
}

async function property(t: Test, store: 'local' | 'redis'): Promise<void> {
  let [claims, kills] = [0, 0]
  for (let [done, seed] = [0, SEED]; done < STEPS; done += PER_WORLD, seed++) {
    const closers: (() => void | Promise<void>)[] = []
    const own = { after: (close: () => void | Promise<void>) => void closers.push(close) }
    try {
      const world = await FleetWorld.start(own, store === 'redis' ? await startRedis(own) : undefined)
      await live(world, seed, Math.min(PER_WORLD, STEPS - done))
      claims += world.claims.length
      kills += world.kills.length
    } finally {
      for (const close of closers.reverse()) await close()
    }
  }
  t.comment(`${STEPS} steps, ${kills} kills, ${claims} claims, none of them false`)
  assert.ok(claims > 0, 'nothing was ever confirmed: nothing was tested')
}

for (const store of ['local', 'redis'] as const)
  if ((process.env.KILLSWITCH_TEST_STORE ?? store) === store)
    t.test(`no kill is confirmed while anybody runs it, ${store} (seed ${SEED})`, t => property(t, store))
