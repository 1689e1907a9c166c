// Following, in virtual time: silence, a stale upstream, an instance that is behind, and flags that go to their kill
// variant when the service has been away for too long.

import assert from 'node:assert/strict'
import t from 'tap'
import { beat, boot, host, position } from './host.js'
import { flag } from './snapshot-flag.js'
import { type Handler, type Pipe, respond, settle, sse, World } from './world.js'

const beats = async (
  world: World,
  pipe: () => Pipe | undefined,
  text: string,
  count: number,
): Promise<void> => {
  for (let n = 0; n < count; n++) {
    pipe()?.write(text)
    await settle()
    await world.run(5000)
  }
}

t.test('a silent stream is given up after 2.5 beats, and another one is opened', async () => {
  const world = new World()
  const server = host(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world)
  await world.run(100)
  assert.equal(killswitch.state.status, 'ready')
  assert.equal(server.pipes.length, 1)
  await world.run(12_300)
  assert.equal(server.pipes.length, 1)
  await world.run(1000)
  assert.equal(server.pipes.length, 2)
  assert.equal(killswitch.state.status, 'ready')
  await killswitch.close()
})

t.test('a stream that comes before the snapshot tells of kills, and confirms nothing', async () => {
  const world = new World()
  const held = { variant: 'off', value: false, since: '2026-11-20T03:00:00.000Z', holds: ['h'] }
  const server = host(world, 'http://a:1', { f: flag({ held, flipped: 6 }), g: flag() }, 6)
  server.hasSnapshots = false
  const killswitch = boot(world)
  await world.run(100)
  server.pipes[0]?.write(sse('change', { ...position(6), v: 1, held: { f: held }, flipped: { f: 6 } }))
  await settle()
  assert.equal(killswitch.isKilled('f'), true)
  assert.notEqual(killswitch.state.status, 'ready', 'nobody knows what g is')
  server.hasSnapshots = true
  await world.run(6_000)
  assert.deepEqual([killswitch.state.status, killswitch.value('g')], ['ready', true])
  assert.equal(killswitch.isKilled('f'), true)
  await killswitch.close()
})

t.test('a stale upstream makes STALE within 2.5 beats; with one address its stream is kept', async () => {
  const world = new World()
  const server = host(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world)
  await world.run(100)
  server.upstream = 'stale'
  await beats(world, () => server.pipes.at(-1), beat('stale', 5), 3)
  assert.equal(killswitch.state.status, 'stale')
  assert.equal(server.pipes.length, 1)
  await beats(world, () => server.pipes.at(-1), beat('live', 5), 1)
  assert.equal(killswitch.state.status, 'ready')
  await killswitch.close()
})

t.test('a stale upstream leads on to the next address, where there is one', async () => {
  const world = new World()
  const first = host(world, 'http://a:1', { f: flag() })
  const second = host(world, 'http://b:1', { f: flag() })
  const killswitch = boot(world, { url: ['http://a:1', 'http://b:1'] })
  await world.run(100)
  first.upstream = 'stale'
  await beats(world, () => first.pipes.at(-1), beat('stale', 5), 3)
  await world.run(1000)
  assert.equal(second.pipes.length, 1)
  assert.equal(killswitch.state.status, 'ready')
  await killswitch.close()
})

for (const urls of [['http://a:1'], ['http://a:1', 'http://b:1']])
  t.test(
    `a connection to a stale instance confirms nothing: ${urls.length} of them, for five minutes`,
    async () => {
      const world = new World()
      const f = flag({ onStale: 'kill', staleAfterSeconds: 30 })
      const servers = urls.map(url => host(world, url, { f }))
      const killswitch = boot(world, { url: urls })
      await world.run(100)
      assert.equal(killswitch.state.status, 'ready')
      const changes: boolean[] = []
      killswitch.onChange('f', ({ killed }) => changes.push(killed))
      for (const server of servers) server.upstream = 'stale'
      await world.run(45_000)
      assert.equal(killswitch.isKilled('f'), true)
      await world.run(255_000)
      assert.equal(killswitch.state.status, 'error')
      assert.ok(servers.flatMap(server => server.pipes).length > 10, 'it was connected again and again')
      assert.ok((killswitch.state.ageSeconds ?? 0) >= 285)
      for (const server of servers) server.upstream = 'live'
      await world.run(15_000)
      assert.deepEqual([killswitch.state.status, killswitch.isKilled('f')], ['ready', false])
      assert.deepEqual(changes, [true, false])
      await killswitch.close()
    },
  )

t.test('a state that no live instance has ever confirmed grows old as well', async () => {
  const world = new World()
  const server = host(world, 'http://a:1', { f: flag({ onStale: 'kill', staleAfterSeconds: 30 }) })
  server.upstream = 'stale'
  const killswitch = boot(world)
  await world.run(29_000)
  assert.deepEqual([killswitch.state.status, killswitch.isKilled('f')], ['stale', false])
  await world.run(3000)
  assert.equal(killswitch.isKilled('f'), true)
  await killswitch.close()
})

t.test('an instance that is behind is left for the next at once', async () => {
  const world = new World()
  host(world, 'http://a:1', { f: flag() }, 9)
  const killswitch = boot(world, { url: ['http://a:1', 'http://b:1', 'http://c:1'] })
  const behind = host(world, 'http://b:1', { f: flag() }, 4)
  const level = host(world, 'http://c:1', { f: flag() }, 9)
  await world.run(100)
  world.hosts.delete('http://a:1')
  await world.run(30_000)
  assert.ok(behind.pipes.every(pipe => pipe.ended))
  assert.ok(level.pipes.length > 0)
  assert.equal(killswitch.state.revision, 9)
  await killswitch.close()
})

t.test('a heartbeat ahead of what is known asks for the snapshot', async () => {
  const world = new World()
  const server = host(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world)
  await world.run(100)
  const before = server.snapshots
  server.pipes.at(-1)?.write(beat('live', 8))
  await world.run(100)
  assert.equal(server.snapshots, before + 1)
  await killswitch.close()
})

t.test(
  'onStale: kill goes to the kill variant after staleAfterSeconds, says so, and comes back with the service',
  async () => {
    const world = new World()
    const server = host(world, 'http://a:1', {
      f: flag({ onStale: 'kill', staleAfterSeconds: 30 }),
      keep: flag(),
    })
    const killswitch = boot(world, { errorAfterMs: 60_000 })
    await world.run(100)
    const changes: boolean[] = []
    killswitch.onChange('f', ({ killed }) => changes.push(killed))
    server.up = false
    server.pipes.at(-1)?.fail(new Error('gone'))
    await world.run(2000)
    assert.equal(killswitch.state.status, 'stale')
    assert.equal(killswitch.isKilled('f'), false)
    await world.run(30_000)
    assert.equal(killswitch.isKilled('f'), true)
    const metadata = killswitch.resolution('f')?.details.flagMetadata
    assert.equal(metadata?.killedBy, 'stale')
    assert.ok(Number(metadata?.ageSeconds) >= 30)
    assert.equal(killswitch.isKilled('keep'), false)
    await world.run(31_000)
    assert.equal(killswitch.state.status, 'error')
    server.up = true
    await world.run(15_000)
    assert.equal(killswitch.isKilled('f'), false)
    assert.deepEqual(changes, [true, false])
    await killswitch.close()
  },
)

t.test('a clock that is set back releases nothing, and one set forwards makes a state old', async () => {
  const world = new World()
  const server = host(world, 'http://a:1', { f: flag({ onStale: 'kill', staleAfterSeconds: 30 }) })
  const killswitch = boot(world)
  await world.run(100)
  server.up = false
  server.pipes.at(-1)?.fail(new Error('gone'))
  await world.run(40_000)
  assert.equal(killswitch.isKilled('f'), true)
  world.set = -3_600_000
  world.onStep = () => assert.equal(killswitch.isKilled('f'), true)
  await world.run(20_000)
  assert.ok((killswitch.state.ageSeconds ?? 0) >= 55, 'and it goes on ageing')
  world.onStep = () => {}
  server.up = true
  await world.run(15_000)
  assert.equal(killswitch.isKilled('f'), false)
  server.up = false
  server.pipes.at(-1)?.fail(new Error('gone'))
  await world.run(2000)
  assert.equal(killswitch.isKilled('f'), false)
  world.set = 0
  await world.run(2000)
  assert.equal(killswitch.isKilled('f'), true, 'a machine may have slept')
  await killswitch.close()
})

t.test('a 304 that does not say that it is of a live service confirms nothing', async () => {
  const world = new World()
  host(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world)
  await world.run(100)
  world.hosts.set('http://a:1', async () => respond(304))
  await world.run(30_000)
  assert.equal(killswitch.state.status, 'stale')
  world.hosts.set('http://a:1', async () => respond(304, '', { 'killswitch-upstream': 'live' }))
  await world.run(10_000)
  assert.equal(killswitch.state.status, 'ready')
  await killswitch.close()
})

t.test('a proxy that passes the headers and holds back the events stops no polls', async () => {
  const world = new World()
  const flags = { f: flag() }
  const server = host(world, 'http://a:1', flags)
  server.passesEvents = false
  const killswitch = boot(world)
  await world.run(100)
  assert.deepEqual([server.pipes.length, killswitch.state.status], [1, 'ready'])
  flags.f = flag({ flipped: 5, held: { variant: 'off', value: false, since: '', holds: ['h'] } })
  await world.run(6000)
  assert.deepEqual([server.pipes.length, killswitch.isKilled('f')], [1, true])
  await world.run(120_000)
  assert.equal(killswitch.state.status, 'ready')
  assert.ok(server.pipes.length > 5 && server.snapshots >= 20, 'it goes on trying both')
  await killswitch.close()
})

t.test('a redirect is not followed but told, and a receipt that is refused is said aloud', async () => {
  const world = new World()
  const said: string[] = []
  const logger = { warn: (line: string) => void said.push(line), error() {} }
  const server = host(world, 'http://a:1', { f: flag() })
  const refused =
    '{"code":"malformed-request","detail":"There is no application \\"app\\" in the catalogue."}'
  const answer = world.hosts.get('http://a:1') as Handler
  world.hosts.set('http://a:1', async (url, init) =>
    url.pathname === '/v1/receipts' ? respond(400, refused) : answer(url, init),
  )
  const killswitch = boot(world, { logger })
  await world.run(60_000)
  assert.equal(said.filter(line => /receipts of app are refused: 400: There is no app/.test(line)).length, 1)
  const modes = new Set<string>()
  world.hosts.set('http://a:1', async (_, { redirect }) => {
    modes.add(redirect)
    return respond(301, '', { location: 'http://portal/login' })
  })
  server.pipes.at(-1)?.fail(new Error('gone'))
  await world.run(30_000)
  assert.deepEqual([...modes], ['manual'])
  assert.ok(said.some(line => line.includes('301, a redirect to http://portal/login')))
  await killswitch.close()
})

t.test("a proxy's page takes no receipt, and is no state", async () => {
  const world = new World()
  host(world, 'http://a:1', { f: flag() })
  const answer = world.hosts.get('http://a:1') as Handler
  const page = () => respond(200, '<html>Sign in</html>', { 'content-type': 'text/html' })
  let sent = 0
  world.hosts.set('http://a:1', async (url, init) => {
    if (url.pathname !== '/v1/receipts') return answer(url, init)
    sent += 1
    return page()
  })
  const killswitch = boot(world)
  await world.run(10_000)
  assert.ok(sent > 2, `${sent}: one that was taken would not be sent again so soon`)
  await killswitch.close()
  const apart = new World()
  apart.hosts.set('http://a:1', async () => page())
  const stranded = boot(apart)
  await apart.run(10_000)
  assert.notEqual(stranded.state.status, 'ready')
  await stranded.close()
})

t.test('a listener that throws or rejects harms nobody', async () => {
  const world = new World()
  const server = host(world, 'http://a:1', { f: flag() })
  const said: string[] = []
  const killswitch = boot(world, { logger: { warn() {}, error: line => void said.push(line) } })
  await world.run(100)
  const heard: boolean[] = []
  killswitch.onChange('f', () => {
    throw new Error('at once')
  })
  killswitch.onChange('f', async () => {
    throw new Error('later')
  })
  killswitch.onChange('f', ({ killed }) => heard.push(killed))
  const held = { f: { variant: 'off', value: false, since: '', holds: ['h'] } }
  server.pipes.at(-1)?.write(sse('change', { ...position(6), v: 1, held, flipped: { f: 6 } }))
  await world.run(100)
  assert.deepEqual(heard, [true])
  assert.deepEqual(
    said.map(line => /at once|later/.exec(line)?.[0]),
    ['at once', 'later'],
  )
  await killswitch.close()
})
