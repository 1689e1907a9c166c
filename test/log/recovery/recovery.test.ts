import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EMPTY, open, placeOf } from '../../../src/domain/log/audit.js'
import { Gate } from '../../../src/log/gate/gate.js'
import { Journal } from '../../../src/log/journal/journal.js'
import { Recovery } from '../../../src/log/recovery/recovery.js'
import { LocalStore } from '../../../src/log/stores/local/store.js'
import { RedisStore } from '../../../src/log/stores/redis/store.js'
import { collect } from '../../support/collect.js'
import { type Faults, failingDisk } from '../../support/disks.js'
import { aGate, KEYS } from '../../support/gate.js'
import { assertChain, headOf } from '../../support/log.js'
import { aKill, provisionalOf } from '../../support/provisional.js'
import { startRedis } from '../../support/redis.js'
import { testdir } from '../../support/testdir.js'

t.test('a store that is emptied while its branch is looked for', async t => {
  t.test('costs no line of the journal: nothing seems to be held, and nothing is let go', async t => {
    const rig = await aGate(t)
    await rig.kill('ai_v1', 'k')
    const provisional = await provisionalOf(t, rig)
    // another log at the first look, and nothing at all from then on
    const store = Object.assign(Object.create(rig.store) as typeof rig.store, {
      head: async () => ({ epoch: 7, seq: 9, hash: 'another' }),
      whyLost: async () => 'the log in Redis is empty',
    })
    const faults: unknown[] = []
    const events = {
      onRecovered: () => {},
      onFailed: () => {},
      onFault: (e: unknown) => faults.push(e),
      onBranchLeft: () => {},
    }
    const branches = { add: () => assert.fail('no branch was left') }
    const recovery = new Recovery({ log: rig.log, store, gate: rig.gate, provisional, branches, events })
    const before = placeOf(rig.journal.head)
    recovery.start('it is another log')
    await recovery.close()
    assert.deepEqual([placeOf(rig.journal.head), rig.isKilled('ai_v1'), faults], [before, true, []])
  })
})

t.test('lines that are put back while another instance is doing the same', async t => {
  t.test('follow no line of another branch: this instance leaves its own instead', async t => {
    const redis = await startRedis(t)
    const store = new RedisStore({ url: redis.url, environment: 'both' })
    t.after(() => store.close())
    await store.whenReady(5_000)
    const here = await aGate(t)
    await here.kill('ai_v1', 'common')
    const folder = testdir(t)
    cpSync(join(here.folder, 'log'), join(folder, 'log'), { recursive: true })
    const there = await aGate(t, { folder })
    await here.kill('kyc_v1', 'here-1')
    await here.kill('kyc_v1', 'here-2', { incident: 'INC-1' })
    await there.kill('kyc_v1', 'there-1', { incident: 'INC-2' })
    const common = (await here.entries()).slice(0, 2)
    const theirs = await there.entries()
    // the store was at what both have when it was looked at; then the other one's line came
    const flags = new Map<string, string>()
    await store.commit({ expectedHead: EMPTY, entries: theirs, flags, mode: 'restore' })
    const looks = [headOf(common[1]!)]
    const seen = Object.assign(Object.create(store) as RedisStore, {
      head: async () => looks.shift() ?? store.head(),
      commit: store.commit.bind(store),
      whyLost: store.whyLost.bind(store),
      examine: store.examine.bind(store),
      setAside: store.setAside.bind(store),
    })
    const provisional = await provisionalOf(t, here)
    const left: string[] = []
    const events = {
      onRecovered: () => {},
      onFailed: () => {},
      onFault: (e: unknown) => assert.fail(String(e)),
      onBranchLeft: () => {},
    }
    const branches = { add: (file: string) => void left.push(file) }
    const recovery = new Recovery({
      log: here.log,
      store: seen,
      gate: here.gate,
      provisional,
      branches,
      events,
    })
    for (let look = 0; look < 2; look++) {
      recovery.start('it is behind')
      await recovery.close()
    }
    const lines = (await redis.admin.xrange(store.keys.log, '-', '+')).map(
      ([, fields]) => fields[1] as string,
    )
    assertChain(lines)
    assert.equal(lines.length, theirs.length)
    assert.equal(left.length, 1, 'it left its branch')
    assert.equal(provisional.kills.length, 2, 'and its kills come in again')
  })
})

t.test('a provisional kill of a flag that has no definition', async t => {
  t.test('waits for one: it is not refused and dropped', async t => {
    const rig = await aGate(t)
    const provisional = await provisionalOf(t, rig)
    await provisional.take([aKill('gone', 'g'), aKill('ai_v1', 'k')])
    provisional.merge()
    await provisional.close()
    assert.deepEqual(
      provisional.kills.map(({ flags }) => flags),
      [['gone']],
    )
    assert.equal(rig.isKilled('ai_v1'), true)
  })
})

t.test('a store that loses what the disk had no room for', async t => {
  t.test('gets it back once there is room, and nothing before', async t => {
    const faults: Faults = {}
    const folder = testdir(t)
    const other = await Journal.open({ folder })
    t.after(() => other.close())
    const rig = await aGate(t, { beside: new LocalStore(other), kind: 'redis', disk: failingDisk(faults) })
    faults.writeError = 'ENOSPC'
    assert.equal((await rig.kill('ai_v1', 'k')).durability, 'store')
    const emptied = await Journal.open({ folder: testdir(t) })
    t.after(() => emptied.close())
    const store = new LocalStore(emptied)
    const gate = new Gate({
      log: rig.log,
      store,
      environment: 'test',
      clock: Date.now,
      random: () => 0,
      keys: KEYS,
    })
    t.after(() => gate.close())
    const provisional = await provisionalOf(t, rig)
    const found: unknown[] = []
    const events = {
      onRecovered: () => {},
      onFailed: () => {},
      onFault: (e: unknown) => found.push(e),
      onBranchLeft: () => {},
    }
    const branches = { add: () => assert.fail('no branch was left') }
    const recovery = new Recovery({ log: rig.log, store, gate, provisional, branches, events })
    const recover = async () => {
      recovery.start('it is empty')
      await recovery.close()
      return (await collect(emptied.lines(0))).map(line => open(line).entry.action)
    }
    assert.deepEqual(await recover(), [])
    delete faults.writeError
    assert.deepEqual(await recover(), ['catalogue.loaded', 'kill'])
    assert.deepEqual(found, [])
  })
})
