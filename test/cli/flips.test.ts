import assert from 'node:assert/strict'
import t from 'tap'
import { aServer } from '../support/server.js'
import { until } from '../support/until.js'
import { anInstance, as, envFor, gather, run, start } from './cli.js'

const STEP = 'trustflow/ai-instability/3'

t.test('killswitch kill', async t => {
  t.test('kills, says what changed from which step, and that nobody is there to prove it', async t => {
    const server = await aServer(t)
    const { code, out, err } = await as(t, server)('operator', 'kill', 'ai_v1', '-s', STEP, '-i', 'INC-1')
    assert.equal(code, 4, err)
    assert.match(out, /^Turn ai_v1 off: on -> off {2}\[test\] trustflow ai_v1$/m)
    assert.match(out, /step +trustflow\/service-specific-playbooks\/ai-instability\/3 \(\w{5}\), line \d+: /)
    assert.match(out, /incident +INC-1/)
    assert.match(out, /^unproven: no running instance of trustflow is known/m)
    assert.ok(!out.includes('\u001b'), 'colour in a pipe')
    const { body } = await server.ask('viewer', 'GET', '/v1/audit?action=kill')
    assert.deepEqual(
      [body.entries.length, body.entries[0].actor.via, body.entries[0].offRunbook],
      [1, 'cli', undefined],
    )
  })

  t.test('ends with 0 once every instance has confirmed, and with 4 while one has not', async t => {
    const server = await aServer(t)
    const api = await anInstance(server, 'api-1')
    const waiting = run(t, ['kill', 'ai_v1', '--wait', '30'], envFor(server, 'operator'))
    await until(() => server.parts.log.state.flags.get('ai_v1')?.flipped || false, 'the kill')
    await api.apply()
    const { code, out } = await waiting
    assert.equal(code, 0)
    assert.match(out, /^1\/1 confirmed by trustflow, the last after [\d.]+ m?s$/m)

    const late = await as(t, server)('operator', 'kill', 'kyc_v1', '--wait', '1')
    assert.equal(late.code, 4)
    assert.match(late.out, /^0\/1 confirmed by trustflow, waiting for api-1 \(last heard of .* ago\)$/m)
    assert.match(
      late.err,
      /The flip stands, and is not confirmed by all yet: killswitch flip 0-\d+ --wait 60/,
    )
    assert.equal((await as(t, server)('operator', 'kill', 'kyc_v1', '--wait', '0')).code, 0, 'not waited for')
  })

  t.test('lets the flip stand on Ctrl-C, and says so', async t => {
    const server = await aServer(t)
    await anInstance(server, 'api-1')
    const child = start(t, ['kill', 'ai_v1', '--wait', '60'], envFor(server, 'operator'))
    const [out, err] = [gather(child.stdout), gather(child.stderr)]
    await until(() => out().includes('entry'), 'the kill is told')
    child.kill('SIGINT')
    const code = await until(() => child.exitCode ?? undefined, 'the end')
    assert.equal(code, 4)
    assert.match(err(), /Not waiting any longer\. The flip stands: killswitch flip 0-\d+/)
    assert.equal(server.parts.log.state.flags.get('ai_v1')?.holds.length, 1)
    const id = /killswitch flip (0-\d+)/.exec(err())?.[1] as string
    assert.match((await as(t, server)('operator', 'flip', id)).out, /^applied: It was done, once/)
  })

  t.test(
    'takes a wrong step with a warning and the nearest, and refuses a wrong flag with the nearest',
    async t => {
      const server = await aServer(t)
      const cli = as(t, server)
      const slip = await cli('operator', 'kill', 'ai_v1', '-s', 'trustflow/ai-instabilty/3', '--wait', '0')
      assert.equal(slip.code, 0)
      assert.match(
        slip.out,
        /! unknown-step: [\s\S]*near: trustflow\/service-specific-playbooks\/ai-instability\/3/,
      )
      const wrong = await cli('operator', 'kill', 'ai_vl')
      assert.equal(wrong.code, 3)
      assert.match(wrong.err, /Refused \(unknown-flag\): .*"killswitch status" lists[\s\S]*near: ai_v1/)
      assert.equal(wrong.out, '')
    },
  )

  t.test('prints the exact answer of the API with --json, of a refusal too', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const kill = await cli('operator', 'kill', 'ai_v1', '--json')
    assert.deepEqual([kill.code, kill.json.killed, kill.json.convergence[0].status], [4, true, 'unproven'])
    assert.equal((await cli('operator', 'kill', 'ai_v1', '--json', '--wait', '0')).json.changed, false)
    const refused = await cli('viewer', 'kill', 'ai_v1', '--json')
    assert.deepEqual([refused.code, refused.json.code, refused.err], [3, 'forbidden', ''])
  })
})

t.test('killswitch restore and undo', async t => {
  t.test('does not restore unasked where nobody can answer, and shows the holds', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await cli('operator', 'kill', 'ai_v1', '-i', 'INC-1', '-s', STEP, '--wait', '0')
    const refused = await cli('engineer', 'restore', 'ai_v1', '-r', 'well again')
    assert.equal(refused.code, 2)
    assert.match(refused.err, /hold \w{10} {2}INC-1[\s\S]*by +shared-operator, [\s\S]*give --yes/)
    assert.match((await cli('engineer', 'restore', 'ai_v1', '-y')).err, /A restore says why: give --reason/)
    const operator = await cli('operator', 'restore', 'ai_v1', '-r', 'x', '-y')
    assert.equal(operator.code, 3)
    assert.match(operator.err, /that takes engineer or higher\. "killswitch undo ai_v1" takes back your own/)
    assert.equal(server.parts.log.state.flags.get('ai_v1')?.holds.length, 1)

    const done = await cli('engineer', 'restore', 'ai_v1', '-r', 'well again', '-y', '--wait', '0')
    assert.equal(done.code, 0)
    assert.match(done.out, /^Turn ai_v1 on: off -> on/m)
    assert.match((await cli('engineer', 'restore', 'ai_v1', '-r', 'x', '-y')).err, /is not killed/)
  })

  t.test('wants to know which of several holds, and says which there are', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await cli('operator', 'kill', 'ai_v1', '-i', 'INC-1', '--wait', '0')
    await cli('operator', 'kill', 'ai_v1', '-i', 'INC-2', '--wait', '0')
    const which = await cli('engineer', 'restore', 'ai_v1', '-r', 'x', '-y')
    assert.equal(which.code, 2)
    assert.match(which.err, /has 2 holds: .* or --all\.\n {2}--incident INC-1 .*\n {2}--incident INC-2/)
    const one = await cli('engineer', 'restore', 'ai_v1', '-i', 'INC-1', '-r', 'x', '-y', '--wait', '0')
    assert.match(one.out, /still off, 1 hold left[\s\S]*still held by +INC-2/)
    const none = await cli('engineer', 'restore', 'ai_v1', '--hold', 'nosuchhold', '-r', 'x', '-y')
    assert.deepEqual([none.code, /nothing-to-release[\s\S]*INC-2/.test(none.err)], [3, true])
  })

  t.test('takes back its own kill', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await cli('operator', 'kill', 'kyc_v1', '--wait', '0')
    const undone = await cli('operator', 'undo', 'kyc_v1', '--wait', '0')
    assert.equal(undone.code, 0)
    assert.match(undone.out, /^Turn kyc_v1 on: off -> on/m)
    assert.equal((await cli('operator', 'undo', 'kyc_v1')).code, 3)
  })
})

t.test('killswitch run and steps', async t => {
  t.test('runs a step by a shortening, and shows before what it would do', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const dry = await cli('operator', 'run', 'pilot/sev0/1', '--dry-run')
    assert.match(dry.out, /pilot\.enabled +kill +Stop new pilot deals[\s\S]*Run it: killswitch run \w{5}$/m)
    const ran = await cli('operator', 'run', 'pilot/sev0/1', '-i', 'INC-9', '--wait', '0')
    assert.equal(ran.code, 0)
    assert.match(ran.out, /^Stop new pilot deals: on -> off {2}\[test\] pilot pilot\.enabled$/m)
    assert.match((await cli('viewer', 'run', 'pilot/sev0/1')).err, /Refused \(forbidden\)/)
  })

  t.test('says how to choose, and what was meant', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const choose = await cli('operator', 'run', STEP)
    assert.equal(choose.code, 3)
    assert.match(choose.err, /choose-flags[\s\S]*killswitch run trustflow\/\S+ --flag ai_v1/)
    assert.equal((await cli('operator', 'run', STEP, '--flag', 'ai_v1', '--wait', '0')).code, 0)
    assert.match(
      (await cli('operator', 'run', 'trustflow/ai-instabilty/3')).err,
      /unknown-step[\s\S]*near: trust/,
    )
    const listed = await cli('viewer', 'steps', '--flag', 'ai_v1')
    assert.match(
      listed.out,
      /^CODE +LINE +DOES +TEXT +STEP\n\w{5} +\d+ +kill ai_v1 -> off .* trustflow\/\S+\n/,
    )
    assert.equal((await cli('viewer', 'steps', '--flag', 'ai_v1', '--json')).json.steps.length > 1, true)
    assert.match((await cli('viewer', 'steps', STEP)).out, /The step makes the kill of ai_v1 depend: /)
  })
})
