// kill -9 of the service in the middle of flips: what it acknowledged is in the log exactly once, and the log verifies.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROPER, startRedis } from '../support/redis.js'
import { Service } from '../support/service.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const ROUNDS = 3
const WRITERS = 16
const FLAGS = ['ai_v1', 'kyc_v1', 'inflow.llm']

type Sent = Map<string, 'acknowledged' | 'unknown'>

/** Writers that kill and restore until the service is gone; says how many it acknowledged as it goes. */
function write(
  service: Service,
  round: number,
  sent: Sent,
): { acknowledged: () => number; done: Promise<unknown> } {
  let acknowledged = 0
  const writer = async (n: number): Promise<void> => {
    for (let i = 0; ; i++) {
      const key = `r${round}-w${n}-${i}`
      const incident = `INC-${round}-${n}`
      const flag = FLAGS[n % FLAGS.length] as string
      sent.set(key, 'unknown')
      try {
        const answer = await (i % 2 === 0
          ? service.kill(flag, { incident, reason: 'r' }, key)
          : service.restore(flag, { incident }, key))
        if (answer.status !== 200) throw new Error(answer.text)
        sent.set(key, 'acknowledged')
        acknowledged++
      } catch (error) {
        if (error instanceof TypeError) return // the connection went with the process
        throw error
      }
    }
  }
  return {
    acknowledged: () => acknowledged,
    done: Promise.all(Array.from({ length: WRITERS }, (_, n) => writer(n))),
  }
}

async function crashAndRecover(t: Teardown, env: Record<string, string>): Promise<void> {
  const dataDir = testdir(t)
  const sent: Sent = new Map()
  for (let round = 0; round < ROUNDS; round++) {
    const service = await Service.start(t, { dataDir, env })
    const writing = write(service, round, sent)
    const enough = 40 + Math.floor(Math.random() * 100)
    await until(() => writing.acknowledged() >= enough, `${enough} flips are acknowledged`)
    assert.equal(await service.end('SIGKILL'), 'SIGKILL')
    await writing.done
  }

  const service = await Service.start(t, { dataDir, env })
  const inLog = new Map<string, number>()
  for (const { request, action, outcome } of service.entries())
    if (action !== 'flip.voided' && outcome !== 'refused')
      inLog.set(request.key, (inLog.get(request.key) ?? 0) + 1)
  const counts = (state: string) =>
    [...sent].filter(([, is]) => is === state).map(([key]) => inLog.get(key) ?? 0)
  assert.ok(counts('acknowledged').length >= 40 * ROUNDS)
  assert.deepEqual(new Set(counts('acknowledged')), new Set([1]), 'each acknowledged flip is there once')
  assert.ok(
    counts('unknown').every(count => count <= 1),
    'no flip without an answer is there twice',
  )
  const verified = await service.ask('viewer', 'GET', '/v1/audit/verify')
  assert.deepEqual([verified.body.ok, verified.body.entries], [true, service.entries().length])

  // what came of the flips without an answer can be asked, and sending one again does it at most once
  for (const [key] of [...sent].filter(([, is]) => is === 'unknown').slice(0, 10)) {
    const [, round, n, i] = (/r(\d+)-w(\d+)-(\d+)/.exec(key) ?? []).map(Number) as [
      number,
      number,
      number,
      number,
    ]
    const asKiller = i % 2 === 0
    const status = await service.ask(asKiller ? 'operator' : 'engineer', 'GET', `/v1/flips/${key}`)
    assert.equal(status.status, inLog.has(key) ? 200 : 404)
    const flag = FLAGS[n % FLAGS.length] as string
    const body = { incident: `INC-${round}-${n}` }
    const again = await (asKiller
      ? service.kill(flag, { ...body, reason: 'r' }, key)
      : service.restore(flag, body, key))
    assert.equal(again.status, 200, again.text)
    assert.equal(again.body.replayed, inLog.has(key))
  }
  assert.equal(await service.end('SIGTERM'), 0)
}

describe('kill -9 in the middle of flips', () => {
  it(`loses nothing acknowledged on the local store, in ${ROUNDS} rounds`, t => crashAndRecover(t, {}))

  it(`loses nothing acknowledged on Redis, in ${ROUNDS} rounds`, async t => {
    const redis = await startRedis(t, PROPER)
    await crashAndRecover(t, { KILLSWITCH_REDIS_URL: redis.url })
  })

  it('starts again without its index, which it makes anew from the log', async t => {
    const dataDir = testdir(t)
    const first = await Service.start(t, { dataDir })
    for (let i = 0; i < 5; i++) await first.kill('ai_v1', { incident: `INC-${i}`, reason: `number ${i}` })
    await first.end('SIGKILL')
    rmSync(join(dataDir, 'index'), { recursive: true })
    const second = await Service.start(t, { dataDir })
    const found = await second.ask('viewer', 'GET', '/v1/audit?incident=INC-3')
    assert.equal(found.body.entries[0].reason, 'number 3')
    assert.equal((await second.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.holds.length, 5)
  })
})
