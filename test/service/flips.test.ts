import assert from 'node:assert/strict'
import t from 'tap'
import type { Way } from '../../src/wire/way.js'
import { powerCut } from '../support/power-cut.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'

t.test('a step run that a power cut tore is not in the log, until it is sent again with its key', async t => {
  const run = ({ ask }: TestServer) =>
    ask('operator', 'POST', '/v1/steps/run', {
      body: { step: 'trustflow/ai-instability/3', incident: 'INC-1', flags: ['ai_v1'] },
      headers: { 'idempotency-key': 'k' },
    })
  const told = async ({ ask }: TestServer) => (await ask('operator', 'GET', '/v1/flips/k')).body
  const before = await aServer(t)
  assert.equal((await run(before)).status, 200)
  assert.equal((await told(before)).state, 'applied')
  const server = await aServer(t, { dataDir: powerCut(t, before.dataDir), tokens: before.tokens })
  const torn = await told(server)
  assert.deepEqual([torn.code, torn.state], ['unknown-flip', undefined])
  assert.match(torn.detail, /^No flip "k" of yours is in the log .* same Idempotency-Key/)
  const again = await run(server)
  assert.deepEqual([again.status, again.body.replayed, again.body.flips[0].changed], [200, false, true])
  assert.equal((await told(server)).state, 'applied')
})

t.test('a flag that is killed while the store is away is not said to be free', async t => {
  const redis = await startRedis(t)
  const { ask, parts } = await aServer(t, { redisUrl: redis.url })
  redis.pause()
  t.after(() => redis.resume())
  const kill = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
    body: { incident: 'INC-1', reason: 'r' },
  })
  assert.deepEqual([kill.status, kill.body.durability], [200, 'provisional'])
  const restores: ['operator' | 'engineer', object][] = [
    ['operator', { undo: true }],
    ['engineer', { all: true, reason: 'well' }],
    ['engineer', { incident: 'INC-1', reason: 'well' }],
    ['engineer', { hold: kill.body.hold, reason: 'well' }],
  ]
  for (const [role, body] of restores) {
    const { status, body: problem } = await ask(role, 'POST', '/v1/flags/ai_v1/restore', { body })
    assert.deepEqual([status, problem.code], [503, 'store-unavailable'], JSON.stringify(body))
    assert.match(problem.detail, new RegExp(`killed here by hold ${kill.body.hold}`))
    assert.deepEqual(
      problem.holds.map(({ id }: { id: string }) => id),
      [kill.body.hold],
    )
  }
  const free = await ask('engineer', 'POST', '/v1/flags/kyc_v1/restore', { body: { all: true, reason: 'r' } })
  assert.deepEqual([free.status, free.body.code], [409, 'nothing-to-release'], 'that one is free')

  redis.resume()
  await until(() => parts.log.provisional.length === 0, 'it is in the log')
  const undo = await ask('operator', 'POST', '/v1/flags/ai_v1/restore', { body: { undo: true } })
  assert.deepEqual([undo.status, undo.body.released], [200, [kill.body.hold]])
})

t.test('a way out works as it is sent, with what only the caller knows', async t => {
  const { ask } = await aServer(t)
  const known = { title: 'AI is unwell', runbook: 'trustflow', severity: 'SEV-1', reason: 'well again' }
  const follow = async (role: 'operator' | 'engineer', way: Way) => {
    const { method, path, body } = way.call as NonNullable<Way['call']>
    const added = Object.fromEntries((way.fill ?? []).map(name => [name, known[name as keyof typeof known]]))
    return ask(role, method, path, body === undefined ? {} : { body: { ...body, ...added } })
  }
  const kill = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
    body: { incident: 'INC-1', reason: 'r' },
  })
  const [warned] = kill.body.warnings.filter(({ code }: { code: string }) => code === 'unknown-incident')
  assert.equal((await follow('operator', warned.wayOut[0])).status, 201, 'it is declared')

  for (const body of [{ incident: 'INC-9', reason: 'r' }, { undo: true }]) {
    await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: 'INC-1', reason: 'r' } })
    const refused = await ask('engineer', 'POST', '/v1/flags/ai_v1/restore', { body })
    assert.deepEqual([refused.status, refused.body.code], [409, 'nothing-to-release'])
    for (const way of refused.body.wayOut) {
      await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: 'INC-1', reason: 'r' } })
      assert.equal((await follow('engineer', way)).status, 200, way.text)
    }
  }
})

t.test('what was asked for by another name is said to be what it is', async t => {
  const { ask } = await aServer(t)
  const declared = { id: 'INC-1', title: 'AI is unwell', runbook: 'trustflow', severity: 'SEV-1' }
  assert.equal((await ask('operator', 'POST', '/v1/incidents', { body: declared })).status, 201)
  const other = (await ask('viewer', 'GET', '/v1/steps?runbook=pilot')).body.steps[0].id
  const tick = await ask('operator', 'POST', '/v1/incidents/INC-1/steps', {
    body: { step: other, ticked: 'done' },
  })
  assert.equal(tick.body.code, 'unknown-step')
  assert.match(tick.body.detail, /^The runbook "trustflow" has no step "pilot\//)
  const flip = await ask('operator', 'GET', '/v1/flips/1')
  assert.equal(flip.body.code, 'unknown-flip')
  assert.match(flip.body.detail, /^Entry 1 is no flip: it is catalogue\.loaded\./)
})
