import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { startServer } from '../../src/server.js'
import { anOpenFeatureServer, type OpenFeatureServer } from '../support/openfeature.js'
import { configFor } from '../support/server.js'
import { openSse } from '../support/sse.js'
import { testdir } from '../support/testdir.js'

const ALL = '/ofrep/v1/evaluate/flags'
const HOUR = 3_600_000

async function streamUrl({ as, shop, address }: OpenFeatureServer, token = shop): Promise<string> {
  const { host } = new URL(address)
  const { body } = await as(token, 'POST', ALL, { body: { context: {} }, headers: { host } })
  const [{ type, url, inactivityDelaySec }] = body.eventStreams
  assert.deepEqual([type, inactivityDelaySec], ['sse', 120])
  return url
}

t.test('the event stream of OFREP', async t => {
  t.test('says refetch when a flag of the credential changes, and nothing for others', async t => {
    const server = await anOpenFeatureServer(t)
    const url = await streamUrl(server)
    assert.ok(!url.includes(server.shop), 'the secret is not the token')
    const [shop, all] = [await openSse(url), await openSse(await streamUrl(server, server.tokens.sdk))]
    t.after(() => {
      for (const each of [shop, all]) each.close()
    })
    assert.deepEqual(
      ['content-type', 'cache-control', 'x-accel-buffering'].map(name => shop.headers.get(name)),
      ['text/event-stream; charset=utf-8', 'no-cache, no-transform', 'no'],
    )
    assert.equal((await shop.next()).data, undefined, 'a first connect sets the id and says nothing')
    await server.kill('bank.transfer')
    const other = await all.nextData()
    assert.equal(other.type, 'refetchEvaluation')
    await server.kill('shop.checkout')
    const { state } = server.parts.log
    const { id, ...notice } = await shop.nextData()
    assert.equal(id, String(state.revision), 'the change of the other application was not told')
    assert.deepEqual(notice, {
      type: 'refetchEvaluation',
      etag: `${state.log?.slice(0, 12)}-${state.revision}`,
      lastModified: Math.floor(Date.parse(state.revisedAt) / 1000),
    })
  })

  t.test(
    'answers a client that comes back, and one that missed a change before it came, at once',
    async t => {
      const server = await anOpenFeatureServer(t)
      const url = await streamUrl(server)
      const back = await openSse(url, { 'last-event-id': '1' })
      assert.equal((await back.nextData()).type, 'refetchEvaluation')
      await server.kill('shop.checkout')
      const late = await openSse(url)
      assert.equal((await late.nextData()).type, 'refetchEvaluation')
      back.close()
      late.close()
    },
  )

  t.test(
    'has a URL that is the same within an hour, good for a day, and gone with its credential',
    async t => {
      let now = 1_800_000_000_000
      const server = await anOpenFeatureServer(t, { clock: () => now })
      const url = await streamUrl(server)
      now += HOUR / 2 - 1
      const same = await streamUrl(server)
      now += HOUR
      assert.notEqual(await streamUrl(server), url)
      assert.equal(same, url)
      const path = url.slice(server.address.length)
      const status = async (given: string) => (await server.as(undefined, 'GET', given)).status
      now += 24 * HOUR
      assert.equal(await status(path), 401, 'after a day')
      now -= 24 * HOUR
      const forged = path.replace(/\.(\d+)\./, (_, until) => `.${Number(until) + 1}.`)
      for (const bad of [
        forged,
        path.replace('/events/', '/events/x'),
        '/ofrep/v1/events/x',
        '/ofrep/v1/events/..',
      ])
        assert.ok((await status(bad)) >= 401, bad)
      const stream = await openSse(url)
      await stream.next()
      const list = parse(readFileSync(server.tokensFile, 'utf8')) as { id: string }[]
      writeFileSync(server.tokensFile, stringify(list.filter(({ id }) => id !== 'shop-web')))
      await server.reload()
      assert.equal(await status(path), 401, 'revoked')
      await stream.ended()
    },
  )

  t.test('ends on shutdown, and its secret is in no log line', async t => {
    const lines: string[] = []
    const sink = new Writable({
      write(chunk, _, done) {
        lines.push(String(chunk))
        done()
      },
    })
    const server = await startServer(configFor(testdir(t)), pino({ level: 'trace' }, sink))
    const token = server.firstStart?.created?.sdk ?? ''
    const answer = await fetch(`${server.address}${ALL}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    })
    const [{ url }] = ((await answer.json()) as { eventStreams: [{ url: string }] }).eventStreams
    const stream = await openSse(url)
    for (const suffix of ['/x', '%zz']) await fetch(new URL(url.split('?')[0] + suffix)).then(r => r.text())
    const ended = stream.ended()
    await server.close()
    await ended
    const log = lines.join('')
    const secret = url.split('/events/')[1]?.split('?')[0] ?? ''
    assert.ok(log.includes('/ofrep/v1/events/:secret'))
    assert.ok(!log.includes(secret) && !log.includes(token))
  })
})
