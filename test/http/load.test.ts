import assert from 'node:assert/strict'
import t from 'tap'
import { Load } from '../../src/http/plumbing/load.js'
import type { Role } from '../../src/wire/words.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'

/** Over a connection, as a storm comes. */
async function fetched(
  { address, tokens }: TestServer,
  role: Role,
  method: string,
  path: string,
  body?: object,
) {
  const headers = { authorization: `Bearer ${tokens[role]}`, 'content-type': 'application/json' }
  const payload = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(address + path, { method, headers, ...payload })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
type Answer = Awaited<ReturnType<typeof fetched>>

/** Keeps the event loop late, as too many requests do. */
function burn(t: { after(done: () => void): void }): () => void {
  let burning = true
  const turn = () => {
    const until = performance.now() + 80
    while (performance.now() < until);
    if (burning) setTimeout(turn)
  }
  turn()
  const stop = () => {
    burning = false
  }
  t.after(stop)
  return stop
}

const codes = async ({ ask }: TestServer): Promise<string[]> =>
  (await ask(undefined, 'GET', '/readyz')).body.degraded.map(({ code }: { code: string }) => code)

t.test('while the event loop is late', async t => {
  t.test('reads beyond a few at a time are shed; kills, evaluations and what apps read are not', async t => {
    const server = await aServer(t)
    const { ask } = server
    const asked = (role: Role, method: string, path: string, body?: object) =>
      fetched(server, role, method, path, body)
    const many = <T>(count: number, act: () => Promise<T>) => Promise.all(Array.from({ length: count }, act))
    const stop = burn(t)
    await until(() => server.parts.load.isLate, 'it is late')
    assert.ok(!(await codes(server)).includes('overloaded'), 'late, and nobody was refused')
    let next = 0
    const paths = ['/v1/audit', '/v1/audit/verify', '/v1/flags', '/v1/runbooks', '/openapi.json', '/nowhere']
    const reads: Answer[] = []
    const shed: Answer[] = []
    await until(
      async () => {
        reads.push(...(await many(60, () => asked('viewer', 'GET', paths[next++ % paths.length] as string))))
        shed.push(...reads.filter(({ status }) => status === 503).slice(shed.length))
        return shed.length >= 10
      },
      'ten reads are shed',
      60_000,
    )
    assert.ok(shed.length < reads.length, 'a few are answered')
    assert.ok((await codes(server)).includes('overloaded'), 'it is said')
    for (const { text, headers } of shed) {
      assert.equal(JSON.parse(text).code, 'overloaded')
      assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.ok(Number(headers.get('retry-after')) > 0)
    }
    const needed: Promise<Answer>[] = [
      ...Array.from({ length: 10 }, (_, index) =>
        asked('operator', 'POST', '/v1/flags/ai_v1/kill', { incident: `INC-${index}` }),
      ),
      ...Array.from({ length: 20 }, () => asked('sdk', 'GET', '/v1/snapshot')),
      ...Array.from({ length: 20 }, () => asked('sdk', 'POST', '/ofrep/v1/evaluate/flags', {})),
      ...Array.from({ length: 10 }, () => asked('operator', 'GET', '/v1/flips/2')),
      ...Array.from({ length: 10 }, () => asked('sdk', 'GET', '/flagd/flags.json')),
      ...Array.from({ length: 10 }, () => asked('operator', 'GET', '/v1/flags/ai_v1')),
      ...Array.from({ length: 10 }, () => asked('viewer', 'GET', '/metrics')),
      ...Array.from({ length: 10 }, () => asked('viewer', 'GET', '/readyz')),
    ]
    for (const { status, text } of await Promise.all(needed)) assert.ok(status < 500, text)
    stop()
    await until(async () => !(await codes(server)).includes('overloaded'), 'it is over')
    const { text } = await ask('viewer', 'GET', '/metrics')
    assert.match(text, new RegExp(`^killswitch_reads_shed\\S* ${server.parts.load.shed}$`, 'm'))
    assert.match(text, /^killswitch_overloaded\S* \d$/m)
  })

  t.test('one flag is shown by its key, in the path or in the query, where the list is shed', async t => {
    const server = await aServer(t)
    for (let taken = 0; taken < 4; taken++) server.parts.load.begin(() => {})
    const stop = burn(t)
    const status = async (path: string) => (await fetched(server, 'viewer', 'GET', path)).status
    await until(async () => (await status('/v1/flags')) === 503, 'the list is shed')
    assert.deepEqual(
      [await status('/v1/flags?flag=ai_v1'), await status('/v1/flags/ai_v1'), await status('/v1/flags')],
      [200, 200, 503],
    )
    stop()
  })

  t.test('one reader at a time is answered however late it is', async t => {
    const server = await aServer(t)
    const stop = burn(t)
    await until(() => server.parts.load.isLate, 'it is late')
    for (let index = 0; index < 10; index++)
      assert.equal((await fetched(server, 'viewer', 'GET', '/v1/audit')).status, 200)
    stop()
  })
})

t.test('many reads at once', async t => {
  const asked = (load: Load, count: number) => {
    const turns: boolean[] = []
    for (let index = 0; index < count; index++) load.begin(isAdmitted => turns.push(isAdmitted))
    return turns
  }

  t.test('take their turns, a few at a time', async t => {
    const load = new Load()
    t.after(() => load.close())
    const turns = asked(load, 6)
    assert.deepEqual(turns, [true, true, true, true])
    load.end()
    assert.equal(turns.length, 4, 'not before the loop has turned')
    await until(() => turns.length === 5, 'the next one')
  })

  t.test('are not kept by those who read their answers slowly', async t => {
    const load = new Load()
    t.after(() => load.close())
    const turns = asked(load, 20)
    await until(() => turns.length === 20, 'all have their turn, and none has ended')
    assert.ok(turns.every(isAdmitted => isAdmitted))
  })

  t.test('are let through when the service ends', async () => {
    const load = new Load()
    const turns = asked(load, 6)
    load.close()
    assert.deepEqual([turns.length, asked(load, 2).length], [6, 2])
  })
})
