import assert from 'node:assert/strict'
import t from 'tap'
import { TestInstance } from '../support/instance.js'
import { startRedis } from '../support/redis.js'
import { aServer, type TestServer } from '../support/server.js'
import { until } from '../support/until.js'

const START = Date.parse('2026-11-20T03:00:00.000Z')

type Walk = { runbook: string; flag: string; severity: string; title?: string }

/** An incident from its kill to its end, each act a minute after the one before. */
async function walk(
  { ask }: TestServer,
  { runbook, flag, severity, title = 'answers fail | 5xx' }: Walk,
): Promise<string> {
  const id = `INC-${runbook}`
  const post = async (role: 'operator' | 'engineer' | 'coordinator', path: string, body: object) => {
    const answer = await ask(role, 'POST', path, { body })
    return answer
  }
  await post('operator', `/v1/flags/${flag}/kill`, { incident: id, reason: 'error rate 30 percent' })
  const declared = await post('operator', '/v1/incidents', {
    id,
    title,
    runbook,
    severity,
    commander: 'olga',
  })
  assert.equal(declared.status, 201, declared.text)
  for (const [kind, text] of Object.entries({
    impact: 'one in three answers fails',
    cause: 'the provider ran out of capacity',
    resolution: 'the provider added capacity',
  }))
    assert.ok((await post('operator', `/v1/incidents/${id}/notes`, { kind, text })).status < 300)
  await post('operator', `/v1/incidents/${id}/notes`, {
    kind: 'action',
    text: 'add a second provider',
    owner: 'emil',
    due: '2026-12-01',
  })
  assert.equal(
    (await post('operator', `/v1/flags/${flag}/restore`, { incident: id, reason: 'hm' })).status,
    403,
  )
  assert.equal(
    (await post('coordinator', `/v1/flags/${flag}/restore`, { incident: id, reason: 'well again' })).status,
    200,
  )
  const resolved = await post('coordinator', `/v1/incidents/${id}/resolve`, {
    force: true,
    reason: 'baseline',
  })
  assert.ok(resolved.status < 300, resolved.text)
  return id
}

async function started(t: Parameters<typeof aServer>[0]) {
  let now = START
  return aServer(t, { clock: () => (now += 60_000) })
}

const WALKS: (Walk & { has: RegExp[] })[] = [
  {
    runbook: 'chat-assistant',
    flag: 'chat.degraded-mode',
    severity: 'SEV2',
    has: [
      /^## Incident: INC-chat-assistant, answers fail/m,
      /\*\*Severity:\*\* SEV2/,
      /Turn degraded mode ON\*\* \(`chat\.degraded-mode`: off -> on\)/,
    ],
  },
  {
    runbook: 'pilot',
    flag: 'pilot.template-version',
    severity: 'SEV1',
    has: [
      /^## Incident INC-pilot/m,
      /\*\*Resolved By\*\*: shared-coordinator/,
      /`pilot\.template-version`: v2 -> v1/,
    ],
  },
  {
    runbook: 'inflow',
    flag: 'inflow.llm',
    severity: 'SEV1',
    has: [/^# INC-inflow: answers fail/m, /^## Lessons learned/m],
  },
  {
    runbook: 'insurance-ai-bridge',
    flag: 'bridge.intake',
    severity: 'P1',
    has: [/^# INC-insurance-ai-bridge/m, /^\*\*Severity:\*\* P1/m],
  },
  { runbook: 'trustflow', flag: 'ai_v1', severity: 'SEV-2', has: [/^## Root cause/m, /^## Timeline/m] },
]

t.test('the post-mortem', async t => {
  for (const { has, ...about } of WALKS) {
    t.test(`of ${about.runbook} writes itself in the form of its runbook, the same each time`, async t => {
      const server = await started(t)
      const id = await walk(server, about)
      const first = await server.ask('viewer', 'GET', `/v1/incidents/${id}/postmortem`)
      assert.equal(first.status, 200)
      assert.match(String(first.headers['content-type']), /^text\/markdown/)
      for (const pattern of has) assert.match(first.text, pattern)
      assert.match(first.text, /the provider ran out of capacity/)
      assert.match(first.text, /one in three answers fails/)
      assert.match(first.text, /\| add a second provider \| emil \| 2026-12-01 \| Open \|/)
      assert.match(first.text, /shared-operator \(operator\) was refused: restore/)
      assert.match(first.text, /killed .* before it was declared/)
      assert.match(first.text, /Off the runbook/)
      assert.match(first.text, /Left for a person to write/)
      assert.doesNotMatch(first.text, /undefined|NaN|YYYY-MM-DD HH:MM/)
      assert.equal((await server.ask('viewer', 'GET', `/v1/incidents/${id}/postmortem`)).text, first.text)
    })
  }

  t.test('has what the log proved of its kills, also of one that it adopted, and nothing before', async t => {
    const before = await aServer(t)
    const { dataDir, tokens } = before
    const api = await new TestInstance(before.ask, 'api-1').apply()
    await before.ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: 'burns' } })
    const body = { id: 'INC-1', title: 'x', runbook: 'trustflow', severity: 'SEV-1', adopt: true }
    assert.equal((await before.ask('operator', 'POST', '/v1/incidents', { body })).status, 201)
    const postmortem = async ({ ask }: TestServer) =>
      (await ask('viewer', 'GET', '/v1/incidents/INC-1/postmortem')).text
    const row = /^\| `ai_v1` \|.*$/m
    assert.match(row.exec(await postmortem(before))?.[0] ?? '', /the log does not say who applied it/)

    await before.close()
    // a minute later: the log is told who has not shown it
    const server = await aServer(t, { dataDir, tokens, clock: () => Date.now() + 90_000 })
    const shows = (pattern: RegExp) =>
      until(async () => {
        const found = await postmortem(server)
        return pattern.test(row.exec(found)?.[0] ?? '') && found
      }, String(pattern))
    await shows(/unconfirmed: 0\/1 confirmed by trustflow; not by api-1/)
    await api.at(server.ask).apply()
    const confirmed = /1\/1 confirmed by trustflow/
    const text = await shows(confirmed)
    assert.match(text, /^- .*`ai_v1`: unconfirmed: 0\/1/m, 'the timeline has both')
    assert.match(text, /^- .*`ai_v1`: 1\/1 confirmed by trustflow/m)
    const csv = await server.ask('viewer', 'GET', '/v1/audit?action=flip.confirmed', {
      headers: { accept: 'text/csv' },
    })
    assert.match(csv.text, confirmed)
  })

  t.test('is right after a FLUSHALL in the middle, slips, and a restore under no name', async t => {
    const redis = await startRedis(t)
    const server = await aServer(t, { redisUrl: redis.url })
    const { ask, parts } = server
    const act = (role: 'operator' | 'coordinator', path: string, body: object) =>
      ask(role, 'POST', path, { body })
    await act('operator', '/v1/incidents', {
      id: 'INC-1',
      title: 'x',
      runbook: 'trustflow',
      severity: 'SEV-1',
    })
    await act('operator', '/v1/flags/ai_v1/kill', { incident: 'INC-1', reason: 'burns' })
    assert.equal((await act('operator', '/v1/flags/ai_v2/kill', { incident: 'INC-1' })).status, 404)
    assert.equal(
      (await act('operator', '/v1/flags/ai_v1/restore', { incident: 'INC-1', reason: 'hm' })).status,
      403,
    )
    await redis.admin.flushall()
    await until(() => parts.log.head.epoch > 0, 'the log is put back')
    const restored = await act('coordinator', '/v1/flags/ai_v1/restore', { all: true, reason: 'well again' })
    assert.equal(restored.status, 200, restored.text)
    const { text } = await ask('viewer', 'GET', '/v1/incidents/INC-1/postmortem')
    const told = text
      .split('\n')
      .filter(line => / UTC - /.test(line))
      .map(line => line.replace(/^.* UTC - /, ''))
    for (const [index, pattern] of [
      /declared INC-1/,
      /Turn ai_v1 off.*by shared-operator/,
      /was refused: restore ai_v1/,
      /^Epoch \d+ of the log was opened, \d+ entries put back: /,
      /Turn ai_v1 on.*by shared-coordinator/,
    ].entries())
      assert.match(told[index] ?? '', pattern, told.join('\n'))
    assert.equal(told.length, 5, told.join('\n'))
    assert.doesNotMatch(text, /ai_v2|still killed/)
  })

  t.test('is a 404 for an incident nobody declared', async t => {
    const { ask } = await started(t)
    assert.equal((await ask('viewer', 'GET', '/v1/incidents/INC-0/postmortem')).status, 404)
  })
})

t.test('a message', async t => {
  t.test('is filled from the newest notes, and what it cannot fill is listed', async t => {
    const server = await started(t)
    const chat = await walk(server, WALKS[0] as Walk)
    const resolution = await server.ask('viewer', 'GET', `/v1/incidents/${chat}/messages/resolution`)
    assert.match(resolution.body.text, /^\[RESOLVED\] Chat assistant/)
    assert.match(resolution.body.text, /the provider ran out of capacity/)
    assert.deepEqual(resolution.body.unfilled, [])
    const byTag = await server.ask('viewer', 'GET', `/v1/incidents/${chat}/messages/INVESTIGATING`)
    assert.match(byTag.body.text, /one in three answers fails/)
    const inflow = await walk(server, WALKS[2] as Walk)
    const update = await server.ask('viewer', 'GET', `/v1/incidents/${inflow}/messages/update`)
    assert.match(
      update.body.text,
      /^\/incident update\nStatus: Investigating\nImpact: one in three answers fails/,
    )
    assert.equal(update.body.unfilled.length, 1)
    const text = 'one in three [RESOLVED] [pay](https://evil.example) @everyone'
    await server.ask('operator', 'POST', `/v1/incidents/${inflow}/notes`, { body: { kind: 'impact', text } })
    const quoting = await server.ask('viewer', 'GET', `/v1/incidents/${inflow}/messages/update`)
    assert.match(
      quoting.body.text,
      /^Impact: one in three \[RESOLVED\] \[pay\] \(https:\/\/evil\.example\) @ everyone$/m,
    )
    assert.deepEqual(
      quoting.body.unfilled,
      update.body.unfilled,
      'brackets of a note are none of the template',
    )
    const unknown = await server.ask('viewer', 'GET', `/v1/incidents/${inflow}/messages/poem`)
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'unknown-template'])
  })
})
