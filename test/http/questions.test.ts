// The questions an auditor asks, each in one request: filters, counts, what was off at a time, who had which role, drills
// apart from flips, how long it took. On the local store, and by an instance that only follows the one that acted.

import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PROPER, startRedis } from '../support/redis.js'
import { type Answer, aServer, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'

const START = Date.parse('2026-11-20T03:00:00.000Z')
const STEP = 'trustflow/ai-instability/3'
const minute = (count: number) => new Date(START + count * 60_000).toISOString()

/** Who acts, who is asked, and the clock of both. */
type Two = { acts: TestServer; asked: TestServer; at: (minutes: number) => void }

async function onLocal(t: Test): Promise<Two> {
  let now = START
  const server = await aServer(t, { clock: () => now })
  return {
    acts: server,
    asked: server,
    at: minutes => {
      now = START + minutes * 60_000
    },
  }
}

async function onRedis(t: Test): Promise<Two> {
  const { url: redisUrl } = await startRedis(t, PROPER)
  const acts = await aServer(t, { redisUrl })
  const dataDir = testdir(t)
  for (const name of ['tokens', 'tokens.yaml'])
    cpSync(join(acts.dataDir, name), join(dataDir, name), { recursive: true })
  const asked = await aServer(t, { redisUrl, dataDir, tokens: acts.tokens })
  return { acts, asked, at: () => {} }
}

const flagsIn = ({ body }: Answer): string[] => body.entries.map((entry: { flag?: string }) => entry.flag)

for (const [store, open] of Object.entries({ 'the local store': onLocal, 'two instances on Redis': onRedis }))
  t.test(`questions to the log of ${store}`, async t => {
    const { acts, asked, at } = await open(t)
    const post = async (role: 'operator' | 'engineer', path: string, body: object) => {
      const answer = await acts.ask(role, 'POST', path, { body })
      assert.ok(answer.status < 300, answer.text)
      return answer.body
    }
    const get = async (path: string) => {
      await asked.parts.log.toEnd()
      const answer = await asked.ask('viewer', 'GET', path)
      assert.equal(answer.status, 200, answer.text)
      return answer
    }
    const { at: begun } = (await get('/v1/audit?limit=1&order=oldest')).body.entries[0]
    at(10)
    await post('operator', '/v1/flags/kyc_v1/kill', { incident: 'DRILL-1', step: STEP })
    at(11)
    await post('operator', '/v1/incidents', {
      ...{ id: 'DRILL-1', title: 'Friday drill', runbook: 'trustflow', severity: 'SEV-3', drill: true },
    })
    await post('engineer', '/v1/flags/kyc_v1/restore', { incident: 'DRILL-1', reason: 'rehearsed' })
    await post('engineer', '/v1/flags/inflow.llm/drill', { reason: 'the path' })
    at(20)
    await post('operator', '/v1/incidents', {
      ...{ id: 'INC-1', title: 'AI fails', runbook: 'trustflow', severity: 'SEV-1' },
    })
    at(22)
    const kill = await post('operator', '/v1/flags/ai_v1/kill', { incident: 'INC-1', step: STEP })
    await post('operator', '/v1/flags/bridge.intake/kill', {})
    at(52)
    const restore = await post('engineer', '/v1/flags/ai_v1/restore', { incident: 'INC-1', reason: 'well' })

    await t.test('drills are told from flips, also what was done before the declaration', async () => {
      assert.deepEqual(flagsIn(await get('/v1/audit?drill=true&action=kill')), ['kyc_v1'])
      assert.deepEqual(flagsIn(await get('/v1/audit?drill=true&action=restore')), ['kyc_v1'])
      assert.deepEqual(flagsIn(await get('/v1/audit?drill=true&action=drill')), ['inflow.llm'])
      assert.deepEqual(flagsIn(await get('/v1/audit?drill=false&action=kill')), ['bridge.intake', 'ai_v1'])
      const incident = (await get('/v1/incidents/DRILL-1')).body
      assert.equal(incident.drill, true)
      assert.match((await get('/v1/incidents/DRILL-1/postmortem')).text, /This was a drill\./)
      assert.doesNotMatch((await get('/v1/incidents/INC-1/postmortem')).text, /drill/i)
      assert.equal((await get('/v1/incidents/INC-1')).body.drill, undefined)
    })

    await t.test('filters by application, severity, step, evidence and confirmation', async () => {
      assert.deepEqual(flagsIn(await get('/v1/audit?severity=sev1&action=kill')), ['ai_v1'])
      assert.deepEqual(flagsIn(await get('/v1/audit?application=trustflow&action=restore')), [
        'ai_v1',
        'kyc_v1',
      ])
      assert.deepEqual(flagsIn(await get('/v1/audit?withoutStep=true&action=kill')), ['bridge.intake'])
      assert.deepEqual(flagsIn(await get('/v1/audit?withoutEvidence=false')), ['ai_v1', 'kyc_v1'])
      assert.deepEqual(flagsIn(await get('/v1/audit?confirmed=true')), [])
      assert.equal(flagsIn(await get('/v1/audit?confirmed=false')).length, 6)
      assert.equal(flagsIn(await get('/v1/audit?ip=127.0.0.1&action=kill')).length, 3)
      assert.equal(flagsIn(await get('/v1/audit?ip=10.0.0.1')).length, 0)
    })

    await t.test('counts leave drills out, unless they are asked for', async () => {
      const { body } = await get('/v1/audit/counts?by=flag&action=kill')
      assert.deepEqual(
        [body.total, body.drill, body.groups],
        [
          2,
          'false',
          [
            { flag: 'ai_v1', count: 1 },
            { flag: 'bridge.intake', count: 1 },
          ],
        ],
      )
      assert.equal((await get('/v1/audit/counts?by=flag&action=kill&drill=any')).body.total, 3)
      const both = (await get('/v1/audit/counts?by=action,step&action=kill&drill=true')).body
      assert.deepEqual(both.groups, [
        { action: 'kill', step: 'trustflow/service-specific-playbooks/ai-instability/3', count: 1 },
      ])
    })

    await t.test('insights have the times of real incidents', async () => {
      const { body } = await get('/v1/insights?application=trustflow')
      const [found] = body.insights
      assert.deepEqual([found.incidents, found.kills], [1, 1])
      assert.deepEqual([found.killToProof.count, found.killToProof.unknown], [0, 1])
      const { medianMs, count } = found.killToRestore
      assert.deepEqual([count, medianMs], [1, Date.parse(restore.at) - Date.parse(kill.at)])
      const drills = (await get('/v1/insights?application=trustflow&drill=true')).body.insights
      assert.deepEqual([drills[0].kills, drills[0].declaredToKill.before ?? 0], [1, 1])
    })

    await t.test('what was off at a time, by whom', async () => {
      const { body } = await get(`/v1/flags?at=${kill.at}&killed=true`)
      const [ai] = body.flags.filter((flag: { key: string }) => flag.key === 'ai_v1')
      assert.deepEqual([ai.value, ai.variant, ai.application], [false, 'off', 'trustflow'])
      assert.deepEqual([ai.holds[0].actor, ai.holds[0].incident], ['shared-operator', 'INC-1'])
      assert.deepEqual([ai.flip.place, body.unknown], [kill.id, []])
      const later = (await get(`/v1/flags?at=${restore.at}&flag=ai_v1`)).body.flags
      assert.deepEqual([later[0].killed, later[0].value], [false, true])
      const before = (await get('/v1/flags?at=2020-01-01')).body
      assert.deepEqual([before.place, before.flags], [0, []])
      assert.match(before.unknown[0], /^The log begins at .*: what was before it is not known\.$/)
      assert.equal((await get(`/v1/flags?at=${begun}&killed=true`)).body.flags.length, 0)
    })

    await t.test('who had which role', async () => {
      const { body } = await get(`/v1/audit/roles?at=${kill.at}`)
      const roles = body.roles.map(({ actor, role }: Record<string, string>) => [actor, role])
      assert.deepEqual(roles, [
        ['killswitch', 'owner'],
        ['shared-engineer', 'engineer'],
        ['shared-operator', 'operator'],
      ])
      const [file] = body.files
      const may = file.may.map(({ id, role }: Record<string, string>) => `${id} ${role}`)
      assert.ok(may.includes('shared-engineer engineer'), may.join())
      assert.doesNotMatch(JSON.stringify(file), /sha256|[0-9a-f]{64}/)
      const [one] = (await get(`/v1/audit/roles?at=${kill.at}&actor=shared-engineer`)).body.files
      assert.deepEqual(
        one.may.map(({ id }: Record<string, string>) => id),
        ['shared-engineer'],
      )
      assert.equal((await get('/v1/audit/roles?at=2020-01-01')).body.roles.length, 0)
    })
  })

t.test('what can mean nothing is refused, and says why', async t => {
  const { ask } = await aServer(t)
  const future = new Date(Date.now() + 3_600_000).toISOString()
  const BAD: [string, RegExp][] = [
    ['/v1/audit?ip=localhost', /ip "localhost" is no IP address/],
    ['/v1/audit?confirmed=perhaps', /confirmed/],
    ['/v1/audit?severity=', /severity/],
    ['/v1/audit/counts', /by/],
    [
      '/v1/audit/counts?by=colour',
      /"colour" is nothing that is counted by: "by" is one or several of flag, step/,
    ],
    ['/v1/audit/counts?by=flag&drill=maybe', /drill/],
    ['/v1/audit/counts?by=flag&limit=5', /limit/],
    ['/v1/insights?since=lately', /since "lately" is neither/],
    [`/v1/flags?at=${future}`, /is in the future/],
    ['/v1/flags?at=yesterday', /at "yesterday" is neither/],
    [`/v1/audit/roles?at=${future}`, /is in the future/],
  ]
  for (const [path, why] of BAD) {
    const { status, body } = await ask('viewer', 'GET', path)
    assert.deepEqual([status, body.code], [400, 'malformed-request'], path)
    assert.match(body.detail, why, path)
  }
  assert.equal((await ask('viewer', 'GET', '/v1/flags?at=2026-01-01&flag=AI_V1')).status, 404)
})

t.test('the flags at a time follow adoptions and changed definitions', async t => {
  const { acts, at } = await onLocal(t)
  const post = (role: 'operator' | 'engineer', path: string, body: object) =>
    acts.ask(role, 'POST', path, { body })
  at(1)
  await post('operator', '/v1/flags/ai_v1/kill', { incident: 'INC-1O' })
  at(2)
  await post('operator', '/v1/incidents', { id: 'INC-10', title: 'AI fails', runbook: 'trustflow' })
  at(3)
  await post('operator', '/v1/incidents/INC-10/adopt', { from: 'INC-1O' })
  at(4)
  const held = async (minutes: number) =>
    (await acts.ask('viewer', 'GET', `/v1/flags?flag=ai_v1&at=${minute(minutes)}`)).body.flags[0].holds[0]
      .incident
  assert.deepEqual([await held(1), await held(3)], ['INC-1O', 'INC-10'])
})
