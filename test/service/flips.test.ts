import assert from 'node:assert/strict'
import t from 'tap'
import { powerCut } from '../support/power-cut.js'
import { aServer, type TestServer } from '../support/server.js'

t.test(
  'a step run that a power cut tore is not told as done, until it is sent again with its key',
  async t => {
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
    assert.match(torn.detail, /only a part .* same Idempotency-Key/)
    const again = await run(server)
    assert.deepEqual([again.status, again.body.replayed, again.body.flips[0].changed], [200, false, true])
    assert.equal((await told(server)).state, 'applied')
  },
)
