import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'

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

describe('while the event loop is late', () => {
  it('reads beyond a few at a time are shed; kills, evaluations and what apps read are not', async t => {
    const server = await aServer(t)
    const { ask } = server
    const many = <T>(count: number, act: () => Promise<T>) => Promise.all(Array.from({ length: count }, act))
    const quiet = await many(20, () => ask('viewer', 'GET', '/v1/audit'))
    assert.ok(
      quiet.every(({ status }) => status === 200),
      'nothing is shed while there is time',
    )
    const stop = burn(t)
    await until(async () => (await codes(server)).includes('overloaded'), 'it is said', 30_000)
    await new Promise(resolve => setImmediate(resolve)) // the reads before count until the loop has turned
    let next = 0
    const paths = ['/v1/audit', '/v1/audit/verify', '/v1/flags', '/v1/runbooks', '/openapi.json', '/nowhere']
    const reads: Answer[] = await many(60, () => ask('viewer', 'GET', paths[next++ % paths.length] as string))
    const shed = reads.filter(({ status }) => status === 503)
    assert.ok(shed.length >= 40, `${shed.length} of 60 were shed`)
    assert.ok(shed.length < 60, 'a few are answered')
    for (const { body, headers } of shed) {
      assert.equal(body.code, 'overloaded')
      assert.match(String(headers['content-type']), /^application\/problem\+json/)
      assert.ok(Number(headers['retry-after']) > 0)
    }
    const needed: Promise<Answer>[] = [
      ...Array.from({ length: 10 }, (_, index) =>
        ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: `INC-${index}` } }),
      ),
      ...Array.from({ length: 20 }, () => ask('sdk', 'GET', '/v1/snapshot')),
      ...Array.from({ length: 20 }, () => ask('sdk', 'POST', '/ofrep/v1/evaluate/flags', { body: {} })),
      ...Array.from({ length: 10 }, () => ask('operator', 'GET', '/v1/flips/2')),
      ...Array.from({ length: 10 }, () => ask('sdk', 'GET', '/flagd/flags.json')),
      ...Array.from({ length: 10 }, () => ask('operator', 'GET', '/v1/flags/ai_v1')),
      ...Array.from({ length: 10 }, () => ask('viewer', 'GET', '/metrics')),
      ...Array.from({ length: 10 }, () => ask(undefined, 'GET', '/readyz')),
    ]
    for (const { status, text } of await Promise.all(needed)) assert.equal(status, 200, text)
    stop()
    await until(async () => !(await codes(server)).includes('overloaded'), 'it is over', 30_000)
    const { text } = await ask('viewer', 'GET', '/metrics')
    assert.match(text, new RegExp(`^killswitch_reads_shed\\S* ${server.parts.load.shed}$`, 'm'))
    assert.match(text, /^killswitch_overloaded\S* 0$/m)
  })

  it('one reader at a time is answered however late it is', async t => {
    const server = await aServer(t)
    const stop = burn(t)
    await until(() => server.parts.load.isLate, 'it is late', 30_000)
    for (let index = 0; index < 10; index++)
      assert.equal((await server.ask('viewer', 'GET', '/v1/audit')).status, 200)
    stop()
  })
})
