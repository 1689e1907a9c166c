// What answers in the place of Killswitch: a redirect, a proxy's page, another service. Each is told with what to do, by the
// exit codes of the CLI, and nothing is said to be done.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Client } from '../../src/cli/client/client.js'
import { sendFlip } from '../../src/cli/client/flip.js'
import { look } from '../../src/cli/client/look.js'
import { membersOf } from '../../src/cli/client/members.js'
import { EXIT, UnreachableError } from '../../src/cli/plumbing/exit.js'
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

t.test('what was typed acts on no terminal, also where it is refused', async t => {
  for (const args of [['\u001b[2Jx'], ['status', '--\u009b31m'], ['kill', 'ai_v1', '--wait', '\u202e5']]) {
    const { code, err } = await run(t, args)
    assert.deepEqual([code, /[^\n\P{Cc}]|\p{Bidi_C}/u.test(err)], [2, false], JSON.stringify(err))
  }
})

t.test('an answer that is not of Killswitch', async t => {
  t.test('is an error that says what to do, of every request', async t => {
    for (const [what, { says, ...page }] of Object.entries(PAGES)) {
      const { url } = await answering(t, page)
      const client = new Client({ urls: [url], token: 'ks_x', timeoutMs: 5_000 })
      const kill = { path: '/v1/flags/ai_v1/kill', body: { reason: 'r' } }
      const asked = [
        sendFlip(client, kill, new AbortController().signal),
        client.get('/v1/flags'),
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

  t.test('ends each verb that reads, and each that writes, the same way', async t => {
    const { url } = await answering(t, { status: 200, type: JSON_TYPE, text: '{"status":"ok","ok":true}' })
    const env = { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'ks_x' }
    const VERBS = [
      'flip 7',
      'incident list',
      'incident show INC-1',
      'fleet',
      'audit query',
      'audit tail',
      'steps',
    ]
    for (const verb of [...VERBS, 'incident resolve INC-1 -r well']) {
      const { code, out, err } = await run(t, verb.split(' '), env)
      assert.deepEqual([code, out], [5, ''], `${verb}: ${err}`)
      assert.match(err, /not as Killswitch does/, verb)
      assert.doesNotMatch(err, /TypeError|undefined/, verb)
    }
  })

  t.test('is told by members that are in every answer of Killswitch', async t => {
    const { ask } = await aServer(t)
    type Schema = { $ref?: string; required?: string[]; anyOf?: Schema[] }
    const { body } = await ask(undefined, 'GET', '/openapi.json')
    const shapes = body.components.schemas as Record<string, Schema>
    const OTHERS = /^\/(livez|flagd|ofrep|v1\/(snapshot|stream|receipts))/
    let count = 0
    for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(body.paths))
      for (const [method, { responses }] of Object.entries(methods)) {
        const [, answer] = Object.entries<{ content?: Record<string, { schema: Schema }> }>(
          responses as never,
        ).find(([status]) => status.startsWith('2')) ?? ['', {}]
        const schema = answer.content?.[JSON_TYPE]?.schema
        if (schema === undefined || OTHERS.test(path)) continue
        const shapeOf = ({ $ref, ...own }: Schema): Schema => shapes[$ref?.split('/').at(-1) ?? ''] ?? own
        const whole = shapeOf(schema)
        const forms = whole.anyOf?.map(shapeOf) ?? [whole]
        const members = membersOf(method.toUpperCase(), `${path.replace(/\{\w+\}/g, 'x')}?limit=1`)
        assert.ok(members.length > 0, `${method} ${path}`)
        for (const member of members)
          for (const { required = [] } of forms)
            assert.ok(required.includes(member), `${method} ${path}: ${member}`)
        count++
      }
    assert.ok(count > 30)
  })

  t.test('by a gateway that gives up is said to be none', async t => {
    const { url } = await answering(t, { status: 503, type: 'text/html', text: '<html>' })
    const { code, err } = await run(t, ['kill', 'ai_v1'], { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'ks_x' })
    assert.equal(code, 5)
    assert.match(err, /answered 503, and not as Killswitch does: is this its URL, and what stands between\?/)
    assert.match(err, /Whether it was done is not known/)
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
