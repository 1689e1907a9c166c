// The official OFREP providers against the service on a port of its own.

import assert from 'node:assert/strict'
import { OFREPProvider } from '@openfeature/ofrep-provider'
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider'
import { type Client, OpenFeature } from '@openfeature/server-sdk'
import { OpenFeature as OpenFeatureWeb, type Provider, ProviderEvents } from '@openfeature/web-sdk'
import { EventSource } from 'eventsource'
import t from 'tap'
import { flagsDirOf } from '../support/keys.js'
import { anOpenFeatureServer, type OpenFeatureServer } from '../support/openfeature.js'
import { aServer } from '../support/server.js'
import type { Teardown } from '../support/testdir.js'

let serial = 0
const optionsOf = ({ address, shop }: OpenFeatureServer) => ({
  baseUrl: address,
  headers: [['Authorization', `Bearer ${shop}`]] as [string, string][],
})

async function clientOf(server: OpenFeatureServer): Promise<Client> {
  const domain = `test-${++serial}`
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider(optionsOf(server)))
  return OpenFeature.getClient(domain)
}

t.test('the official provider for servers', async t => {
  t.test(
    'reads every type and targeting, and a kill is false whatever the caller would have by default',
    async t => {
      const server = await anOpenFeatureServer(t)
      const client = await clientOf(server)
      t.after(() => OpenFeature.clearProviders())
      assert.equal(await client.getStringValue('shop.theme', 'none'), 'dark')
      assert.equal(await client.getNumberValue('shop.limit', 0), 10.5)
      assert.deepEqual(await client.getObjectValue('shop.model', {}), { name: 'big' })
      assert.equal(await client.getBooleanValue('shop.beta', false, { plan: 'pro' }), true)
      const { variant: ofRule } = await client.getBooleanDetails('shop.beta', false, { plan: 'pro' })
      assert.equal(ofRule, 'pro')

      await server.kill('shop.checkout', 'INC-9')
      const { value, reason, variant, errorCode, flagMetadata } = await client.getBooleanDetails(
        'shop.checkout',
        true,
      )
      assert.deepEqual([value, reason, variant, errorCode], [false, 'STATIC', 'off', undefined])
      assert.deepEqual([flagMetadata.killed, flagMetadata.incident], [true, 'INC-9'])
      await server.kill('shop.beta')
      assert.equal(await client.getBooleanValue('shop.beta', true, { plan: 'pro' }), false)
    },
  )

  t.test('tells what went wrong by its code', async t => {
    const client = await clientOf(await anOpenFeatureServer(t))
    t.after(() => OpenFeature.clearProviders())
    const code = async (key: string) => (await client.getBooleanDetails(key, true)).errorCode
    assert.equal(await code('bank.transfer'), 'FLAG_NOT_FOUND')
    assert.equal(await code('constructor'), 'FLAG_NOT_FOUND')
    assert.equal(await code('shop.theme'), 'TYPE_MISMATCH')
  })
})

t.test('flags of any key', async t => {
  const KEYS = ['payments/card:v2', 'a//b/', 'enableCheckout', 'constructor', `x${'/'.repeat(127)}`]
  const aShop = async (t: Teardown) => {
    const server = await aServer(t, { flagsDir: flagsDirOf(t, KEYS) })
    const options = {
      baseUrl: server.address,
      headers: [['Authorization', `Bearer ${server.tokens.sdk}`]] as [string, string][],
    }
    const kill = (flag: string) =>
      server.ask('operator', 'POST', '/v1/flags/kill', { body: { flag, reason: 'why' } })
    return { options, kill }
  }

  t.test('are evaluated by the official provider for servers, normal and killed', async t => {
    const { options, kill } = await aShop(t)
    const domain = `keys-${++serial}`
    await OpenFeature.setProviderAndWait(domain, new OFREPProvider(options))
    t.after(() => OpenFeature.clearProviders())
    const client = OpenFeature.getClient(domain)
    for (const key of KEYS) {
      const before = await client.getBooleanDetails(key, false, { plan: 'pro' })
      assert.deepEqual([before.value, before.errorCode], [true, undefined], key)
      assert.equal((await kill(key)).status, 200)
      const { value, reason, flagMetadata } = await client.getBooleanDetails(key, true, { plan: 'pro' })
      assert.deepEqual([value, reason, flagMetadata.killed], [false, 'STATIC', true], key)
    }
    const { value, errorCode, errorMessage } = await client.getBooleanDetails('EnableCheckout', true)
    assert.deepEqual([value, errorCode], [true, 'FLAG_NOT_FOUND'])
    assert.ok(errorMessage !== undefined)
  })

  t.test('are evaluated by the official provider for browsers', async t => {
    const { options, kill } = await aShop(t)
    await kill('payments/card:v2')
    const domain = `keys-web-${++serial}`
    const provider = new OFREPWebProvider({ ...options, cacheMode: 'disabled', pollInterval: -1 })
    await OpenFeatureWeb.setProviderAndWait(domain, provider as Provider)
    t.after(() => OpenFeatureWeb.clearProviders())
    const client = OpenFeatureWeb.getClient(domain)
    for (const key of KEYS) assert.equal(client.getBooleanValue(key, false), key !== 'payments/card:v2', key)
  })
})

t.test('the official provider for browsers', async t => {
  for (const how of ['event stream', 'polling'] as const) {
    t.test(`sees a kill by ${how}, with the token of a page`, async t => {
      const server = await anOpenFeatureServer(t)
      if (how === 'event stream') Object.assign(globalThis, { EventSource })
      const domain = `web-${++serial}`
      const provider = new OFREPWebProvider({
        ...optionsOf({ ...server, shop: server.page }),
        cacheMode: 'disabled',
        ...(how === 'polling' ? { pollInterval: 20, changeDetection: 'polling' as const } : {}),
      })
      await OpenFeatureWeb.setProviderAndWait(domain, provider as Provider)
      t.after(async () => {
        await OpenFeatureWeb.clearProviders()
        Reflect.deleteProperty(globalThis, 'EventSource')
      })
      const client = OpenFeatureWeb.getClient(domain)
      assert.equal(client.getBooleanValue('shop.checkout', false), true)
      const changed = new Promise<string[]>(resolve => {
        client.addHandler(ProviderEvents.ConfigurationChanged, details => {
          if (client.getBooleanValue('shop.checkout', true) === false) resolve(details?.flagsChanged ?? [])
        })
      })
      await server.kill('shop.checkout')
      assert.ok((await changed).includes('shop.checkout'))
      const { value, flagMetadata } = client.getBooleanDetails('shop.checkout', true)
      assert.deepEqual([value, flagMetadata], [false, { killed: true }])
      assert.equal(client.getStringValue('shop.theme', 'none'), 'dark')
      assert.equal(client.getBooleanDetails('bank.transfer', false).errorCode, 'FLAG_NOT_FOUND')
    })
  }
})
