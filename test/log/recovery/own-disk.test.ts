// The files of a journal are damaged while its instance runs: it is noticed, the exact lines come back from Redis, and what
// was damaged is kept. Where Redis has not got them either, nothing is replaced anywhere.

import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { decideKill } from '../../../src/domain/flip/kill.js'
import { verify } from '../../../src/log/journal/verify.js'
import { type OpenLog, openLog } from '../../../src/log/open-log.js'
import { keysOf } from '../../../src/log/stores/redis/keys.js'
import { rewritten } from '../../support/disk-damages.js'
import { aCatalogue, aFlag, anActor, killOf, loaded } from '../../support/domain.js'
import { startRedis } from '../../support/redis.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import { wholeFile } from '../../support/whole-file.js'

const redis = await startRedis(wholeFile)
const FLAGS = Array.from({ length: 60 }, (_, index) => `flag.${index}`)
let environments = 0

type World = OpenLog & { folder: string; log: string; kill: () => Promise<string> }

/** With segments of some five lines each. */
async function aWorld(t: Teardown, isLocal = false, folder = testdir(t)): Promise<World> {
  const environment = `disk-${isLocal ? 0 : ++environments}`
  const opened = await openLog({
    folder,
    environment,
    segmentBytes: 4_000,
    ...(isLocal ? {} : { redisUrl: redis.url }),
  })
  t.after(() => opened.close())
  opened.start()
  const ask = { priority: 'note' as const, actor: 'killswitch', key: 'load', digest: '' }
  const draft = loaded(aCatalogue(...FLAGS.map(key => aFlag(key))))
  await opened.submit.entries({ ...ask, decide: () => ({ drafts: [draft] }) })
  const left = FLAGS.filter(key => !opened.state.state.flags.get(key)?.holds.length)
  const kill = async () => {
    const flag = left.shift() as string
    const kill = killOf(flag, { actor: anActor('operator'), request: { id: flag, key: flag, digest: flag } })
    const asked = { priority: 'kill' as const, actor: 'operator', key: flag, digest: flag, kill }
    return (await opened.submit.entries({ ...asked, decide: state => decideKill(state, kill) })).durability
  }
  if (opened.state.head.seq < 20) for (let i = 0; i < 20; i++) await kill()
  await opened.parts.ownDisk.look()
  return { ...opened, folder, log: keysOf(environment).log, kill }
}

const filesOf = ({ folder }: World): string[] =>
  readdirSync(join(folder, 'log'))
    .sort()
    .map(name => join(folder, 'log', name))
const textOf = (world: World): string =>
  filesOf(world)
    .map(file => readFileSync(file, 'utf8'))
    .join('')
const linesIn = async ({ log }: World): Promise<string> =>
  (await redis.admin.xrange(log, '-', '+')).map(([, fields]) => `${fields[1]}\n`).join('')

const HARMS: [name: string, harm: (files: string[]) => void][] = [
  ['its newest file is cut', files => truncateSync(files.at(-1)!, 100)],
  ['its newest file has more than was written', files => appendFileSync(files.at(-1)!, 'more\n')],
  ['its newest file is gone', files => rmSync(files.at(-1)!)],
  ['its newest file is rewritten', files => rewritten(files.at(-1)!)],
  ['an older file is rewritten', files => rewritten(files.at(2)!)],
  ['an older file is gone', files => rmSync(files.at(1)!)],
  ['the last byte of an older file is another', files => truncateSync(files.at(1)!, 1_000)],
  ['all files are gone', files => files.map(file => rmSync(file))],
  [
    'a copy stands in the place of its newest file',
    files => {
      copyFileSync(files.at(-1)!, `${files.at(-1)}.copy`)
      renameSync(`${files.at(-1)}.copy`, files.at(-1)!)
    },
  ],
]

t.test('a journal that is damaged under a running instance', async t => {
  const world = await aWorld(t)
  const { parts, state, kill } = world
  for (const [name, harm] of HARMS)
    t.test(`is written anew where ${name}`, async () => {
      harm(filesOf(world))
      // the end by itself, the rest in its turn
      await parts.ownDisk.look()
      for (let turn = 0; turn < filesOf(world).length + 1; turn++) await parts.ownDisk.lookAtSome()
      assert.equal(state.condition.damaged, undefined)
      assert.ok(textOf(world) === (await linesIn(world)), 'the lines are those of Redis')
      assert.equal((await verify(parts.journal)).ok, true)
      assert.equal(await kill(), 'both')
      assert.ok(textOf(world) === (await linesIn(world)), 'what comes after is written to the new file')
    })
  t.test('is written anew where its newest file is cut, and has its size again', async () => {
    const [file] = filesOf(world).slice(-1) as [string]
    await parts.ownDisk.look()
    truncateSync(file, 10)
    await kill()
    await parts.ownDisk.look()
    assert.ok(textOf(world) === (await linesIn(world)))
  })
  t.test('keeps a few of the damaged files', async () => {
    const kept = readdirSync(join(world.folder, 'damaged'))
    assert.ok(kept.length >= 4 && kept.length <= 8, kept.join())
  })
})

t.test('where Redis is damaged as well', async t => {
  const world = await aWorld(t)
  const { parts, state, kill, log } = world
  t.test('nothing is replaced, kills are taken provisionally, and both are told', async () => {
    const [file] = filesOf(world) as [string]
    const whole = readFileSync(file)
    rewritten(filesOf(world).at(1)!)
    const second = readFileSync(filesOf(world).at(1)!)
    await redis.admin.xtrim(log, 'MAXLEN', 5)
    assert.match(
      await until(() => state.condition.unmended, 'it is told'),
      /journal of this instance is damaged/,
    )
    await until(() => /nothing was replaced/.test(state.condition.damaged ?? ''), 'the disk is told')
    assert.equal(await kill(), 'provisional')
    assert.equal(await redis.admin.xlen(log), 5)
    assert.deepEqual([readFileSync(file), readFileSync(filesOf(world).at(1)!)], [whole, second])
  })
  t.test('a file that is put back by hand mends both', async () => {
    const file = filesOf(world).at(1)!
    writeFileSync(file, readFileSync(file, 'utf8').replace('"role":"0', '"role":"o'))
    await until(() => state.condition.isLive && state.provisional.length === 0, 'Redis is whole again')
    await parts.ownDisk.look()
    assert.equal(state.condition.damaged, undefined)
    assert.ok(textOf(world) === (await linesIn(world)), 'the lines are those of Redis')
  })
})

t.test('without a Redis', async t => {
  const before = await aWorld(t, true)
  await before.close()
  // what was written before this start is not in memory any more
  const world = await aWorld(t, true, before.folder)
  t.test('damage is told, nothing is replaced, and a kill is kept beside it', async () => {
    rewritten(filesOf(world).at(2)!)
    const text = textOf(world)
    await world.parts.ownDisk.lookAtAll()
    assert.match(world.state.condition.damaged ?? '', /does not follow the one before.*nothing was replaced/)
    assert.ok(textOf(world) === text)
    assert.equal(world.state.condition.isBarred, true)
    assert.equal(await world.kill(), 'provisional')
    assert.ok(textOf(world) === text, 'it is not written behind the damage')
  })
  t.test('and comes into the log when the file is put right', async () => {
    const file = filesOf(world)[2] as string
    writeFileSync(file, readFileSync(file, 'utf8').replace('"role":"0', '"role":"o'))
    await world.parts.ownDisk.look()
    await until(() => world.state.provisional.length === 0, 'it is in the log')
    assert.equal((await verify(world.parts.journal)).ok, true)
  })
})
