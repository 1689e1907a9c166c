import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Entry, open } from '../../src/domain/log/audit.js'
import { fold, INITIAL } from '../../src/domain/state.js'
import type { Role } from '../../src/wire/words.js'
import { collect } from '../support/collect.js'
import { randomFrom } from '../support/entries.js'
import { startProxy } from '../support/proxy.js'
import { PROPER, startRedis } from '../support/redis.js'
import { type Answer, aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const SEED = Number(process.env.KILLSWITCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const FLAGS = ['ai_v1', 'kyc_v1', 'bridge.intake']

/** What was asked with which key, and what was answered. */
type Told = {
  actor: Role
  key: string
  status: number
  id?: number
  durability?: string
  code?: string
  isCounted?: boolean
}

/** One random request out of few flags, incidents and keys, so that they meet. */
async function act(server: TestServer, random: () => number, told: Told[]): Promise<void> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const actor = pick(['operator', 'operator', 'engineer', 'viewer'] as const)
  const key = `key-${Math.floor(random() * 120)}`
  const incident = pick([undefined, 'INC-1', 'INC-2'])
  const flag = pick(FLAGS)
  const why = { reason: 'model', ...(incident === undefined ? {} : { incident }) }
  const [path, body]: [string, object] = pick([
    [`/v1/flags/${flag}/kill`, why],
    [`/v1/flags/${flag}/kill`, why],
    [`/v1/flags/${flag}/restore`, incident === undefined ? { reason: 'model', all: true } : why],
    [`/v1/flags/${flag}/restore`, { undo: true }],
    ['/v1/steps/run', { step: 'trustflow/ai-instability/3', flags: ['ai_v1'], ...why }],
  ])
  const answer: Answer = await server.ask(actor, 'POST', path, { body, headers: { 'idempotency-key': key } })
  const { id, durability, code, warnings = [] } = answer.body ?? {}
  const isCounted = warnings.some((warning: { code: string }) => warning.code === 'counted')
  told.push({ actor, key, status: answer.status, id, durability, code, isCounted })
}

const entriesOf = async ({ parts }: TestServer): Promise<Entry[]> =>
  (await collect(parts.log.find.stream({}, 'oldest'))).map(({ entry }) => entry)

/** I1, I2, I6, I10 and the chain, of one instance. */
async function assertIntact(server: TestServer, told: readonly Told[]): Promise<void> {
  const { log } = server.parts
  const sealed = (await collect(log.find.stream({}, 'oldest'))).map(({ line }) => open(line))
  const folded = sealed.reduce(fold, INITIAL)
  assert.deepEqual(log.state, folded, 'the state is the fold of the log')
  assert.equal((await server.ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
  const done = new Map<string, number[]>()
  for (const { entry } of sealed) {
    if (entry.outcome === 'refused' || entry.actor.id === 'killswitch') continue
    const id = `${entry.actor.id} ${entry.request.key}`
    done.set(id, [...(done.get(id) ?? []), entry.epoch * 2 ** 32 + entry.seq])
  }
  for (const { actor, key, status, id, durability, code, isCounted } of told) {
    const places = done.get(`shared-${actor}`.concat(' ', key)) ?? []
    const what = `${actor} ${key}: ${status} ${code ?? id}`
    // a kill that is counted has no entry, and its key may be used again
    if (isCounted) continue
    if (durability === 'provisional') assert.ok(places.length > 0, `${what} was merged`)
    else if (status === 200) assert.equal(places[0], id, what)
    else assert.ok([403, 409, 422, 503, 504].includes(status), what)
  }
  for (const [id, places] of done) {
    const requests = new Set(
      sealed
        .filter(({ entry }) => places.includes(entry.epoch * 2 ** 32 + entry.seq))
        .map(({ entry }) => entry.request.id),
    )
    assert.equal(requests.size, 1, `${id} was done by one request`)
  }
}

t.test('any mix of requests', async t => {
  t.test(`is kept exactly once through restarts, with and without a checkpoint (seed ${SEED})`, async t => {
    const random = randomFrom(SEED)
    const dataDir = testdir(t)
    const told: Told[] = []
    let server = await aServer(t, { dataDir })
    const { tokens } = server
    for (let round = 0; round < 4; round++) {
      const acts = Array.from({ length: 60 }, () => () => act(server, random, told))
      for (let i = 0; i < acts.length; i += 15) await Promise.all(acts.slice(i, i + 15).map(each => each()))
      await assertIntact(server, told)
      await server.close()
      const before = server.parts.log.state
      if (round % 2 === 1) rmSync(join(dataDir, 'checkpoint.json'))
      server = await aServer(t, { dataDir, tokens })
      assert.deepEqual(server.parts.log.state, before, 'a start changes nothing')
      await assertIntact(server, told)
    }
    assert.ok(told.some(({ status }) => status === 200) && told.some(({ code }) => code === 'key-reused'))
  })

  t.test(
    `is kept exactly once by two instances whose Redis stops, starts again and loses its line (seed ${SEED})`,
    async t => {
      const random = randomFrom(SEED)
      const redis = await startRedis(t, PROPER)
      const [left, right] = [await startProxy(t, redis.port), await startProxy(t, redis.port)]
      const first = await aServer(t, { redisUrl: left.url })
      const dataDir = testdir(t)
      for (const name of ['tokens', 'tokens.yaml'])
        cpSync(join(first.dataDir, name), join(dataDir, name), { recursive: true })
      const second = await aServer(t, { redisUrl: right.url, dataDir, tokens: first.tokens })
      const told: Told[] = []
      const harms: (() => Promise<void>)[] = [
        async () => redis.pause(),
        async () => left.cut(),
        async () => {
          right.mode = 'drop-replies'
        },
        async () => {
          await redis.stop('SIGKILL')
          await redis.start()
        },
      ]
      const mend = () => {
        redis.resume()
        left.mode = 'pass'
        if (right.mode !== 'pass') right.cut()
        right.mode = 'pass'
      }
      for (const harm of harms) {
        const storm = (many: number) =>
          Promise.all(Array.from({ length: many }, () => act(random() < 0.5 ? first : second, random, told)))
        await storm(12)
        const during = storm(12)
        await harm()
        await Promise.race([during, new Promise(resolve => setTimeout(resolve, 700))])
        mend()
        await during
        await until(async () => {
          const ready = await Promise.all([first, second].map(each => each.ask(undefined, 'GET', '/readyz')))
          return ready.every(
            ({ body }) => !body.degraded.some((each: { code: string }) => /store|tail|lost/.test(each.code)),
          )
        }, 'both are well again')
      }
      const keys = [
        ...new Set(
          told
            .filter(({ status, durability }) => status === 504 || durability === 'provisional')
            .map(({ actor, key }) => `${actor} ${key}`),
        ),
      ]
      for (const each of keys) {
        const [actor, key] = each.split(' ') as [Role, string]
        await until(
          async () =>
            (
              await Promise.all([first, second].map(server => server.ask(actor, 'GET', `/v1/flips/${key}`)))
            ).every(({ body }) => body.state !== 'pending' && body.state !== 'provisional'),
          `${each} is settled`,
        )
      }
      await until(() => first.parts.log.head.hash === second.parts.log.head.hash, 'both have the same log')
      const lines = await Promise.all(
        [first, second].map(async ({ parts }) =>
          (await collect(parts.log.find.stream({}, 'oldest'))).map(({ line }) => line),
        ),
      )
      assert.deepEqual(lines[0], lines[1], 'byte for byte')
      for (const each of [first, second]) await assertIntact(each, told)
      assert.ok((await entriesOf(first)).length > 10)
    },
  )
})
