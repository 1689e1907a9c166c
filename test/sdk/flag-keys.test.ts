// Flags by every key there may be, in the process of an app: each answer is of the flag that was asked for.

import assert from 'node:assert/strict'
import { OpenFeature } from '@openfeature/server-sdk'
import fc from 'fast-check'
import t from 'tap'
import { fromSnapshot } from '../../sdk/src/follow/apply.js'
import { readSnapshot } from '../../sdk/src/follow/wire.js'
import { KillswitchProvider } from '../../sdk/src/index.js'
import { Killswitch } from '../../sdk/src/killswitch.js'
import { fakeKillswitch } from '../../sdk/src/testing.js'
import type { Snapshot } from '../../src/wire/snapshot.js'
import { aKey, flagsDirOf, keysOfOne, ODD_KEYS } from '../support/keys.js'
import { aServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { flag } from './snapshot-flag.js'
import { World } from './world.js'

const quiet = { warn() {}, error() {} }

t.test('a kill is of its own flag alone, and a key that nobody defined is unknown', async () => {
  fc.assert(
    fc.property(keysOfOne(8), aKey, (keys, other) => {
      fc.pre(!keys.includes(other))
      const fake = fakeKillswitch(Object.fromEntries(keys.map(key => [key, true])), { logger: quiet })
      const { killswitch } = fake
      for (const key of keys) {
        const signal = killswitch.signal(key)
        fake.kill(key)
        assert.deepEqual(
          keys.filter(each => killswitch.isKilled(each)),
          [key],
        )
        assert.deepEqual([killswitch.value(key), signal.aborted], [false, true])
        fake.restore(key)
        assert.deepEqual([killswitch.isKilled(key), killswitch.value(key)], [false, true])
      }
      assert.deepEqual([killswitch.isKilled(other), killswitch.value(other)], [false, undefined])
    }),
    { numRuns: 60 },
  )
})

t.test('the kill values of an app are asked by own keys', async () => {
  const killswitch = new Killswitch(
    { killValues: { toString: 'own' }, whenUnknown: 'killed', cacheFile: false, logger: quiet },
    { runtime: new World() },
  )
  assert.deepEqual([killswitch.value('toString'), killswitch.value('constructor')], ['own', false])
})

const aSnapshot = (keys: readonly string[]): Snapshot => ({
  v: 1,
  environment: 'test',
  log: 'log-1',
  revision: 1,
  hash: '',
  catalogue: 'c1',
  at: '2026-11-20T03:00:00.000Z',
  provisional: [],
  merged: [],
  released: [],
  flags: Object.fromEntries(keys.map(key => [key, flag()])),
})

t.test('a snapshot is read with every key it has', async () => {
  fc.assert(
    fc.property(keysOfOne(8), keys => {
      const read = readSnapshot(JSON.stringify(aSnapshot(keys))) as Snapshot
      assert.deepEqual(Object.keys(fromSnapshot(read).flipped).sort(), [...keys].sort())
    }),
  )
})

t.test('a key that is forced and nearly one that is known is told, and forces no other', async () => {
  const said: string[] = []
  const logger = { ...quiet, warn: (line: string) => void said.push(line) }
  const options = { forceKill: ['enable_checkout', 'payments/card'], cacheFile: false as const, logger }
  const bootstrap = aSnapshot(['enableCheckout', 'payments/card'])
  const killswitch = new Killswitch(
    { ...options, bootstrap },
    { runtime: new World(), feed: feed => feed.take(fromSnapshot(bootstrap)) },
  )
  void killswitch.start()
  assert.deepEqual(
    [killswitch.isKilled('enableCheckout'), killswitch.isKilled('payments/card')],
    [false, true],
  )
  const told = said.filter(line => /did you mean/.test(line))
  assert.deepEqual(told, [
    'killswitch: enable_checkout is forced, and is no flag that is known here; did you mean enableCheckout?',
  ])
  await killswitch.close()
})

t.test(
  'a provider follows the service through kills of every odd key, and remembers them in its file',
  async t => {
    const server = await aServer(t, { flagsDir: flagsDirOf(t, ODD_KEYS) })
    const cacheFile = `${testdir(t)}/cache.json`
    const options = { url: server.address, token: server.tokens.sdk, app: 'shop', cacheFile, logger: quiet }
    const provider = new KillswitchProvider({ ...options, initTimeoutMs: 60_000 })
    t.after(() => provider.onClose())
    await OpenFeature.setProviderAndWait('odd-keys', provider)
    const client = OpenFeature.getClient('odd-keys')
    for (const key of ODD_KEYS) {
      assert.equal(await client.getBooleanValue(key, false), true, key)
      await server.ask('operator', 'POST', '/v1/flags/kill', { body: { flag: key, reason: 'why' } })
      await until(() => provider.killswitch.isKilled(key), `${key} is killed here`)
      const { value, reason } = await client.getBooleanDetails(key, true)
      assert.deepEqual([value, reason], [false, 'STATIC'], key)
    }
    await provider.onClose()
    const alone = new KillswitchProvider({ ...options, url: 'http://127.0.0.1:9', initTimeoutMs: 20 })
    t.after(() => alone.onClose())
    await alone.killswitch.start()
    for (const key of ODD_KEYS) assert.equal(alone.killswitch.isKilled(key), true, key)
  },
)
