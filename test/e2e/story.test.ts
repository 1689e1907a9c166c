// The whole story with real processes: the service, and three instances of the example app. A kill stops all of them and
// is proved by name; what is lost is named; with the service gone, restarted or reinstalled nobody is un-killed.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { KillswitchProvider } from '../../sdk/src/index.js'
import { ensureBuilt } from '../sdk/built.js'
import { ExampleApp } from '../support/example-app.js'
import { freePort, PROPER, startRedis } from '../support/redis.js'
import { type Reply, Service } from '../support/service.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { tokensFile } from '../support/tokens.js'
import { until } from '../support/until.js'

const KILL = { incident: 'INC-1', step: 'trustflow/ai-instability/3' }
const AI_MESSAGE = 'The assistant is switched off for the moment. Our team handles your claim by hand.'
const KYC_MESSAGE = 'Document upload is paused. Support can take your documents in the meantime.'
/** Of the processes of a test: the machine may be busy with others. */
const PATIENCE_MS = 60_000

ensureBuilt()

type Convergence = { status: string; applied: string[]; pending: unknown[]; lost: { instance: string }[] }
const convergenceOf = ({ body }: Reply): Convergence => body.convergence[0]
const names = (laggards: { instance: string }[]) => laggards.map(({ instance }) => instance)

const kill = (service: Service, flag: string, wait: number, body: object = KILL): Promise<Reply> =>
  service.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body, headers: { prefer: `wait=${wait}` } })
const restore = (service: Service, flag: string, wait: number): Promise<Reply> =>
  service.ask('engineer', 'POST', `/v1/flags/${flag}/restore`, {
    body: { reason: 'well again', incident: 'INC-1' },
    headers: { prefer: `wait=${wait}` },
  })

// biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by tests
type Member = any
const fleet = async (service: Service): Promise<Member[]> =>
  (await service.ask('viewer', 'GET', '/v1/instances?app=trustflow')).body.instances
const livenessIn = async (service: Service): Promise<Record<string, string>> =>
  Object.fromEntries((await fleet(service)).map(({ instance, liveness }) => [instance, liveness]))

const whenLive = (service: Service, ...instances: string[]) =>
  until(
    async () => {
      const found = await livenessIn(service)
      return instances.every(instance => found[instance] === 'live')
    },
    `${instances} are live`,
    PATIENCE_MS,
  )

// biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by tests
const whenState = (app: ExampleApp, test: (state: any) => boolean, what: string) =>
  until(
    async () => {
      const state = await app.state()
      return test(state) && state
    },
    `${app.instance}: ${what}`,
    PATIENCE_MS,
  )

async function assertRefused(app: ExampleApp, path: string, message: string): Promise<void> {
  const { status, headers, body } = await app.ask('POST', path)
  assert.deepEqual([status, body.status, body.code, body.detail], [503, 503, 'killed', message], app.instance)
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
  assert.equal(headers.get('retry-after'), '30')
}

async function assertOpen(app: ExampleApp): Promise<void> {
  const asked = app.ask('POST', '/ai/answer').catch(() => undefined)
  await whenState(app, ({ answering }) => answering > 0, 'the model is asked')
  void asked
}

t.test('the story', { jobs: 4 }, async t => {
  t.test('is told by three instances and one service on its own', async t => {
    const { file, tokens } = tokensFile(t)
    const [port, dataDir, caches] = [await freePort(), testdir(t), testdir(t)]
    const startService = () =>
      Service.start(t, {
        dataDir,
        tokens,
        env: { KILLSWITCH_TOKENS_FILE: file, KILLSWITCH_PORT: String(port) },
      })
    let service = await startService()
    const startApp = (instance: string) => {
      const cacheFile = join(caches, `${instance}.json`)
      return ExampleApp.start(t, { url: service.address, token: tokens.sdk, instance, cacheFile })
    }
    const apps = await Promise.all(['pod-1', 'pod-2', 'pod-3'].map(startApp))
    const [one, two] = apps as [ExampleApp, ExampleApp, ExampleApp]
    let three = apps[2] as ExampleApp
    await whenLive(service, 'pod-1', 'pod-2', 'pod-3')

    // a kill reaches all three, aborts what is in flight, and is proved by name
    const flying = apps.map(app => app.ask('POST', '/ai/answer'))
    for (const app of apps) await whenState(app, ({ answering }) => answering === 1, 'a call is in flight')
    const killed = await kill(service, 'ai_v1', 2)
    assert.deepEqual([killed.status, killed.headers.get('preference-applied')], [200, 'wait=2'], killed.text)
    const proof = convergenceOf(killed)
    assert.deepEqual([proof.status, proof.applied], ['confirmed', ['pod-1', 'pod-2', 'pod-3']], killed.text)
    assert.deepEqual([proof.pending, proof.lost], [[], []])
    for (const { status, body, headers } of await Promise.all(flying))
      assert.deepEqual(
        [status, body.code, body.flag, headers.get('retry-after')],
        [503, 'killed', 'ai_v1', '30'],
      )
    for (const app of apps) {
      await assertRefused(app, '/ai/answer', AI_MESSAGE)
      assert.equal((await app.ask('POST', '/kyc/documents')).status, 201, 'the other flag is not touched')
      const { flags, provider } = await app.state()
      const { value, reason, variant, flagMetadata } = flags.ai_v1
      assert.deepEqual([provider, value, reason, variant], ['READY', false, 'STATIC', 'off'])
      assert.deepEqual([flagMetadata.revision, flagMetadata.incident], [killed.body.id, 'INC-1'])
    }

    // once in the log, with who said so
    const confirmed = await until(
      async () => {
        const { body } = await service.ask('viewer', 'GET', '/v1/audit?action=flip.confirmed')
        return body.entries.length > 0 && body.entries
      },
      'flip.confirmed is in the log',
      PATIENCE_MS,
    )
    assert.equal(confirmed.length, 1)
    const [{ flag, confirmed: shown }] = confirmed
    assert.deepEqual([flag, shown.flip, shown.complete, shown.applied], ['ai_v1', killed.body.id, true, 3])

    // the fleet, by name
    for (const member of await fleet(service)) {
      const { app, revision, current, boot, sdk } = member
      assert.deepEqual([app, revision, current, boot], ['trustflow', killed.body.id, true, 'service'])
      assert.match(sdk, /^killswitch-js\//)
    }

    // an orderly shutdown is a deploy and no loss
    assert.equal(await three.end('SIGTERM'), 0)
    assert.deepEqual(await livenessIn(service), { 'pod-1': 'live', 'pod-2': 'live', 'pod-3': 'closed' })
    const second = await kill(service, 'kyc_v1', 2, { incident: 'INC-1', reason: 'r' })
    const without = convergenceOf(second)
    assert.deepEqual([without.status, without.applied, without.lost], ['confirmed', ['pod-1', 'pod-2'], []])
    await assertRefused(one, '/kyc/documents', KYC_MESSAGE)
    three = await startApp('pod-3')
    await assertRefused(three, '/kyc/documents', KYC_MESSAGE)
    await whenLive(service, 'pod-3')

    // on restore it comes back
    const restored = await restore(service, 'kyc_v1', 2)
    assert.deepEqual(convergenceOf(restored).applied, ['pod-1', 'pod-2', 'pod-3'], restored.text)
    for (const app of [one, two, three]) assert.equal((await app.ask('POST', '/kyc/documents')).status, 201)

    // one that is killed by the machine is lost, by name: what it has shown stays, and of the next kill it shows nothing
    assert.equal(await three.end('SIGKILL'), 'SIGKILL')
    assert.equal((await livenessIn(service))['pod-3'], 'live', 'nobody can tell yet')
    await until(
      async () => (await livenessIn(service))['pod-3'] === 'lost',
      'pod-3 is lost',
      45_000 + PATIENCE_MS,
    )
    await whenLive(service, 'pod-1', 'pod-2')
    const seen = await service.ask('viewer', 'GET', `/v1/flips/${killed.body.id}`)
    assert.deepEqual([convergenceOf(seen).status, convergenceOf(seen).lost], ['confirmed', []])
    const { body: flagNow } = await service.ask('viewer', 'GET', '/v1/flags/ai_v1')
    assert.deepEqual(flagNow.convergence.applied, ['pod-1', 'pod-2', 'pod-3'])
    const again = convergenceOf(await kill(service, 'ai_v1', 2, { incident: 'INC-2', reason: 'r' }))
    assert.deepEqual(
      [again.status, again.applied, names(again.lost)],
      ['unconfirmed', ['pod-1', 'pod-2'], ['pod-3']],
    )

    // the service gone: killed, STALE and saying so; one that starts now comes up killed from its cache
    assert.equal(await service.end('SIGTERM'), 0)
    const isStale = (state: { status: string; provider: string }) =>
      state.status === 'stale' && state.provider === 'STALE'
    const assertStaleAndKilled = async (app: ExampleApp) => {
      const { flags, ageSeconds } = await whenState(app, isStale, 'is stale')
      assert.deepEqual([flags.ai_v1.value, flags.ai_v1.reason], [false, 'STALE'], app.instance)
      assert.equal(typeof ageSeconds, 'number')
      await assertRefused(app, '/ai/answer', AI_MESSAGE)
      assert.equal((await app.ask('POST', '/kyc/documents')).status, 201)
    }
    await assertStaleAndKilled(one)
    await assertStaleAndKilled(two)
    three = await startApp('pod-3')
    assert.equal((await three.state()).boot, 'cache')
    await assertStaleAndKilled(three)

    // its data directory deleted and started afresh: another log, and nobody is un-killed
    const firstLog = (await one.state()).log
    rmSync(dataDir, { recursive: true })
    service = await startService()
    assert.equal(
      (await service.ask('viewer', 'GET', '/v1/flags/ai_v1')).body.killed,
      false,
      'it knows nothing',
    )
    for (const app of [one, two, three]) {
      const { log, flags } = await whenState(
        app,
        ({ provider, log }) => provider === 'READY' && log !== firstLog,
        'follows the new log',
      )
      assert.ok(log)
      assert.deepEqual([flags.ai_v1.value, flags.ai_v1.reason], [false, 'STATIC'], app.instance)
      await assertRefused(app, '/ai/answer', AI_MESSAGE)
      await until(
        () => [firstLog, log].every(each => app.said.includes(each.slice(0, 12))),
        'both logs are named',
        PATIENCE_MS,
      )
    }

    // until the new service has killed and restored it
    await whenLive(service, 'pod-1', 'pod-2', 'pod-3')
    await kill(service, 'ai_v1', 2)
    const released = await restore(service, 'ai_v1', 2)
    assert.deepEqual(convergenceOf(released).applied, ['pod-1', 'pod-2', 'pod-3'], released.text)
    for (const app of [one, two, three]) {
      const { flags } = await app.state()
      assert.deepEqual([flags.ai_v1.value, flags.ai_v1.reason], [true, 'STATIC'], app.instance)
      await assertOpen(app)
    }
  })

  t.test(
    'is the same on Redis: a kill on one instance of the service is proved by the apps of the other',
    async t => {
      const { a, b, apps } = await twoOnRedis(t)
      const flying = apps.map(app => app.ask('POST', '/ai/answer'))
      for (const app of apps) await whenState(app, ({ answering }) => answering === 1, 'a call is in flight')
      const killed = await kill(a, 'ai_v1', 2)
      const proof = convergenceOf(killed)
      assert.deepEqual([proof.status, proof.applied], ['confirmed', ['on-a', 'on-b']], killed.text)
      for (const { status, body } of await Promise.all(flying))
        assert.deepEqual([status, body.code], [503, 'killed'])
      for (const app of apps) await assertRefused(app, '/ai/answer', AI_MESSAGE)
      const restored = await restore(b, 'ai_v1', 2)
      assert.deepEqual(convergenceOf(restored).applied, ['on-a', 'on-b'], restored.text)
      for (const app of apps) await assertOpen(app)
      for (const service of [a, b]) {
        const confirmed = await until(
          () => {
            const found = service.entries().filter(({ action }) => action === 'flip.confirmed')
            return found.length === 2 && found
          },
          'both flips are confirmed, each once, however many saw it',
          PATIENCE_MS,
        )
        assert.deepEqual(
          confirmed.map(({ confirmed }) => confirmed?.applied),
          [2, 2],
        )
      }
      // an app goes on with the other instance when its own is stopped
      const lastOfAll = await Promise.all([a.end('SIGTERM'), kill(b, 'kyc_v1', 30)])
      assert.equal(lastOfAll[1].status, 200)
      await whenState(apps[0] as ExampleApp, ({ flags }) => !flags.kyc_v1.value, 'the kill came by the other')
    },
  )

  t.test(
    'with Redis dead: a kill stops the apps of its instance at once, and nobody is un-killed after',
    async t => {
      const { redis, a, b } = await twoOnRedis(t, [])
      const changes: { instance: string; killed: boolean; key: string }[] = []
      const follow = async (instance: string, service: Service) => {
        const logger = { warn() {}, error() {} }
        const provider = new KillswitchProvider({
          url: service.address,
          token: service.token('sdk'),
          app: 'trustflow',
          instance,
          cacheFile: false,
          logger,
          initTimeoutMs: PATIENCE_MS,
        })
        t.after(() => provider.onClose())
        await provider.initialize()
        for (const key of ['ai_v1', 'kyc_v1'])
          provider.killswitch.onChange(key, ({ killed }) => changes.push({ instance, key, killed }))
        return provider.killswitch
      }
      const [onA, onB] = [await follow('on-a', a), await follow('on-b', b)]
      await whenLive(a, 'on-a', 'on-b')
      await kill(a, 'ai_v1', 30)
      assert.ok(onA.isKilled('ai_v1') && onB.isKilled('ai_v1'))

      await redis.stop('SIGKILL')
      for (const service of [a, b]) await service.whenReadiness('store-away', PATIENCE_MS)
      const signal = onA.signal('kyc_v1')
      const stopped = new Promise(resolve => signal.addEventListener('abort', resolve))
      const taken = await kill(a, 'kyc_v1', 0, { incident: 'INC-1', reason: 'r' })
      assert.deepEqual([taken.status, taken.body.durability], [200, 'provisional'], taken.text)
      await stopped
      assert.ok(onA.isKilled('kyc_v1'))
      assert.equal(onB.isKilled('kyc_v1'), false, 'its instance has not heard of it')
      // an app that comes to this instance meanwhile is killed too
      assert.ok((await follow('late', a)).isKilled('kyc_v1'))

      await redis.start()
      await until(() => onB.isKilled('kyc_v1'), 'the merge reaches the other instance', PATIENCE_MS)
      const flip = `/v1/flips/${encodeURIComponent(taken.body.key)}`
      const found = await until(
        async () => {
          const answer = await a.ask('operator', 'GET', flip, { headers: { prefer: 'wait=5' } })
          return answer.body.state === 'applied' && convergenceOf(answer).status === 'confirmed' && answer
        },
        'the kill is in the log, and proved',
        PATIENCE_MS,
      )
      assert.ok(convergenceOf(found).applied.includes('on-b'))
      for (const service of [a, b]) await service.whenReadiness(undefined, PATIENCE_MS)
      assert.deepEqual(
        changes.filter(({ killed }) => !killed),
        [],
        'nobody was let go at any moment',
      )
      const restored = await restore(b, 'kyc_v1', 30)
      assert.equal(convergenceOf(restored).status, 'confirmed', restored.text)
      assert.equal(onA.isKilled('kyc_v1') || onB.isKilled('kyc_v1'), false)
      assert.equal(onA.isKilled('ai_v1') && onB.isKilled('ai_v1'), true)
    },
  )
})

/** Two instances of the service on one Redis, and an example app that begins with each of them. */
async function twoOnRedis(t: Teardown, named = ['on-a', 'on-b']) {
  const redis = await startRedis(t, PROPER)
  const { file, tokens } = tokensFile(t)
  const env = { KILLSWITCH_REDIS_URL: redis.url, KILLSWITCH_TOKENS_FILE: file }
  const [a, b] = await Promise.all([Service.start(t, { env, tokens }), Service.start(t, { env, tokens })])
  const caches = testdir(t)
  const apps = await Promise.all(
    named.map(instance => {
      const addresses = [a.address, b.address]
      if (instance === 'on-b') addresses.reverse()
      const cacheFile = join(caches, `${instance}.json`)
      return ExampleApp.start(t, { url: addresses.join(), token: tokens.sdk, instance, cacheFile })
    }),
  )
  for (const service of [a, b]) await whenLive(service, ...named)
  return { redis, a, b, apps }
}

// the SDK's own timers keep no process alive
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))
