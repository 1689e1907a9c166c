import assert from 'node:assert/strict'
import t from 'tap'
import { aServer } from '../support/server.js'

const STEP = 'trustflow/ai-instability'
const codeOf = ({ code }: { code: string }): string => code

t.test('killing a flag from a runbook step', async t => {
  t.test(
    'kills, refuses the operator a restore, restores as an engineer, and the log tells it all',
    async t => {
      const { ask } = await aServer(t)
      const steps = await ask('operator', 'GET', '/v1/steps?flag=ai_v1')
      const step = steps.body.steps.find((each: { id: string }) => each.id.includes('ai-instability'))
      assert.ok(step, 'our own runbook has a step that kills ai_v1')

      const kill = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
        body: { incident: 'INC-1', step: step.id },
      })
      assert.equal(kill.status, 200)
      assert.deepEqual(
        [kill.body.changed, kill.body.killed, kill.body.offRunbook, kill.body.warnings.map(codeOf)],
        [true, true, false, ['unknown-incident']],
        'killed first: all its paperwork holds, but that nobody has declared INC-1 yet',
      )
      assert.equal(kill.body.reason, step.text, "the step's text serves as the reason")
      assert.equal(kill.body.summary, 'Turn ai_v1 off: on -> off')
      assert.equal(kill.body.durability, 'journal')
      assert.deepEqual(
        Object.keys(kill.body).slice(0, 7),
        ['id', 'action', 'outcome', 'changed', 'summary', 'flag', 'application'],
        'what a person reads first stands first',
      )

      const flag = await ask('viewer', 'GET', '/v1/flags/ai_v1')
      assert.deepEqual(
        [flag.body.killed, flag.body.value, flag.body.holds[0].step.line],
        [true, false, step.line],
      )
      assert.equal(flag.headers.etag, `"${kill.body.id}"`)

      const refused = await ask('operator', 'POST', '/v1/flags/ai_v1/restore', {
        body: { incident: 'INC-1', reason: 'seems fine' },
      })
      assert.deepEqual(
        [refused.status, refused.body.code, refused.body.needed],
        [403, 'forbidden', 'engineer'],
      )

      const restored = await ask('engineer', 'POST', '/v1/flags/ai_v1/restore', {
        body: { incident: 'INC-1', reason: 'provider is well' },
      })
      assert.deepEqual(
        [restored.status, restored.body.killed, restored.body.released],
        [200, false, [kill.body.hold]],
      )

      const audit = await ask('viewer', 'GET', '/v1/audit?flag=ai_v1&order=oldest')
      const story = audit.body.entries.map(
        (entry: { action: string; outcome: string; actor: { id: string } }) => [
          entry.action,
          entry.outcome,
          entry.actor.id,
        ],
      )
      assert.deepEqual(story, [
        ['kill', 'applied', 'shared-operator'],
        ['restore', 'refused', 'shared-operator'],
        ['restore', 'applied', 'shared-engineer'],
      ])
      assert.deepEqual(audit.body.entries[0].step, {
        id: step.id,
        code: step.code,
        text: step.text,
        line: step.line,
      })
      assert.equal((await ask('viewer', 'GET', '/v1/audit/verify')).body.ok, true)
    },
  )

  t.test('takes a kill whatever its paperwork, and says what is wrong with it', async t => {
    const { ask } = await aServer(t)
    const kill = (body?: object) =>
      ask('operator', 'POST', '/v1/flags/kyc_v1/kill', body === undefined ? {} : { body })
    const codes = (answer: { body: { warnings: { code: string }[] } }) => answer.body.warnings.map(codeOf)

    assert.deepEqual(codes(await kill()), ['no-step', 'no-reason'])
    const unknown = await kill({ step: 'trustflow/ai-instabilty/3', incident: 'NOBODY-KNOWS' })
    assert.deepEqual(
      [unknown.status, unknown.body.offRunbook, codes(unknown)],
      [200, true, ['unknown-step', 'no-reason', 'unknown-incident']],
    )
    assert.ok(unknown.body.warnings[0].near.length > 0, 'near matches are told')
    assert.deepEqual(unknown.body.step, { id: 'trustflow/ai-instabilty/3' }, 'kept as it was given')
    const other = await ask('operator', 'GET', '/v1/steps?flag=ai_v1')
    const mismatched = await kill({ step: other.body.steps[0].code, reason: 'wrong step' })
    assert.deepEqual([mismatched.body.offRunbook, codes(mismatched)], [true, ['step-mismatch']])
    const found = await ask('viewer', 'GET', '/v1/audit?offRunbook=true&flag=kyc_v1')
    assert.equal(found.body.entries.length, 3)
  })

  t.test('acknowledges nothing below what its caller has seen', async t => {
    const { ask, parts } = await aServer(t)
    const kill = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: 'INC-1' } })
    const post = (role: 'operator' | 'engineer', act: string, floor: string, log?: string) =>
      ask(role, 'POST', `/v1/flags/ai_v1/${act}`, {
        body: { incident: 'INC-1', reason: 'well' },
        headers: { 'killswitch-floor': floor, ...(log === undefined ? {} : { 'killswitch-log': log }) },
      })
    const ahead = String(kill.body.id + 2 ** 32)
    const behind = await post('engineer', 'restore', ahead, parts.log.state.log)
    assert.deepEqual([behind.status, behind.body.code, behind.body.floor], [503, 'behind', Number(ahead)])
    const snapshot = () => ask('sdk', 'GET', '/v1/snapshot', { headers: { 'killswitch-floor': ahead } })
    assert.equal(
      (await snapshot()).status,
      200,
      'an SDK takes kills from anybody, and keeps its restores back',
    )
    const taken = await post('operator', 'kill', ahead)
    assert.deepEqual([taken.status, taken.body.durability, taken.body.killed], [200, 'provisional', true])
    assert.equal((await snapshot()).body.provisional.length, 1)
    assert.equal((await post('engineer', 'restore', 'soon')).status, 400)
    const other = await post('engineer', 'restore', ahead, 'another log')
    assert.deepEqual([other.status, other.body.changed], [200, true], 'a floor of another log says nothing')
    const seen = await post('operator', 'kill', String(other.body.id))
    assert.deepEqual([seen.status, seen.body.durability], [200, 'journal'])
  })

  t.test('answers the same key again without doing it again, and refuses it with another body', async t => {
    const { ask } = await aServer(t)
    const headers = { 'idempotency-key': 'retry-1' }
    const first = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
      body: { incident: 'INC-1' },
      headers,
    })
    const again = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
      body: { incident: 'INC-1' },
      headers,
    })
    assert.deepEqual({ ...again.body, replayed: false }, first.body)
    assert.equal(again.headers['idempotency-replayed'], 'true')
    const other = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', {
      body: { incident: 'INC-2' },
      headers,
    })
    assert.deepEqual([other.status, other.body.code], [422, 'key-reused'])
    const stranger = await ask('engineer', 'POST', '/v1/flags/ai_v1/kill', {
      body: { incident: 'INC-2' },
      headers,
    })
    assert.equal(stranger.body.changed, true, "another actor's key is another key")
    const both = await Promise.all(
      [1, 2, 3].map(() =>
        ask('operator', 'POST', '/v1/flags/kyc_v1/kill', { headers: { 'idempotency-key': 'at-once' } }),
      ),
    )
    assert.equal(new Set(both.map(answer => answer.body.id)).size, 1, 'three at once are one flip')
    assert.deepEqual((await ask('operator', 'GET', '/v1/flips/retry-1')).body.state, 'applied')
    assert.deepEqual((await ask('viewer', 'GET', `/v1/flips/${first.body.id}`)).body.flip.flag, 'ai_v1')
    assert.equal((await ask('operator', 'GET', '/v1/flips/never-sent')).status, 404)
  })

  t.test('restores only what the caller has seen, with If-Match', async t => {
    const { ask } = await aServer(t)
    const seen = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: 'INC-1' } })
    await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { incident: 'INC-2' } })
    const stale = await ask('engineer', 'POST', '/v1/flags/ai_v1/restore', {
      body: { all: true, reason: 'x' },
      headers: { 'if-match': String(seen.headers.etag) },
    })
    assert.deepEqual(
      [stale.status, stale.body.code, stale.body.holds.length],
      [412, 'precondition-failed', 2],
    )
    const bad = await ask('engineer', 'POST', '/v1/flags/ai_v1/restore', {
      body: { all: true, reason: 'x' },
      headers: { 'if-match': 'latest' },
    })
    assert.equal(bad.status, 400)
    const fresh = await ask('engineer', 'POST', '/v1/flags/ai_v1/restore', {
      body: { all: true, reason: 'x' },
      headers: { 'if-match': `"${stale.body.etag.replaceAll('"', '')}"` },
    })
    assert.deepEqual([fresh.status, fresh.body.killed], [200, false])
  })
})

t.test('running a step', async t => {
  t.test('kills all of the step or nothing, and shows before what it would do', async t => {
    const { ask } = await aServer(t)
    const found = await ask('operator', 'GET', `/v1/steps?flag=bridge.intake`)
    const step = found.body.steps.find((each: { flagActions: { flag: string; direction: string }[] }) =>
      each.flagActions.some(action => action.direction === 'kill'),
    )
    const preview = await ask('operator', 'GET', `/v1/steps?step=${encodeURIComponent(step.id)}`)
    assert.deepEqual(
      preview.body.run.verdicts.map((verdict: { verdict: string }) => verdict.verdict),
      ['kill'],
    )
    const run = await ask('operator', 'POST', '/v1/steps/run', {
      body: { step: step.code, incident: 'INC-7', flags: ['bridge.intake'] },
    })
    assert.equal(run.status, 200)
    assert.deepEqual(
      run.body.flips.map((flip: { flag: string; changed: boolean }) => [flip.flag, flip.changed]),
      [['bridge.intake', true]],
    )
    const viewer = await ask('viewer', 'POST', '/v1/steps/run', {
      body: { step: step.code, flags: ['bridge.intake'] },
    })
    assert.deepEqual([viewer.status, viewer.body.verdicts[0].verdict], [403, 'refused'])
  })

  t.test(
    'is strict: an unknown step, a strange flag and a step that kills nothing are refused with the way out',
    async t => {
      const { ask } = await aServer(t)
      const run = (body: object) => ask('operator', 'POST', '/v1/steps/run', { body })
      assert.deepEqual((await run({ step: 'no/such/99' })).body.code, 'unknown-step')
      const conditional = await run({ step: (await killStep(ask)).id })
      if (conditional.status === 422) assert.ok(conditional.body.call.body.flags.length > 0)
      const strange = await run({ step: (await killStep(ask)).id, flags: ['kyc_v1'] })
      assert.deepEqual([strange.status, strange.body.code], [422, 'step-mismatch'])
      const steps = await ask('viewer', 'GET', '/v1/steps?runbook=trustflow')
      const idle = steps.body.steps.find((each: { flagActions: unknown[] }) => each.flagActions.length === 0)
      assert.deepEqual((await run({ step: idle.id })).body.code, 'nothing-to-run')
    },
  )
})

type Asking = Awaited<ReturnType<typeof aServer>>['ask']
async function killStep(ask: Asking): Promise<{ id: string }> {
  const { body } = await ask('viewer', 'GET', '/v1/steps?flag=ai_v1')
  return body.steps.find((each: { id: string }) => each.id.includes(STEP.split('/')[1] as string))
}
