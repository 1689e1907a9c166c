// The log in a Redis that is alive is cut, trimmed or written to by something else: two instances put it back whole, without
// a flag changed and with every kill taken meanwhile, and say what they cannot mend.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { decideKill } from '../../../src/domain/flip/kill.js'
import { hashLine } from '../../../src/domain/log/audit.js'
import { isKilled, type State } from '../../../src/domain/state.js'
import { verify } from '../../../src/log/journal/verify.js'
import { type OpenLog, openLog } from '../../../src/log/open-log.js'
import { type Keys, keysOf } from '../../../src/log/stores/redis/keys.js'
import { ACL_COMMANDS } from '../../../src/log/stores/redis/posture.js'
import type { Durability } from '../../../src/log/submit.js'
import { DAMAGES, entryId } from '../../support/damages.js'
import { aCatalogue, aFlag, anActor, killOf, loaded } from '../../support/domain.js'
import { KEYS } from '../../support/gate.js'
import { startRedis } from '../../support/redis.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import { wholeFile } from '../../support/whole-file.js'

const redis = await startRedis(wholeFile)
const FLAGS = Array.from({ length: 100 }, (_, index) => `flag.${index}`)
let environments = 0

type Instance = OpenLog & { folder: string; said: string[]; unKilled: string[] }
type World = { keys: Keys; here: Instance; there: Instance; nextFlag: () => string }

const killedIn = (state: State): string[] =>
  [...state.flags.values()].filter(isKilled).map(({ definition }) => definition.key)

async function anInstance(t: Teardown, environment: string, redisUrl = redis.url): Promise<Instance> {
  const folder = testdir(t)
  const said: string[] = []
  const say = (_: object, message: string) => said.push(message)
  const opened = await openLog({
    folder,
    environment,
    redisUrl,
    keys: async () => KEYS,
    logger: { info: say, warn: say, error: say },
  })
  t.after(() => opened.close())
  const unKilled: string[] = []
  let before: string[] = []
  opened.subscribe.entries(() => {
    const now = killedIn(opened.state.known)
    unKilled.push(...before.filter(flag => !now.includes(flag)))
    before = now
  })
  opened.start()
  return { ...opened, folder, said, unKilled }
}

async function kill({ submit }: Instance, flag: string): Promise<Durability> {
  const kill = killOf(flag, { actor: anActor('operator'), request: { id: flag, key: flag, digest: flag } })
  const asked = { priority: 'kill' as const, actor: 'operator', key: flag, digest: flag, kill }
  return (await submit.entries({ ...asked, decide: state => decideKill(state, kill) })).durability
}

async function aWorld(t: Teardown, url?: string): Promise<World> {
  const environment = `damage-${++environments}`
  const here = await anInstance(t, environment, url)
  const draft = loaded(aCatalogue(...FLAGS.map(key => aFlag(key))))
  const ask = { priority: 'note' as const, actor: 'killswitch', key: 'load', digest: '' }
  await here.submit.entries({ ...ask, decide: () => ({ drafts: [draft] }) })
  const there = await anInstance(t, environment, url)
  const left = [...FLAGS]
  const world = { keys: keysOf(environment), here, there, nextFlag: () => left.shift() as string }
  for (let i = 0; i < 4; i++) await kill(here, world.nextFlag())
  await whole(world)
  return world
}

const journalOf = ({ folder }: Instance): string =>
  readdirSync(join(folder, 'log'))
    .sort()
    .map(name => readFileSync(join(folder, 'log', name), 'utf8'))
    .join('')

/** The lines, once both instances are live, owe nothing to the log, and have what Redis has. */
async function whole({ keys, here, there }: World): Promise<string[]> {
  const isWell = ({ state: { condition, provisional } }: Instance) =>
    condition.isLive && condition.unmended === undefined && provisional.length === 0
  return until(async () => {
    const entries = await redis.admin.xrange(keys.log, '-', '+').catch(() => [])
    const lines = entries.map(([, fields]) => fields[1] ?? '')
    const text = lines.map(line => `${line}\n`).join('')
    const end = hashLine(lines.at(-1) ?? '')
    const isOne = [here, there].every(
      each => isWell(each) && each.state.head.hash === end && journalOf(each) === text,
    )
    if (!isOne) return false
    const refusals = await Promise.all([here, there].map(each => each.state.condition.probe()))
    return refusals.every(refusal => refusal === undefined) && lines
  }, 'the log is whole, and both instances have it')
}

t.test('a damaged log is put back whole, whoever damaged it', async t => {
  const world = await aWorld(t)
  const { here, there, keys, nextFlag } = world
  for (const { name, inflict } of DAMAGES)
    t.test(name, async t => {
      const before = await whole(world)
      const flags = killedIn(here.state.state)
      const start = performance.now()
      await inflict(redis.admin, keys)
      const meanwhile = [nextFlag(), nextFlag()]
      await Promise.all([kill(here, meanwhile[0]!), kill(there, meanwhile[1]!)])
      const lines = await whole(world)
      t.comment(`mended in ${Math.round(performance.now() - start)} ms`)
      assert.deepEqual(lines.slice(0, before.length), before, 'the lines there were are there as they were')
      for (const each of [here, there]) {
        assert.deepEqual(killedIn(each.state.state).sort(), [...flags, ...meanwhile].sort())
        assert.deepEqual(each.unKilled, [])
        assert.equal((await verify(each.parts.journal)).ok, true)
      }
    })
  t.test('also where nobody flips anything', async () => {
    for (const { name, inflict } of DAMAGES.filter(({ name }) =>
      /^(?:xdel|xsetid|set-meta|set-about)/.test(name),
    )) {
      const { length } = await whole(world)
      await inflict(redis.admin, keys)
      await until(() => here.state.head.seq > length && there.state.head.seq > length, `${name} is noticed`)
    }
    await whole(world)
  })

  t.test('and no key is left beside those of the service', async () => {
    const left = await redis.admin.keys(`${keys.log.slice(0, -3)}*`)
    assert.deepEqual(
      left.filter(key => !Object.values(keys).includes(key)),
      [],
    )
  })
})

t.test('without the right to move it', async t => {
  const rules = ['on', '>secret', '~killswitch:*', 'resetchannels', '-@all']
  const may = [...ACL_COMMANDS.needed, ...ACL_COMMANDS.forPosture]
  await redis.admin.call('ACL', 'SETUSER', 'older', ...rules, ...may)
  const world = await aWorld(t, redis.url.replace('//', '//older:secret@'))
  const { here, there, keys, nextFlag } = world

  t.test('a loss is put right as before', async () => {
    await redis.admin.del(keys.log)
    await kill(here, nextFlag())
    await whole(world)
  })

  t.test(
    'damage is told in the words of Redis, with the cure, and is mended once it is permitted',
    async () => {
      await redis.admin.xdel(keys.log, await entryId(redis.admin, keys.log, 1))
      for (const { state, said } of [here, there]) {
        const why = await until(() => state.condition.unmended, 'it says why it is not mended')
        assert.match(why, /NOPERM this user may not RENAME .*ACL SETUSER <user> \+xinfo\|stream \(\+rename /)
        assert.equal(said.filter(line => /could not be put right/.test(line)).length, 1, 'said once')
      }
      const durability = await kill(there, nextFlag())
      assert.equal(durability, 'provisional')
      await redis.admin.call('ACL', 'SETUSER', 'older', ...ACL_COMMANDS.forMending)
      await whole(world)
    },
  )

  t.test(
    'a deleted end that may not be seen is told where it keeps flips out, and else put right',
    async () => {
      await redis.admin.call('ACL', 'SETUSER', 'older', '-xinfo')
      await redis.admin.xdel(keys.log, await entryId(redis.admin, keys.log))
      await whole(world)
      await redis.admin.call('XSETID', keys.log, '9999999-1')
      const durability = await kill(here, nextFlag())
      assert.equal(durability, 'provisional')
      const why = () => /XINFO STREAM.*users.acl/.test(here.state.condition.unmended ?? '')
      await until(why, 'it says what it may not see')
      await redis.admin.call('ACL', 'SETUSER', 'older', '+xinfo|stream')
      await whole(world)
    },
  )

  t.test('what a write is refused for is known to both, and over when it is over', async () => {
    await redis.admin.call('ACL', 'SETUSER', 'older', '-xadd')
    const told = async (pattern: RegExp) => {
      for (const { state } of [here, there])
        await until(() => pattern.test(state.condition.refusal?.detail ?? ''), `${pattern} is told`)
    }
    await told(/NOPERM this user may not XADD/)
    assert.equal(await kill(here, nextFlag()), 'provisional')
    await redis.admin.call('ACL', 'SETUSER', 'older', '+xadd')
    await whole(world)
    await redis.admin.config('SET', 'min-replicas-to-write', '1')
    await told(/NOREPLICAS/)
    await redis.admin.config('SET', 'min-replicas-to-write', '0')
    await whole(world)
  })
})
