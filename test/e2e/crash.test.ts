// kill -9 of the service in the middle of flips: what it acknowledged is in the log exactly once, and the log verifies.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PROPER, startRedis } from '../support/redis.js'
import { Service } from '../support/service.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const ROUNDS = 2
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
        if (answer.status === 200) {
          sent.set(key, 'acknowledged')
          acknowledged++
        }
        // on a machine with much else to do Redis may not answer in time, and a restore then finds no hold of its kill
        else if (![409, 503, 504].includes(answer.status)) throw new Error(answer.text)
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

/** How often each request is in the log as done. */
function countByKey(service: Service): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { request, action, outcome } of service.entries())
    if (action !== 'flip.voided' && outcome !== 'refused')
      counts.set(request.key, (counts.get(request.key) ?? 0) + 1)
  return counts
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
  const acknowledged = [...sent].filter(([, is]) => is === 'acknowledged').map(([key]) => key)
  const unknown = [...sent].filter(([, is]) => is === 'unknown').map(([key]) => key)
  assert.ok(acknowledged.length >= 40 * ROUNDS)
  // a kill that was taken while Redis was slow comes into the log now
  const inLog = await until(() => {
    const counts = countByKey(service)
    return acknowledged.every(key => counts.has(key)) && counts
  }, 'each acknowledged flip is there')
  assert.deepEqual(new Set(acknowledged.map(key => inLog.get(key))), new Set([1]), 'and once')
  assert.ok(
    unknown.every(key => (inLog.get(key) ?? 0) <= 1),
    'no flip without an answer is there twice',
  )
  const verified = await service.ask('viewer', 'GET', '/v1/audit/verify')
  assert.deepEqual([verified.body.ok, verified.body.entries], [true, service.entries().length])

  // what came of the flips without an answer can be asked, and sending one again does it at most once
  const kills = unknown.filter(key => Number(key.split('-').at(-1)) % 2 === 0)
  for (const key of kills.slice(0, 10)) {
    const [, round, n] = /r(\d+)-w(\d+)-/.exec(key) ?? []
    const status = await service.ask('operator', 'GET', `/v1/flips/${key}`)
    assert.equal(status.status, inLog.has(key) ? 200 : 404)
    const flag = FLAGS[Number(n) % FLAGS.length] as string
    const again = await service.kill(flag, { incident: `INC-${round}-${n}`, reason: 'r' }, key)
    assert.equal(again.status, 200, again.text)
    if (inLog.has(key)) assert.equal(again.body.replayed, true)
    await until(() => countByKey(service).get(key) === 1, 'it is there, once')
  }
  assert.equal(await service.end('SIGTERM'), 0)
}

t.test('kill -9 in the middle of flips', async t => {
  t.test(`loses nothing acknowledged on the local store, in ${ROUNDS} rounds`, async t =>
    crashAndRecover(t, {}),
  )

  t.test(`loses nothing acknowledged on Redis, in ${ROUNDS} rounds`, async t => {
    const redis = await startRedis(t, PROPER)
    await crashAndRecover(t, { KILLSWITCH_REDIS_URL: redis.url })
  })

  t.test('starts again without its index, which it makes anew from the log', async t => {
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
