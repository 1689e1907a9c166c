// Sockets without a token crowd out nobody: over real connections, to a house that is small.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { roomFor } from '../../src/http/plumbing/connections.js'
import { aServer, type TestServer } from '../support/server.js'
import type { Teardown } from '../support/testdir.js'
import { until } from '../support/until.js'

type Peer = { socket: Socket; closed: Promise<void>; text: string }

function open(t: Teardown, { address }: TestServer, bytes = ''): Peer {
  const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(bytes))
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  const peer = { socket, closed, text: '' }
  socket.on('data', data => {
    peer.text += data
  })
  return peer
}

/** A kill over a connection of its own, as a terminal sends it: its status. */
async function kill({ address, tokens }: TestServer, incident: string): Promise<number | undefined> {
  const sent = request(`${address}/v1/flags/ai_v1/kill`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${tokens.operator}`, 'content-type': 'application/json' },
  })
  sent.end(JSON.stringify({ incident }))
  const [answer] = await once(sent, 'response')
  answer.resume()
  return answer.statusCode
}

const GET = (path: string, token: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${more}\r\n`
const SLOW_BODY = (token: string) =>
  `POST /v1/receipts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{`

t.test('a house that is full', async t => {
  const CROWDS: [string, (server: TestServer) => string][] = [
    ['sockets that say nothing', () => ''],
    ['heads that do not end', () => 'GET /livez HTTP/1.1\r\nhost: x\r\nx-slow: '],
    ['guessed tokens', () => GET('/v1/flags', 'ks_guess_nobody')],
    ['probes that are kept alive', () => 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['bodies that do not end, with a token', ({ tokens }) => SLOW_BODY(tokens.sdk)],
    [
      'answers that wait, with a token',
      ({ tokens }) => GET('/v1/audit?order=oldest&flag=nobody', tokens.viewer, 'prefer: wait=60\r\n'),
    ],
    ['connections that are kept, with a token', ({ tokens }) => GET('/v1/actor', tokens.viewer)],
  ]
  for (const [what, bytes] of CROWDS)
    t.test(`of ${what} takes every kill`, async t => {
      const server = await aServer(t, { mostConnections: 24 })
      const crowd = Array.from({ length: 60 }, () => open(t, server, bytes(server)))
      await until(() => server.parts.connections.size >= 5, 'the crowd is there')
      for (let number = 0; number < 5; number++) assert.equal(await kill(server, `INC-${number}`), 200)
      await Promise.race(crowd.map(({ closed }) => closed))
      const { connections } = server.parts
      await until(() => connections.size <= connections.most, 'there are no more than may be')
    })

  t.test('keeps its streams', async t => {
    const server = await aServer(t, { mostConnections: 24 })
    const { connections, streams } = server.parts
    const apps = Array.from({ length: 10 }, () => open(t, server, GET('/v1/stream', server.tokens.sdk)))
    await until(() => streams.count('app') === 10, 'the streams are open')
    for (let number = 0; number < 60; number++) open(t, server)
    await until(() => connections.closed.stranger >= 30, 'strangers were closed')
    assert.equal(await kill(server, 'INC-1'), 200)
    await until(() => apps.every(({ text }) => text.split('event: change').length > 2), 'they have the kill')
    assert.equal(streams.count('app'), 10)
    assert.deepEqual([connections.closed.idle, connections.closed.asking], [0, 0])
  })
})

t.test('who asks and does not read', async t => {
  /** Ours as well: the server of the test is in its process. */
  const openPages = () =>
    readdirSync('/proc/self/fd').filter(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('swagger-ui')
      } catch {
        return false
      }
    }).length

  t.test('keeps nobody waiting with many questions in one piece', async t => {
    const server = await aServer(t)
    const LIVEZ = 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n'
    const count = ({ text }: Peer) => text.split('HTTP/1.1 200 OK').length - 1
    const crowd = Array.from({ length: 30 }, () => open(t, server))
    const one = open(t, server)
    await until(() => server.parts.connections.size === 31, 'all are connected')
    for (const { socket } of crowd) socket.write(LIVEZ.repeat(100))
    one.socket.write(LIVEZ)
    let before = 0
    one.socket.once('data', () => {
      before = crowd.reduce((sum, peer) => sum + count(peer), 0)
    })
    await until(() => crowd.every(peer => count(peer) === 100), 'each is answered')
    assert.ok(count(one) === 1 && before < 1500, `${before} of 3,000 before the one`)
  })

  t.test('has no answer made before the one before it is read, and is cut off', async t => {
    const server = await aServer(t)
    const waiting = GET('/v1/audit?order=oldest&flag=nobody', server.tokens.viewer, 'prefer: wait=60\r\n')
    const more = 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'
    const [few, many] = [
      open(t, server, waiting + more.repeat(128)),
      open(t, server, waiting + more.repeat(129)),
    ]
    await many.closed
    assert.equal(few.socket.destroyed, false)
    assert.equal(await kill(server, 'INC-1'), 200)
  })

  t.test('has acts done in their order', async t => {
    const server = await aServer(t)
    const act = (number: number) =>
      `POST /v1/flags/ai_v1/kill HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.tokens.operator}\r\ncontent-type: application/json\r\ncontent-length: 22\r\n\r\n{"incident":"INC-${100 + number}"}`
    const peer = open(t, server, Array.from({ length: 100 }, (_, number) => act(number)).join(''))
    await until(() => peer.text.split('HTTP/1.1 200 OK').length === 101, 'each is answered')
    const incidents = server.parts.log.state.flags.get('ai_v1')?.holds.map(hold => hold.incident)
    assert.deepEqual(
      incidents,
      Array.from({ length: 100 }, (_, number) => `INC-${100 + number}`),
    )
  })

  t.test('opens no file of the documentation', { skip: process.platform !== 'linux' }, async t => {
    const server = await aServer(t)
    const path = '/docs/static/swagger-ui-bundle.js'
    const peers = Array.from({ length: 20 }, () => open(t, server, `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`))
    for (const { socket } of peers) socket.pause()
    const whole = Buffer.from(await (await fetch(server.address + path)).arrayBuffer())
    assert.equal(whole.length > 1_000_000, true)
    assert.equal(openPages(), 0)
    assert.equal((await fetch(`${server.address}/docs/static/nothing.js`)).status, 404)
  })
})

t.test('a stream that is refused', async t => {
  t.test('has its connection closed', async t => {
    const server = await aServer(t, { mostConnections: 10 })
    const { streams } = server.parts
    const most = Math.floor(streams.most * 0.75)
    for (let number = 0; number < most; number++) open(t, server, GET('/v1/stream', server.tokens.sdk))
    await until(() => streams.count('app') === most, 'the streams are open')
    const refused = open(t, server, GET('/v1/stream', server.tokens.sdk))
    await refused.closed
    assert.match(refused.text, /^HTTP\/1\.1 503 /)
    assert.match(refused.text, /too-many-streams/)
  })
})

t.test('the room for connections', async t => {
  t.test('leaves files for the journal and the store, whatever the limit', async () => {
    for (const files of [80, 128, 256, 400, 1_024, 20_000, 1_048_576, Number.POSITIVE_INFINITY]) {
      const { connections, newcomers } = roomFor(files)
      assert.ok(connections + newcomers <= files - 64, String(files))
      assert.ok(connections >= 14 && newcomers >= 2, String(files))
    }
    assert.equal(roomFor(Number.POSITIVE_INFINITY).connections, roomFor(1_048_576).connections)
    assert.equal(roomFor(1_024, 100).connections, 100)
  })
})
