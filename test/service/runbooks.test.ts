import assert from 'node:assert/strict'
import t from 'tap'
import { aServer } from '../support/server.js'

t.test('/readyz names a runbook that is without its steps, and kills go on', async t => {
  const { ask, parts } = await aServer(t)
  const unread = [
    { code: 'too-slow' as const, message: 'reading took too long', runbook: 'trustflow', line: 1 },
  ]
  const { streams, load, fleetCondition: fleet } = parts
  const files = async () => undefined
  parts.health.watch({ runbooks: { unread }, streams, load, fleet, files })
  const { status, body } = await ask('viewer', 'GET', '/readyz')
  assert.deepEqual([status, body.degraded[0].code], [200, 'runbook-unread'])
  assert.match(body.degraded[0].detail, /"trustflow" is without its steps: reading took too long/)
  assert.equal((await ask('operator', 'POST', '/v1/flags/ai_v1/kill')).status, 200)
})

t.test(
  'a restart takes kills before the runbooks are read, and links those that name a step when they are',
  async t => {
    const first = await aServer(t)
    const { dataDir, tokens } = first
    await first.close()
    // as in a process of its own: with names that this one has not read runbooks for
    const environmentAliases = ['runbooks-of-a-new-process']
    const { ask, parts } = await aServer(t, { dataDir, tokens, environmentAliases, isHasty: true })
    const order: string[] = []
    const kill = async (name: string, flag: string, body: object) => {
      const answer = await ask('operator', 'POST', `/v1/flags/${flag}/kill`, {
        body: { incident: 'INC-1', ...body },
      })
      order.push(name)
      return answer
    }
    assert.equal(parts.runbooks.isKnown, false, 'or this test shows nothing')
    const fromStep = kill('from a step', 'ai_v1', { step: 'trustflow/ai-instability/3' })
    const listed = ask('viewer', 'GET', '/v1/steps?flag=ai_v1')
    const byKey = kill('by its key', 'kyc_v1', {})
    assert.equal((await byKey).status, 200)
    const { step, offRunbook, warnings } = (await fromStep).body
    assert.deepEqual(order, ['by its key', 'from a step'])
    // on a machine with too much to do it was not kept waiting longer
    if (/still being read/.test(warnings[0]?.detail)) return t.pass('not run', { skip: warnings[0].detail })
    assert.deepEqual([step.code, offRunbook], ['namov', false])
    assert.ok((await listed).body.steps.length > 0)
  },
)
