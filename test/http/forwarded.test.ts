// Who the client is behind proxies: what a trusted one says, and nothing that anybody else does.

import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { readConfig } from '../../src/config.js'
import { cleanForwardedFor, parseProxies } from '../../src/http/plumbing/forwarded.js'
import { anOpenFeatureServer } from '../support/openfeature.js'
import { aServer, type TestServer } from '../support/server.js'

t.test('KILLSWITCH_TRUSTED_PROXIES', async t => {
  t.test('takes addresses and networks', async () => {
    const given = '10.0.0.7, 10.1.0.0/16,2001:db8::1,fc00::/7'
    assert.deepEqual(readConfig({ KILLSWITCH_TRUSTED_PROXIES: given }).trustedProxies, [
      ...['10.0.0.7', '10.1.0.0/16', '2001:db8::1', 'fc00::/7'],
    ])
    assert.equal(readConfig({ KILLSWITCH_TRUSTED_PROXIES: '' }).trustedProxies, undefined)
  })

  t.test('refuses what is none, and what trusts everybody, and says what to give', async () => {
    const odd = [
      'true',
      '1',
      '*',
      'loopback',
      'proxy.example',
      '10.0.0.1:80',
      '10.0.0.7,',
      '10.0.0.0/',
      'fe80::1%lo',
    ]
    const wide = [
      '0.0.0.0/0',
      '::/0',
      '0.0.0.0/1,128.0.0.0/1',
      '2000::/3',
      '::ffff:0.0.0.0/96',
      '10.0.0.0/33',
    ]
    for (const text of [...odd, ...wide])
      assert.throws(
        () => readConfig({ KILLSWITCH_TRUSTED_PROXIES: text }),
        /KILLSWITCH_TRUSTED_PROXIES: ".+(?:10\.0\.0\.7|at most 32 bits)/,
        text,
      )
    assert.throws(() => parseProxies('0.0.0.0/0'), /trusts so many that anybody/)
  })
})

let kills = 0

async function ipOf(server: TestServer, remoteAddress: string, forwarded?: string): Promise<string> {
  // each of them changes something, and has an entry
  const payload = { reason: 'r', incident: `INC-${++kills}` }
  const { statusCode, body } = await server.app.inject({
    ...{ method: 'POST', url: '/v1/flags/ai_v1/kill', remoteAddress, payload },
    headers: {
      authorization: `Bearer ${server.tokens.operator}`,
      ...(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded, forwarded: `for=${forwarded}` }),
    },
  })
  assert.equal(statusCode, 200, body)
  const { id } = JSON.parse(body) as { id: number }
  return (await server.ask('viewer', 'GET', `/v1/audit/${id}`)).body.request.ip
}

t.test("the entry's ip", async t => {
  t.test('is that of the client, through proxies that are trusted', async t => {
    const server = await aServer(t, { trustedProxies: ['10.0.0.7', '10.1.0.0/16', 'fc00::/7'] })
    const cases: [string, string | undefined, string][] = [
      ['10.0.0.7', '203.0.113.9', '203.0.113.9'],
      ['::ffff:10.0.0.7', '203.0.113.9:4711', '203.0.113.9'],
      ['10.0.0.7', '[2001:db8::9]:4711', '2001:db8::9'],
      ['10.0.0.7', '::ffff:203.0.113.9', '203.0.113.9'],
      ['fd00::1', '2001:db8::9', '2001:db8::9'],
      // what the client wrote itself stands before what the proxies saw
      ['10.0.0.7', '1.1.1.1, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
      ['10.0.0.7', '1.1.1.1, 203.0.113.9, 198.51.100.1', '198.51.100.1'],
      ['10.0.0.7', '1.1.1.1, unknown, 10.1.2.3', '10.1.2.3'],
      ['10.0.0.7', '1.1.1.1, <script>', '10.0.0.7'],
      ['10.0.0.7', '', '10.0.0.7'],
      ['10.0.0.7', undefined, '10.0.0.7'],
      ['10.0.0.8', '203.0.113.9', '10.0.0.8'],
      ['::ffff:192.0.2.1', '10.0.0.7', '192.0.2.1'],
    ]
    for (const [from, forwarded, ip] of cases)
      assert.equal(await ipOf(server, from, forwarded), ip, `${from} ${forwarded}`)
  })

  t.test('is that of the connection where nobody is trusted', async t => {
    const server = await aServer(t)
    assert.equal(await ipOf(server, '127.0.0.1', '203.0.113.9'), '127.0.0.1')
    assert.equal(await ipOf(server, '::ffff:192.0.2.1', '203.0.113.9'), '192.0.2.1')
  })
})

t.test(
  'whatever comes as X-Forwarded-For, addresses are left, those behind the last that is none',
  async () => {
    const entry = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4().map(ip => `${ip}:80`),
      fc.ipV6().map(ip => `[${ip}]:80`),
      fc.string({ maxLength: 12 }),
    )
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), fc.ipV4(), (before, last) => {
        const headers = { 'x-forwarded-for': [...before, last].join(', ') }
        cleanForwardedFor(headers)
        const left = headers['x-forwarded-for'].split(', ')
        assert.ok(left.every(each => isIP(each) !== 0))
        assert.equal(left.at(-1), last)
        assert.ok(left.length <= headers['x-forwarded-for'].split(',').length)
      }),
      { numRuns: 200 },
    )
  },
)

t.test(
  'links of an answer are made of X-Forwarded-Host and -Proto where a trusted proxy sent them',
  async t => {
    const server = await anOpenFeatureServer(t, { trustedProxies: ['10.0.0.7'] })
    const addressFor = async (remoteAddress: string, headers: Record<string, string>) => {
      const { body } = await server.app.inject({
        ...{ method: 'POST', url: '/ofrep/v1/evaluate/flags', remoteAddress, payload: {} },
        headers: { host: 'killswitch:8080', authorization: `Bearer ${server.shop}`, ...headers },
      })
      return JSON.parse(body).eventStreams[0]?.url.split('/ofrep/')[0]
    }
    const [host, proto] = ['x-forwarded-host', 'x-forwarded-proto']
    const outside = { [proto]: 'https', [host]: 'flags.example.com', forwarded: 'host=evil.example' }
    assert.equal(await addressFor('10.0.0.7', outside), 'https://flags.example.com')
    assert.equal(
      await addressFor('10.0.0.7', { [host]: 'evil, flags.example.com' }),
      'http://flags.example.com',
    )
    assert.equal(await addressFor('10.0.0.7', { [host]: 'a/b' }), undefined)
    assert.equal(await addressFor('10.0.0.8', outside), 'http://killswitch:8080')
  },
)
