// killswitch fleet and its verbs, and where else app instances are named that stand apart from the log.

import assert from 'node:assert/strict'
import t from 'tap'
import { TestInstance } from '../support/instance.js'
import { aServer, type TestServer } from '../support/server.js'
import { anInstance, as } from './cli.js'

/** A service whose clock the test moves on. */
async function withClock(given: Parameters<typeof aServer>[0]) {
  let ahead = 0
  const server = await aServer(given, { clock: () => Date.now() + ahead })
  const pass = (seconds: number) => {
    ahead += seconds * 1000
  }
  return { server, pass }
}

/** It holds a flag that the log does not. */
async function holding(server: TestServer, name: string): Promise<TestInstance> {
  const api = await anInstance(server, name)
  await api.report({ inForce: { ai_v1: 'off' }, holding: { ai_v1: ['lost-hold'] } })
  return api
}

t.test('killswitch fleet', async t => {
  t.test('counts what the service counts, and follows its pages', async t => {
    const { server, pass } = await withClock(t)
    const cli = as(t, server)
    await Promise.all(Array.from({ length: 3 }, (_, index) => anInstance(server, `gone-${index}`)))
    pass(60)
    const names = Array.from({ length: 205 }, (_, index) => `api-${String(index).padStart(3, '0')}`)
    await Promise.all(names.map(name => new TestInstance(server.ask, name).poll()))
    const { code, out } = await cli('viewer', 'fleet')
    assert.equal(code, 0)
    assert.match(out, /^test {2}205 live, 0 awaited, 3 lost, 0 closed, 0 refused, revision 0-\d+$/m)
    assert.equal(out.match(/^api-\d+ +trustflow +live/gm)?.length, 200)
    assert.match(out, /^8 more: killswitch fleet --all$/m)
    const all = await cli('viewer', 'fleet', '--all')
    assert.equal(all.out.match(/^(?:api|gone)-\d+ +trustflow /gm)?.length, 208)
    assert.doesNotMatch(all.out, /more: killswitch fleet/)
    const lost = await cli('viewer', 'fleet', '--lost', '--app', 'trustflow')
    assert.deepEqual([lost.out.match(/^gone-\d/gm)?.length, /^api-/m.test(lost.out)], [3, false])
    assert.match((await cli('viewer', 'fleet', '--lost', '--app', 'pilot')).out, /No app instance of pilot/)
    const [page, whole] = [
      await cli('viewer', 'fleet', '--json'),
      await cli('viewer', 'fleet', '--json', '--all'),
    ]
    assert.deepEqual([page.json.instances.length, typeof page.json.next], [50, 'string'])
    assert.deepEqual([whole.json.instances.length, whole.json.next], [208, undefined])
  })

  t.test('says who is behind, and who stands apart', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const api = await anInstance(server, 'api-1')
    await cli('operator', 'kill', 'ai_v1', '--wait', '0')
    assert.match((await cli('viewer', 'fleet')).out, /^api-1 +trustflow +live +behind /m)
    await api.apply()
    assert.match((await cli('viewer', 'fleet')).out, /^api-1 +trustflow +live +current /m)
    await api.report({ forced: ['kyc_v1'] })
    assert.match((await cli('viewer', 'fleet')).out, /^api-1 +trustflow +live +forces kyc_v1 /m)
  })
})

t.test('killswitch fleet forget', async t => {
  t.test('waits no longer for one that is lost, and for none that runs', async t => {
    const { server, pass } = await withClock(t)
    const cli = as(t, server)
    await anInstance(server, 'api-1')
    const live = await cli('operator', 'fleet', 'forget', 'api-1')
    assert.equal(live.code, 3)
    assert.match(live.err, /instance-live/)
    pass(60)
    const gone = await cli(
      'operator',
      'fleet',
      'forget',
      'api-1',
      '--app',
      'trustflow',
      '-r',
      'its host is gone',
    )
    assert.equal(gone.code, 0, gone.err)
    assert.match(gone.out, /^Forgot 1 app instance of trustflow\. {2}\[test\] entry 0-\d+\n {2}api-1$/m)
    const [entry] = (await cli('viewer', 'audit', 'query', '--action', 'fleet.forgotten', '--json')).json
      .entries
    assert.equal(entry.reason, 'its host is gone')
    assert.match(
      (await cli('viewer', 'audit', 'query', '--action', 'fleet.forgotten')).out,
      /forgot 1 app instance of trustflow: api-1/,
    )
    const unknown = await cli('operator', 'fleet', 'forget', 'api-9')
    assert.deepEqual([unknown.code, /"killswitch fleet" lists/.test(unknown.err)], [3, true], unknown.err)
    assert.equal((await cli('viewer', 'fleet', 'forget', 'api-1')).code, 3)
  })

  t.test('ends a deploy with 0, whether somebody was lost or nobody', async t => {
    const { server, pass } = await withClock(t)
    const cli = as(t, server)
    const hook = ['fleet', 'forget', '--lost', '--app', 'trustflow']
    const none = await cli('operator', ...hook)
    assert.deepEqual(
      [none.code, none.out],
      [0, 'No instance of trustflow was lost: there was nobody to forget.\n'],
    )
    await anInstance(server, 'api-1')
    await anInstance(server, 'api-2')
    pass(60)
    const two = await cli('operator', ...hook, '--json')
    assert.deepEqual([two.code, two.json.count], [0, 2])
    assert.equal((await cli('operator', ...hook)).code, 0)
    assert.equal((await cli('operator', 'fleet', 'forget', '--lost')).code, 2, 'of which application?')
    assert.equal((await cli('operator', 'fleet', 'forget')).code, 2)
    assert.equal((await cli('operator', 'fleet', 'forget', 'api-1', '--lost', '--app', 'trustflow')).code, 2)
  })
})

t.test('killswitch fleet reconcile', async t => {
  t.test('releases what the apps hold and the log does not, and says what that was', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await holding(server, 'api-1')
    assert.match((await cli('viewer', 'fleet')).out, /^api-1 .* holds ai_v1 /m)
    assert.match((await cli('operator', 'fleet', 'reconcile', 'trustflow')).err, /--reason/)
    const low = await cli('operator', 'fleet', 'reconcile', 'trustflow', '-r', 'lost with its disk')
    assert.deepEqual([low.code, /forbidden/.test(low.err)], [3, true])
    const done = await cli('engineer', 'fleet', 'reconcile', 'trustflow', '-r', 'lost with its disk')
    assert.equal(done.code, 0, done.err)
    assert.match(
      done.out,
      /^Released in the apps of trustflow: {2}\[test\] entry 0-\d+, .*\n {2}ai_v1: hold lost-hold$/m,
    )
    const none = await cli('engineer', 'fleet', 'reconcile', 'trustflow', '-r', 'again')
    assert.equal(none.code, 3)
    assert.match(none.err, /nothing-to-reconcile.*"killswitch fleet --app trustflow" lists them/)
  })
})

t.test('whoever stands apart', async t => {
  t.test('is named on all five surfaces, and strangers are told the code alone', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await holding(server, 'api-1')
    const named = /api-1 \(trustflow\) holds ai_v1, and this log does not say why/
    for (const verb of [['status'], ['status', 'ai_v1'], ['doctor'], ['housekeeping']])
      assert.match((await cli('viewer', ...verb)).out, named, verb.join(' '))
    assert.doesNotMatch((await cli('viewer', 'status', 'pilot.enabled')).out, /api-1/)
    assert.match((await cli('viewer', 'fleet')).out, /^api-1 +trustflow +live +holds ai_v1/m)
    const ready = (await server.ask('viewer', 'GET', '/readyz')).body
    assert.equal(ready.status, 'degraded')
    assert.match(ready.degraded[0].detail, named)
    const strange = await server.ask(undefined, 'GET', '/readyz')
    assert.deepEqual(
      [strange.status, strange.body],
      [200, { status: 'degraded', degraded: [{ code: 'apps-apart' }] }],
    )
    const json = async (verb: string) => (await cli('viewer', verb, '--json')).json
    assert.equal((await json('housekeeping')).apart.length, 1)
    assert.equal((await json('fleet')).instances[0].apart.length, 1)
    assert.ok((await json('doctor')).findings.some(({ what }: { what: string }) => what === 'apps-apart'))
  })

  t.test('is named by status and by housekeeping, with the reason', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    assert.doesNotMatch((await cli('viewer', 'status')).out, /^!/m)
    for (const name of ['api-1', 'api-2', 'api-3', 'api-4']) await holding(server, name)
    const { out } = await cli('viewer', 'status')
    assert.equal(out.match(/^! api-\d \(trustflow\) holds ai_v1, and this log does not say why/gm)?.length, 3)
    assert.match(out, /^! and 1 more: killswitch fleet$/m)
    assert.doesNotMatch((await cli('viewer', 'status', '--app', 'pilot')).out, /^!/m)
    const tidy = await cli('viewer', 'housekeeping')
    assert.equal(tidy.out.match(/^ {2}api-\d \(trustflow\) holds ai_v1, and this log/gm)?.length, 4, tidy.out)
    assert.match(tidy.out, /^App instances that stand apart from the log:$/m)
  })
})

t.test('completion', async t => {
  t.test('knows the verbs, the lost instances, the applications and the actions', async t => {
    const { server, pass } = await withClock(t)
    const cli = as(t, server)
    await anInstance(server, 'gone-1')
    pass(60)
    await anInstance(server, 'api-1')
    const complete = async (...words: string[]) => (await cli('viewer', 'complete', '--', ...words)).out
    assert.match(await complete('fleet', ''), /^forget\t[\s\S]*^reconcile\t/m)
    const instances = await complete('fleet', 'forget', '')
    assert.match(instances, /^gone-1\ttrustflow, lost$/m)
    assert.doesNotMatch(instances, /^api-1/m)
    assert.match(await complete('fleet', 'reconcile', ''), /^trustflow\t/m)
    assert.match(await complete('fleet', 'forget', '--app', ''), /^trustflow\t/m)
    assert.match(
      await complete('audit', 'query', '--action', 'f'),
      /^flip\.unconfirmed\t[\s\S]*^fleet\.forgotten\t/m,
    )
    for (const help of [['fleet'], ['fleet', 'forget'], ['fleet', 'reconcile']])
      assert.match((await cli('viewer', ...help, '--help')).out, /Examples?:\n {2}killswitch fleet/)
  })
})
