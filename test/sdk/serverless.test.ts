// Following without a stream, in virtual time: a use waits for a state that is too old, and a function may be frozen between.

import assert from 'node:assert/strict'
import t from 'tap'
import { boot, host } from './host.js'
import { flag } from './snapshot-flag.js'
import { type Handler, World } from './world.js'

/** Answers nobody; a request ends when it is given up. */
const silent: Handler = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

t.test(
  'serverless: refreshed before use when older than 5 s, within 150 ms; no stream, no receipts',
  async () => {
    const world = new World()
    const flags = { f: flag() }
    const server = host(world, 'http://a:1', flags)
    const killswitch = boot(world, { mode: 'serverless' })
    await world.run(100)
    assert.equal(killswitch.state.status, 'ready')
    assert.equal(killswitch.freshen(), undefined)
    assert.deepEqual([...server.modes], ['serverless'], 'the service counts it as served')
    flags.f = flag({ flipped: 5, held: { variant: 'off', value: false, since: '', holds: ['h'] } })
    await world.run(6000)
    const [first, second] = [killswitch.freshen(), killswitch.freshen()]
    assert.ok(second, 'a use that comes while another waits does not go by the old state')
    await Promise.all([first, second])
    assert.equal(killswitch.freshen(), undefined)
    assert.equal(killswitch.isKilled('f'), true)
    world.hosts.set('http://a:1', () => new Promise(() => {}))
    await world.run(6000)
    const waiting = killswitch.freshen()
    await world.run(150)
    await waiting
    assert.equal(killswitch.isKilled('f'), true)
    assert.equal(killswitch.state.status, 'stale')
    assert.equal(server.pipes.length, 0)
    await killswitch.close()
  },
)

t.test(
  'serverless: a thawed function asks anew, and does not join a round from before it was frozen',
  async () => {
    const world = new World()
    const flags = { f: flag() }
    host(world, 'http://a:1', flags)
    const service = world.hosts.get('http://a:1') as Handler
    const killswitch = boot(world, { mode: 'serverless' })
    await world.run(6000)
    world.hosts.set('http://a:1', silent)
    const before = killswitch.freshen()
    await world.run(150)
    await before
    assert.equal(killswitch.state.status, 'stale')
    world.time += 60_000 // frozen: no timer has run
    world.hosts.set('http://a:1', service)
    flags.f = flag({ flipped: 5, held: { variant: 'off', value: false, since: '', holds: ['h'] } })
    const thawed = killswitch.freshen()
    await world.run(0)
    await thawed
    assert.deepEqual([killswitch.state.status, killswitch.isKilled('f')], ['ready', true])
    await world.run(3000)
    assert.equal(killswitch.state.status, 'ready')
    await killswitch.close()
  },
)

t.test('serverless: uses that come faster than an address is given up reach the next one', async () => {
  const world = new World()
  const url = ['http://a:1', 'http://b:1']
  world.hosts.set('http://a:1', silent)
  host(world, 'http://b:1', { f: flag() })
  const killswitch = boot(world, { url, mode: 'serverless', refreshAfterMs: 500 })
  for (let use = 0; use < 5; use++) {
    void killswitch.freshen()
    await world.run(501)
  }
  assert.equal(killswitch.value('f'), true)
  await killswitch.close()
})

t.test('serverless: a clock that is set back makes no state fresh', async () => {
  const world = new World()
  host(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world, { mode: 'serverless' })
  await world.run(100)
  world.hosts.set('http://a:1', silent)
  world.set = -3_600_000
  const waiting = killswitch.freshen()
  await world.run(150)
  await waiting
  assert.equal(killswitch.state.status, 'stale')
  await killswitch.close()
})

t.test('serverless: a closed one asks at once when it is started again', async () => {
  const world = new World()
  host(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world, { mode: 'serverless' })
  await world.run(100)
  await killswitch.close()
  assert.equal(killswitch.state.status, 'stale')
  void killswitch.start()
  await world.run(100)
  assert.equal(killswitch.state.status, 'ready')
  await killswitch.close()
})
