import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aServer } from '../support/server.js'

test('/readyz names a runbook that is without its steps, and kills go on', async t => {
  const { ask, parts } = await aServer(t)
  parts.health.unreadRunbooks = () => [
    { code: 'too-slow', message: 'reading took too long', runbook: 'trustflow', line: 1 },
  ]
  const { status, body } = await ask(undefined, 'GET', '/readyz')
  assert.deepEqual([status, body.degraded[0].code], [200, 'runbook-unread'])
  assert.match(body.degraded[0].detail, /"trustflow" is without its steps: reading took too long/)
  assert.equal((await ask('operator', 'POST', '/v1/flags/ai_v1/kill')).status, 200)
})
