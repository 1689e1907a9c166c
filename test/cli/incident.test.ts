import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { as } from './cli.js'

t.test('killswitch incident', async t => {
  t.test('goes from the kill to the close', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await cli('operator', 'kill', 'pilot.enabled', '-s', 'pilot/sev0/1', '--wait', '0')
    const args = ['Double release', '--runbook', 'pilot', '--severity', 'sev0', '--id', 'INC-7', '--adopt']
    const declared = await cli('operator', 'incident', 'declare', ...args)
    assert.equal(declared.code, 0, declared.err)
    assert.match(
      declared.out,
      /^Declared INC-7 \(SEV0, pilot\): Double release[\s\S]*INC-7 adopted pilot\.enabled/,
    )
    assert.match(declared.out, /escalation +due in 15 min \((?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC\) {2}/)
    assert.match(
      declared.out,
      /Changed in the last 24 h:[\s\S]*pilot\.enabled +Stop new pilot deals: on -> off/,
    )
    assert.match(declared.out, /Steps of pilot that act on flags:\n {2}\[x\] \w{5} {2}Stop new pilot deals/)

    const note = await cli('operator', 'incident', 'note', 'INC-7', 'Export is done', '-k', 'update')
    assert.match(note.out, /^INC-7 update: Export is done {2}\[test\] entry 0-\d+/)
    const step = await cli('operator', 'incident', 'step', 'INC-7', 'pilot/sev0/1')
    assert.match(step.out, /step pilot\/\S+ done/)
    const change = [
      '--severity',
      'SEV1',
      '--commander',
      'ana',
      '--link',
      'https://pd.example/1',
      '-r',
      'no money moved',
    ]
    assert.equal((await cli('operator', 'incident', 'change', 'INC-7', ...change)).code, 0)
    const show = await cli('viewer', 'incident', 'show', 'INC-7', '--timeline')
    assert.match(show.out, /^INC-7 {2}open {2}SEV1 {2}Double release {2}\[test\]\n/)
    assert.match(show.out, /commander +ana[\s\S]*pilot\.enabled {2}Stop new pilot deals {2}hold/)
    assert.match(show.out, /\[x\] \w{5} {2}Stop new pilot deals[\s\S]*pd\.example: https:\/\/pd\.example\/1/)
    assert.match(
      show.out,
      /Before it can be resolved:\n {2}pilot\.enabled is still held[\s\S]*ENTRY[^\n]*\n0-2 .*pilot\.enabled: Stop new/,
    )
    assert.match((await cli('viewer', 'incident', 'list', '--status', 'open')).out, /INC-7 +open +SEV1 /)

    const early = await cli('operator', 'incident', 'resolve', 'INC-7')
    assert.equal(early.code, 3)
    assert.match(early.err, /incident-open.*still held.*--leave flag:owner:day.*--force/)
    await cli('coordinator', 'restore', 'pilot.enabled', '-i', 'INC-7', '-r', 'repaired', '-y', '--wait', '0')
    const resolved = await cli('operator', 'incident', 'resolve', 'INC-7', '-r', 'repaired')
    assert.equal(resolved.code, 0, resolved.err)
    assert.equal((await cli('viewer', 'incident', 'show', 'INC-7', '--json')).json.status, 'resolved')
    assert.match((await cli('viewer', 'incident', 'list', '--status', 'open')).out, /No open incident/)
  })

  t.test('leaves a flag held with an owner and a day, and adopts later', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await cli('operator', 'kill', 'kyc_v1', '-r', 'x', '--wait', '0')
    const args = ['Uploads', '--runbook', 'trustflow', '--severity', 'SEV-2', '--json']
    const { json } = await cli('operator', 'incident', 'declare', ...args)
    assert.deepEqual([json.notAdopted.length, json.incident.holds.length], [1, 0])
    const adopted = await cli('operator', 'incident', 'adopt', json.id, 'kyc_v1')
    assert.match(adopted.out, /adopted kyc_v1/)
    const left = await cli(
      'engineer',
      'incident',
      'resolve',
      json.id,
      '--leave',
      'kyc_v1:Upload team:2030-11-27',
    )
    assert.equal(left.code, 0, left.err)
    const house = await cli('viewer', 'housekeeping')
    assert.match(house.out, /Left held at a resolve:\n {2}kyc_v1: Upload team, until 2030-11-27/)
    assert.equal((await cli('viewer', 'housekeeping', '--json')).json.left.length, 1)
    const wrong = await cli('engineer', 'incident', 'resolve', json.id, '--leave', 'kyc_v1')
    assert.deepEqual([wrong.code, wrong.err.includes('Give flag:owner:day')], [2, true])
  })

  t.test('is told the scale, the incidents there are, and what a note may be', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const declare = ['incident', 'declare', 'x', '--runbook', 'pilot', '--severity']
    assert.match((await cli('operator', ...declare, 'P1')).err, /scale is SEV0, SEV1, SEV2, SEV3/)
    assert.equal((await cli('viewer', ...declare, 'SEV0')).code, 3)
    const unknown = await cli('operator', 'incident', 'show', 'INC-404')
    assert.match(unknown.err, /unknown-incident.*"killswitch incident list" lists/)
    assert.equal((await cli('operator', 'incident', 'note', 'INC-1', 'x', '-k', 'rumour')).code, 2)
  })

  t.test('writes the post-mortem once, and over nothing', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    await cli(
      'operator',
      'incident',
      'declare',
      'Double release',
      '--runbook',
      'pilot',
      '--severity',
      'SEV0',
      '--id',
      'INC-7',
    )
    const file = join(testdir(t), 'inc-7.md')
    const written = await cli('viewer', 'incident', 'postmortem', 'INC-7', '-o', file)
    assert.equal(written.code, 0, written.err)
    assert.match(readFileSync(file, 'utf8'), /Double release/)
    assert.match((await cli('viewer', 'incident', 'postmortem', 'INC-7', '-o', file)).err, /is there already/)
    assert.equal((await cli('viewer', 'incident', 'postmortem', 'INC-7')).out, readFileSync(file, 'utf8'))
  })

  t.test('fills a message of the runbook, and says what is left to fill', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const declare = ['AI answers fail', '--runbook', 'chat-assistant', '--severity', 'SEV1', '--id', 'INC-8']
    await cli('operator', 'incident', 'declare', ...declare)
    const { json } = await cli('viewer', 'incident', 'message', 'INC-8', 'initial', '--json')
    const message = await cli('viewer', 'incident', 'message', 'INC-8', 'initial')
    assert.equal(message.code, 0, message.err)
    assert.equal(message.out, `${json.text}\n`)
    assert.ok(json.unfilled.length > 0 && message.err.includes(`Still to fill: ${json.unfilled.join(', ')}`))
    assert.equal((await cli('viewer', 'incident', 'message', 'INC-8', 'no-such')).code, 3)
  })
})
