// A log carried from one store to another and back, byte for byte, with a real Redis; and every service that goes on from
// it has every flag killed as before.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sharedLogKey } from '../support/log-key.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { run } from './cli.js'

const KILLED = ['ai_v1', 'chat.degraded-mode', 'pilot.enabled']

async function flips(server: TestServer): Promise<void> {
  for (const flag of ['ai_v1', 'kyc_v1', 'chat.degraded-mode', 'pilot.enabled'])
    await server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, {
      body: { incident: 'INC-1', reason: `Störung 障害` },
    })
  const body = { reason: 'well again', all: true }
  assert.equal((await server.ask('engineer', 'POST', '/v1/flags/kyc_v1/restore', { body })).status, 200)
}

async function exported({ ask }: TestServer): Promise<string> {
  const accept = { headers: { accept: 'application/x-ndjson' } }
  return (await ask('viewer', 'GET', '/v1/audit?order=oldest', accept)).text
}

async function killed({ ask }: TestServer): Promise<string[]> {
  const { body } = await ask('viewer', 'GET', '/v1/flags')
  return body.flags
    .filter((flag: { killed: boolean }) => flag.killed)
    .map((flag: { key: string }) => flag.key)
}

/** What a service wrote, and the file of its export. */
async function anExport(t: Test, given: { redisUrl?: string } = {}) {
  const server = await aServer(t, { logKeyFile: sharedLogKey(), ...given })
  await flips(server)
  const [text, tokens] = [await exported(server), server.tokens]
  await server.close()
  const file = join(testdir(t), 'audit.ndjson')
  writeFileSync(file, text)
  return { file, text, tokens }
}

const imported = (t: Teardown, file: string, ...to: string[]) => run(t, ['audit', 'import', file, ...to])

t.test('killswitch audit import', async t => {
  t.test('carries a local log to Redis, and the service goes on from it', async t => {
    const { file, text } = await anExport(t)
    const redis = await startRedis(t)
    const { code, out, err } = await imported(t, file, '--redis-url', redis.url, '--environment', 'test')
    assert.equal(code, 0, err)
    assert.match(
      out,
      /^Imported: 6 entries, up to 0-6, byte for byte\.\nIt is signed with the key [0-9a-f]{8}\. /,
    )
    const server = await aServer(t, { redisUrl: redis.url })
    assert.equal(await exported(server), text)
    assert.deepEqual((await killed(server)).sort(), KILLED)
    const stored = await redis.admin.hgetall('killswitch:{test}:flags')
    assert.equal(JSON.parse(stored.ai_v1 as string).killed, true)
    assert.equal(JSON.parse(stored.kyc_v1 as string).killed, false)
    // the log is on another server now: whoever writes next opens an epoch, and what was there stays as it was
    const body = { reason: 'well again', all: true }
    const restored = await server.ask('engineer', 'POST', '/v1/flags/ai_v1/restore', { body })
    assert.equal(restored.status, 200, restored.text)
    assert.ok((await exported(server)).startsWith(text))
  })

  t.test('carries a log on Redis to one machine, and back once more', async t => {
    const redis = await startRedis(t)
    const { file, text } = await anExport(t, { redisUrl: redis.url })
    const dataDir = join(testdir(t), 'data')
    assert.equal((await imported(t, file, '--data-dir', dataDir)).code, 0)
    const local = await aServer(t, { dataDir, logKeyFile: sharedLogKey() })
    assert.equal(await exported(local), text)
    assert.deepEqual((await killed(local)).sort(), KILLED)
    await flips(local)
    const grown = await exported(local)
    assert.ok(grown.startsWith(text) && grown.length > text.length)
    await local.close()
    writeFileSync(file, grown)
    const other = await startRedis(t)
    assert.equal((await imported(t, file, '--redis-url', other.url, '--environment', 'test')).code, 0)
    assert.equal(await exported(await aServer(t, { redisUrl: other.url })), grown)
  })

  t.test('refuses a store that has a log, and says what is there', async t => {
    const { file } = await anExport(t)
    const dataDir = join(testdir(t), 'data')
    assert.equal((await imported(t, file, '--data-dir', dataDir)).code, 0)
    const again = await imported(t, file, '--data-dir', dataDir)
    assert.equal(again.code, 3)
    assert.match(again.err, /There is a log in the data folder .* already: 6 entries, up to 0-6/)
    const redis = await startRedis(t)
    const server = await aServer(t, { redisUrl: redis.url })
    const busy = await imported(t, file, '--redis-url', redis.url, '--environment', 'test', '--json')
    assert.deepEqual([busy.code, busy.json.code, busy.json.entries], [3, 'log-present', 1])
    assert.equal((await exported(server)).split('\n').length, 2)
  })

  t.test('writes nothing of an export that does not hold', async t => {
    const { file, text } = await anExport(t)
    writeFileSync(file, text.replace('INC-1', 'INC-2'))
    const dataDir = join(testdir(t), 'data')
    mkdirSync(dataDir)
    const { code, out } = await imported(t, file, '--data-dir', dataDir)
    assert.equal(code, 3)
    assert.match(out, /line 2 \(entry 0-2\): edited/)
    assert.match(out, /Nothing was imported/)
    writeFileSync(file, '')
    assert.equal((await imported(t, file, '--data-dir', dataDir)).code, 3)
    writeFileSync(file, text)
    assert.equal((await imported(t, file, '--data-dir', dataDir)).code, 0, 'the folder is as it was')
  })

  t.test('ends with 2 where it was not asked rightly, and with 5 where nobody answers', async t => {
    const { file } = await anExport(t)
    const gone = 'redis://127.0.0.1:1'
    for (const [args, code, why] of [
      [[], 2, /Say where to/],
      [['--data-dir', 'x', '--redis-url', gone], 2, /Say where to/],
      [['--redis-url', gone], 2, /needs --environment/],
      [['--redis-url', gone, '--environment', 'production'], 2, /The export is of environment "test"/],
      [['--redis-url', gone, '--environment', 'test'], 5, /Not imported \(store-unavailable\)/],
    ] as const) {
      const ran = await imported(t, file, ...args)
      assert.deepEqual([ran.code, why.test(ran.err)], [code, true], ran.err)
    }
    const server = await aServer(t)
    const held = await imported(t, file, '--data-dir', server.dataDir)
    assert.equal(held.code, 2)
    assert.match(held.err, /is in use by process \d+/)
    assert.ok(readFileSync(file).length > 0)
  })
})
