// The last resort: named flags killed by the process' own environment or by a watched file, service or none.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Killswitch } from '../../sdk/src/killswitch.js'
import { readOptions } from '../../sdk/src/options.js'
import { World } from './world.js'

const logger = { warn() {}, error() {} }

test('KILLSWITCH_FORCE_KILL is read by commas', () => {
  assert.deepEqual(readOptions({}, { KILLSWITCH_FORCE_KILL: 'ai_v1, kyc_v1' }).forceKill, ['ai_v1', 'kyc_v1'])
})

test('a forced flag is killed with no service at all, to the value given where no definition is known', async () => {
  const world = new World()
  const options = {
    forceKill: ['ai_v1', 'degraded'],
    killValues: { degraded: true },
    cacheFile: false as const,
    logger,
  }
  const killswitch = new Killswitch(options, { runtime: world })
  void killswitch.start()
  await world.run(1100)
  assert.equal(killswitch.isKilled('ai_v1'), true)
  assert.equal(killswitch.value('ai_v1'), false)
  assert.equal(killswitch.value('degraded'), true)
  assert.equal(killswitch.resolution('ai_v1')?.details.flagMetadata.killedBy, 'forced')
  assert.deepEqual(killswitch.state.forced, ['ai_v1', 'degraded'])
  await killswitch.close()
})

test('a watched file forces and lets go, and one that cannot be read changes nothing', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'ks-force-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const forceFile = join(folder, 'force')
  const world = new World()
  const killswitch = new Killswitch({ forceFile, cacheFile: false, logger }, { runtime: world })
  void killswitch.start()
  await world.run(1500)
  const signal = killswitch.signal('ai_v1')
  writeFileSync(forceFile, 'ai_v1 # since 03:00\n')
  await world.run(1000)
  assert.equal(killswitch.isKilled('ai_v1'), true)
  assert.equal(signal.aborted, true)
  rmSync(forceFile)
  await world.run(1000)
  assert.equal(killswitch.isKilled('ai_v1'), false)
  await killswitch.close()
})

test('an option that cannot be is refused with what it may be', () => {
  assert.throws(
    () => readOptions({}, { KILLSWITCH_MODE: 'sometimes' }),
    /mode is "sometimes"; it may be stream or serverless/,
  )
  assert.throws(() => readOptions({ url: 'kill.example.com' }, {}), /no http or https address/)
  assert.throws(() => readOptions({ pollMs: 0 }, {}), /pollMs \(KILLSWITCH_POLL_MS\)/)
  assert.equal(readOptions({ pollMs: 7 }, { KILLSWITCH_POLL_MS: '9' }).pollMs, 7)
  assert.deepEqual(readOptions({ url: 'http://a/,http://b' }, {}).urls, ['http://a', 'http://b'])
})
