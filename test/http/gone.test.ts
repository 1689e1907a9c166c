import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { Journal } from '../../src/log/journal/journal.js'
import { chainOf } from '../support/entries.js'
import { aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

type Sent = { status: number | undefined; headers: IncomingMessage['headers']; text: string }

/** Through a real socket. */
async function send(
  { address, tokens }: TestServer,
  path: string,
  {
    agent,
    headers,
    method = 'GET',
  }: { agent?: Agent; headers?: Record<string, string>; method?: string } = {},
): Promise<Sent> {
  const asked = request(new URL(path, address), {
    method,
    ...(agent ? { agent } : {}),
    headers: { authorization: `Bearer ${tokens.viewer}`, ...headers },
  })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  await once(response, 'end')
  return { status: response.statusCode, headers: response.headers, text }
}

const isWaiting = ({ app }: TestServer, many = 1) => until(() => app.waiting.size >= many, 'somebody waits')
const FOLLOW = '/v1/audit?order=oldest&flag=ai_v1'

t.test('closing', async t => {
  t.test('lets long polls go at once with a whole answer, and leaves no kept connection open', async t => {
    const server = await aServer(t)
    const agent = new Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    const polls = [1, 2].map(() => send(server, FOLLOW, { agent, headers: { prefer: 'wait=60' } }))
    await isWaiting(server, 2)
    const other = await aServer(t)
    const longer = send(other, FOLLOW, { agent, headers: { prefer: 'wait=60' } })
    await isWaiting(other)
    const closed = server.close()
    for (const poll of await Promise.all(polls)) {
      assert.deepEqual([poll.status, JSON.parse(poll.text).entries], [200, []])
      assert.equal(poll.headers.connection, 'close')
    }
    await closed
    assert.equal(other.app.waiting.size, 1, 'nobody waited for as long as another server lets them')
    await other.close()
    await longer
  })

  t.test('is not held up by a client that does not read its export', async t => {
    // more than the sockets between them take
    const dataDir = testdir(t)
    const journal = await Journal.open({ folder: dataDir })
    for (let n = 0; n < 10; n++) await journal.append(chainOf({ count: 2_000, after: journal.head }))
    await journal.close()
    const server = await aServer(t, { dataDir })
    const asked = request(new URL('/v1/audit', server.address), {
      headers: { authorization: `Bearer ${server.tokens.viewer}`, accept: 'application/x-ndjson' },
    })
    asked.on('error', () => {}).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.on('error', () => {})
    // who waited for this client would wait for good
    await server.close()
    assert.equal(response.complete, false, 'or this test shows nothing')
    asked.destroy()
  })
})

t.test('a client that goes', async t => {
  t.test('is no longer waited for', async t => {
    const server = await aServer(t)
    const asked = request(new URL(FOLLOW, server.address), {
      headers: { authorization: `Bearer ${server.tokens.viewer}`, prefer: 'wait=60' },
    })
    asked.on('error', () => {}).end()
    await isWaiting(server)
    asked.destroy()
    await until(() => server.app.waiting.size === 0, 'it is forgotten')
  })

  t.test('leaves nothing on a kept connection, however many requests it carried', async t => {
    const server = await aServer(t)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    const warnings: string[] = []
    const warned = (warning: Error) => warnings.push(warning.message)
    process.on('warning', warned)
    t.after(() => void process.off('warning', warned))
    for (let i = 0; i < 15; i++) assert.equal((await send(server, '/v1/audit', { agent })).status, 200)
    assert.deepEqual(warnings, [])
    assert.equal(server.app.waiting.size, 0)
  })
})

t.test('following the log', async t => {
  t.test('brings each entry once, while they come', async t => {
    const server = await aServer(t)
    const kills = 25
    const killing = (async () => {
      for (let i = 0; i < kills; i++)
        await server.ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: `INC-${i}` } })
    })()
    const seen: string[] = []
    let cursor = ''
    while (seen.length < kills) {
      const poll = await send(server, `${FOLLOW}&limit=4${cursor}`, { headers: { prefer: 'wait=10' } })
      const { entries, next } = JSON.parse(poll.text) as { entries: { incident: string }[]; next: string }
      assert.ok(entries.length > 0, 'woken by an entry, not by the clock')
      seen.push(...entries.map(({ incident }) => incident))
      cursor = `&cursor=${next}`
    }
    await killing
    assert.deepEqual(
      seen,
      [...Array(kills).keys()].map(i => `INC-${i}`),
    )
  })
})
