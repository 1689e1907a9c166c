import assert from 'node:assert/strict'
import t from 'tap'
import { NOW } from '../support/domain.js'
import { TestInstance } from '../support/instance.js'
import { aServer, type TestServer } from '../support/server.js'

const HOUR = 3_600_000
const kill = (ask: TestServer['ask'], flag: string, body: object = {}) =>
  ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body })
const flagsOf = (list: { flag: string }[]): string[] => list.map(each => each.flag)

t.test('GET /v1/housekeeping', async t => {
  t.test('lists what stays killed with nobody at work on it, and what was left to somebody', async t => {
    const clock = { now: NOW }
    const { ask } = await aServer(t, { clock: () => clock.now })
    const look = async (query = '') => (await ask('viewer', 'GET', `/v1/housekeeping${query}`)).body
    await kill(ask, 'ai_v1')
    await kill(ask, 'kyc_v1', {
      incident: 'INC-7',
      reason: 'uploads fail',
      step: 'trustflow/upload-kyc-failures/3',
    })
    let found = await look()
    assert.deepEqual(
      found.unattended.map((each: { flag: string; why: string }) => [each.flag, each.why]),
      [
        ['ai_v1', 'none'],
        ['kyc_v1', 'undeclared'],
      ],
    )
    assert.deepEqual(
      found.paperwork.map((gap: { flag: string; missing: string[] }) => [gap.flag, gap.missing]),
      [
        ['ai_v1', ['incident', 'step', 'reason']],
        ['kyc_v1', ['incident']],
      ],
    )
    const body = { id: 'INC-7', title: 'Uploads', runbook: 'trustflow', severity: 'SEV-2', adopt: ['ai_v1'] }
    await ask('operator', 'POST', '/v1/incidents', { body })
    found = await look()
    assert.deepEqual(found.unattended, [])
    assert.deepEqual(
      found.paperwork.map((gap: { missing: string[] }) => gap.missing),
      [['step', 'reason']],
    )
    await ask('operator', 'POST', '/v1/incidents/INC-7/notes', {
      body: { kind: 'cause', text: 'bad deploy' },
    })
    assert.deepEqual((await look()).paperwork, [])

    const leave = ['ai_v1', 'kyc_v1'].map(flag => ({ flag, owner: 'Uploads team', until: '2026-11-21' }))
    const left = await ask('engineer', 'POST', '/v1/incidents/INC-7/resolve', { body: { leave } })
    assert.equal(left.status, 200)
    clock.now += 46 * HOUR
    found = await look('?olderThan=45h')
    assert.deepEqual(
      found.unattended.map((each: { why: string }) => each.why),
      ['resolved', 'resolved'],
    )
    assert.deepEqual(flagsOf(found.longKilled), ['ai_v1', 'kyc_v1'])
    assert.deepEqual((await look('?olderThan=47h')).longKilled, [])
    assert.deepEqual(
      found.left.map((each: { owner: string; overdue: boolean }) => [each.owner, each.overdue]),
      [
        ['Uploads team', true],
        ['Uploads team', true],
      ],
    )
    const metrics = await ask('viewer', 'GET', '/metrics')
    assert.match(metrics.text, /killswitch_housekeeping_left_overdue\{[^}]*\} 2/)
    assert.match(metrics.text, /killswitch_housekeeping_long_killed\{[^}]*\} 2/)
    assert.match(metrics.text, /killswitch_incidents_open\{[^}]*\} 0/)
    assert.equal((await ask('viewer', 'GET', '/v1/housekeeping?olderThan=soon')).status, 400)
  })
})

t.test('a drill', async t => {
  t.test('proves the path by receipts, changes no value, and dates the last proof', async t => {
    const clock = { now: NOW }
    const server = await aServer(t, { clock: () => clock.now })
    const { ask } = server
    const unexercised = async (query = '') =>
      flagsOf((await ask('viewer', 'GET', `/v1/housekeeping${query}`)).body.unexercised)
    assert.ok((await unexercised()).includes('ai_v1'))
    const before = await ask('viewer', 'GET', '/v1/flags/ai_v1')
    assert.equal(before.body.lastProof, undefined)
    const api = await new TestInstance(ask, 'api-1').apply()
    const refused = await ask('operator', 'POST', '/v1/flags/ai_v1/drill')
    assert.deepEqual([refused.status, refused.body.needed], [403, 'engineer'])

    const waiting = ask('engineer', 'POST', '/v1/flags/ai_v1/drill', { headers: { prefer: 'wait=5' } })
    const revised = new Promise<void>(resolve => {
      server.parts.subscribe.entries(() => resolve())
    })
    await revised
    await api.apply()
    const drill = await waiting
    assert.equal(drill.status, 200)
    assert.deepEqual([drill.body.action, drill.body.changed, drill.body.killed], ['drill', false, false])
    assert.deepEqual(drill.body.convergence[0].applied, ['api-1'])
    assert.equal(drill.body.convergence[0].status, 'confirmed')
    assert.equal((await ask('viewer', 'GET', `/v1/flips/${drill.body.id}`)).body.state, 'applied')

    const after = await ask('viewer', 'GET', '/v1/flags/ai_v1')
    assert.equal(after.headers.etag, before.headers.etag, 'nothing of the flag has changed')
    assert.deepEqual([after.body.value, after.body.killed], [true, false])
    assert.deepEqual([after.body.lastProof.by, after.body.lastProof.place], ['drill', drill.body.id])
    const told = await ask('viewer', 'GET', '/v1/audit?action=flip.confirmed&order=oldest', {
      headers: { prefer: 'wait=10' },
    })
    assert.equal(told.body.entries[0].confirmed.flip, drill.body.id)
    assert.equal((await ask('viewer', 'GET', '/v1/flags/ai_v1')).body.lastProof.applied, 1)
    assert.equal((await unexercised()).includes('ai_v1'), false)
    clock.now += 8 * 24 * HOUR
    assert.ok((await unexercised('?notSince=7d')).includes('ai_v1'))
  })
})
