import assert from 'node:assert/strict'
import { connect } from 'node:net'
import t from 'tap'
import type { Entry } from '../../src/domain/log/audit.js'
import { cleaned } from '../../src/text/characters.js'
import { ACTS } from '../support/hostile.js'
import { aServer, type TestServer } from '../support/server.js'

/** Writes bytes as they are, and resolves with all that comes until the service closes the connection. */
function raw({ address }: TestServer, bytes: string): Promise<string> {
  const { port } = new URL(address)
  return new Promise(resolve => {
    let text = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

const problemIn = (text: string) => JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))

t.test('what takes too long or is too large', async t => {
  t.test('is answered with a problem, and the connection is closed', async t => {
    const server = await aServer(t)
    const head = `POST /v1/flags/ai_v1/kill HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.tokens.operator}\r\n`
    const cases: [string, string, number][] = [
      [
        'a body that does not come',
        `${head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"re`,
        408,
      ],
      ['headers that do not end', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ', 408],
      ['20 KB of headers', `GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
      ['an address of 20 KB', `GET /v1/audit?reason=${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ]
    await Promise.all(
      cases.map(async ([what, bytes, status]) => {
        const answer = await raw(server, bytes)
        assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), what)
        assert.match(answer, /content-type: application\/problem\+json/i, what)
        assert.equal(problemIn(answer).status, status, what)
      }),
    )
    assert.equal(server.parts.log.head.seq, 1, 'nothing was changed')
  })
})

t.test('a kill that was answered with 408', async t => {
  t.test('is not done when the rest of it comes after all', async t => {
    const server = await aServer(t)
    const socket = connect({
      port: Number(new URL(server.address).port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    })
    const closed = new Promise<void>(resolve => socket.on('close', () => resolve()))
    socket.on('error', () => {})
    const head = `POST /v1/flags/ai_v1/kill HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.tokens.operator}\r\n`
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"re`)
    const answer = await new Promise<string>(resolve => socket.once('data', data => resolve(String(data))))
    assert.match(answer, /^HTTP\/1.1 408 /)
    socket.end('ason":"0123456"}')
    await closed
    await server.ask('operator', 'POST', '/v1/flags/kyc_v1/kill', { body: {} })
    const { flags } = server.parts.log.state
    assert.deepEqual([flags.get('ai_v1')?.holds.length, flags.get('kyc_v1')?.holds.length], [0, 1])
  })
})

/**
 * Bytes as they are, and the statuses they may get. `closed`: nothing is said, and the connection is closed. `plain`: Node
 * itself refuses it before it is a request, without a problem.
 */
const HOSTILE: [string, string, ('closed' | 'plain' | number)[]][] = [
  ['nothing but line ends', '\r\n\r\n\r\n\r\nGARBAGE\r\n\r\n', [400]],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
  ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
  ['a NUL in a header', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n', [400]],
  ['no Host', 'GET /livez HTTP/1.1\r\n\r\n', [400, 'plain']],
  [
    'two lengths',
    'POST /v1/receipts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    [400],
  ],
  [
    'a length and chunks',
    'POST /v1/receipts HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    [400],
  ],
  ['a length below zero', 'POST /v1/receipts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', [400]],
  [
    'chunks that are none',
    'POST /v1/receipts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer SDK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    [400],
  ],
  [
    'a body that is longer than its route takes, in chunks',
    `POST /v1/receipts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer SDK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`1000\r\n${'a'.repeat(4096)}\r\n`.repeat(70)}0\r\n\r\n`,
    [413],
  ],
  [
    'bytes over 127 in the path',
    'GET /v1/flags/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    [400],
  ],
  ['%ff in the path', 'GET /v1/flags/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', [400]],
  ['%00 in the path', 'GET /v1/flags/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', [401]],
  [
    'dots in the path',
    'GET /docs/static/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    [404],
  ],
  [
    'dots in code',
    'GET /docs/static/%2e%2e%2f%2e%2e%2fpackage.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    [404],
  ],
  ['a whole address', 'GET http://elsewhere/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', [200]],
  ['a method there is none', 'KILL /v1/flags/ai_v1 HTTP/1.1\r\nHost: x\r\n\r\n', [400]],
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', ['closed']],
  [
    'an upgrade',
    'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    [200],
  ],
  [
    'Expect: something',
    'GET /livez HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n',
    [417, 'plain'],
  ],
]

t.test('bytes that no client of ours sends', async t => {
  t.test('are answered with a problem or a closed connection, and change nothing', async t => {
    const server = await aServer(t)
    await Promise.all(
      HOSTILE.map(async ([what, bytes, expected]) => {
        const answer = await raw(server, bytes.replace('SDK', server.tokens.sdk))
        const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]
        assert.ok(expected.includes(status === undefined ? 'closed' : Number(status)), `${what}: ${answer}`)
        if (Number(status) >= 400 && !expected.includes('plain'))
          assert.match(answer, /content-type: application\/problem\+json/i, `${what}: ${answer}`)
      }),
    )
    assert.equal(server.parts.log.head.seq, 1)
  })

  t.test('a hundred requests in one write are a hundred answers, in order', async t => {
    const server = await aServer(t)
    const one = (id: number, more = '') =>
      `GET /v1/flags/f${id} HTTP/1.1\r\nHost: x\r\nX-Request-Id: r${id}\r\n${more}\r\n`
    const all = Array.from({ length: 100 }, (_, id) => one(id, id === 99 ? 'Connection: close\r\n' : ''))
    const answer = await raw(server, all.join(''))
    const ids = [...answer.matchAll(/^x-request-id: r(\d+)\r$/gm)].map(([, id]) => Number(id))
    assert.deepEqual(ids, [...Array(100).keys()])
  })
})

t.test('every answer', async t => {
  t.test('carries x-request-id and no-store, whatever went wrong', async t => {
    const { app, tokens } = await aServer(t)
    const paths = [
      '/v1/flags',
      '/nowhere',
      '/v1/flags/nope',
      '/v1/flags/%zz',
      `/v1/flags/${'a'.repeat(3000)}`,
    ]
    for (const url of paths)
      for (const method of ['GET', 'HEAD', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'] as const) {
        const response = await app.inject({
          method,
          url,
          headers: { authorization: `Bearer ${tokens.viewer}` },
        })
        const { headers, statusCode } = response
        assert.ok(headers['x-request-id'], `${method} ${url.slice(0, 40)}`)
        assert.equal(headers['cache-control'], 'no-store', `${method} ${url.slice(0, 40)}`)
        assert.ok(statusCode < 500)
        if (statusCode >= 400) assert.match(String(headers['content-type']), /^application\/problem\+json/)
      }
  })

  t.test('keeps the id of the caller where it fits a log line', async t => {
    const { ask } = await aServer(t)
    const idOf = async (id: string) =>
      (await ask('viewer', 'GET', '/v1/flags', { headers: { 'x-request-id': id } })).headers['x-request-id']
    assert.equal(await idOf('trace-1:2/3'), 'trace-1:2/3')
    for (const bad of ['a b', 'x'.repeat(129), 'a"b']) assert.notEqual(await idOf(bad), bad)
  })

  t.test('takes a path with one slash too many for what it means', async t => {
    const { ask } = await aServer(t)
    for (const path of ['/v1/flags/', '//v1//flags', '/v1/flags/ai_v1/'])
      assert.equal((await ask('viewer', 'GET', path)).status, 200, path)
    assert.equal((await ask('operator', 'POST', '/v1/flags/ai_v1/kill/')).status, 200)
  })
})

t.test('a query that means nothing', async t => {
  const BAD = [
    'limit=0',
    'limit=501',
    'limit=1.5',
    'limit=',
    'limit=1&limit=2',
    'offRunbook=yes',
    'offRunbook=',
    'order=up',
    'order=oldest&order=newest',
    'since=yesterday',
    'since=2026-13-01T00:00:00Z',
    'since=a&since=b',
    'flag=',
    'cursor=x',
    'cursor=bi4xLmFhYWFhYWFhYWFhYS4',
    'colour=red',
    '__proto__=1',
    'constructor=1',
    'role=admin',
    `${'flag=a&'.repeat(21)}flag=b`,
    'reason=%21',
    `flag=${'a'.repeat(301)}`,
  ]
  t.test('is a 400 that names it', async t => {
    const { ask } = await aServer(t)
    for (const query of BAD) {
      const { status, body } = await ask('viewer', 'GET', `/v1/audit?${query}`)
      assert.deepEqual([status, body.code], [400, 'malformed-request'], query.slice(0, 60))
    }
    for (const query of [
      'limit=1e2',
      'offRunbook=true',
      'flag=a&flag=b',
      'reason=%F0%9F%98%80x',
      'since=2026-11-20',
    ])
      assert.equal((await ask('viewer', 'GET', `/v1/audit?${query}`)).status, 200, query)
  })

  t.test('takes a cursor for its own question alone', async t => {
    const { ask } = await aServer(t)
    await ask('operator', 'POST', '/v1/flags/ai_v1/kill')
    const { body } = await ask('viewer', 'GET', '/v1/audit?order=oldest&limit=1')
    const other = (query: string) => ask('viewer', 'GET', `/v1/audit?${query}&cursor=${body.next}`)
    assert.equal((await other('order=oldest')).status, 200)
    for (const query of ['order=newest', 'order=oldest&flag=ai_v1', 'order=oldest&until=2030-01-01'])
      assert.equal((await other(query)).status, 400, query)
    const csv = await ask('viewer', 'GET', '/v1/audit?limit=5', { headers: { accept: 'text/csv' } })
    assert.equal(csv.status, 400)
  })
})

t.test('what people write', async t => {
  const REASONS = [
    '\u{1f525}'.repeat(1000),
    'ё'.repeat(2000),
    'a\u0000b\u001b[31m\u007f',
    'lone \ud800 surrogate',
    '\u2028\u2029 lines',
    '"quoted", and\r\nbroken',
    '=HYPERLINK("http://x","y")',
    '+1',
    '-1',
    '@SUM(A1)',
    '\ufeffbom',
    'e\u0301 not composed',
  ]
  t.test('is kept as it was cleaned: in the entry, the stored line and the answer', async t => {
    const { ask, parts } = await aServer(t)
    for (const [index, given] of REASONS.entries()) {
      const reason = cleaned(given)
      const body = { reason: given, incident: `INC-${index}` }
      const kill = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body })
      assert.deepEqual([kill.status, kill.body.reason], [200, reason], JSON.stringify(reason.slice(0, 20)))
      const entry = await ask('viewer', 'GET', `/v1/audit/${kill.body.id}`)
      assert.equal(entry.body.reason, reason)
      assert.equal((await parts.log.entry(kill.body.id))?.reason, reason)
    }
    assert.equal((await ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
  })

  t.test('is no formula in a spreadsheet, and the lines of an export are the bytes of the log', async t => {
    const { ask, parts } = await aServer(t)
    for (const reason of REASONS) await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason } })
    const csv = await ask('viewer', 'GET', '/v1/audit?flag=ai_v1', { headers: { accept: 'text/csv' } })
    assert.doesNotMatch(csv.text, ACTS)
    assert.match(String(csv.headers['content-type']), /^text\/csv/)
    assert.doesNotMatch(csv.text, /(^|,|\n)"?[=+@]/m)
    const ndjson = await ask('viewer', 'GET', '/v1/audit?order=oldest', {
      headers: { accept: 'application/x-ndjson' },
    })
    const stored: string[] = []
    for await (const { line } of parts.log.find.stream({}, 'oldest')) stored.push(`${line}\n`)
    assert.equal(ndjson.text, stored.join(''))
  })

  t.test('never refuses a kill: it is cleaned and cut, and a warning says so', async t => {
    const { ask } = await aServer(t)
    const kill = async (reason: string, step?: string) => {
      const { status, body } = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
        body: { reason, step },
      })
      assert.equal(status, 200)
      return [body.reason, body.warnings.map(({ code }: { code: string }) => code)]
    }
    assert.deepEqual(await kill('burns\r\nbadly'), ['burns\nbadly', ['no-step']])
    assert.deepEqual(await kill('a\u200bb\u0000'), ['ab', ['no-step', 'reason-changed']])
    assert.deepEqual(await kill('ж'.repeat(3000)), ['ж'.repeat(2000), ['no-step', 'reason-changed']])
    assert.deepEqual(await kill('\u202e \n', ' '), [undefined, ['no-step', 'no-reason', 'reason-changed']])
    const named = async (incident: unknown) => {
      const { status, body, text } = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
        body: { reason: 'burns', incident },
      })
      assert.equal(status, 200, text)
      return [body.incident, body.warnings.some(({ code }: { code: string }) => code === 'incident-left-out')]
    }
    assert.deepEqual(await named(' INC-9\u200b\n'), ['INC-9', false], 'as it is read')
    assert.deepEqual(await named(42), ['42', false], 'of a tracker that counts')
    for (const none of [null, '', ' \u2060']) assert.deepEqual(await named(none), [undefined, false])
    for (const odd of ['#42', 'INC 1', 'a\nb', 'x'.repeat(65), ['INC-1'], { id: 1 }, '-'])
      assert.deepEqual(await named(odd), [undefined, true], JSON.stringify(odd))
    const run = {
      step: 'trustflow/ai-instability/3',
      flags: ['ai_v1'],
      reason: `${'x'.repeat(1999)}\u{1f525}`,
    }
    const ran = await ask('operator', 'POST', '/v1/steps/run', { body: run })
    assert.equal(ran.body.reason, 'x'.repeat(1999), ran.text)
  })

  t.test('that has a token is kept without it: everybody who may read sees the log', async t => {
    const { ask, parts, tokens } = await aServer(t)
    const text = `Bearer ${tokens.operator} is mine`
    const killed = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
      body: { reason: text, step: text },
    })
    assert.equal(killed.body.reason, 'Bearer ks_REDACTED is mine')
    assert.match(
      killed.body.warnings.at(-1).detail,
      /looks like a token is left out: if it is one, revoke it/,
    )
    await ask('operator', 'POST', '/v1/incidents', { body: { id: 'INC-1', title: text } })
    await ask('operator', 'POST', '/v1/incidents/INC-1/notes', { body: { kind: 'cause', text } })
    let lines = 0
    for await (const { line } of parts.log.find.stream({}, 'oldest')) {
      assert.ok(!line.includes(tokens.operator.slice(-20)), line)
      lines++
    }
    assert.ok(lines > 3)
  })

  t.test('is kept alike by each call that kills', async t => {
    const { ask, parts } = await aServer(t)
    const papers = {
      reason: `\u001b[2J\u202e${'y'.repeat(3000)}\u0000`,
      incident: 'INC 1\u202e',
      step: 'no\u0000/1',
    }
    const calls: [string, object][] = [
      ['/v1/flags/ai_v1/kill', papers],
      ['/v1/flags/kill', { flag: 'ai_v1', ...papers }],
      ['/v1/kills', { flags: ['ai_v1', 'kyc_v1'], ...papers }],
      ['/v1/steps/run', { ...papers, step: 'trustflow/ai-instability/3', flags: ['ai_v1'] }],
    ]
    for (const [path, body] of calls) {
      const { status, body: answer, text } = await ask('operator', 'POST', path, { body })
      assert.equal(status, 200, text)
      const codes = answer.warnings.map(({ code }: { code: string }) => code)
      assert.ok(
        ['reason-changed', 'incident-left-out'].every(code => codes.includes(code)),
        path,
      )
      const { entries } = (await ask('viewer', 'GET', '/v1/audit?limit=3')).body
      for (const { reason, incident, step } of entries.slice(0, path === '/v1/kills' ? 3 : 1)) {
        assert.deepEqual(
          [reason.length, ACTS.test(reason + step?.id), incident],
          [2000, false, undefined],
          path,
        )
      }
    }
    assert.equal(
      parts.log.state.flags.get('ai_v1')?.holds.every(hold => hold.incident === undefined),
      true,
    )
  })

  t.test('is in no post-mortem and no CSV as it was, also where the log has it raw', async t => {
    const { ask, parts } = await aServer(t)
    const title = 'fails\u0000 <script>x</script>\u001b[2J'
    const declared = await ask('operator', 'POST', '/v1/incidents', {
      body: { id: 'INC-1', title, runbook: 'trustflow', severity: 'SEV-1' },
    })
    assert.deepEqual([declared.status, declared.body.incident.title], [201, 'fails <script>x</script>[2J'])
    const text = 'well\u0000\n3/3 confirmed \u202e=1+1'
    const note = await ask('operator', 'POST', '/v1/incidents/INC-1/notes', {
      body: { kind: 'update', text },
    })
    assert.equal(note.status, 200, note.text)
    // as an instance of before would have written it
    const { actor } = (await parts.log.entry(note.body.entries[0].place)) as Entry
    await parts.incidents.note(actor, 'INC-1', { kind: 'cause', text }, { id: 'raw', key: 'raw' })
    const stored = await ask('viewer', 'GET', '/v1/audit?limit=1', {})
    assert.equal(stored.body.entries[0].note.text, text, 'the log is as it is')
    const postmortem = (await ask('viewer', 'GET', '/v1/incidents/INC-1/postmortem')).text
    assert.match(postmortem, /well\ufffd 3\/3 confirmed \ufffd=1\+1/)
    assert.match(postmortem, /\\<script>/)
    const csv = (await ask('viewer', 'GET', '/v1/audit', { headers: { accept: 'text/csv' } })).text
    assert.match(csv, /well/)
    for (const surface of [postmortem, csv]) assert.doesNotMatch(surface, ACTS)
  })

  t.test('bounds what a refusal keeps of it', async t => {
    const { ask, parts } = await aServer(t)
    const long = 'x'.repeat(2000)
    assert.equal((await ask('engineer', 'POST', `/v1/flags/${long}/kill`)).status, 404)
    assert.equal(
      (await ask('engineer', 'POST', '/v1/steps/run', { body: { step: 'y'.repeat(300) } })).status,
      404,
    )
    assert.equal((await ask('engineer', 'POST', '/v1/flags/ai_v1/kill', { body: { [long]: 1 } })).status, 400)
    for (let place = 2; place <= parts.log.head.seq; place++) {
      const line = (await parts.log.find.entry(place))?.line as string
      assert.ok(line.length < 2_500, `entry ${place} has ${line.length} bytes`)
      assert.ok((JSON.parse(line).flag ?? '').length <= 128)
    }
  })
})
