// What a clock that is wrong, or corrected, may do: end a permission early, and nothing else.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import t from 'tap'
import { fromPlace, placeOf, seal } from '../../src/domain/log/audit.js'
import { LogKeys } from '../../src/domain/log/log-keys.js'
import { signSealed } from '../../src/domain/log/signature.js'
import { RedisStore } from '../../src/log/stores/redis/store.js'
import { readLogKeys } from '../../src/tokens/log-key.js'
import { type OnStore, onBothStores } from '../fleet/stores.js'
import { anActor, aRequest } from '../support/domain.js'
import { TestInstance } from '../support/instance.js'
import { sharedLogKey } from '../support/log-key.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Time passes for everybody, and one clock says something else. */
class World {
  aheadMs = 0
  passedMs = 0
  right!: TestServer
  /** The one with the clock; on the local store it is the only one. */
  wrong!: TestServer
  readonly #on: OnStore

  private constructor(on: OnStore) {
    this.#on = on
  }

  static async start(on: OnStore): Promise<World> {
    const world = new World(on)
    world.wrong = await on.server(world.given)
    world.right = on.store === 'local' ? world.wrong : await on.server(world.#sameTokens({}))
    return world
  }

  get given() {
    return {
      clock: () => Date.now() + this.passedMs + this.aheadMs,
      steady: () => performance.now() + this.passedMs,
    }
  }

  async restart(): Promise<void> {
    const { dataDir } = this.wrong
    await this.wrong.close()
    const isOne = this.right === this.wrong
    this.wrong = await this.#on.server({ ...this.#sameTokens(this.given), dataDir })
    if (isOne) this.right = this.wrong
  }

  async kill(flag: string, key: string, server = this.wrong, incident?: string) {
    const body = { flag, ...(incident === undefined ? {} : { incident }) }
    const answer = await server.ask('operator', 'POST', '/v1/flags/kill', {
      body,
      headers: { 'idempotency-key': key },
    })
    assert.equal(answer.status, 200, answer.text)
    await this.together()
    return answer.body
  }

  async restore(flag: string, server = this.wrong, body: object = { all: true }) {
    const answer = await server.ask('engineer', 'POST', '/v1/flags/restore', {
      body: { flag, reason: 'well', ...body },
    })
    assert.equal(answer.status, 200, answer.text)
    await this.together()
  }

  undo(flag: string, server = this.wrong) {
    return server.ask('operator', 'POST', '/v1/flags/restore', { body: { flag, undo: true } })
  }

  /** An entry comes in that is dated an hour ahead: on Redis by an instance that asks its own clock alone. */
  async datedAhead(): Promise<number> {
    const { log } = this.right.parts
    const { redis } = this.#on
    if (redis === undefined) {
      this.aheadMs = HOUR
      const { id } = await this.kill('kyc_v1', 'ahead')
      this.aheadMs = 0
      return id
    }
    const store = new RedisStore({ url: redis.url, environment: 'test' })
    await store.whenReady(5_000)
    const { head } = log.state
    const { id, role, via } = anActor('operator')
    const receivedAt = new Date(Date.now() + HOUR).toISOString()
    const act = { action: 'refused.summary', outcome: 'refused', actor: { id, role, via } } as const
    const unsigned = seal({ ...act, receivedAt, request: aRequest() }, head, 'test')
    const [key] = new LogKeys(await readLogKeys(sharedLogKey())).signing
    const sealed = signSealed(unsigned, { environment: 'test', log: log.state.log as string }, key!)
    await store.commit({ expectedHead: head, entries: [sealed], flags: new Map() })
    await store.close()
    await until(() => log.head.hash === sealed.hash, 'it is known')
    return placeOf(sealed.entry)
  }

  together(): Promise<unknown> {
    const heads = () => [this.right, this.wrong].map(({ parts }) => parts.log.head.hash)
    return until(() => new Set(heads()).size === 1, 'both know the log')
  }

  #sameTokens(given: object) {
    const { tokens, dataDir } = this.wrong
    return { ...given, tokens, tokensFile: join(dataDir, 'tokens.yaml') }
  }
}

const conditions = async (server: TestServer): Promise<Record<string, string>> => {
  const { body } = await server.ask('viewer', 'GET', '/readyz')
  return Object.fromEntries(
    body.degraded.map(({ code, detail }: { code: string; detail: string }) => [code, detail]),
  )
}

onBothStores(t, 'a clock that is set ahead or back, with a restart between,', async on => {
  const world = await World.start(on)
  const { wrong: server } = world
  await new TestInstance(server.ask, 'app-1').apply()
  await server.ask('operator', 'POST', '/v1/incidents', {
    body: { id: 'INC-1', title: 'AI', runbook: 'trustflow', severity: 'SEV-1' },
  })
  const listed = async () => (await world.wrong.ask('viewer', 'GET', '/v1/instances')).body.instances.length
  const resolve = () => world.wrong.ask('operator', 'POST', '/v1/incidents/INC-1/resolve', { body: {} })

  world.aheadMs = 30 * MINUTE
  await world.kill('kyc_v1', 'early')
  const once = await world.kill('ai_v1', 'once', server, 'INC-1')
  await world.restore('ai_v1')
  world.passedMs += 29 * MINUTE
  world.aheadMs = 400 * DAY
  await world.kill('inflow.llm', 'ahead')

  for (const isRestarted of [false, true]) {
    if (isRestarted) await world.restart()
    for (const each of [world.wrong, world.right]) {
      const again = await world.kill('ai_v1', 'once', each, 'INC-1')
      assert.deepEqual([again.id, again.replayed], [once.id, true], 'no answered request is done again')
      assert.equal((await each.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed, false)
    }
    const waiting = await resolve()
    assert.deepEqual([waiting.status, waiting.body.open?.[0].what], [409, 'recovery-wait'], 'no wait is over')
    assert.equal(await listed(), 1, 'nobody who is waited for is let go of')
  }

  world.passedMs += MINUTE
  world.aheadMs = 0
  const late = await world.undo('kyc_v1')
  assert.deepEqual([late.status, late.body.code], [403, 'forbidden'], late.text)
  // the clock of a real Redis cannot be set
  if (on.store === 'local') assert.match(late.body.detail, /by a clock that was wrong: it is 30 min/)
  world.aheadMs = -DAY
  assert.equal((await resolve()).status, 200, 'a wait is no longer than it is')

  world.aheadMs = 0
  await world.kill('pilot.enabled', 'now')
  world.passedMs += MINUTE
  await world.restart()
  assert.equal((await world.undo('pilot.enabled')).status, 200, 'an undo outlives a restart')
  await world.kill('pilot.enabled', 'again')
  world.aheadMs = 6 * MINUTE
  if (on.store === 'redis') world.passedMs += 6 * MINUTE
  assert.equal((await world.undo('pilot.enabled')).status, 403, 'set ahead, it ends early')
})

t.test('two clocks', async t => {
  t.test('that are apart are named, and the lower one dates', async t => {
    const redis = await startRedis(t)
    const world = await World.start({
      store: 'redis',
      redis,
      server: given => aServer(t, { redisUrl: redis.url, ...given }),
    })
    const told = async (code: string, server = world.wrong) =>
      until(async () => (await conditions(server))[code] ?? false, code, 20_000)
    assert.equal('clock-apart' in (await conditions(world.wrong)), false)
    world.aheadMs = HOUR
    assert.match(await told('clock-apart'), /clock is (1 h|59 min 59 s).* ahead of the store's: here it is/)
    const { id } = await world.kill('ai_v1', 'k')
    const entry = (await world.right.ask('viewer', 'GET', `/v1/audit/${id}`)).body
    for (const hour of [entry.at, entry.receivedAt])
      assert.ok(Math.abs(Date.parse(hour) - Date.now()) < 10 * MINUTE, hour)
    const metrics = (await world.wrong.ask('viewer', 'GET', '/metrics')).text
    const offset = Number(/killswitch_clock_offset_seconds\{[^}]*\} (\S+)/.exec(metrics)?.[1])
    assert.ok(Math.abs(offset - 3_600) < 60, `${offset}`)
    assert.deepEqual(
      Object.keys(await conditions(world.right)).filter(code => /apart|ahead/.test(code)),
      [],
    )
    world.aheadMs = -HOUR
    assert.match(await told('clock-apart'), / behind the store's/)
    world.aheadMs = 0
    await until(async () => !('clock-apart' in (await conditions(world.wrong))), 'it is put right')

    const place = await world.datedAhead()
    await world.together()
    const { epoch, seq } = fromPlace(place)
    assert.match(await told('entry-ahead', world.right), new RegExp(`^Entry ${epoch}-${seq} .* via api`))
    assert.match(await told('log-ahead', world.right), / ahead of this clock and the store's/)
  })
})

onBothStores(t, 'a log that is ahead is named, and dated right by an owner alone', async on => {
  const world = await World.start(on)
  const redate = (role: 'coordinator' | 'owner') =>
    world.right.ask(role, 'POST', '/v1/audit/redate', { body: { reason: 'a clock was ahead' } })
  const early = await redate('owner')
  assert.deepEqual([early.status, early.body.code], [409, 'nothing-to-redate'])
  const ahead = await world.datedAhead()
  const after = await world.kill('ai_v1', 'after', world.right)
  assert.ok(Date.parse(after.at) > Date.now() + 50 * MINUTE, 'what follows is dated by it')
  assert.match((await conditions(world.right))['log-ahead'] ?? '', /ahead of this clock/)
  assert.equal((await redate('coordinator')).status, 403)
  const { status, body, text } = await redate('owner')
  assert.deepEqual([status, body.entry?.action], [200, 'log.redated'], text)
  await world.together()
  await world.restore('ai_v1', world.right)
  for (const server of [world.right, world.wrong]) {
    assert.equal('log-ahead' in (await conditions(server)), false)
    const get = async (path: string) => (await server.ask('viewer', 'GET', path)).body
    assert.equal((await get('/v1/audit/verify')).ok, true)
    const until = new Date(Date.now() + 30 * MINUTE).toISOString()
    const found = async (range: string) =>
      (await get(`/v1/audit?order=oldest&action=kill&action=restore&action=refused.summary&${range}`)).entries
    const actions = (entries: { action: string; place: number }[]) =>
      entries.filter(({ place }) => place > ahead).map(({ action }) => action)
    assert.deepEqual(actions(await found(`until=${until}`)), ['restore'])
    assert.deepEqual(actions(await found(`since=${until}`)), ['kill'])
  }
  assert.equal((await redate('owner')).body.code, 'nothing-to-redate')
  // and a start reads it
  await world.restart()
  await world.together()
})
