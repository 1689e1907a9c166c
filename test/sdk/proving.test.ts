// Proving in virtual time: a kill from an instance that is behind, flags that are killed by age or by force, and sessions
// that are refused or not known, again and again.

import assert from 'node:assert/strict'
import t from 'tap'
import type { Table } from '../../sdk/src/answer/resolve.js'
import { InForce } from '../../sdk/src/prove/in-force.js'
import type { Receipt } from '../../src/wire/receipt.js'
import { boot, host, position } from './host.js'
import { LiveSessions } from './live-sessions.js'
import { flag } from './snapshot-flag.js'
import { type Handler, respond, sse, World } from './world.js'

const held = { variant: 'off', value: false, since: '2026-11-20T03:00:00.000Z', holds: ['h1'] }

function proving(world: World, origin: string, ...more: [Parameters<typeof host>[2], number?]) {
  const server = host(world, origin, ...more)
  server.sessions = new LiveSessions()
  return server
}

t.test('a kill from an instance that is behind is in force, and answered for what it is', async () => {
  const world = new World()
  const server = proving(world, 'http://a:1', { f: flag() }, 9)
  const killswitch = boot(world)
  await world.run(100)
  server.pipes.at(-1)?.write(sse('change', { ...position(4), v: 1, held: { f: held }, flipped: { f: 4 } }))
  await world.run(100)
  assert.equal(killswitch.isKilled('f'), true)
  const { revision, answer, inForce, holding } = server.receipts.at(-1) as Receipt
  assert.deepEqual([revision, inForce, holding], [9, { f: 'off' }, undefined])
  assert.deepEqual(answer, { log: 'a', revision: 4, hash: 'hash-4' })
  await killswitch.close()
})

t.test('with several addresses it moves on, and not before it has taken in what came', async () => {
  const world = new World()
  const urls = ['http://a:1', 'http://b:1']
  const [first, second] = urls.map(url => proving(world, url, { f: flag() }, 9))
  assert.ok(first && second)
  second.sessions = first.sessions
  const killswitch = boot(world, { url: urls })
  await world.run(100)
  const behind = sse('change', { ...position(4), v: 1, held: { f: held }, flipped: { f: 4 } })
  first.pipes.at(-1)?.write(behind)
  await world.run(10)
  assert.equal(killswitch.isKilled('f'), true)
  assert.ok(first.pipes.at(-1)?.ended, 'it has left')
  const all = () => [...first.receipts, ...second.receipts]
  assert.ok(all().some(({ answer, inForce }) => answer?.revision === 4 && inForce?.f === 'off'))
  await world.run(3000)
  const after = all().at(-1) as Receipt
  assert.deepEqual([after.answer?.revision, after.inForce, after.holding], [9, { f: 'off' }, { f: ['h1'] }])
  await killswitch.close()
})

t.test('a poll is not answered as unchanged while the kill of another instance was heard since', async () => {
  const world = new World()
  const asked: (string | undefined)[] = []
  const server = proving(world, 'http://a:1', { f: flag({ flipped: 9 }) }, 9)
  server.passesEvents = false
  const answer = world.hosts.get('http://a:1')
  world.hosts.set('http://a:1', async (url, init) => {
    if (url.pathname !== '/v1/snapshot') return answer?.(url, init) as never
    asked.push(init.headers['if-none-match'])
    if (init.headers['if-none-match'] === '"nine"')
      return respond(304, '', { etag: '"nine"', 'killswitch-upstream': 'live' })
    const given = await (answer?.(url, init) as ReturnType<NonNullable<typeof answer>>)
    return { ...given, headers: { get: name => (name === 'etag' ? '"nine"' : given.headers.get(name)) } }
  })
  const killswitch = boot(world)
  await world.run(7000)
  assert.deepEqual(asked.slice(0, 2), [undefined, '"nine"'])
  const behind = sse('change', { ...position(4), v: 1, held: { f: held }, flipped: { f: 4 } })
  server.pipes.at(-1)?.write(behind)
  await world.run(100)
  assert.equal(killswitch.isKilled('f'), true)
  server.pipes.at(-1)?.fail(new Error('gone'))
  await world.run(20_000)
  assert.equal(killswitch.isKilled('f'), false, 'it was released at 9, after that kill')
  assert.equal(server.receipts.at(-1)?.answer?.revision, 9)
  await killswitch.close()
})

t.test('what age kills, and what the end of age lets go of, is shown at once', async () => {
  const world = new World()
  const server = proving(world, 'http://a:1', {
    f: flag({ onStale: 'kill', staleAfterSeconds: 30 }),
    g: flag(),
  })
  const killswitch = boot(world)
  await world.run(100)
  server.upstream = 'stale'
  const shows = (value: string | null) => server.receipts.findIndex(({ inForce }) => inForce?.f === value)
  world.onStep = () => {
    if (killswitch.isKilled('f')) assert.notEqual(shows('off'), -1)
    else if (shows('off') !== -1) assert.notEqual(shows(null), -1)
  }
  await world.run(60_000)
  assert.equal(killswitch.isKilled('f'), true)
  server.upstream = 'live'
  await world.run(20_000)
  assert.equal(killswitch.isKilled('f'), false)
  assert.ok(shows(null) > shows('off'))
  world.onStep = () => {}
  await killswitch.close()
})

t.test('what is forced is shown as what it evaluates to, with a name for it or without', async () => {
  const world = new World()
  const server = proving(world, 'http://a:1', { f: flag() })
  const long = { text: 'x'.repeat(300) }
  const killswitch = boot(world, { forceKill: ['f', 'unknown', 'long'], killValues: { long } })
  await world.run(100)
  assert.deepEqual(server.receipts.at(-1)?.inForce, {
    f: 'off',
    unknown: 'false',
    long: JSON.stringify(long).slice(0, 200),
  })
  await killswitch.close()
})

t.test('what is in force: those killed now first, then those killed last, 500 at most', async () => {
  const table = (killed: string[], normal: string[]) =>
    new Map(
      [...killed, ...normal].map(key => [
        key,
        { key, killed: killed.includes(key), value: false, details: { variant: 'off' } },
      ]),
    ) as unknown as Table
  const inForce = new InForce(() => undefined)
  const many = Array.from({ length: 600 }, (_, n) => `f${n}`)
  inForce.changed(['first'], table(['first'], []))
  for (const key of many) inForce.changed([key], table([key], []))
  const shown = Object.entries(inForce.shown(table(['first', 'never.changed'], many)))
  assert.equal(shown.length, 500)
  assert.deepEqual(shown.slice(0, 3), [
    ['first', 'off'],
    ['never.changed', 'off'],
    ['f599', null],
  ])
  assert.deepEqual(new InForce(() => false).shown(new Map()), {})
})

t.test(
  'a session that nobody knows is asked for less and less often, and used once it is known',
  async () => {
    const world = new World()
    const server = proving(world, 'http://a:1', { f: flag() })
    const sessions = server.sessions as LiveSessions
    sessions.takesNone = true
    let refusals = 0
    const answer = world.hosts.get('http://a:1')
    world.hosts.set('http://a:1', async (url, init) => {
      const given = await (answer?.(url, init) as ReturnType<NonNullable<typeof answer>>)
      if (given.status === 403) refusals++
      return given
    })
    const killswitch = boot(world)
    await world.run(1000)
    assert.ok(refusals >= 2, 'the second one at once')
    await world.run(599_000)
    assert.ok(refusals > 20, `${refusals}: it goes on trying`)
    assert.ok(refusals < 300, `${refusals}: it does so in a hot loop`)
    assert.deepEqual(server.receipts, [], 'and none without a session, which would count as another instance')
    sessions.takesNone = false
    await world.run(20_000)
    assert.ok(server.receipts.some(({ session }) => session !== undefined))
    assert.equal(killswitch.state.status, 'ready')
    await killswitch.close()
  },
)

t.test('a session that was refused is asked for again after a minute or so', async () => {
  const world = new World()
  const server = proving(world, 'http://a:1', { f: flag() })
  const sessions = server.sessions as LiveSessions
  sessions.refusedWith = 'limit'
  const killswitch = boot(world)
  const beats = async (ms: number) => {
    for (let at = 0; at < ms; at += 5000) {
      server.pipes.at(-1)?.write(sse('heartbeat', { upstream: 'live', revision: 5, log: 'a' }))
      await world.run(5000)
    }
  }
  await beats(30_000)
  const { snapshots } = server
  sessions.refusedWith = undefined
  await beats(60_000)
  assert.equal(server.pipes.length, 1, 'its stream is kept')
  assert.ok(server.snapshots - snapshots <= 2)
  assert.equal(sessions.open.length, 1)
  assert.equal(server.receipts.at(-1)?.session, sessions.open[0]?.secret)
  await killswitch.close()
})

t.test('one that is closed before its first receipt says goodbye all the same', async () => {
  const world = new World()
  const server = proving(world, 'http://a:1', { f: flag() })
  const killswitch = boot(world)
  killswitch.listen({ changed: () => void killswitch.close() })
  await world.run(5000)
  assert.deepEqual(
    server.sessions?.all.map(({ gone }) => gone),
    ['closed'],
  )
})

t.test(
  'a hold that the service does not have is shown with its warrant, but to no service of before',
  async () => {
    const world = new World()
    const said: string[] = []
    const server = proving(world, 'http://a:1', { f: flag() }, 9)
    const flags = { f: flag({ flipped: 900, held: { ...held, warrants: ['w1'] } }) }
    const bootstrap = { ...position(900), log: 'b', v: 1 as const, flags }
    const logger = { warn: (line: string) => void said.push(line), error() {} }
    const killswitch = boot(world, { bootstrap, logger })
    await world.run(100)
    const shown = ({ holding, warrants }: Receipt) => [holding, warrants]
    assert.deepEqual(shown(server.receipts.at(-1) as Receipt), [{ f: ['h1'] }, ['w1']])
    const answer = world.hosts.get('http://a:1') as Handler
    const refused = '{"code":"malformed-request","detail":"warrants is not known here."}'
    world.hosts.set('http://a:1', async (url, init) =>
      /"warrants"/.test(init.body ?? '') ? respond(400, refused) : answer(url, init),
    )
    const before = server.receipts.length
    await world.run(60_000)
    assert.ok(server.receipts.length > before, 'its receipts are taken still')
    assert.deepEqual(shown(server.receipts.at(-1) as Receipt), [{ f: ['h1'] }, undefined])
    assert.deepEqual(
      said.filter(line => /receipts/.test(line)),
      [],
    )
    await killswitch.close()
  },
)
