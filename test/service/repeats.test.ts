// Kills that change nothing: each is answered, ten a minute of one actor are entries, and the rest one entry together.

import assert from 'node:assert/strict'
import t from 'tap'
import type { Entry } from '../../src/domain/log/audit.js'
import { collect } from '../support/collect.js'
import { PROPER, startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'

const kills = (server: TestServer, count: number, body: object = {}, flag = 'ai_v1') =>
  Promise.all(
    Array.from({ length: count }, () => server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body })),
  )

const entriesOf = async ({ parts }: TestServer): Promise<Entry[]> =>
  (await collect(parts.log.find.stream({}, 'oldest'))).map(({ entry }) => entry)

t.test('four hundred kills of one actor that change nothing', async t => {
  t.test('are answered, and are ten entries and one that counts the others', async t => {
    const server = await aServer(t)
    const added: Entry[] = []
    server.parts.subscribe.entries(entries => added.push(...entries.map(({ entry }) => entry)))
    const answers = await kills(server, 400)
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal(answers.filter(({ body }) => body.changed).length, 1)
    const counted = answers.filter(({ body }) => body.id === undefined)
    assert.equal(counted.length, 389)
    for (const { body } of counted) {
      assert.deepEqual([body.killed, body.changed, body.durability], [true, false, 'journal'])
      assert.ok(body.warnings.some(({ code }: { code: string }) => code === 'counted'))
    }
    await kills(server, 5, {}, 'kyc_v1')
    await server.close()
    const outcomes = added.filter(({ action }) => action === 'kill').map(({ outcome }) => outcome)
    assert.equal(outcomes.filter(outcome => outcome === 'unchanged').length, 10)
    const [summary, ...more] = added.filter(({ action }) => action === 'unchanged.summary')
    assert.equal(more.length, 0)
    assert.deepEqual(
      [summary?.summary?.count, summary?.flags, summary?.actor.id],
      [393, ['ai_v1', 'kyc_v1'], 'shared-operator'],
    )
  })

  t.test('are no reason to refuse or to count one that changes something', async t => {
    const server = await aServer(t)
    await kills(server, 100)
    for (let number = 0; number < 20; number++) {
      const [answer] = await kills(server, 1, { incident: `INC-${number}` })
      assert.equal(answer?.body.changed, true)
    }
    const entries = await entriesOf(server)
    assert.equal(
      entries.filter(({ outcome, action }) => action === 'kill' && outcome === 'applied').length,
      21,
    )
  })
})

t.test('a kill that was counted', async t => {
  t.test('stands against a restore that was asked for before it, and comes in after it', async t => {
    const redis = await startRedis(t, PROPER)
    const server = await aServer(t, { redisUrl: redis.url })
    await kills(server, 30)
    const { flags } = server.parts.log.state
    const [hold] = flags.get('ai_v1')?.holds ?? []
    // as another instance commits it that was asked before
    const [counted] = await kills(server, 1)
    assert.equal(counted?.body.id, undefined)
    const asked = Date.parse(counted?.body.at) - 1
    await server.parts.submissions
      .submit(
        { id: 'ben', role: 'engineer', via: 'api' },
        { action: 'restore', priority: 'flip', flag: 'ai_v1', body: {} },
        { id: 'late' },
        request => () => ({
          drafts: [
            {
              action: 'restore',
              outcome: 'applied',
              actor: { id: 'ben', role: 'engineer', via: 'api' },
              receivedAt: new Date(asked).toISOString(),
              flag: 'ai_v1',
              released: [hold?.id as string],
              holds: [],
              request,
            },
          ],
        }),
      )
      .catch(error => assert.fail(error))
    await until(
      () => server.parts.log.state.flags.get('ai_v1')?.holds.length === 1,
      'the kill is in force again',
    )
    const [last] = (await entriesOf(server)).filter(({ action }) => action === 'kill').slice(-1)
    assert.deepEqual([last?.outcome, last?.request.key], ['applied', counted?.body.key])
  })

  t.test('is written after all where this instance is behind the log', async t => {
    const redis = await startRedis(t, PROPER)
    const first = await aServer(t, { redisUrl: redis.url })
    const second = await aServer(t, {
      redisUrl: redis.url,
      tokensFile: first.firstStart?.file as string,
      tokens: first.tokens,
    })
    await kills(first, 12)
    // committed on the one, and known to the other a moment later
    const restored = await second.ask('engineer', 'POST', '/v1/flags/ai_v1/restore', {
      body: { all: true, reason: 'a test' },
    })
    assert.equal(restored.status, 200, restored.text)
    const [again] = await kills(first, 1)
    assert.equal(again?.body.changed, true)
    assert.equal(typeof again?.body.id, 'number')
  })

  t.test('is kept where the store is away, unless a kill that is kept here is the same', async t => {
    const redis = await startRedis(t, PROPER)
    const server = await aServer(t, { redisUrl: redis.url })
    await kills(server, 12)
    await redis.stop()
    await kills(server, 40)
    assert.equal(server.parts.log.provisional.length, 1)
    assert.equal((await kills(server, 1, { incident: 'INC-1' }))[0]?.body.durability, 'provisional')
    assert.equal(server.parts.log.provisional.length, 2)
  })
})
