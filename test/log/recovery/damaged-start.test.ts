// An instance starts on a journal that was damaged while it was away, by a crash or after a stop: it starts, un-kills nothing,
// fills its disk from Redis where that is whole, and says what it does where it is not.

import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { decideRestore } from '../../../src/domain/flip/flip.js'
import { decideKill } from '../../../src/domain/flip/kill.js'
import type { LogKeys } from '../../../src/domain/log/log-keys.js'
import { isKilled } from '../../../src/domain/state.js'
import { verify } from '../../../src/log/journal/verify.js'
import { type OpenLog, openLog } from '../../../src/log/open-log.js'
import { keysOf } from '../../../src/log/stores/redis/keys.js'
import { DISK_DAMAGES, type DiskDamage } from '../../support/disk-damages.js'
import { aCatalogue, aFlag, anActor, killOf, loaded, noStep } from '../../support/domain.js'
import { KEYS } from '../../support/gate.js'
import { startProxy } from '../../support/proxy.js'
import { startRedis } from '../../support/redis.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import { wholeFile } from '../../support/whole-file.js'

const redis = await startRedis(wholeFile)
const FLAGS = Array.from({ length: 40 }, (_, index) => `flag.${index}`)

type Given = { environment: string; folder: string; redisUrl?: string; keys?: LogKeys }
type Instance = OpenLog & { given: Given; said: string[]; unKilled: string[] }

const killedIn = ({ state }: OpenLog): string[] =>
  [...state.known.flags.values()].filter(isKilled).map(({ definition }) => definition.key)

/** With segments of some five lines each. */
async function start(t: Teardown, given: Given): Promise<Instance> {
  const said: string[] = []
  const say = (_: object, message: string) => said.push(message)
  const logger = { info: () => {}, warn: say, error: say }
  const { keys, ...rest } = given
  const opened = await openLog({
    ...rest,
    segmentBytes: 4_000,
    logger,
    ...(keys === undefined ? {} : { keys: async () => keys }),
  })
  t.after(() => opened.close())
  let before = killedIn(opened)
  const unKilled: string[] = []
  opened.subscribe.entries(() => {
    const now = killedIn(opened)
    unKilled.push(...before.filter(flag => !now.includes(flag)))
    before = now
  })
  opened.start()
  return { ...opened, given, said, unKilled }
}

const request = (key: string) => ({ id: key, key, digest: key })

async function kill({ submit }: OpenLog, flag: string, key = `kill ${flag}`): Promise<string> {
  const kill = killOf(flag, { actor: anActor('operator'), request: request(key) })
  const asked = { priority: 'kill' as const, actor: 'operator', key, digest: key, kill }
  return (await submit.entries({ ...asked, decide: state => decideKill(state, kill) })).durability
}

async function restore({ submit, state }: OpenLog, flag: string): Promise<void> {
  const key = `restore ${flag}`
  const asked = { priority: 'flip' as const, actor: 'engineer', key, digest: key }
  const present = state.state.flags.get(flag)?.holds.map(({ id }) => id) ?? []
  const command = { flag, actor: anActor('engineer'), reason: 'over', all: true, present, claim: noStep }
  await submit.entries({
    ...asked,
    decide: (state, now) => decideRestore(state, { ...command, request: request(key) }, now),
  })
}

/** Folders as a stop and as a crash leave them, after kills and restores; what was killed then. */
async function images(t: Teardown, given: Omit<Given, 'folder'>) {
  const folder = testdir(t)
  const [stopped, crashed] = [join(folder, 'stopped'), join(folder, 'crashed')]
  const log = await start(t, { ...given, folder: stopped })
  const draft = loaded(aCatalogue(...FLAGS.map(key => aFlag(key))))
  const ask = { priority: 'note' as const, actor: 'killswitch', key: 'load', digest: '' }
  await log.submit.entries({ ...ask, decide: () => ({ drafts: [draft] }) })
  await until(() => existsSync(join(stopped, 'checkpoint.json')), 'the state with the catalogue is kept')
  for (const [at, flag] of FLAGS.slice(0, 24).entries()) {
    await kill(log, flag)
    if (at % 4 === 3) await restore(log, flag)
  }
  await copy(stopped, crashed)
  const killed = killedIn(log)
  await log.close()
  return { killed, images: { stopped, crashed }, given }
}

const copy = async (from: string, to: string) =>
  cpSync(from, to, { recursive: true, filter: file => !/lock|index/.test(file) })

const filesIn = (folder: string): string[] =>
  readdirSync(join(folder, 'log'))
    .sort()
    .map(name => join(folder, 'log', name))
const textOf = (folder: string): string =>
  filesIn(folder)
    .map(file => readFileSync(file, 'utf8'))
    .join('')
const textsIn = (folder: string) =>
  filesIn(folder).map(file => (statSync(file).isFile() ? readFileSync(file, 'latin1') : file))
const linesIn = async (environment: string): Promise<string> =>
  (await redis.admin.xrange(keysOf(environment).log, '-', '+')).map(([, fields]) => `${fields[1]}\n`).join('')

const PLACES: Record<string, (files: string[]) => string[]> = {
  oldest: files => files.slice(0, 1),
  middle: files => files.slice(2, 3),
  newest: files => files.slice(-1),
  'middle and newest': files => [files[2]!, files.at(-1)!],
}
const CASES = DISK_DAMAGES.flatMap(damage =>
  Object.entries(PLACES).flatMap(([place, choose]) =>
    (['stopped', 'crashed'] as const).map(image => ({ damage, place, choose, image })),
  ),
)
/** Each damage so often, at places and after ends in turns. */
const some = (times: number) =>
  DISK_DAMAGES.flatMap((damage, at) =>
    Array.from(
      { length: times },
      (_, turn) => CASES.filter(each => each.damage === damage)[(at + turn * 3) % 8]!,
    ),
  )
const nameOf = ({ damage, place, image }: (typeof CASES)[number]) => `${damage.name}: ${place}, ${image}`

/** A tail that is torn is what a crash leaves: it is cut off, and followed on. */
const isAsByCrash = ({ damage: { name }, place, image }: (typeof CASES)[number]) =>
  place === 'newest' && image === 'crashed' && /^it is/.test(name)

function assertUntouched({ place }: (typeof CASES)[number], now: string[], before: string[]): void {
  // of the newest one what was torn may be cut off
  if (/newest/.test(place)) assert.deepEqual(now.slice(0, before.length - 1), before.slice(0, -1))
  else assert.deepEqual(now, before)
}

async function damaged(
  t: Teardown,
  from: string,
  choose: (files: string[]) => string[],
  { harm }: DiskDamage,
) {
  const folder = testdir(t)
  await copy(from, folder)
  for (const file of choose(filesIn(folder))) harm(file)
  return folder
}

for (const keys of [KEYS, undefined])
  t.test(`with Redis, ${keys ? 'signed' : 'not signed'}`, async t => {
    const environment = `start-${keys ? 'signed' : 'plain'}`
    const given = { environment, redisUrl: redis.url, ...(keys ? { keys } : {}) }
    const base = await images(t, given)
    for (const each of some(keys ? 3 : 1))
      t.test(nameOf(each), async t => {
        const before = await linesIn(environment)
        const folder = await damaged(t, base.images[each.image], each.choose, each.damage)
        const log = await start(t, { ...given, folder })
        await until(
          () => log.state.condition.damaged === undefined && log.state.condition.isLive,
          'it is mended and live',
        )
        await log.parts.ownDisk.lookAtAll()
        await until(() => log.state.provisional.length === 0, 'nothing waits for the log')
        const after = await linesIn(environment)
        assert.ok(after.startsWith(before), 'nothing in Redis was replaced')
        assert.equal(textOf(folder), after, 'the lines are those of Redis')
        assert.equal((await verify(log.parts.journal)).ok, true)
        assert.deepEqual(killedIn(log).sort(), [...base.killed].sort())
        // what was restored behind the damage is killed until that is known again
        assert.deepEqual(
          log.unKilled.filter(flag => base.killed.includes(flag)),
          [],
        )
        if (!isAsByCrash(each)) assert.match(log.said.join(), /damaged/)
        await log.close()
      })
  })

t.test('with Redis away, and then back', async t => {
  const environment = 'start-away'
  const base = await images(t, { environment, redisUrl: redis.url, keys: KEYS })
  for (const each of some(1).filter((_, at) => at % 3 === 1))
    t.test(nameOf(each), async t => {
      const proxy = await startProxy(t, redis.port)
      proxy.mode = 'refuse'
      const folder = await damaged(t, base.images[each.image], each.choose, each.damage)
      const files = textsIn(folder)
      const log = await start(t, { environment, folder, keys: KEYS, redisUrl: proxy.url })
      await log.parts.ownDisk.settled()
      const { condition } = log.state
      // of a kill in a line that is gone, nobody here knows; after a stop its state is kept
      const lost = base.killed.filter(flag => !killedIn(log).includes(flag))
      assert.ok(lost.length <= (each.image === 'stopped' ? 0 : 10), lost.join())
      const flag = `flag.${29}`
      assert.equal(await kill(log, flag, folder.slice(-20)), 'provisional')
      assert.ok(killedIn(log).includes(flag))
      if (condition.isBarred) {
        assert.match(condition.damaged ?? '', /written anew from the store/)
        await assert.rejects(restore(log, 'flag.0'), { code: 'store-unavailable' })
        assertUntouched(each, textsIn(folder), files)
      }
      proxy.mode = 'pass'
      await until(() => condition.damaged === undefined && condition.isLive, 'it is mended and live')
      await until(() => log.state.provisional.length === 0, 'what was taken is in the log')
      await log.parts.ownDisk.lookAtAll()
      assert.equal(textOf(folder), await linesIn(environment))
      assert.deepEqual(killedIn(log).sort(), [...base.killed, flag].sort())
      assert.deepEqual(
        log.unKilled.filter(each => base.killed.includes(each)),
        [],
      )
      await log.close()
    })
})

t.test('where Redis is not whole either', async t => {
  for (const [index, name] of ['emptied', 'cut'].entries())
    t.test(`it was ${name}: nothing is replaced anywhere`, async t => {
      const environment = `start-${name}`
      const base = await images(t, { environment, redisUrl: redis.url, keys: KEYS })
      const { log: key } = keysOf(environment)
      if (index === 0) await redis.admin.del(key)
      else await redis.admin.xtrim(key, 'MAXLEN', 3)
      const before = await linesIn(environment)
      const folder = await damaged(t, base.images.crashed, files => files.slice(2, 3), DISK_DAMAGES[1]!)
      const files = textsIn(folder)
      const log = await start(t, { environment, folder, keys: KEYS, redisUrl: redis.url })
      const { condition } = log.state
      await until(() => /Nothing was replaced/.test(condition.damaged ?? ''), 'it is said')
      assert.match(condition.damaged ?? '', /put the files back from a copy/)
      assert.equal(await kill(log, 'flag.30'), 'provisional')
      await assert.rejects(restore(log, 'flag.0'), { code: 'store-unavailable' })
      await log.parts.ownDisk.look()
      assert.equal(await linesIn(environment), before)
      assert.deepEqual(textsIn(folder), files)
      await log.close()
      const again = await start(t, { environment, folder, keys: KEYS, redisUrl: redis.url })
      assert.ok(killedIn(again).includes('flag.30'), 'and over a start')
    })
})

t.test('without Redis', async t => {
  const environment = 'start-local'
  const base = await images(t, { environment })
  for (const each of some(1))
    t.test(nameOf(each), async t => {
      const folder = await damaged(t, base.images[each.image], each.choose, each.damage)
      const files = textsIn(folder)
      const log = await start(t, { environment, folder })
      const { condition } = log.state
      await until(() => condition.damaged !== undefined || log.state.head.seq > 1, 'it is looked at')
      await log.parts.ownDisk.lookAtAll()
      if (condition.damaged === undefined) return // torn at its end, as by a crash
      const lost = base.killed.filter(flag => !killedIn(log).includes(flag))
      assert.ok(lost.length <= (each.image === 'stopped' ? 0 : 10), lost.join())
      assert.equal(condition.isBarred, true)
      assert.match(condition.damaged, /from a copy/)
      assert.equal(await kill(log, 'flag.31'), 'provisional')
      await assert.rejects(restore(log, 'flag.0'), { code: 'store-unavailable' })
      assertUntouched(each, textsIn(folder), files)
      await log.close()
      // put right by a person
      for (const name of readdirSync(join(folder, 'log')))
        rmSync(join(folder, 'log', name), { recursive: true })
      cpSync(join(base.images[each.image], 'log'), join(folder, 'log'), { recursive: true })
      const again = await start(t, { environment, folder })
      await until(() => again.state.provisional.length === 0, 'what was taken is in the log')
      assert.equal(again.state.condition.damaged, undefined)
      assert.deepEqual(killedIn(again).sort(), [...base.killed, 'flag.31'].sort())
      assert.equal((await verify(again.parts.journal)).ok, true)
      await again.close()
    })
})
