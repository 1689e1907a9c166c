import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { NOW } from '../support/domain.js'
import { aServer, ROOT, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'

const MINUTE = 60_000
const ORIGINALS = join(process.env.KILLSWITCH_SHARED_DIR ?? join(ROOT, '../shared'), 'runbooks')
const BODY = { title: 'AI answers fail', runbook: 'trustflow', severity: 'sev1' }

type Due = { what: string; text: string; due?: string; overdue: boolean; metAt?: string; target?: string }
const aClock = (from = NOW) => {
  const clock = { now: from, read: () => clock.now }
  return clock
}
const declare = (ask: TestServer['ask'], body: object = {}) =>
  ask('operator', 'POST', '/v1/incidents', { body: { ...BODY, ...body } })

t.test('an incident from kill to close', async t => {
  t.test('is killed first, declared later, worked through and closed when the wait is over', async t => {
    const clock = aClock()
    const { ask } = await aServer(t, { clock: clock.read })
    const kill = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: '5xx at 40 %' } })
    clock.now += 2 * MINUTE
    const declared = await declare(ask, { id: 'INC-42', adopt: true, commander: 'Cy' })
    assert.equal(declared.status, 201)
    assert.equal(declared.headers.location, '/v1/incidents/INC-42')
    assert.deepEqual(declared.body.adopted, [{ flag: 'ai_v1', hold: kill.body.hold }])
    assert.deepEqual(
      declared.body.changedFlags.map((each: { flag: string; place: number }) => [each.flag, each.place]),
      [['ai_v1', kill.body.id]],
    )
    const { incident } = declared.body
    assert.deepEqual([incident.severity, incident.status, incident.kills], ['SEV-1', 'open', [kill.body.id]])
    const step = incident.steps.find((each: { id: string }) => each.id.includes('ai-instability'))
    assert.deepEqual(step.call.body.incident, 'INC-42')

    const note = await ask('operator', 'POST', '/v1/incidents/INC-42/notes', {
      body: { kind: 'progress', text: 'One region of the provider' },
    })
    assert.deepEqual([note.status, note.body.changed], [200, true])
    const tick = await ask('operator', 'POST', '/v1/incidents/INC-42/steps', {
      body: { step: step.code, ticked: 'done' },
    })
    const shown = tick.body.incident.steps.find((each: { id: string }) => each.id === step.id)
    assert.deepEqual([shown.ticked.ticked, shown.ticked.by], ['done', 'shared-operator'])

    const early = await ask('operator', 'POST', '/v1/incidents/INC-42/resolve', { body: {} })
    assert.deepEqual(
      [early.status, early.body.code, early.body.open[0].flag],
      [409, 'incident-open', 'ai_v1'],
    )
    await ask('engineer', 'POST', '/v1/flags/ai_v1/restore', {
      body: { incident: 'INC-42', reason: 'provider is well' },
    })
    clock.now += 29 * MINUTE
    const waiting = await ask('operator', 'POST', '/v1/incidents/INC-42/resolve')
    assert.deepEqual([waiting.status, waiting.body.open[0].what], [409, 'recovery-wait'])
    clock.now += MINUTE
    const resolved = await ask('operator', 'POST', '/v1/incidents/INC-42/resolve', {
      body: { reason: 'stable for 30 minutes' },
    })
    assert.deepEqual([resolved.status, resolved.body.incident.status], [200, 'resolved'])
    assert.deepEqual(
      resolved.body.warnings.map(({ code }: { code: string }) => code),
      ['left-undone'],
      'listed once, and in the way of nothing',
    )

    const timeline = await ask('viewer', 'GET', resolved.body.incident.timeline)
    assert.deepEqual(
      timeline.body.entries.map((entry: { action: string; outcome: string }) => [
        entry.action,
        entry.outcome,
      ]),
      [
        ['incident.declared', 'applied'],
        ['incident.adopted', 'applied'],
        ['incident.noted', 'applied'],
        ['incident.step', 'applied'],
        ['incident.resolved', 'refused'],
        ['restore', 'applied'],
        ['incident.resolved', 'refused'],
        ['incident.resolved', 'applied'],
      ],
    )
    assert.deepEqual((await ask('viewer', 'GET', '/v1/incidents?status=open')).body.incidents, [])
    const list = await ask('viewer', 'GET', '/v1/incidents?status=resolved')
    assert.deepEqual(
      list.body.incidents.map((each: { id: string }) => each.id),
      ['INC-42'],
    )
  })

  t.test('answers a key again, refuses an id twice, and makes ids', async t => {
    const { ask } = await aServer(t, { clock: aClock().read })
    const headers = { 'idempotency-key': 'declare-1' }
    const first = await ask('operator', 'POST', '/v1/incidents', { body: BODY, headers })
    assert.equal(first.body.id, 'INC-2026-11-20-1')
    const again = await ask('operator', 'POST', '/v1/incidents', { body: BODY, headers })
    assert.deepEqual([again.status, again.body.id, again.body.replayed], [201, first.body.id, true])
    const other = await ask('operator', 'POST', '/v1/incidents', { body: { ...BODY, title: 'x' }, headers })
    assert.equal(other.body.code, 'key-reused')
    const twice = await declare(ask, { id: first.body.id })
    assert.deepEqual([twice.status, twice.body.code], [409, 'incident-exists'])
    assert.equal((await declare(ask)).body.id, 'INC-2026-11-20-2')
    const odd = await declare(ask, { id: 'JIRA/7#2' })
    const found = await ask('viewer', 'GET', String(odd.headers.location))
    assert.deepEqual([found.status, found.body.id], [200, 'JIRA/7#2'])
  })

  t.test('refuses what cannot be meant, and writes the refusal to the log', async t => {
    const { ask } = await aServer(t)
    const scale = await declare(ask, { severity: 'P1' })
    assert.deepEqual([scale.status, scale.body.code], [422, 'unknown-severity'])
    assert.deepEqual(
      scale.body.scale.map((each: { level: string }) => each.level),
      ['SEV-1', 'SEV-2', 'SEV-3'],
    )
    assert.equal((await declare(ask, { runbook: 'nope' })).status, 404)
    await declare(ask, { id: 'INC-1' })
    const post = (path: string, body: object, role: 'operator' | 'viewer' = 'operator') =>
      ask(role, 'POST', `/v1/incidents/INC-1/${path}`, { body })
    const cases: [string, object, number, string][] = [
      ['notes', { kind: 'rumour', text: 'x' }, 400, 'malformed-request'],
      ['notes', { kind: 'update', text: 'x', owner: 'Bo' }, 400, 'malformed-request'],
      ['notes', { kind: 'action', text: 'x', due: 'soon' }, 400, 'malformed-request'],
      ['notes', { kind: 'escalated', text: 'to whom?' }, 400, 'malformed-request'],
      ['notes', { kind: 'progress', text: 'x', to: 'the lead' }, 400, 'malformed-request'],
      ['changes', {}, 400, 'malformed-request'],
      ['steps', { step: 'no/such/9', ticked: 'done' }, 404, 'unknown-step'],
      ['steps', { step: 'pilot/duplicate-ledger-entries/solution/1', ticked: 'done' }, 404, 'unknown-step'],
      ['steps', { step: 'first-10-minutes/1', ticked: 'skipped' }, 400, 'malformed-request'],
      ['resolve', { leave: [{ flag: 'ai_v1', owner: 'x', until: 'later' }] }, 400, 'malformed-request'],
      ['adopt', { adopt: ['nope'] }, 404, 'unknown-flag'],
    ]
    for (const [path, body, status, code] of cases) {
      const answer = await post(path, body)
      assert.deepEqual([answer.status, answer.body.code], [status, code], `${path} ${JSON.stringify(body)}`)
    }
    assert.equal((await post('notes', { kind: 'update', text: 'x' }, 'viewer')).status, 403)
    assert.equal((await ask('viewer', 'GET', '/v1/incidents/NOPE')).body.code, 'unknown-incident')
    const refused = await ask('viewer', 'GET', '/v1/audit?incident=INC-1&outcome=refused&limit=50')
    assert.ok(refused.body.entries.length >= 8, 'each is an entry, with its incident')
  })

  t.test(
    'knows its incidents again after a restart, from a checkpoint or from the journal alone',
    async t => {
      const dataDir = testdir(t)
      const first = await aServer(t, { dataDir })
      await first.ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: 'INC-1' } })
      await first.ask('operator', 'POST', '/v1/flags/kyc_v1/kill', { body: { incident: 'INC-2' } })
      await declare(first.ask, { id: 'INC-1' })
      const before = first.parts.log.state
      await first.close()
      for (const from of ['its checkpoint', 'the journal alone']) {
        if (from === 'the journal alone') rmSync(join(dataDir, 'checkpoint.json'))
        const again = await aServer(t, { dataDir, tokens: first.tokens })
        assert.deepEqual(again.parts.log.state, before, from)
        await again.close()
      }
    },
  )
})

t.test('the clocks of the runbooks', async t => {
  /** runbook, severity, minutes after the declaration, then what is due and overdue: `what due-minute [late]`. */
  const table: [string, string, number, string[]][] = [
    ['trustflow', 'SEV-2', 5, ['time-box 10', 'update -', 'recovery-wait -']],
    [
      'pilot',
      'sev-0',
      20,
      ['response 15 late', 'escalation -', 'escalation 15 late', 'escalation 60', 'recovery-wait -'],
    ],
    ['pilot', 'SEV2', 20, ['response -', 'escalation 60', 'recovery-wait -']],
    [
      'chat-assistant',
      'SEV1',
      31,
      ['response -', 'time-box 15 late', 'escalation -', 'update 30 late', 'postmortem -'],
    ],
    ['chat-assistant', 'SEV4', 1, ['response -', 'time-box 15', 'update 30', 'postmortem -']],
    [
      'insurance-ai-bridge',
      'p2',
      16,
      ['response 15 late', 'resolution 240', 'escalation -', 'recovery-wait -', 'recovery-wait -'],
    ],
    [
      'insurance-ai-bridge',
      'P4',
      16,
      ['response 240', 'resolution -', 'escalation -', 'recovery-wait -', 'recovery-wait -'],
    ],
    [
      'inflow',
      'SEV2',
      16,
      [
        'response 15 late',
        'time-box 2 late',
        'escalation 15 late',
        'escalation 30',
        'escalation 60',
        'recovery-wait -',
        'postmortem -',
      ],
    ],
  ]
  const read = async (server: TestServer, clock: ReturnType<typeof aClock>) => {
    for (const [runbook, severity, minutes, expected] of table) {
      const declared = await declare(server.ask, { runbook, severity })
      const since = clock.now
      clock.now += minutes * MINUTE
      const { body } = await server.ask('viewer', 'GET', `/v1/incidents/${declared.body.id}`)
      const seen = body.clock.map(
        ({ what, due, overdue }: Due) =>
          `${what} ${due === undefined ? '-' : (Date.parse(due) - since) / MINUTE}${overdue ? ' late' : ''}`,
      )
      assert.deepEqual(seen, expected, `${runbook} ${severity}`)
    }
  }

  t.test('tick as our own five runbooks say', async t => {
    const clock = aClock()
    await read(await aServer(t, { clock: clock.read }), clock)
  })

  t.test('tick as the five originals say', async t => {
    if (!existsSync(ORIGINALS)) {
      t.pass('not run', { skip: `the original runbooks are not at hand (${ORIGINALS})` })
      return
    }
    const clock = aClock()
    await read(await aServer(t, { clock: clock.read, runbooksDir: ORIGINALS }), clock)
  })
})
