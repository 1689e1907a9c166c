// The provider under the real OpenFeature SDK, against a service over real HTTP.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EventDetails, OpenFeature, ProviderEvents } from '@openfeature/server-sdk'
import t, { type Test } from 'tap'
import { type KillswitchOptions, KillswitchProvider } from '../../sdk/src/index.js'
import { LiveService } from './live-service.js'

let domains = 0

// the SDK's own timers keep no process alive, and some tests wait for nothing else
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

async function service(t: Test): Promise<{ service: LiveService; url: string }> {
  const service = new LiveService()
  service.define('ai_v1', { message: 'AI is off' })
  service.define('limit', { variants: { many: 100, none: 0 }, defaultVariant: 'many', killVariant: 'none' })
  service.define('template', { variants: { v2: 'v2', v1: 'v1' }, defaultVariant: 'v2', killVariant: 'v1' })
  const url = await service.start()
  t.after(() => service.stop())
  return { service, url }
}

function app(t: Test, options: KillswitchOptions) {
  const said: string[] = []
  const logger = {
    warn: (line: string) => void said.push(line),
    error: (line: string) => void said.push(line),
  }
  const provider = new KillswitchProvider({
    app: 'app',
    token: 'secret',
    cacheFile: false,
    logger,
    // the tests that are about it give their own; elsewhere a busy machine may take its time
    initTimeoutMs: 60_000,
    ...options,
  })
  t.after(() => provider.onClose())
  const domain = `domain-${++domains}`
  return { provider, domain, said, client: OpenFeature.getClient(domain), killswitch: provider.killswitch }
}

const event = (client: ReturnType<typeof OpenFeature.getClient>, name: ProviderEvents) =>
  new Promise<EventDetails | undefined>(resolve => {
    const heard = (details?: EventDetails) => {
      client.removeHandler(name, heard)
      resolve(details)
    }
    client.addHandler(name, heard)
  })

/** What the client is told of its provider's status, as it comes. */
function events(client: ReturnType<typeof OpenFeature.getClient>): ProviderEvents[] {
  const heard: ProviderEvents[] = []
  for (const name of [ProviderEvents.Ready, ProviderEvents.Error, ProviderEvents.Stale])
    client.addHandler(name, () => void heard.push(name))
  heard.length = 0 // of the provider before
  return heard
}

const folder = (t: Test): string => {
  const path = mkdtempSync(join(tmpdir(), 'ks-sdk-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

t.test(
  'a kill reaches the app by the stream, with variant, reason and metadata, and is reported',
  async t => {
    const { service: server, url } = await service(t)
    const { provider, client, domain } = app(t, { url, instance: 'pod-1' })
    await OpenFeature.setProviderAndWait(domain, provider)
    assert.equal(await client.getBooleanValue('ai_v1', false), true)
    await server.until(() => server.connected > 0)

    const changed = event(client, ProviderEvents.ConfigurationChanged)
    server.kill('ai_v1', { incident: 'INC-7' })
    assert.deepEqual((await changed)?.flagsChanged, ['ai_v1'])
    const details = await client.getBooleanDetails('ai_v1', true)
    assert.equal(details.value, false)
    assert.equal(details.variant, 'off')
    assert.equal(details.reason, 'STATIC')
    assert.equal(details.errorCode, undefined)
    assert.deepEqual(details.flagMetadata, { revision: 2, log: 'log-1', killed: true, incident: 'INC-7' })

    await server.until(() => server.receipts.some(({ revision }) => revision === 2))
    const receipt = server.receipts.find(({ revision }) => revision === 2)
    assert.equal(receipt?.instance, 'pod-1')
    assert.equal(receipt?.boot, 'service')
    await provider.onClose()
    assert.equal(server.receipts.at(-1)?.closing, true)
    await provider.onClose()
    assert.equal(await client.getBooleanValue('ai_v1', true), false)
  },
)

t.test(
  'a kill is in force by the event alone, though every snapshot fails, and for a flag not defined yet',
  async t => {
    const { service: server, url } = await service(t)
    const { provider, client, domain } = app(t, { url })
    await OpenFeature.setProviderAndWait(domain, provider)
    await server.until(() => server.connected > 0)
    server.snapshotStatus = 503
    server.define('brand.new')
    const changed = event(client, ProviderEvents.ConfigurationChanged)
    server.kill('brand.new')
    await changed
    assert.equal(await client.getBooleanValue('brand.new', true), false)
  },
)

t.test(
  'values of every type are killed to their kill variant; a wrong type is a mismatch with metadata',
  async t => {
    const { service: server, url } = await service(t)
    server.kill('limit')
    server.kill('template')
    const { provider, client, domain } = app(t, { url })
    await OpenFeature.setProviderAndWait(domain, provider)
    assert.equal(await client.getNumberValue('limit', 7), 0)
    assert.equal(await client.getStringValue('template', 'v9'), 'v1')
    const wrong = await client.getBooleanDetails('template', true)
    assert.equal(wrong.errorCode, 'TYPE_MISMATCH')
    assert.equal(wrong.flagMetadata.killed, true)
    assert.equal((await client.getBooleanDetails('constructor', true)).errorCode, 'FLAG_NOT_FOUND')
  },
)

t.test('the service gone: STALE with age and the kill in force; back: READY', async t => {
  const { service: server, url } = await service(t)
  server.kill('ai_v1')
  const { provider, client, domain, killswitch } = app(t, { url })
  await OpenFeature.setProviderAndWait(domain, provider)
  await server.until(() => server.connected > 0)
  const stale = event(client, ProviderEvents.Stale)
  await server.stop()
  await stale
  const details = await client.getBooleanDetails('ai_v1', true)
  assert.equal(details.value, false)
  assert.equal(details.reason, 'STALE')
  assert.equal(typeof details.flagMetadata.ageSeconds, 'number')
  assert.equal(killswitch.isKilled('ai_v1'), true)
  const ready = event(client, ProviderEvents.Ready)
  await server.start()
  await ready
  assert.equal((await client.getBooleanDetails('ai_v1', true)).reason, 'STATIC')
})

t.test(
  'a restart with the service gone comes up killed from the cache; one afresh un-kills nobody',
  async t => {
    const { service: server, url } = await service(t)
    const cacheFile = join(folder(t), 'deep', 'state.json')
    server.kill('ai_v1')
    const first = app(t, { url, cacheFile })
    await OpenFeature.setProviderAndWait(first.domain, first.provider)
    await first.provider.onClose()
    assert.equal(statSync(cacheFile).mode & 0o777, 0o600)
    await server.stop()

    const second = app(t, { url, cacheFile })
    const stale = event(second.client, ProviderEvents.Stale)
    await OpenFeature.setProviderAndWait(second.domain, second.provider)
    await stale
    assert.equal(second.killswitch.state.boot, 'cache')
    const details = await second.client.getBooleanDetails('ai_v1', true)
    assert.deepEqual([details.value, details.reason], [false, 'STALE'])

    const ready = event(second.client, ProviderEvents.Ready)
    server.log = 'log-2'
    server.revision = 1
    for (const [key, { held: _gone, ...flag }] of server.flags) server.flags.set(key, { ...flag, flipped: 0 })
    await server.start()
    await ready
    assert.equal(await second.client.getBooleanValue('ai_v1', true), false)
    assert.ok(
      second.said.some(line => line.includes('log-1') && line.includes('log-2') && line.includes('ai_v1')),
    )

    await server.until(() => server.connected > 0)
    server.kill('ai_v1')
    server.restore('ai_v1')
    await server.until(() => server.receipts.some(({ log, revision }) => log === 'log-2' && revision === 3))
    assert.equal(await second.client.getBooleanValue('ai_v1', false), true)
  },
)

t.test('a cache file that is corrupt, or of another environment, is ignored aloud', async t => {
  const { service: server, url } = await service(t)
  const cacheFile = join(folder(t), 'state.json')
  const first = app(t, { url, cacheFile })
  await first.killswitch.start()
  await first.killswitch.close()
  await server.stop()
  const text = readFileSync(cacheFile, 'utf8')
  for (const file of [cacheFile, `${cacheFile}.before`])
    writeFileSync(file, text.replace('"ai_v1"', '"ai_v2"'))
  const corrupt = app(t, { url, cacheFile, initTimeoutMs: 50 })
  await corrupt.killswitch.start()
  assert.equal(corrupt.killswitch.state.boot, 'unknown')
  assert.ok(corrupt.said.some(line => line.includes('checksum')))
  writeFileSync(cacheFile, text)
  const foreign = app(t, { url, cacheFile, initTimeoutMs: 50, environment: 'production' })
  await foreign.killswitch.start()
  assert.ok(foreign.said.some(line => line.includes('environment')))
})

t.test('nothing known: start is bounded, the caller has its default, and says so once', async t => {
  const { service: server, url } = await service(t)
  await server.stop()
  const { provider, client, domain, said, killswitch } = app(t, { url, initTimeoutMs: 50 })
  const heard = events(client)
  await assert.rejects(OpenFeature.setProviderAndWait(domain, provider), /nothing is known of any flag yet/)
  assert.deepEqual([client.providerStatus, heard], ['ERROR', ['PROVIDER_ERROR']])
  assert.equal((await client.getBooleanDetails('ai_v1', true)).errorCode, 'FLAG_NOT_FOUND')
  assert.equal(killswitch.isKilled('ai_v1'), false)
  assert.equal(said.filter(line => line.includes('nothing is known of ai_v1')).length, 1)

  const killed = app(t, { url, initTimeoutMs: 50, whenUnknown: 'killed', killValues: { template: 'v1' } })
  await assert.rejects(OpenFeature.setProviderAndWait(killed.domain, killed.provider), /nothing is known/)
  assert.equal(await killed.client.getBooleanValue('ai_v1', true), false)
  assert.equal(await killed.client.getStringValue('template', 'v2'), 'v1')
  assert.equal(killed.killswitch.isKilled('x'), true)

  const strict = app(t, { url, initTimeoutMs: 50, failOnStart: true })
  await assert.rejects(OpenFeature.setProviderAndWait(strict.domain, strict.provider), /no state at start/)
  assert.equal(strict.client.providerStatus, 'ERROR')

  const ready = [client, killed.client].map(each => event(each, ProviderEvents.Ready))
  await server.start()
  await Promise.all(ready)
  assert.equal(client.providerStatus, 'READY')
  assert.equal(await client.getBooleanValue('ai_v1', false), true)
  assert.equal(strict.client.providerStatus, 'ERROR')
})

t.test('the status is the true one as soon as whoever waited for the provider goes on', async t => {
  const { service: server, url } = await service(t)
  const bootstrap = server.snapshot()
  const fresh = app(t, { url })
  await OpenFeature.setProviderAndWait(fresh.domain, fresh.provider)
  assert.equal(fresh.client.providerStatus, 'READY')
  await server.stop()
  const stale = app(t, { url, bootstrap })
  const heard = events(stale.client)
  await OpenFeature.setProviderAndWait(stale.domain, stale.provider)
  assert.deepEqual([stale.client.providerStatus, heard], ['STALE', ['PROVIDER_READY', 'PROVIDER_STALE']])

  class Wrapped extends KillswitchProvider {
    override async initialize() {
      await super.initialize()
    }
  }
  const wrapped = new Wrapped(stale.killswitch)
  await OpenFeature.setProviderAndWait('wrapped', wrapped)
  assert.equal(OpenFeature.getClient('wrapped').providerStatus, 'STALE')
})

t.test('a bootstrap document serves with its age where there is neither service nor cache', async t => {
  const { service: server, url } = await service(t)
  server.kill('ai_v1')
  const bootstrap = server.snapshot()
  await server.stop()
  const { provider, client, domain, killswitch } = app(t, { url, bootstrap })
  await OpenFeature.setProviderAndWait(domain, provider)
  assert.equal(killswitch.state.boot, 'bootstrap')
  const details = await client.getBooleanDetails('ai_v1', true)
  assert.deepEqual([details.value, details.reason], [false, 'STALE'])
  assert.ok(Number(details.flagMetadata.ageSeconds) >= 0)
})

t.test('a refused token is FATAL only where nothing is known', async t => {
  const { url, service: server } = await service(t)
  for (const more of [{}, { failOnStart: true }, { mode: 'serverless' as const }]) {
    const { provider, client, domain, said } = app(t, { url, token: 'wrong', ...more })
    const heard = events(client)
    await assert.rejects(OpenFeature.setProviderAndWait(domain, provider), { code: 'PROVIDER_FATAL' })
    assert.deepEqual([client.providerStatus, heard], ['FATAL', ['PROVIDER_ERROR']])
    assert.ok(said.some(line => line.includes('refuses the token')))
  }
  server.kill('ai_v1')
  const known = app(t, { url, token: 'wrong', bootstrap: server.snapshot() })
  const stale = event(known.client, ProviderEvents.Stale)
  await OpenFeature.setProviderAndWait(known.domain, known.provider)
  await stale
  assert.equal(await known.client.getBooleanValue('ai_v1', true), false)
})

t.test('a list of addresses: the next one is used when the first is gone', async t => {
  const { service: server, url } = await service(t)
  server.kill('ai_v1')
  const { provider, client, domain } = app(t, { url: ['http://127.0.0.1:9', url] })
  await OpenFeature.setProviderAndWait(domain, provider)
  assert.equal(await client.getBooleanValue('ai_v1', true), false)
  await server.until(() => server.connected > 0)
  // the first stream may have been asked for before the snapshot came; the next one knows it
  server.drop()
  const resumes = () =>
    server.seen.find(({ path, headers }) => path === '/v1/stream' && headers['last-event-id'] === '2')
  await server.until(() => resumes() !== undefined)
  assert.equal(resumes()?.headers['killswitch-floor'], '2')
})

t.test('targeting by flagd-core; a kill goes past it', async t => {
  const { service: server, url } = await service(t)
  const targeting = { if: [{ '==': [{ var: 'plan' }, 'free'] }, 'off', null] }
  server.define('beta', { targeting })
  const { provider, client, domain } = app(t, { url })
  await OpenFeature.setProviderAndWait(domain, provider)
  const free = await client.getBooleanDetails('beta', true, { plan: 'free' })
  assert.deepEqual([free.value, free.variant, free.reason], [false, 'off', 'TARGETING_MATCH'])
  assert.equal((await client.getBooleanDetails('beta', false, { plan: 'paid' })).reason, 'DEFAULT')
  await server.until(() => server.connected > 0)
  const changed = event(client, ProviderEvents.ConfigurationChanged)
  server.kill('beta')
  await changed
  assert.equal(await client.getBooleanValue('beta', true, { plan: 'paid' }), false)
})

t.test('signals abort with the flag and the incident, and are fresh after a restore', async t => {
  const { service: server, url } = await service(t)
  const { killswitch } = app(t, { url })
  await killswitch.start()
  await server.until(() => server.connected > 0)
  const signal = killswitch.signal('ai_v1')
  assert.equal(signal, killswitch.signal('ai_v1'))
  const aborted = new Promise(resolve => signal.addEventListener('abort', resolve))
  server.kill('ai_v1', { incident: 'INC-9' })
  await aborted
  assert.deepEqual(
    [signal.reason.name, signal.reason.flag, signal.reason.incident],
    ['KilledError', 'ai_v1', 'INC-9'],
  )
  assert.equal(killswitch.signal('ai_v1').aborted, true)
  const restored = new Promise(resolve => killswitch.onChange('ai_v1', resolve))
  server.restore('ai_v1')
  assert.deepEqual(await restored, {
    key: 'ai_v1',
    killed: false,
    value: true,
    variant: 'on',
    incident: undefined,
    revision: 3,
  })
  assert.equal(killswitch.signal('ai_v1').aborted, false)
  assert.equal(signal.aborted, true)
})
