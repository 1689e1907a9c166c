// What answers in the place of Killswitch: a redirect, a proxy's page, another service. Each is told with what to do, by the
// exit codes of the CLI, and nothing is said to be done.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../../src/cli/client/client.js'
import { sendFlip } from '../../src/cli/client/flip.js'
import { look } from '../../src/cli/client/look.js'
import { EXIT, UnreachableError } from '../../src/cli/exit.js'
import { exitOf } from '../../src/cli/print/problem.js'
import { aServer } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { envFor, listen, run } from './cli.js'

type Page = { status: number; type?: string; location?: (path: string) => string; text?: string }
const JSON_TYPE = 'application/json'
const PAGES: Record<string, Page & { says: RegExp }> = {
  'a redirect to https': {
    ...{ status: 308, location: path => `https://ks.example${path}` },
    says: /answered with a redirect to https:\/\/ks\.example\/\S*: set --url \(or KILLSWITCH_URL\) to https:\/\/ks\.example/,
  },
  'a redirect to a sign-in page': {
    ...{ status: 302, location: () => 'https://login.example/?next=/v1/flags' },
    says: /redirect to https:\/\/login\.example\/, which is no address of Killswitch/,
  },
  'a redirect to nowhere': { status: 301, says: /answered 301, a redirect that says nowhere/ },
  'a sign-in page': {
    ...{ status: 200, type: 'text/html; charset=utf-8', text: '<html>Sign in</html>' },
    says: /answered 200 with text\/html, and not as Killswitch does/,
  },
  'nothing at all': { status: 200, says: /answered 200 with no content, and not as Killswitch does/ },
  'no content': { status: 204, says: /answered 204 with no content/ },
  'JSON that is none': { status: 200, type: JSON_TYPE, text: '<', says: /not as Killswitch does/ },
  null: { status: 200, type: JSON_TYPE, text: 'null', says: /not as Killswitch does/ },
  'another service': {
    status: 200,
    type: JSON_TYPE,
    text: '{"status":"ok"}',
    says: /not as Killswitch does/,
  },
}

const answering = (t: Teardown, { status, type, location, text }: Page) =>
  listen(t, (request, response) => {
    response.writeHead(status, {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(location === undefined ? {} : { location: location(request.url ?? '') }),
    })
    response.end(text)
  })

t.test('an answer that is not of Killswitch', async t => {
  t.test('is an error that says what to do, of every request', async t => {
    for (const [what, { says, ...page }] of Object.entries(PAGES)) {
      const { url } = await answering(t, page)
      const client = new Client({ urls: [url], token: 'ks_x', timeoutMs: 5_000 })
      const kill = { path: '/v1/flags/ai_v1/kill', body: { reason: 'r' } }
      const asked = [
        sendFlip(client, kill, new AbortController().signal),
        client.get('/v1/flags', { has: ['flags'] }),
        client.stream('/v1/audit', { accept: 'application/x-ndjson' }),
      ]
      for (const each of await Promise.allSettled(asked)) {
        const error = each.status === 'rejected' ? each.reason : undefined
        assert.ok(error instanceof UnreachableError, `${what}: ${error}`)
        assert.equal(exitOf(error), EXIT.unreachable)
        assert.match(error.failures[0]?.why ?? '', says, what)
      }
      const found = await look(client, url)
      assert.deepEqual(
        found.map(({ what, level }) => [what, level]),
        [['reachable', 'bad']],
      )
    }
  })

  t.test('is never a kill that was done', async t => {
    for (const [name, standing] of [
      ['a redirect to https', /Nothing was done: the request reached no service/],
      ['a sign-in page', /Whether it was done is not known/],
    ] as const) {
      const { says, ...page } = PAGES[name] as (typeof PAGES)[string]
      const { url } = await answering(t, page)
      const env = { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'ks_x' }
      const { code, out, err } = await run(t, ['kill', 'ai_v1', '--wait', '0'], env)
      assert.deepEqual([code, out], [5, ''], err)
      assert.match(err, says)
      assert.match(err, standing)
    }
  })

  t.test('is passed over where another URL is of Killswitch, and is said', async t => {
    const server = await aServer(t)
    const proxy = await listen(t, (_, response) => response.writeHead(200).end('<html>Sign in</html>'))
    const env = { ...envFor(server, 'operator'), KILLSWITCH_URL: `${proxy.url},${server.address}` }
    const { code, err } = await run(t, ['kill', 'ai_v1', '--wait', '0'], env)
    assert.equal(code, 0, err)
    assert.match(err, /not as Killswitch does.*answered\.$/m)
  })

  t.test('is no export', async t => {
    const proxy = await listen(t, (_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
    )
    const file = join(testdir(t), 'log.ndjson')
    const env = { KILLSWITCH_URL: proxy.url, KILLSWITCH_TOKEN: 'x' }
    assert.equal((await run(t, ['audit', 'export', '-o', file], env)).code, 5)
    assert.ok(!existsSync(file))
  })
})
