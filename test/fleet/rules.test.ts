// Each rule that a proof stands on, taken out of a copy of the compiled service: with it no kill is said to be confirmed that
// is not, without it one is. So the judge can see what it is there to see, and each rule is needed for itself.
// The property test meets them by chance; here each has as few steps as it takes.

import assert from 'node:assert/strict'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { falseProofs } from '../faults/proofs.js'
import type { ModelApp } from '../support/model-app.js'
import { startRedis } from '../support/redis.js'
import { aServer, ROOT } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { FleetWorld } from './fleet-world.js'

type Node = FleetWorld['nodes'][number]
/** The service and its world, as they are or from a copy. */
type Kit = { World: typeof FleetWorld; serve: typeof aServer }
type Rule = {
  name: string
  /** In the compiled service: what is there, and what is there without the rule. */
  patches: [file: string, rule: string, without: string][]
  store?: 'redis'
  run: (scene: Scene) => Promise<void>
}

const FLAG = 'shop.pay'
const FAR = Number.MAX_SAFE_INTEGER
const ANY_MAC = [
  'isOurs = this.#keys().some(key => {',
  'isOurs = this.#keys().some(key => {\nreturn true;',
] as const

/** A service, an app that does all it should, and one that a kill does not reach. */
class Scene {
  readonly world: FleetWorld
  readonly first: Node
  readonly second: Node
  readonly serve: typeof aServer
  readonly t: Test
  good!: ModelApp
  /** Ran the feature when it was heard last. */
  away!: ModelApp

  private constructor(t: Test, world: FleetWorld, serve: typeof aServer) {
    const [first, second = first] = world.nodes as [Node, Node?]
    this.t = t
    this.world = world
    this.first = first
    this.second = second
    this.serve = serve
  }

  static async start(t: Test, { World, serve }: Kit, store?: 'redis'): Promise<Scene> {
    const world = await World.start(t, store === 'redis' ? await startRedis(t) : undefined)
    const scene = new Scene(t, world, serve)
    scene.good = await scene.up('good')
    scene.away = await scene.up('away')
    return scene
  }

  async up(name: string): Promise<ModelApp> {
    const app = this.world.comeUp(name)
    await this.apply(app)
    return app
  }

  async apply(app: ModelApp, node = this.first): Promise<void> {
    await this.world.poll(app, node)
    await this.world.report(app, node)
  }

  async kill(): Promise<void> {
    await this.world.kill(FLAG, this.first)
    await this.apply(this.good)
  }

  /** What whoever reads the snapshot could say in the name of another. */
  async forge({ name, app }: ModelApp, more: object): Promise<void> {
    const { log, revision, hash } = (await this.world.door(this.first)('GET', '/v1/snapshot', {}))?.body ?? {}
    const now = new Date().toISOString()
    const receipt = {
      ...{
        instance: name,
        app,
        log,
        revision,
        appliedAt: now,
        sdk: 'forger/1',
        startedAt: now,
        boot: 'service',
      },
      ...{ answer: { log, revision, hash }, inForce: { [FLAG]: 'off' }, ...more },
    }
    await this.world.door(this.first)('POST', '/v1/receipts', { body: { receipts: [receipt] } })
  }
}

/** Its id is no secret: it is on the disk and in the store. */
const idOf = ({ session }: ModelApp): string => session?.split('.')[0] as string

const RULES: Rule[] = [
  {
    name: 'a session is its own secret',
    patches: [['src/fleet/sessions.js', ...ANY_MAC]],
    async run(scene) {
      await scene.kill()
      await scene.forge(scene.away, { session: `${idOf(scene.away)}.${'A'.repeat(43)}`, number: FAR })
    },
  },
  {
    name: 'only the secret of one before it replaces it',
    patches: [['src/fleet/sessions.js', ...ANY_MAC]],
    async run(scene) {
      const usurper = scene.world.comeUp('usurper', { sessions: [`${idOf(scene.away)}.${'A'.repeat(43)}`] })
      await scene.apply(usurper)
      await scene.kill()
      await scene.apply(usurper)
    },
  },
  {
    name: 'a goodbye takes a session',
    patches: [
      ['src/domain/fleet/member.js', 'receipt.closing && member.proves', 'receipt.closing'],
      [
        'src/fleet/hearing.js',
        'session === undefined ? idOfName(app, instance)',
        'session === undefined ? (members.roster.named(app, instance)[0]?.id ?? idOfName(app, instance))',
      ],
    ],
    async run(scene) {
      const [its] = [...scene.first.server.parts.fleet.members()].filter(each => each.instance === 'away')
      // the newest counts: whoever is patched out of the rules is told a number, too
      await scene.forge(scene.away, { closing: true, number: (its?.number ?? 0) + 1 })
      await scene.kill()
    },
  },
  {
    name: 'who is lost does not agree',
    patches: [
      [
        'src/domain/fleet/convergence.js',
        'missing = pending + lost + cannotProve',
        'missing = pending + cannotProve',
      ],
    ],
    async run(scene) {
      scene.away.isHung = true
      scene.world.pass(50_000)
      await scene.apply(scene.good)
      await scene.kill()
    },
  },
  {
    name: 'who is known is on the disk',
    patches: [['src/fleet/membership.js', 'this.#parts.record.put(id, { ...rest', 'void (id, { ...rest']],
    async run(scene) {
      scene.away.isHung = true
      await scene.world.restart(scene.first, 'orderly')
      await scene.apply(scene.good)
      await scene.kill()
    },
  },
  {
    name: 'a start that knows of nobody waits a minute',
    patches: [['src/fleet/fleet.js', 'UNRECORDED_MS = 60_000', 'UNRECORDED_MS = 0']],
    async run(scene) {
      scene.away.isHung = true
      await scene.world.restart(scene.first, 'unrecorded')
      await scene.apply(scene.good)
      await scene.kill()
    },
  },
  {
    name: 'what is in force counts, and not what was taken in',
    patches: [
      [
        'src/domain/fleet/convergence.js',
        'isOff = flag !== undefined && inForce === flag.definition.killVariant',
        'isOff = flag !== undefined',
      ],
    ],
    async run(scene) {
      // it takes in every change, and something of its own keeps the feature on there: it says so
      const isOff = scene.away.isOff.bind(scene.away)
      scene.away.isOff = key => key !== FLAG && isOff(key)
      await scene.kill()
      await scene.apply(scene.away)
    },
  },
  {
    name: 'what was in force before is no answer to a later kill',
    patches: [
      [
        'src/domain/fleet/member.js',
        'shown.find(each => each.revision >= revision && each.revision < until)?.at',
        'shown[0]?.at',
      ],
    ],
    async run(scene) {
      await scene.kill()
      await scene.apply(scene.away)
      await scene.world.restore(FLAG, scene.first)
      // it is on again, and nobody hears it say so
      await scene.world.poll(scene.away, scene.first)
      assert.ok(scene.away.isOn(FLAG))
      scene.away.isHung = true
      await scene.kill()
    },
  },
  {
    name: 'an answer is to an entry of this log, by its hash',
    patches: [['src/fleet/answers.js', `answer.hash === hash ? 'here' : 'elsewhere'`, `'here'`]],
    async run(scene) {
      // somebody started a copy of the data folder beside it, and this app hears the one and tells the other
      const { world, first, away } = scene
      const dataDir = world.backup(first)
      const tokensFile = join(world.flagsDir, '../tokens.yaml')
      const copy = await scene.serve(scene.t, {
        ...{
          dataDir,
          flagsDir: world.flagsDir,
          clock: () => world.clock.now,
          tokens: first.tokens,
          tokensFile,
        },
      })
      const other: Node = { dataDir, server: copy, tokens: first.tokens }
      const flip = (act: string, body: object) =>
        copy.ask(act === 'kill' ? 'operator' : 'engineer', 'POST', `/v1/flags/${FLAG}/${act}`, { body })
      await flip('kill', { incident: 'INC-copy', reason: 'a test' })
      await world.poll(away, other)
      assert.ok(!away.isOn(FLAG))
      await scene.kill()
      await world.report(away, first)
      await flip('restore', { all: true, reason: 'a test' })
      await world.poll(away, other)
      assert.ok(away.isOn(FLAG))
    },
  },
  {
    name: 'what instances of the service tell one another carries their MAC',
    patches: [['src/fleet/sharing.js', ...ANY_MAC]],
    store: 'redis',
    async run(scene) {
      const { world, away } = scene
      await scene.kill()
      const redis = world.redis?.admin
      const record = (await redis?.hget('killswitch:{test}:shared', idOf(away))) as string
      const { member } = JSON.parse(record.slice(record.indexOf(' ') + 1))
      const text = JSON.stringify({ member: { ...member, number: FAR, gone: 'closed' } })
      await redis?.xadd('killswitch:{test}:sharing', '*', 'record', `${'A'.repeat(43)} ${text}`)
      // a record that is passed over leaves no trace: another one, told after it, has come by then
      const mark = await scene.up('mark')
      await scene.apply(mark)
      await until(
        () => [...scene.second.server.parts.fleet.members()].some(each => each.id === idOf(mark)),
        'the other instance has read on',
      )
    },
  },
]

async function found(t: Test, kit: Kit, { run, store }: Rule) {
  const scene = await Scene.start(t, kit, store)
  await run(scene)
  assert.ok(scene.away.isOn(FLAG), 'it runs all the time')
  await scene.world.ask()
  return falseProofs(scene.world.history)
}

/** The compiled service and its tests, with some lines of it changed. */
async function kitWithout(t: Test, patches: Rule['patches']): Promise<Kit> {
  const copy = testdir(t)
  cpSync(join(ROOT, '.build'), join(copy, '.build'), {
    recursive: true,
    filter: path => !path.endsWith('.map') && !path.endsWith('.test.js'),
  })
  for (const name of ['node_modules', 'package.json', 'sdk', 'docs', 'flags'])
    symlinkSync(join(ROOT, name), join(copy, name))
  for (const [file, rule, without] of patches) {
    const path = join(copy, '.build', file)
    const text = readFileSync(path, 'utf8')
    assert.equal(text.split(rule).length, 2, `${file} has once: ${rule}`)
    writeFileSync(
      path,
      text.replace(rule, () => without),
    )
  }
  const load = (file: string) => import(pathToFileURL(join(copy, '.build/test', file)).href)
  const { FleetWorld: World } = await load('fleet/fleet-world.js')
  const { aServer: serve } = await load('support/server.js')
  return { World, serve }
}

// each copy cleans up after itself when the process ends
process.setMaxListeners(3 * RULES.length)

for (const rule of RULES)
  t.test(rule.name, async t => {
    assert.deepEqual(await found(t, { World: FleetWorld, serve: aServer }, rule), [], 'with the rule')
    const without = await found(t, await kitWithout(t, rule.patches), rule)
    const isMeant = without.some(
      ({ invariant, detail }) => invariant === 'P1' && / away ran it /.test(detail),
    )
    assert.ok(isMeant, `without the rule nothing was found: ${JSON.stringify(without)}`)
  })
