import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import { SseSockets } from '../../src/http/fleet/sse.js'
import { openSse } from '../support/sse.js'
import type { Teardown } from '../support/testdir.js'
import { until } from '../support/until.js'

/** Larger than what both kernels take for one connection. */
const LARGE = 'x'.repeat(256 * 1024)

async function streams(t: Teardown) {
  const sockets = new SseSockets()
  const opened: ServerResponse[] = []
  const app = Fastify({ forceCloseConnections: true })
  t.after(() => app.close())
  app.get('/', (_, reply) => {
    opened.push(reply.raw)
    sockets.add(reply, { audience: '*', first: Buffer.from(': hello\n\n') })
  })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return { sockets, opened, address }
}

/** A client that asks, and never reads a byte. */
async function neverReads(t: Teardown, address: string): Promise<Socket> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  t.after(() => void socket.destroy())
  socket.pause().on('error', () => {})
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  return socket
}

t.test('a client that never reads', async t => {
  t.test('is kept one unsent event for, the newest, and is cut; one that reads has it all', async t => {
    const { sockets, opened, address } = await streams(t)
    await neverReads(t, address)
    const stuck = await until(() => opened[0], 'it is there')
    const reader = await openSse(address)
    const send = (text: string) => sockets.send('*', Buffer.from(`data: "${text}"\n\n`))
    // until the kernel takes no more, which shows in nothing but that it goes on taking none
    let fullSince = performance.now()
    await until(() => {
      if (stuck.writableNeedDrain) return performance.now() - fullSince > 300
      sockets.send('*', Buffer.from(`: ${LARGE}\n\n`))
      fullSince = performance.now()
      return false
    }, 'the socket is full')
    const kept = stuck.writableLength
    for (let number = 0; number < 1_000; number++) send(String(number))
    assert.equal(stuck.writableLength, kept, 'nothing more was buffered')
    let last = ''
    while (last !== '"999"') last = (await reader.next()).data ?? last
    sockets.beat(Buffer.from(': beat\n\n'), performance.now())
    assert.equal(stuck.destroyed, false)
    sockets.beat(Buffer.from(': beat\n\n'), performance.now() + 11_000)
    assert.equal(stuck.destroyed, true)
    await until(() => stuck.closed, 'it is gone')
    reader.close()
  })

  t.test('is cut by the next beat once its stream has ended, and more events harm nobody', async t => {
    const { sockets, opened, address } = await streams(t)
    const socket = await neverReads(t, address)
    const raw = await until(() => opened[0], 'it is there')
    raw.write(Buffer.alloc(16 * 1024 * 1024))
    raw.end()
    for (let number = 0; number < 3; number++) sockets.send('*', Buffer.from('data: 1\n\n'))
    sockets.beat(Buffer.from(': beat\n\n'), performance.now())
    assert.equal(raw.destroyed, true)
    socket.resume()
    await once(socket, 'close')
    assert.deepEqual([...sockets.audiences()], [])
  })
})
