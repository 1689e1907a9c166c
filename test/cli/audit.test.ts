import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { aServer, type TestServer } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { as, envFor, gather, listen, run, start } from './cli.js'

const kill = (server: TestServer, flag: string, body: object = {}) =>
  server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body })

t.test('killswitch audit query and export', async t => {
  t.test('finds entries by any filter, newest first', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await kill(server, 'ai_v1', { incident: 'INC-1', reason: 'provider times out' })
    await kill(server, 'kyc_v1', { incident: 'INC-2' })
    const { out } = await cli('viewer', 'audit', 'query', '--action', 'kill')
    assert.match(out, /^ENTRY +AT +BY +INCIDENT +STEP +WHAT +REASON\n0-3 .*Turn kyc_v1 off: on -> off\n0-2 /)
    const one = await cli('viewer', 'audit', 'query', '-r', 'provider', '--since', '1h', '--json')
    assert.deepEqual(
      one.json.entries.map((entry: { flag: string }) => entry.flag),
      ['ai_v1'],
    )
    const first = await cli('viewer', 'audit', 'query', '--oldest', '-n', '1')
    assert.match(first.out, /\n0-1 .*Catalogue loaded: 7 flags/)
    const cursor = /--cursor (\S+)$/m.exec(first.err)?.[1] as string
    const next = await cli('viewer', 'audit', 'query', '--oldest', '-n', '1', '--cursor', cursor)
    assert.match(next.out, /\n0-2 .*ai_v1/)
    assert.match((await cli('viewer', 'audit', 'query', '--actor', 'nobody')).err, /No entry matches/)
    for (const wrong of [
      ['--action', 'kil'],
      ['--since', 'lately'],
      ['-n', '0'],
    ])
      assert.equal((await cli('viewer', 'audit', 'query', ...wrong)).code, 2, wrong.join(' '))
  })

  t.test('writes the exact stored lines, and CSV, to standard output and to a file', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await kill(server, 'ai_v1', { incident: 'INC-1' })
    const stored = await server.ask('viewer', 'GET', '/v1/audit?order=oldest', {
      headers: { accept: 'application/x-ndjson' },
    })
    const file = join(testdir(t), 'audit.ndjson')
    assert.equal((await cli('viewer', 'audit', 'export')).out, stored.text)
    assert.equal((await cli('viewer', 'audit', 'export', '-o', file)).code, 0)
    assert.equal(readFileSync(file, 'utf8'), stored.text)
    assert.equal(existsSync(`${file}.part`), false)
    const csv = await cli('viewer', 'audit', 'export', '--format', 'csv', '-i', 'INC-1')
    assert.match(csv.out, /^place,at,action,.*\n2,.*,kill,applied,/)
    const missing = await cli('viewer', 'audit', 'export', '-o', '/nonexistent/x')
    assert.deepEqual([missing.code, missing.err.includes('cannot be written')], [2, true])
  })

  t.test('leaves no half a file when the service breaks off', async t => {
    const breaking = await listen(t, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-length': '1000' })
      response.write('{}\n', () => response.destroy())
    })
    const file = join(testdir(t), 'audit.ndjson')
    const env = { KILLSWITCH_URL: breaking.url, KILLSWITCH_TOKEN: 'x' }
    const { code, err } = await run(t, ['audit', 'export', '-o', file], env)
    assert.deepEqual([code, err.includes('is not whole')], [5, true])
    assert.deepEqual([existsSync(file), existsSync(`${file}.part`)], [false, false])
  })
})

/** A webhook that takes what `answer` lets it take, and remembers everything that was sent. */
async function webhook(t: Teardown, answer: () => number, port = 0) {
  const sent: { place?: number; text?: string; key: string; status: number }[] = []
  const hear = async (request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
    const status = answer()
    sent.push({ ...JSON.parse(text), key: String(request.headers['idempotency-key']), status })
    response.writeHead(status).end()
  }
  const server = await listen(t, (request, response) => void hear(request, response), port)
  const taken = () => sent.filter(each => each.status < 300)
  return { ...server, sent, taken, places: () => taken().map(each => each.place) }
}

t.test('killswitch audit tail', async t => {
  t.test('prints what there was and what comes, until it is stopped', async t => {
    const server = await aServer(t)
    await kill(server, 'ai_v1')
    const child = start(t, ['audit', 'tail', '-n', '1'], envFor(server, 'viewer'))
    const out = gather(child.stdout)
    await until(() => out().includes('Turn ai_v1 off'), 'what there was')
    await kill(server, 'kyc_v1')
    await until(() => out().includes('Turn kyc_v1 off'), 'what comes')
    assert.equal(out().trimEnd().split('\n').length, 2, out())
    child.kill('SIGINT')
    assert.equal(await until(() => child.exitCode ?? undefined, 'the end'), 0)
  })

  t.test('relays each entry, in order, past a failing receiver and a restart', async t => {
    const server = await aServer(t)
    const cursor = join(testdir(t), 'cursor')
    let status = 503
    const receiver = await webhook(t, () => status)
    await kill(server, 'ai_v1')
    const args = ['audit', 'tail', '--post', receiver.url, '--cursor', cursor, '--from', 'start']
    const first = start(t, args, envFor(server, 'viewer'))
    const err = gather(first.stderr)
    await until(() => receiver.sent.length >= 2, 'two tries of the first entry')
    assert.deepEqual([...new Set(receiver.sent.map(each => each.place))], [1], 'nothing is passed over')
    assert.equal(JSON.parse(readFileSync(cursor, 'utf8')).place, -1, 'its place is kept')
    assert.match(err(), /Entry 0-1 was not taken \(it answered 503\)\. Trying again in 0\.25 s\./)
    status = 200
    await until(() => receiver.taken().length === 2, 'both entries')
    await until(() => JSON.parse(readFileSync(cursor, 'utf8')).place === 2, 'the cursor')
    first.kill('SIGKILL')
    await until(() => first.signalCode ?? undefined, 'the crash')

    await kill(server, 'kyc_v1')
    start(t, args, envFor(server, 'viewer'))
    await until(() => receiver.taken().length === 3, 'what came in between')
    await server.ask('engineer', 'POST', '/v1/flags/ai_v1/restore', { body: { all: true, reason: 'well' } })
    await until(() => receiver.taken().length === 4, 'what comes now')
    assert.deepEqual(receiver.places(), [1, 2, 3, 4])
    assert.match(receiver.taken()[0]?.key as string, /^test-1-[0-9a-f]{12}$/)
  })

  t.test('begins now where it is not told otherwise, speaks to a chat, and keeps to its filter', async t => {
    const server = await aServer(t)
    await kill(server, 'ai_v1')
    const cursor = join(testdir(t), 'cursor')
    const receiver = await webhook(t, () => 204)
    const args = [
      'audit',
      'tail',
      '--post',
      receiver.url,
      '--cursor',
      cursor,
      '--as',
      'text',
      '--action',
      'kill',
    ]
    start(t, args, envFor(server, 'viewer'))
    await until(() => existsSync(cursor), 'its place is kept from the first moment')
    await server.ask('engineer', 'POST', '/v1/flags/ai_v1/restore', { body: { all: true, reason: 'well' } })
    await kill(server, 'kyc_v1', { incident: 'INC-3', reason: 'uploads fail' })
    await until(() => receiver.taken().length === 1, 'one message')
    assert.match(
      receiver.taken()[0]?.text as string,
      /^\[test\] \S+ \S+ UTC shared-operator \(INC-3\) Turn kyc_v1 off: on -&gt; off\. Reason: uploads fail$/,
    )
  })

  t.test('outlives the service', async t => {
    const server = await aServer(t)
    const { port } = new URL(server.address)
    const cursor = join(testdir(t), 'cursor')
    const receiver = await webhook(t, () => 200)
    const args = [
      'audit',
      'tail',
      '--post',
      receiver.url,
      '--cursor',
      cursor,
      '--from',
      'start',
      '--action',
      'kill',
    ]
    const child = start(t, args, envFor(server, 'viewer'))
    const err = gather(child.stderr)
    await kill(server, 'ai_v1')
    await until(() => receiver.taken().length === 1, 'the first')
    await server.close()
    await until(() => err().includes('No answer: http'), 'the outage')
    const again = await aServer(t, { dataDir: server.dataDir, tokens: server.tokens, port: Number(port) })
    await kill(again, 'kyc_v1')
    await until(() => receiver.taken().length === 2, 'the second')
    assert.deepEqual(receiver.places(), [2, 3])
    assert.match(err(), /Killswitch answers again/)
  })

  t.test('ends at an answer that will not change, and at a host that there is not', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const relay = (url: string) =>
      cli('viewer', 'audit', 'tail', '--post', url, '--cursor', join(testdir(t), 'cursor'), '--from', 'start')
    for (const status of [301, 400, 401, 404, 410]) {
      const receiver = await webhook(t, () => status)
      const { code, err } = await relay(receiver.url)
      assert.deepEqual([code, receiver.sent.length], [3, 1], err)
      assert.match(err, new RegExp(`answered ${status} to entry 0-1`))
    }
    const nowhere = await relay('http://nowhere.invalid/in')
    assert.equal(nowhere.code, 2)
    assert.match(nowhere.err, /http:\/\/nowhere\.invalid cannot be posted to \(ENOTFOUND\)/)
  })

  t.test('sends the user and the password of a URL as a header, and prints them nowhere', async t => {
    const server = await aServer(t)
    const seen: (string | undefined)[] = []
    const receiver = await listen(t, (request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401).end()
    })
    const cursor = join(testdir(t), 'cursor')
    const relay = ['audit', 'tail', '--cursor', cursor, '--from', 'start', '--post']
    const cli = as(t, server)
    const asked = await cli('viewer', ...relay, receiver.url.replace('//', '//ana:s%23cret@'))
    assert.deepEqual([asked.code, seen], [3, [`Basic ${btoa('ana:s#cret')}`]])
    const said = [asked]
    for (const url of [
      'ftp://ana:s%23cret@host/in',
      'ana:s%23cret@host',
      'http://ana:s%23cret@nowhere.invalid/',
    ])
      said.push(await cli('viewer', ...relay, url))
    for (const url of ['http://ana:s%23cret@127.0.0.1:1', 'http://:s%23cret@127.0.0.1:1', 'x://s%23cret@y'])
      said.push(await run(t, ['status', '--url', url], { KILLSWITCH_TOKEN: 'x' }))
    for (const { code, out, err } of said) {
      assert.ok(code === 2 || code === 3, err)
      assert.doesNotMatch(out + err, /cret|btoa|YW5h/)
    }
  })

  t.test('refuses a cursor that is none, and a relay without one', async t => {
    const server = await aServer(t)
    const file = join(testdir(t), 'cursor')
    writeFileSync(file, 'something else\n')
    const relay = ['audit', 'tail', '--post', 'http://127.0.0.1:1/']
    assert.match((await as(t, server)('viewer', ...relay)).err, /--post needs --cursor/)
    const wrong = await as(t, server)('viewer', ...relay, '--cursor', file)
    assert.deepEqual([wrong.code, wrong.err.includes('is not a cursor file')], [2, true])
    assert.equal(readFileSync(file, 'utf8'), 'something else\n')
  })
})
