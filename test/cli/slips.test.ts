// A slip of the pen, from the terminal through the service: what is said of it, and the command that puts it right.

import assert from 'node:assert/strict'
import t from 'tap'
import { aServer } from '../support/server.js'
import { as } from './cli.js'

t.test('a slip of the pen', async t => {
  t.test('in the id of an incident is told, and put right with all that was done under it', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const kill = await cli('operator', 'kill', 'ai_v1', '-i', 'INC-1O3', '-r', '5xx', '--wait', '0')
    assert.match(
      kill.out,
      /^INC-1O3 is not declared yet\. "killswitch incident declare "\.\.\." --id INC-1O3" /m,
    )
    assert.doesNotMatch(kill.out, /! unknown-incident/)
    const declare = ['incident', 'declare', 'AI answers fail', '--id', 'INC-103', '--adopt']
    const declared = await cli('operator', ...declare, '--runbook', 'trustflow', '--severity', 'sev1')
    assert.match(declared.out, /INC-1O3, which is nearly the same id and holds ai_v1/)
    assert.match(declared.out, /"killswitch incident adopt INC-103 --from INC-1O3"/)
    assert.match(declared.out, /Nothing was adopted/)
    const second = await cli('operator', 'kill', 'kyc_v1', '-i', 'INC-1O3', '--wait', '0')
    assert.match(second.out, /! unknown-incident: .*INC-103 is open[\s\S]*near: INC-103/)
    const adopted = await cli('operator', 'incident', 'adopt', 'INC-103', '--from', 'INC-1O3')
    assert.match(adopted.out, /INC-103 adopted ai_v1 \(from INC-1O3\), kyc_v1 \(from INC-1O3\)/)
    const story = await cli('viewer', 'incident', 'show', 'INC-103', '--timeline')
    assert.match(story.out, /Turn ai_v1 off[\s\S]*adopted ai_v1 \(from INC-1O3\)/)
    const text = (await cli('viewer', 'incident', 'postmortem', 'INC-103')).out
    assert.match(
      text,
      /Time to kill: first of 2 kills .* before it was declared, the last .* after it was declared/,
    )
    assert.match(text, /Turn ai_v1 off.*5xx[\s\S]*took under INC-103: ai_v1 \(from INC-1O3\)/)
    const found = await cli('viewer', 'audit', 'query', '-i', 'INC-1O3')
    assert.match(found.out, /adopted ai_v1 \(from INC-1O3\)/, 'the move is a part of its story too')
  })

  t.test('that an incident was resolved too early is put right: it is opened again', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const bare = await cli('operator', 'incident', 'declare', 'Something is slow', '--id', 'INC-7')
    assert.match(bare.out, /^Declared INC-7: Something is slow/)
    assert.match(bare.out, /Next: killswitch incident change INC-7 --runbook \.\.\. --severity \.\.\.;/)
    const change = await cli(
      'operator',
      'incident',
      'change',
      'INC-7',
      '--runbook',
      'pilot',
      '--severity',
      'sev1',
    )
    assert.match(change.out, /INC-7 changed: severity to SEV1, runbook to pilot/)
    await cli('operator', 'incident', 'resolve', 'INC-7')
    const late = await cli('operator', 'kill', 'pilot.enabled', '-i', 'INC-7', '--wait', '0')
    assert.match(late.out, /! resolved-incident: .*"killswitch incident reopen INC-7" opens it again/)
    const open = await cli('operator', 'incident', 'reopen', 'INC-7', '-r', 'errors are back')
    assert.match(open.out, /^Reopened INC-7 /)
    assert.match((await cli('viewer', 'incident', 'list', '--status', 'open')).out, /INC-7/)
  })

  t.test('in a name that the log is asked for is told, with what is near', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await cli('operator', 'incident', 'declare', 'x', '--id', 'INC-103')
    const cases: [string[], RegExp][] = [
      [['-i', 'INC-1O3'], /unknown-incident: The log has no entry of incident "INC-1O3"\.\s+near: INC-103/],
      [['-f', 'ai_v2'], /unknown-flag: The log has no entry of flag "ai_v2"\.\s+near: ai_v1/],
      [['--actor', 'shared-opertor'], /unknown-actor: [^\n]*\n\s+near: shared-operator/],
      [['--app', 'trustflw'], /unknown-application: [^\n]*\n\s+near: trustflow/],
      [['--runbook', 'pilto'], /unknown-runbook: [^\n]*\n\s+near: pilot/],
    ]
    for (const [args, says] of cases) assert.match((await cli('viewer', 'audit', 'query', ...args)).err, says)
    const known = await cli('viewer', 'audit', 'query', '-f', 'kyc_v1')
    assert.doesNotMatch(known.err, /unknown/, 'nothing happened to a flag that there is')
  })
})

t.test('what is said of it later', async t => {
  t.test('is what is true then, and says what was mistyped', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const killed = await cli('operator', 'kill', 'ai_v1', '-i', 'INC-9', '-r', '5xx', '--wait', '0')
    const [, entry = ''] = /entry +(\S+),/.exec(killed.out) ?? []
    assert.match((await cli('operator', 'flip', entry)).out, /INC-9 is not declared yet/)
    await cli('operator', 'incident', 'declare', 'x', '--id', 'INC-9', '--runbook', 'trustflow')
    assert.doesNotMatch((await cli('operator', 'flip', entry)).out, /not declared/)
    assert.match((await cli('viewer', 'status', '--killed')).out, /revision \S+ {2}1 killed\n/)
    await cli('operator', 'incident', 'step', 'INC-9', 'gihux')
    const story = (await cli('viewer', 'incident', 'show', 'INC-9', '--timeline')).out
    assert.match(story, /gihux +Refused \(unknown-step\): tick the step gihux in INC-9/)
    await cli('operator', 'undo', 'ai_v1')
    await cli('operator', 'incident', 'resolve', 'INC-9', '-r', 'a slip')
    const twice = await cli('operator', 'incident', 'resolve', 'INC-9', '-r', 'a slip')
    assert.match(twice.err, /"killswitch incident reopen INC-9" opens it again/)
    assert.doesNotMatch(twice.err, /--leave/, 'nothing was left held')
  })
})

t.test('several flags', async t => {
  t.test('are killed in one act, or none of them', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const wrong = await cli('operator', 'kill', 'ai_v1', 'kyc_v2', '-i', 'INC-1', '--wait', '0')
    assert.equal(wrong.code, 3)
    assert.match(wrong.err, /unknown-flag[\s\S]*near: kyc_v1/)
    assert.deepEqual((await server.ask('viewer', 'GET', '/v1/flags?killed=true')).body.flags, [])
    const both = await cli('operator', 'kill', 'ai_v1', 'kyc_v1', '-i', 'INC-1', '-r', 'x', '--wait', '0')
    assert.equal(both.code, 0, both.err)
    assert.match(both.out, /Turn ai_v1 off: on -> off[\s\S]*Turn kyc_v1 off: on -> off/)
    const again = await cli('engineer', 'kill', 'ai_v1', '-i', 'INC-2', '--wait', '0')
    assert.match(again.out, /Turn ai_v1 off: still off, 2 holds now/)
    assert.match((await cli('viewer', '--version')).out, /^\d+\.\d+\.\d+\n$/)
  })
})
