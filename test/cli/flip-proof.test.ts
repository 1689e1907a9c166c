// What a flip ends with, and what is said of it: 0 is a proof, the log keeps one whatever runs later, and nothing said is
// nothing proved.

import assert from 'node:assert/strict'
import t from 'tap'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'
import { anInstance, applied, as, envFor, listen, run } from './cli.js'

/** Resolves with the place of the entry that has the flag's last flip as confirmed. */
const confirmedInLog = ({ parts }: TestServer, flag: string): Promise<number> =>
  until(() => {
    const { lastProof } = parts.log.state.flags.get(flag) ?? {}
    return lastProof?.confirmedAt !== undefined && parts.log.state.head.seq
  }, 'the confirmation')

/** A service that answers every flip, and every question about one, with these. */
const answering = (t: Parameters<typeof listen>[0], body: object) =>
  listen(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  })

const KILL = {
  ...{ id: 42, key: 'k', action: 'kill', outcome: 'applied', changed: true, flag: 'ai_v1' },
  ...{ application: 'trustflow', summary: 'Turn ai_v1 off: on -> off', offRunbook: false, warnings: [] },
  ...{ actor: { id: 'ana', role: 'operator', via: 'cli' }, at: '2026-11-20T03:00:00.000Z' },
}

t.test('a kill', async t => {
  t.test('is not proved by an instance that cannot prove it', async t => {
    const server = await aServer(t)
    await applied(server, 'trustflow', 'old-1', 0)
    const kill = await as(t, server)('operator', 'kill', 'ai_v1')
    assert.equal(kill.code, 4, kill.err)
    assert.match(
      kill.out,
      /^unconfirmed: 0\/1 confirmed by trustflow; cannot prove it, .*: old-1 \(last heard/m,
    )
    const json = await as(t, server)('operator', 'kill', 'kyc_v1', '--json')
    assert.deepEqual([json.code, json.json.convergence[0].status], [4, 'unconfirmed'])
  })

  t.test('names who stands apart, though it is proved', async t => {
    const server = await aServer(t)
    const api = await anInstance(server, 'api-1')
    await api.report({ forced: ['kyc_v1'] })
    const waiting = run(t, ['kill', 'ai_v1', '--wait', '60'], envFor(server, 'operator'))
    await until(() => server.parts.log.state.flags.get('ai_v1')?.flipped || false, 'the kill')
    await api.poll()
    await api.report({ forced: ['kyc_v1'] })
    const { code, out } = await waiting
    assert.equal(code, 0)
    assert.match(out, /^1\/1 confirmed by trustflow.*\n! api-1 is forced by its own .* kill kyc_v1$/m)
  })

  t.test('of which nothing is said is not proved, in words and as JSON', async t => {
    const { url } = await answering(t, { ...KILL, environment: 'x', durability: 'journal', convergence: [] })
    const env = { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'x' }
    const kill = await run(t, ['kill', 'ai_v1'], env)
    assert.equal(kill.code, 4)
    assert.match(kill.out, /^The answer does not say who applied it: nothing is proved\./m)
    assert.equal((await run(t, ['kill', 'ai_v1', '--json'], env)).code, 4)
    assert.equal((await run(t, ['kill', 'ai_v1', '--wait', '0'], env)).code, 0, 'not waited for')
  })

  t.test('that is provisional says so once, and is not proved before its apps hold it', async t => {
    const redis = await startRedis(t)
    const server = await aServer(t, { redisUrl: redis.url })
    const api = await anInstance(server, 'api-1')
    await redis.stop('SIGKILL')
    const kill = await as(t, server)('operator', 'kill', 'ai_v1', '--wait', '1')
    assert.equal(kill.code, 4, kill.err)
    assert.match(kill.out, /entry +provisional; its entry comes with the log, /)
    assert.doesNotMatch(kill.out + kill.err, /undefined/)
    assert.equal(kill.out.match(/^! no-step/gm)?.length, 1, kill.out)
    assert.equal(kill.out.match(/^! provisional: /gm)?.length, 1)
    assert.match(kill.out, /^0\/1 confirmed by trustflow/m)
    const [, key = ''] = /killswitch flip (\S+)/.exec(kill.err) ?? []
    const flip = await as(t, server)('operator', 'flip', key)
    assert.deepEqual([flip.code, /^now: 0\/1 confirmed by trustflow/m.test(flip.out)], [4, true], flip.out)
    assert.equal(flip.out.match(/^! no-step/gm)?.length, 1)
    assert.doesNotMatch(flip.out, /undefined/)
    assert.match((await as(t, server)('viewer', 'status')).out, /ai_v1 .*KILLED.*, provisional/)
    await api.poll()
    await api.report({ inForce: { ai_v1: 'off' } })
    const held = await as(t, server)('operator', 'flip', key, '--json')
    assert.deepEqual(
      [held.code, held.json.state, held.json.convergence[0].count.applied],
      [4, 'provisional', 1],
      'held by all that are known here, and not final',
    )
    await redis.start()
    await until(() => server.parts.log.state.flags.get('ai_v1')?.flipped || false, 'it is in the log')
    await api.apply()
    await confirmedInLog(server, 'ai_v1')
    const final = await as(t, server)('operator', 'flip', key)
    assert.deepEqual([final.code, /^in the log at .*: 1\/1 confirmed/m.test(final.out)], [0, true], final.out)
  })
})

t.test('killswitch flip', async t => {
  t.test('ends with 0 where the log has it confirmed, whatever runs now', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const api = await anInstance(server, 'api-1')
    const { json } = await cli('operator', 'kill', 'ai_v1', '--json', '--wait', '0')
    const id = String(json.id)
    const open = await cli('viewer', 'flip', id)
    assert.equal(open.code, 4, 'no proof yet: the live state decides')
    assert.match(open.out, /^now: 0\/1 confirmed by trustflow, waiting for api-1/m)
    assert.doesNotMatch(open.out, /in the log at/)
    await api.apply()
    const place = await confirmedInLog(server, 'ai_v1')
    // one that came up since, and has not said anything
    await anInstance(server, 'api-2').then(late => late.report({ inForce: {} }))
    const began = performance.now()
    const told = await cli('viewer', 'flip', id, '--wait', '300')
    assert.ok(performance.now() - began < 120_000, 'it waited for the live state')
    assert.equal(told.code, 0, told.out + told.err)
    assert.match(
      told.out,
      new RegExp(
        `^in the log at \\d{4}-\\S+ \\S+ UTC, entry 0-${place}: 1/1 confirmed by trustflow.*\\nnow: 1/2 confirmed`,
        'm',
      ),
    )
    const asJson = await cli('viewer', 'flip', id, '--json', '--wait', '300')
    assert.deepEqual(
      [asJson.code, asJson.json.proof[0].status, asJson.json.convergence[0].status],
      [0, 'confirmed', 'pending'],
    )
  })

  t.test('tells what the log has when that is no proof, and lets the live state decide', async t => {
    const proof = { status: 'unconfirmed', detail: 'THE LOG', flag: 'ai_v1', place: 43, applied: 1, of: 2 }
    const now = (status: string) => ({ status, detail: 'THE LIVE STATE', apart: [], count: { apart: 0 } })
    const told = async (status: string, ...options: string[]) => {
      const { url } = await answering(t, {
        ...{ state: 'applied', environment: 'x', detail: 'It was done.', flip: KILL },
        ...{ proof: [{ ...proof, at: '2026-11-20T03:01:00.000Z' }], convergence: [now(status)] },
      })
      return run(t, ['flip', '42', ...options], { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'x' })
    }
    const one = await told('unconfirmed')
    assert.equal(one.code, 4)
    assert.match(
      one.out,
      /^in the log at 2026-11-20 03:01:00 UTC, entry 0-43: THE LOG\nnow: THE LIVE STATE$/m,
    )
    assert.equal((await told('confirmed')).code, 0)
    assert.deepEqual(
      [(await told('confirmed', '--json')).code, (await told('unconfirmed', '--json')).code],
      [0, 4],
    )
  })

  t.test('waits no longer once the log has it confirmed, in words and as JSON', async t => {
    const now = { status: 'pending', detail: 'THE LIVE STATE', apart: [], count: { apart: 0 } }
    const proof = { status: 'confirmed', detail: 'THE LOG', flag: 'ai_v1', place: 43, applied: 1, of: 1 }
    const open = { state: 'applied', environment: 'x', detail: 'Done.', flip: KILL, convergence: [now] }
    for (const options of [[], ['--json']]) {
      let asked = 0
      const { url } = await listen(t, (_, response) => {
        asked += 1
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(asked < 3 ? open : { ...open, proof: [proof] }))
      })
      const env = { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'x' }
      const { code, out } = await run(t, ['flip', '42', '--wait', '600', ...options], env)
      assert.deepEqual([code, asked, /THE LOG/.test(out)], [0, 3, true], out)
    }
  })

  t.test('that is not answered any more while it waits ends as not proved', async t => {
    const now = { status: 'pending', detail: 'THE LIVE STATE', apart: [], count: { apart: 0 } }
    const open = { state: 'applied', environment: 'x', detail: 'Done.', flip: KILL, convergence: [now] }
    for (const options of [[], ['--json']]) {
      let asked = 0
      const { url } = await listen(t, (_, response) => {
        asked += 1
        const type = asked === 1 ? 'application/json' : 'application/problem+json'
        response.writeHead(asked === 1 ? 200 : 503, { 'content-type': type })
        response.end(JSON.stringify(asked === 1 ? open : { status: 503, code: 'behind', detail: 'away' }))
      })
      const env = { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: 'x' }
      const { code, out } = await run(t, ['flip', '42', '--wait', '5', ...options], env)
      assert.deepEqual([code, /THE LIVE STATE/.test(out)], [4, true], out)
    }
  })

  t.test('of a run is proved flag by flag', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const api = await anInstance(server, 'api-1', 'pilot')
    const { json } = await cli('operator', 'run', 'pilot/sev0/1', '--json', '--wait', '0')
    assert.equal((await cli('operator', 'flip', json.key)).code, 4)
    await api.apply()
    await confirmedInLog(server, 'pilot.enabled')
    const done = await cli('operator', 'flip', json.key)
    assert.equal(done.code, 0, done.out)
    assert.match(done.out, /^in the log at .*: 1\/1 confirmed by pilot/m)
  })
})
