// The auditor's questions from the terminal.

import assert from 'node:assert/strict'
import t from 'tap'
import { aServer } from '../support/server.js'
import { as, run } from './cli.js'

t.test('the questions of an auditor, from the terminal', async t => {
  const server = await aServer(t)
  const cli = as(t, server)
  await cli('operator', 'incident', 'declare', 'Friday drill', '--id', 'DRILL-1', '--drill')
  await cli('operator', 'kill', 'kyc_v1', '-i', 'DRILL-1', '--wait', '0')
  await cli('operator', 'kill', 'ai_v1', '-r', 'errors', '-i', 'INC-1', '--wait', '0')
  const kills = (...args: string[]) => cli('viewer', 'audit', 'query', '--action', 'kill', ...args)

  t.test('filters tell drills, proof and paperwork apart', async () => {
    assert.match((await kills('--drills', 'yes')).out, /kyc_v1/)
    assert.doesNotMatch((await kills('--drills', 'no')).out, /kyc_v1/)
    assert.equal((await kills('--drills', 'any')).out, (await kills()).out)
    assert.match((await kills('--without-evidence')).out, /kyc_v1/)
    assert.doesNotMatch((await kills('--without-evidence')).out, /ai_v1/)
    assert.match((await kills('--confirmed', 'yes')).err, /No entry matches/)
    assert.equal((await kills('--app', 'trustflow', '--json')).json.entries.length, 2)
    assert.equal((await kills('--confirmed', 'perhaps')).code, 2)
    assert.equal((await kills('--ip', 'here')).code, 3)
    const csv = await cli('viewer', 'audit', 'export', '--drills', 'yes', '--format', 'csv')
    assert.match(csv.out, /DRILL-1/)
    assert.doesNotMatch(csv.out, /INC-1/)
  })

  t.test('counts are a table, without drills unless they are asked for', async () => {
    const { out, err } = await cli('viewer', 'audit', 'counts', '--by', 'flag,action', '--action', 'kill')
    assert.equal(out, 'FLAG   ACTION  COUNT\nai_v1  kill    1\n')
    assert.match(err, /1 entry, without drills/)
    const all = await cli('viewer', 'audit', 'counts', '--by', 'action', '--drills', 'any', '--json')
    assert.ok(all.json.total > 1)
    assert.equal((await cli('viewer', 'audit', 'counts', '--by', 'colour')).code, 3)
    assert.equal((await cli('viewer', 'audit', 'counts')).code, 2)
  })

  t.test('status and roles at a time', async () => {
    const now = new Date(Date.now() - 1).toISOString()
    const { out } = await cli('viewer', 'status', '--killed', '--at', now)
    assert.match(out, /^test at .*: 2 killed\n/)
    assert.match(out, /ai_v1 +trustflow +KILLED +false +shared-operator \(INC-1\) since /)
    const before = await cli('viewer', 'status', '--at', '2020-01-01')
    assert.match(before.out, /! The log begins at .*: what was before it is not known\./)
    const early = await cli('viewer', 'audit', 'roles', '--at', '2020-01-01')
    assert.match(early.err, /The log begins at .*: what was before it is not known\./)
    const roles = await cli('viewer', 'audit', 'roles', '--actor', 'shared-operator')
    assert.match(roles.out, /shared-operator +operator +cli/)
    assert.match(roles.err, /does not show\./)
  })

  t.test('insights are a table, and say what is not known', async () => {
    const { out } = await cli('viewer', 'insights', '--app', 'trustflow')
    assert.match(out, /^MONTH +APPLICATION +INCIDENTS +KILLS +KILL TO PROOF +KILL TO RESTORE\n/)
    assert.match(out, /trustflow +0 +1 +1 \? +1 \?\n$/)
    assert.equal((await cli('viewer', 'insights', '--drills', 'yes', '--json')).json.insights[0].kills, 1)
  })

  t.test('a restore of holds of several incidents is found by each of them, and is no drill', async () => {
    await cli('operator', 'kill', 'kyc_v1', '-i', 'INC-2', '-r', 'errors', '--wait', '0')
    const { out } = await cli('engineer', 'restore', 'kyc_v1', '--all', '-r', 'well', '--yes', '--wait', '0')
    assert.match(out, /incidents +DRILL-1, INC-2/)
    const restores = ['audit', 'query', '--action', 'restore', '--json']
    for (const id of ['DRILL-1', 'INC-2']) {
      const { entries } = (await cli('viewer', ...restores, '-i', id)).json
      assert.deepEqual(
        entries.map(({ incidents }: { incidents: string[] }) => incidents),
        [['DRILL-1', 'INC-2']],
        id,
      )
      const counts = await cli('viewer', 'audit', 'counts', '--by', 'incident', '--drills', 'any', '--json')
      const all = (await cli('viewer', 'audit', 'query', '-i', id, '--json')).json.entries.length
      const group = counts.json.groups.find((each: { incident: string }) => each.incident === id)
      assert.equal(group?.count, all, id)
    }
    assert.equal((await cli('viewer', ...restores, '--drills', 'yes')).json.entries.length, 0)
  })

  t.test('a drill is shown as one', async () => {
    assert.match((await cli('viewer', 'incident', 'show', 'DRILL-1')).out, /DRILL-1 +open +DRILL/)
    assert.match((await cli('viewer', 'incident', 'list')).out, /DRILL-1 +open drill/)
  })

  t.test('every verb has help with an example', async t => {
    for (const verb of [
      ['audit', 'counts'],
      ['audit', 'roles'],
      ['insights'],
      ['status'],
      ['incident', 'declare'],
    ])
      assert.match((await run(t, [...verb, '--help'])).out, /Examples:\n {2}killswitch/, verb.join(' '))
  })

  t.test('completion knows what counts are made by, and the words of a filter', async () => {
    const complete = (...words: string[]) => cli('viewer', 'complete', '--', ...words)
    assert.match((await complete('audit', 'counts', '--by', '')).out, /^severity\t/m)
    assert.match((await complete('audit', 'query', '--confirmed', '')).out, /^no\t/m)
    assert.match((await complete('audit', 'counts', '--drills', '')).out, /^any\t/m)
  })
})
