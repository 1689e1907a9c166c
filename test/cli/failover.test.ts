import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { startProxy } from '../support/proxy.js'
import { aServer, type TestServer } from '../support/server.js'
import { envFor, listen, nowhere, run } from './cli.js'

const holds = (server: TestServer): number | undefined =>
  server.parts.log.state.flags.get('ai_v1')?.holds.length
const portOf = (server: TestServer): number => Number(new URL(server.address).port)

t.test('with a service that does not answer', async t => {
  t.test('ends with 5, in plain words, and as JSON', async t => {
    const env = { KILLSWITCH_URL: await nowhere(t), KILLSWITCH_TOKEN: 'ks_x' }
    const kill = await run(t, ['kill', 'ai_v1'], env)
    assert.equal(kill.code, 5)
    assert.match(kill.err, /No answer from Killswitch:\n.*nothing listens there\nNothing was done/)
    const status = await run(t, ['status', '--json'], env)
    assert.deepEqual([status.code, status.json.code, status.json.tried.length], [5, 'unreachable', 1])
  })

  t.test('goes on to the next URL, by flag and by environment', async t => {
    const server = await aServer(t)
    const dead = await nowhere(t)
    const env = envFor(server, 'operator')
    const urls = `${dead}, ${server.address}`
    assert.equal((await run(t, ['kill', 'ai_v1', '--wait', '0'], { ...env, KILLSWITCH_URL: urls })).code, 0)
    const flagged = await run(t, ['status', '--url', dead, '--url', server.address], env)
    assert.match(flagged.out, /1 of 7 killed/)
    assert.equal((await run(t, ['--url', urls, 'status'], env)).code, 0)
  })

  t.test('does a flip once, whose answer was lost on the first URL', async t => {
    const server = await aServer(t)
    const proxy = await startProxy(t, portOf(server))
    proxy.mode = 'drop-replies'
    const first = `http://127.0.0.1:${proxy.port}`
    const args = ['kill', 'ai_v1', '--timeout', '1', '--wait', '0', '--url', first, '--url', server.address]
    const { code, out } = await run(t, args, envFor(server, 'operator'))
    assert.equal(code, 0)
    assert.match(out, /sent before: answered again, not done again/)
    assert.equal(holds(server), 1)
    const { body } = await server.ask('viewer', 'GET', '/v1/audit?action=kill')
    assert.equal(body.entries.length, 1)
  })

  t.test('asks what became of it when every answer was lost', async t => {
    const server = await aServer(t)
    const asked: string[] = []
    const gateway = await listen(t, (request, response) => {
      asked.push(`${request.method} ${request.url?.replace(/[0-9a-f-]{36}/, '<key>')}`)
      // the POST arrives, and its answer is lost behind a gateway
      void forward(server, request).then(({ status, text }) => {
        const isLost = request.method === 'POST'
        response.writeHead(isLost ? 504 : status, {
          'content-type': isLost ? 'text/html' : 'application/json',
        })
        response.end(isLost ? 'Gateway Timeout' : text)
      })
    })
    const env = { ...envFor(server, 'operator'), KILLSWITCH_URL: gateway.url }
    const { code, out } = await run(t, ['kill', 'ai_v1', '--wait', '0'], env)
    assert.equal(code, 0)
    assert.match(out, /^Turn ai_v1 off: on -> off/m)
    assert.deepEqual(asked, ['POST /v1/flags/ai_v1/kill', 'GET /v1/flips/<key>'])
    assert.equal(holds(server), 1)
  })

  t.test('says that it does not know, when nobody can tell', async t => {
    const silent = await listen(t, request => request.socket.destroy())
    const env = { KILLSWITCH_URL: silent.url, KILLSWITCH_TOKEN: 'ks_x' }
    const { code, err } = await run(t, ['kill', 'ai_v1'], env)
    assert.equal(code, 5)
    assert.match(err, /the connection was cut\nWhether it was done is not known/)
  })

  t.test('does not take another server for Killswitch', async t => {
    const other = await listen(t, (_, response) => response.writeHead(404).end('<html>not here</html>'))
    const env = { KILLSWITCH_URL: other.url, KILLSWITCH_TOKEN: 'ks_x' }
    const { code, err } = await run(t, ['status'], env)
    assert.equal(code, 3)
    assert.match(err, /answered 404, and not as Killswitch does: is this its URL/)
    assert.equal((await run(t, ['doctor'], env)).code, 5)
  })
})

async function forward({ address }: TestServer, request: IncomingMessage) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { authorization = '', 'idempotency-key': key } = request.headers
  const response = await fetch(`${address}${request.url}`, {
    method: request.method as string,
    headers: {
      authorization,
      ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
      ...(chunks.length > 0 ? { 'content-type': 'application/json' } : {}),
    },
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  })
  return { status: response.status, text: await response.text() }
}
