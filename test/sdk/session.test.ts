// Sessions over real HTTP: who an app says it is, what it is given, what its receipts carry, and an app or a service that
// has none.

import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { Killswitch } from '../../sdk/src/killswitch.js'
import type { KillswitchOptions } from '../../sdk/src/options.js'
import { fakeKillswitch } from '../../sdk/src/testing.js'
import type { Receipt } from '../../src/wire/receipt.js'
import { LiveService } from './live-service.js'

// the SDK's own timers keep no process alive, and some tests wait for nothing else
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

async function service(t: Test) {
  const service = new LiveService()
  service.define('ai_v1')
  service.define('kyc_v1')
  const url = await service.start()
  t.after(() => service.stop())
  return { service, url }
}

function app(t: Test, options: KillswitchOptions) {
  const said: string[] = []
  const say = (line: string) => void said.push(line)
  const logger = { debug: say, info: say, warn: say, error: say }
  const given = {
    app: 'app',
    token: 'secret',
    cacheFile: false as const,
    initTimeoutMs: 60_000,
    logger,
    ...options,
  }
  const killswitch = new Killswitch(given)
  t.after(() => killswitch.close())
  return { killswitch, said }
}

const asked = ({ seen }: LiveService) => seen.filter(({ path }) => /^\/v1\/(snapshot|stream)$/.test(path))

t.test('stream and snapshot are of one session, and receipts answer by it', async t => {
  const { service: server, url } = await service(t)
  const { killswitch, said } = app(t, { url, instance: 'pod-1' })
  await killswitch.start()
  await server.until(() => server.connected > 0 && server.receipts.length > 0)
  assert.equal(server.sessions.all.length, 1, 'two requests at once are of one process')
  const [session] = server.sessions.all
  const answers = (revision: number) => (receipt: Receipt) => receipt.answer?.revision === revision
  server.kill('ai_v1')
  await server.until(() => server.receipts.some(answers(2)))
  server.restore('ai_v1')
  await server.until(() => server.receipts.some(answers(3)))
  const [first, killed, restored] = [1, 2, 3].map(revision => server.receipts.find(answers(revision)))
  assert.deepEqual(first?.inForce, {})
  assert.deepEqual(killed?.inForce, { ai_v1: 'off' })
  assert.deepEqual(restored?.inForce, { ai_v1: null }, 'it was just held, and is not any more')
  assert.deepEqual(killed?.answer, { log: 'log-1', revision: 2, hash: server.hash(2) })
  const { session: secret, instance, provisional, holding } = killed as Receipt
  assert.deepEqual([secret, instance], [session?.secret, 'pod-1'])
  assert.deepEqual([provisional, holding], [undefined, undefined], 'nothing to tell of')
  await killswitch.close()
  assert.deepEqual(
    session?.numbers,
    session?.numbers.map((_, index) => index + 1),
  )
  assert.deepEqual([server.receipts.at(-1)?.closing, session?.gone], [true, 'closed'])
  const shown = JSON.stringify([said, server.seen.map(({ path }) => path)])
  assert.ok(!shown.includes(session?.secret as string), 'the secret is in no log and in no address')
})

t.test('once it has a session it says so, with the name that it was given', async t => {
  const { service: server, url } = await service(t)
  const { killswitch } = app(t, { url, app: 'zahlung/a', instance: 'pod u,1' })
  await killswitch.start()
  await server.until(() => server.connected > 0)
  server.drop()
  const later = () => asked(server).find(({ headers }) => headers['killswitch-session'] !== undefined)
  await server.until(() => later() !== undefined)
  const [session] = server.sessions.all
  assert.deepEqual([session?.app, session?.instance], ['zahlung/a', 'pod u,1'])
  assert.equal(later()?.headers['killswitch-session'], session?.secret)
  assert.equal(server.sessions.all.length, 1)
})

t.test('two processes of one name: the second one is shown by another, and says so once', async t => {
  const { service: server, url } = await service(t)
  const [first, second] = [1, 2].map(() => app(t, { url, instance: 'pod' }))
  await first?.killswitch.start()
  await second?.killswitch.start()
  await server.until(() => server.receipts.some(({ instance }) => instance === 'pod~2'))
  await server.until(() => server.connected === 2)
  server.drop()
  await server.until(() => server.connected === 2)
  const names = () => server.sessions.open.map(({ instance }) => instance)
  assert.deepEqual(names(), ['pod', 'pod~2'])
  const told = second?.said.filter(line => line.includes('another process has the instance name pod:'))
  assert.equal(told?.length, 1)
  assert.ok(told?.[0]?.includes('shown as pod~2'))
  assert.ok(!first?.said.some(line => line.includes('another process')))
})

t.test('receipts: false: it says that it cannot prove', async t => {
  const { service: server, url } = await service(t)
  const { killswitch } = app(t, { url, instance: 'pod', receipts: false })
  await killswitch.start()
  await server.until(() => server.connected > 0)
  for (const { headers } of asked(server)) {
    assert.equal(headers['killswitch-session'], 'none')
    assert.deepEqual([headers['killswitch-app'], headers['killswitch-instance']], ['app', 'pod'])
    assert.equal(headers['killswitch-predecessors'], undefined)
  }
  await killswitch.close()
  assert.deepEqual([[...server.sessions.unproving], server.receipts], [['app pod'], []])
})

t.test('serverless, and in the tests of users: no word of who it is', async t => {
  const { service: server, url } = await service(t)
  const { killswitch } = app(t, { url, mode: 'serverless' })
  await killswitch.start()
  const fake = fakeKillswitch({ ai_v1: true }, { url, token: 'secret' })
  await fake.killswitch.start()
  await fake.killswitch.close()
  assert.equal(asked(server).length, 1)
  const about = /^killswitch-(app|instance|session|process|predecessors)$/
  assert.deepEqual(
    server.seen.flatMap(({ headers }) => Object.keys(headers).filter(name => about.test(name))),
    [],
  )
})

t.test('an older service, that gives no session, gets the receipts that it knows', async t => {
  const { service: server, url } = await service(t)
  server.sessions.isOlder = true
  const { killswitch, said } = app(t, { url })
  await killswitch.start()
  server.kill('ai_v1')
  await server.until(() => server.receipts.some(({ revision }) => revision === 2))
  await killswitch.close()
  assert.equal(server.receipts.at(-1)?.closing, true)
  assert.deepEqual(
    said.filter(line => /refused|prove/.test(line)),
    [],
  )
})

t.test('a session that is refused is said once, with the reason, and the app is served', async t => {
  const { service: server, url } = await service(t)
  server.sessions.refusedWith = 'limit'
  const { killswitch, said } = app(t, { url, instance: 'pod' })
  await killswitch.start()
  await server.until(() => server.connected > 0)
  server.kill('ai_v1')
  await server.until(() => server.receipts.some(({ revision }) => revision === 2))
  assert.equal(killswitch.isKilled('ai_v1'), true)
  assert.ok(server.receipts.every(({ session, inForce }) => session === undefined && inForce === undefined))
  const told = said.filter(line => line.includes('no kill can be proved here'))
  assert.equal(told.length, 1)
  assert.match(told[0] as string, /pod no session \(limit: /)
})

t.test('a session is taken from no answer but one that is well', async t => {
  const { service: server, url } = await service(t)
  server.snapshotStatus = 503
  const { killswitch } = app(t, { url, initTimeoutMs: 20 })
  server.token = 'another'
  await killswitch.start()
  assert.equal(server.sessions.all.length, 0)
  server.token = 'secret'
  server.snapshotStatus = 200
  await server.until(() => server.receipts.length > 0)
  assert.equal(server.receipts[0]?.session, server.sessions.all[0]?.secret)
})

t.test('a service that does not know the session gives another one, and gets the receipt by it', async t => {
  const { service: server, url } = await service(t)
  const { killswitch } = app(t, { url, instance: 'pod' })
  await killswitch.start()
  await server.until(() => server.connected > 0 && server.receipts.length > 0)
  const [before] = server.sessions.all
  server.sessions.forget()
  server.kill('ai_v1')
  await server.until(() => server.receipts.some(({ inForce }) => inForce?.ai_v1 === 'off'))
  const [session] = server.sessions.all
  assert.notEqual(session?.secret, before?.secret)
  const receipt = server.receipts.find(({ inForce }) => inForce?.ai_v1 === 'off')
  assert.equal(receipt?.session, session?.secret)
  const [next = 0] = session?.numbers ?? []
  assert.ok(next > Math.max(...(before?.numbers ?? [])), 'it may be the same one under another secret')
  const opening = asked(server).findLast(({ headers }) => headers['killswitch-session'] === undefined)
  assert.equal(
    opening?.headers['killswitch-predecessors'],
    before?.secret,
    'it takes the place of the one before',
  )
})

t.test('closed and started again: another session, or the same one with numbers that go on', async t => {
  const { service: server, url } = await service(t)
  const { killswitch } = app(t, { url, instance: 'pod' })
  for (const round of [1, 2]) {
    await killswitch.start()
    await server.until(
      () => server.sessions.open.length === 1 && server.sessions.open[0]?.numbers.length !== 0,
    )
    await killswitch.close()
    assert.equal(server.sessions.open.length, 0, `round ${round}`)
  }
  for (const { numbers } of server.sessions.all)
    assert.ok(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number)))
})
