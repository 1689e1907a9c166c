// Which readers of the snapshot count as served: those that read nothing else.

import assert from 'node:assert/strict'
import t from 'tap'
import { KillswitchProvider } from '../../sdk/src/index.js'
import { aServer } from '../support/server.js'
import { until } from '../support/until.js'

t.test('a reader of the snapshot', async t => {
  t.test('is served where it says that it is serverless, at the revision it was answered at', async t => {
    const { ask } = await aServer(t)
    const killed = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: 'r' } })
    const served = async () => {
      const { body } = await ask('viewer', 'GET', `/v1/flips/${killed.body.id}`)
      return body.convergence[0].served
    }
    await ask('sdk', 'GET', '/v1/snapshot')
    await ask('sdk', 'GET', '/v1/snapshot', { headers: { 'killswitch-mode': 'stream' } })
    assert.equal(await served(), 0)
    const headers = { 'killswitch-mode': 'serverless' }
    const { headers: answered } = await ask('sdk', 'GET', '/v1/snapshot', { headers })
    assert.equal(await served(), 1)
    // not modified is an answer too, and the same client is one client
    const again = { ...headers, 'if-none-match': String(answered.etag) }
    assert.equal((await ask('sdk', 'GET', '/v1/snapshot', { headers: again })).status, 304)
    assert.equal(await served(), 1)
    const later = await ask('operator', 'POST', '/v1/flags/kyc_v1/kill', { body: { reason: 'r' } })
    const { body } = await ask('viewer', 'GET', `/v1/flips/${later.body.id}`)
    assert.equal(body.convergence[0].served, 0, 'it has not asked since')
  })

  t.test(
    'is applied and not served where it is an SDK with a stream, and the other way round without',
    async t => {
      const { ask, address, tokens } = await aServer(t)
      const app = async (instance: string, mode: 'stream' | 'serverless') => {
        const options = { url: address, token: tokens.sdk, app: 'trustflow', cacheFile: false as const, mode }
        const provider = new KillswitchProvider({ ...options, instance, initTimeoutMs: 60_000 })
        t.after(() => provider.onClose())
        await provider.initialize()
        return provider.killswitch
      }
      await app('streaming', 'stream')
      await until(
        async () => (await ask('viewer', 'GET', '/v1/instances')).body.live === 1,
        'the instance is known',
      )
      const killed = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
        body: { reason: 'r' },
        headers: { prefer: 'wait=30' },
      })
      const lambda = await app('lambda', 'serverless')
      assert.equal(lambda.isKilled('ai_v1'), true)
      const { body } = await ask('viewer', 'GET', `/v1/flips/${killed.body.id}`)
      const [{ status, applied, served, pending, lost }] = body.convergence
      assert.deepEqual([status, applied, served], ['confirmed', ['streaming'], 1])
      assert.deepEqual([pending, lost], [[], []])
      assert.equal((await ask('viewer', 'GET', '/v1/instances')).body.instances.length, 1)
    },
  )
})
