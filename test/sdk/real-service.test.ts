// Apps against the service itself, over real HTTP: a kill is proved by all that run, through restarts of either side, and
// what an app holds apart is found and let go of.

import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import t, { type Test } from 'tap'
import { Killswitch } from '../../sdk/src/killswitch.js'
import type { KillswitchOptions } from '../../sdk/src/options.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { flag } from './snapshot-flag.js'

// the SDK's own timers keep no process alive, and some tests wait for nothing else
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

async function app(
  t: Test,
  { tokens, address }: TestServer,
  options: KillswitchOptions,
): Promise<Killswitch> {
  const logger = { warn() {}, error() {} }
  const given = { url: address, token: tokens.sdk, app: 'trustflow', cacheFile: false as const, logger }
  const killswitch = new Killswitch({ ...given, initTimeoutMs: 60_000, ...options })
  t.after(() => killswitch.close())
  await killswitch.start()
  return killswitch
}

const WAIT = { prefer: 'wait=30' }
const flip = async ({ ask }: TestServer, verb: 'kill' | 'restore', key = 'ai_v1') => {
  const role = verb === 'kill' ? 'operator' : 'coordinator'
  const body = { reason: 'test', ...(verb === 'kill' ? { incident: 'INC-1' } : { all: true }) }
  const {
    status,
    body: answer,
    text,
  } = await ask(role, 'POST', `/v1/flags/${key}/${verb}`, { headers: WAIT, body })
  assert.equal(status, 200, text)
  return answer.convergence[0]
}
const fleet = async ({ ask }: TestServer) => (await ask('viewer', 'GET', '/v1/instances')).body
type Shown = { instance: string; liveness: string; current: boolean; apart: { code: string }[] }

t.test(
  'a kill and a restore are confirmed by every app that runs, and by none that said goodbye',
  async t => {
    const server = await aServer(t)
    const [first, second, third] = [
      await app(t, server, { instance: 'api/a 1' }),
      await app(t, server, { instance: 'api-2' }),
      await app(t, server, { instance: 'api-2' }),
    ]
    const killed = await flip(server, 'kill')
    assert.equal(killed.status, 'confirmed', JSON.stringify(killed))
    assert.deepEqual(killed.applied.sort(), ['api-2', 'api-2~2', 'api/a 1'])
    assert.ok([first, second, third].every(each => each.isKilled('ai_v1')))
    const restored = await flip(server, 'restore')
    assert.deepEqual([restored.status, restored.count.applied], ['confirmed', 3])
    await third.close()
    await first.close()
    const last = await flip(server, 'kill')
    assert.deepEqual([last.status, last.applied], ['confirmed', ['api-2']])
    const { live, lost, closed } = await fleet(server)
    assert.deepEqual([live, lost, closed], [1, 0, 2])
  },
)

t.test(
  'the service is started again: the app goes on with its session, and proves the next kill',
  async t => {
    const first = await aServer(t)
    const { dataDir, tokens, address } = first
    const killswitch = await app(t, first, { instance: 'api-1' })
    await until(async () => (await fleet(first)).live === 1, 'the app is known')
    await first.close()
    const second = await aServer(t, { dataDir, tokens, port: Number(new URL(address).port) })
    await until(() => killswitch.state.status === 'ready', 'it is heard again')
    const killed = await flip(second, 'kill')
    assert.deepEqual([killed.status, killed.applied], ['confirmed', ['api-1']])
    assert.equal((await fleet(second)).instances.length, 1)
  },
)

t.test('an app that cannot prove is named, and keeps a kill unconfirmed', async t => {
  const server = await aServer(t)
  await app(t, server, { instance: 'proves' })
  await app(t, server, { instance: 'mute', receipts: false })
  const killed = await flip(server, 'kill')
  assert.notEqual(killed.status, 'confirmed')
  assert.match(JSON.stringify(killed), /mute/)
  assert.deepEqual(killed.applied, ['proves'])
})

t.test('a hold of another log is shown apart, released in the app by reconcile, and stays so', async t => {
  const server = await aServer(t)
  const snapshot = (await server.ask('sdk', 'GET', '/v1/snapshot')).body
  const held = {
    variant: 'off',
    value: false,
    since: '2026-11-20T03:00:00.000Z',
    holds: ['hold-that-was-lost'],
  }
  const bootstrap = {
    ...snapshot,
    log: 'f'.repeat(64),
    revision: 900,
    hash: 'e'.repeat(64),
    flags: { ai_v1: flag({ application: 'trustflow', flipped: 900, held }) },
  }
  const killswitch = await app(t, server, { instance: 'api-1', bootstrap })
  assert.equal(killswitch.isKilled('ai_v1'), true)
  const shown = async () => ((await fleet(server)).instances as Shown[])[0]
  await until(
    async () => (await shown())?.apart.some(({ code }) => code === 'holding') === true,
    'it is shown apart',
  )
  const { status, body, text } = await server.ask('coordinator', 'POST', '/v1/instances/reconcile', {
    body: { app: 'trustflow', reason: 'the log was lost' },
  })
  assert.equal(status, 200, text)
  assert.deepEqual(body.released, [{ flag: 'ai_v1', holds: ['hold-that-was-lost'] }])
  await until(() => !killswitch.isKilled('ai_v1'), 'it is let go of')
  await until(async () => (await shown())?.apart.length === 0, 'nothing is apart')
  const killed = await flip(server, 'kill')
  assert.equal(killed.status, 'confirmed', JSON.stringify(killed))
})

t.test(
  'a backup is put back under an app: the kill that only the app has comes back for the others',
  async t => {
    const first = await aServer(t)
    const { dataDir, tokens, address } = first
    const again = () => aServer(t, { dataDir, tokens, port: Number(new URL(address).port) })
    await first.close()
    const backup = testdir(t)
    cpSync(dataDir, backup, { recursive: true })
    const between = await again()
    const api = await app(t, between, { instance: 'api-1' })
    await flip(between, 'kill')
    assert.ok(api.isKilled('ai_v1'))
    await between.close()
    rmSync(dataDir, { recursive: true })
    cpSync(backup, dataDir, { recursive: true })
    const after = await again()
    const fresh = await app(t, after, { instance: 'api-2' })
    await until(() => fresh.isKilled('ai_v1'), 'the other app has it too')
    const { entries } = (await after.ask('viewer', 'GET', '/v1/audit?flag=ai_v1&action=kill')).body
    assert.deepEqual(
      entries.map(({ actor, incident, shown }: Record<string, unknown>) => [actor, incident, shown]),
      [
        [
          { id: 'shared-operator', role: 'operator', via: 'service' },
          'INC-1',
          { hold: entries[0].hold, app: 'trustflow', instance: 'api-1' },
        ],
      ],
    )
  },
)
