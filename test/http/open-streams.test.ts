import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parse, stringify } from 'yaml'
import type { Actor } from '../../src/domain/actor.js'
import { mostStreams, OpenStreams, type StreamKind } from '../../src/http/fleet/open-streams.js'
import { Tokens } from '../../src/tokens/tokens.js'
import { anOpenFeatureServer, type OpenFeatureServer } from '../support/openfeature.js'
import { aServer } from '../support/server.js'
import { openSse, type SseReader } from '../support/sse.js'
import type { Teardown } from '../support/testdir.js'

type Entry = { id: string; apps?: string[]; expires?: string }

async function openStream(t: Teardown, server: OpenFeatureServer, token: string): Promise<SseReader> {
  const stream = await openSse(`${server.address}/v1/stream`, { authorization: `Bearer ${token}` })
  t.after(() => stream.close())
  await stream.nextData()
  return stream
}

async function change(server: OpenFeatureServer, with_: (list: Entry[]) => Entry[]): Promise<void> {
  const list = parse(readFileSync(server.tokensFile, 'utf8')) as Entry[]
  writeFileSync(server.tokensFile, stringify(with_(list)))
  await server.reloadTokens()
}

t.test("an application's stream", async t => {
  t.test('ends when its credential is revoked, and the others go on', async t => {
    const server = await anOpenFeatureServer(t)
    const [shop, all] = [
      await openStream(t, server, server.shop),
      await openStream(t, server, server.tokens.sdk),
    ]
    await change(server, list => list.filter(({ id }) => id !== 'shop-web'))
    await shop.ended()
    assert.equal(server.parts.streams.count('app'), 1)
    await all.next() // the heartbeat of the greeting
    await server.kill('shop.checkout')
    assert.ok('shop.checkout' in ((await all.nextData()).held as object))
    assert.equal((await server.as(server.shop, 'GET', '/v1/stream')).status, 401)
  })

  t.test('ends when its credential expires, and when it is given other applications', async t => {
    let now = 1_800_000_000_000
    const server = await anOpenFeatureServer(t, { clock: () => now })
    const until = new Date(now + 60_000).toISOString()
    await change(server, list =>
      list.map(each => (each.id === 'shop-web' ? { ...each, expires: until } : each)),
    )
    const shop = await openStream(t, server, server.shop)
    now += 60_000
    await shop.ended()
    await change(server, list =>
      list.map(({ expires: _, ...each }) => (each.id === 'shop-web' ? { ...each, apps: ['shop'] } : each)),
    )
    const again = await openStream(t, server, server.shop)
    await change(server, list =>
      list.map(each => (each.id === 'shop-web' ? { ...each, apps: ['bank'] } : each)),
    )
    await again.ended()
  })
})

t.test('when an instance has all the streams it takes', async t => {
  t.test('a further one is a 503 that says what to do, and a kill is taken', async t => {
    const { ask, parts, address, tokens } = await aServer(t)
    const { streams } = parts
    const credential = (role: Actor['role']) => ({
      sha256: role,
      actor: { id: `many-${role}`, role, via: 'api' } as const,
    })
    const leave: (() => void)[] = []
    for (const sha256 of ['a', 'b'])
      while (streams.count('app') < streams.most * (sha256 === 'a' ? 0.5 : 1))
        leave.push(streams.admit({ ...credential('sdk'), sha256 }, 'app', () => {}))
    const refused = await ask('sdk', 'GET', '/v1/stream')
    assert.deepEqual([refused.status, refused.body.code], [503, 'too-many-streams'])
    assert.match(String(refused.headers['content-type']), /^application\/problem\+json/)
    assert.ok(Number(refused.headers['retry-after']) > 0)
    const ready = await ask(undefined, 'GET', '/readyz')
    assert.ok(
      ready.body.degraded.some(({ code }: { code: string }) => code === 'streams-full'),
      ready.text,
    )
    assert.equal((await ask('operator', 'POST', '/v1/flags/ai_v1/kill')).status, 200)
    const { text } = await ask('viewer', 'GET', '/metrics')
    assert.match(text, /^killswitch_streams_refused\S* 1$/m)
    for (const each of leave) each()
    const stream = await openSse(`${address}/v1/stream`, { authorization: `Bearer ${tokens.sdk}` })
    assert.equal(stream.status, 200)
    stream.close()
  })

  t.test(
    'no credential has taken all of them, nor have browsers, nor has a person more than a hundred',
    async t => {
      const streams = new OpenStreams({ tokens: () => new Tokens(), clock: Date.now, most: 1_000 })
      t.after(() => streams.close())
      const fill = (sha256: string, role: Actor['role'], kind: StreamKind): number => {
        const actor = { id: sha256, role, via: 'api' } as const
        for (let count = 0; ; count++) {
          try {
            streams.admit({ sha256, actor }, kind, () => {})
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'too-many-streams')
            return count
          }
        }
      }
      assert.equal(fill('ana', 'viewer', 'app'), 100)
      assert.equal(fill('web', 'sdk', 'browser'), 500)
      assert.equal(fill('web-2', 'sdk', 'browser'), 0)
      assert.equal(fill('api', 'sdk', 'app'), 400)
      assert.equal(fill('api-2', 'sdk', 'app'), 0)
    },
  )

  t.test(
    'leaves files for everything else, and has room for ten thousand where the machine has',
    async () => {
      assert.equal(mostStreams(1_024), 768)
      assert.ok(mostStreams(20_000) * 0.75 >= 10_000)
      assert.equal(mostStreams(Number.POSITIVE_INFINITY), mostStreams(1_000_000))
    },
  )
})
