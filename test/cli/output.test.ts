// -o on the verbs that list: json is --json, yaml is the same document, csv and wide have every column.

import assert from 'node:assert/strict'
import t from 'tap'
import { parse } from 'yaml'
import { aServer } from '../support/server.js'
import { anInstance, as } from './cli.js'

const LISTS = [
  ['status'],
  ['status', 'ai_v1'],
  ['fleet'],
  ['incident', 'list'],
  ['steps'],
  ['runbook', 'list'],
  ['audit', 'query'],
  ['audit', 'counts', '--by', 'flag,incident'],
  ['audit', 'roles'],
  ['insights'],
  ['housekeeping'],
  ['doctor'],
]
/** What is another one with every call. */
const steady = (json: string): string =>
  json.replaceAll(/"(at|openedAt|lastHeardAt|ageMs|detail)":("[^"]*"|[\d.]+)/g, '"$1":0')

t.test('a list', async t => {
  const server = await aServer(t)
  const cli = as(t, server)
  await anInstance(server, 'api-1')
  await cli('operator', 'incident', 'declare', '=Slow, "very"', '--id', 'INC-1')
  await cli('operator', 'kill', 'ai_v1', '-i', 'INC-1', '-r', 'slow', '--wait', '0')

  t.test('is the same document as JSON, by either option, and as YAML', async () => {
    for (const list of LISTS) {
      const [json, asJson, yaml] = await Promise.all([
        cli('viewer', ...list, '--json'),
        cli('viewer', ...list, '-o', 'json'),
        cli('viewer', ...list, '-o', 'yaml'),
      ])
      const told = steady(JSON.stringify(json.json))
      assert.equal(steady(JSON.stringify(asJson.json)), told, list.join(' '))
      for (const version of ['1.1', '1.2'] as const)
        assert.equal(steady(JSON.stringify(parse(yaml.out, { version }))), told, list.join(' '))
    }
  })

  t.test('is a row each as CSV, with a head, and no cell begins a formula', async () => {
    const lines = async (...list: string[]) =>
      (await cli('viewer', ...list, '-o', 'csv')).out.trimEnd().split('\n')
    const flags = await lines('status')
    assert.equal(
      flags[0],
      'flag,application,killed,now,label,holds,heldBy,since,orphaned,owner,killRole,restoreRole,place,lastProof',
    )
    assert.match(flags[1] ?? '', /^ai_v1,trustflow,true,off,Turn ai_v1 off: on -> off,1,INC-1,2\d{3}-/)
    assert.equal(flags.length, 8)
    assert.match((await lines('incident', 'list'))[1] ?? '', /^INC-1,open,,"'=Slow, ""very""",/)
    assert.match((await lines('fleet'))[1] ?? '', /^api-1,trustflow,live,true,/)
    assert.match(
      (await lines('audit', 'query', '-n', '1'))[1] ?? '',
      /^\d+,.*,kill,applied,shared-operator,operator,cli,ai_v1,/,
    )
    assert.match((await lines('runbook', 'list'))[1] ?? '', /^chat-assistant,/)
    assert.match((await lines('steps', '--flag', 'ai_v1'))[0] ?? '', /^code,step,runbook,line,does,text/)
    assert.ok((await lines('housekeeping')).some(line => line.startsWith('unexercised,kyc_v1,trustflow')))
    assert.match((await lines('doctor'))[0] ?? '', /^where,level,what,detail$/)
  })

  t.test('of entries has the columns and the sentences that the CSV of the API has', async () => {
    const text = async (...args: string[]) => (await cli('viewer', 'audit', ...args)).out
    assert.equal(await text('query', '--oldest', '-o', 'csv'), await text('export', '--format', 'csv'))
    assert.match(await text('query', '-n', '1', '-o', 'wide'), /^PLACE +.*\n0-\d+ /)
    assert.match(await text('counts', '--by', 'incident', '-o', 'csv'), /^incident,count\n/)
    assert.match(await text('roles', '-o', 'csv'), /^actor,role,via,entry,entryAt\n/)
    const insights = (await cli('viewer', 'insights', '-o', 'csv')).out.split('\n')
    assert.match(insights[0] ?? '', /^month,application,incidents,kills,undone,declaredToKillCount,/)
    assert.match(insights[1] ?? '', /^\d{4}-\d\d,trustflow,1,1,0,1,0,/)
  })

  t.test('has more columns when it is wide', async () => {
    const { out } = await cli('viewer', 'status', '-o', 'wide')
    assert.match(
      out,
      /^FLAG +APPLICATION +KILLED +NOW +LABEL +HOLDS +HELD BY +SINCE +ORPHANED +OWNER +KILL ROLE/,
    )
    assert.match(out, /^ai_v1 +trustflow +true +off .*INC-1/m)
  })

  t.test('names the forms there are, and what does not go together', async () => {
    const wrong = await cli('viewer', 'status', '-o', 'xml')
    assert.equal(wrong.code, 2)
    assert.match(wrong.err, /'xml' is invalid\. Allowed choices are json, yaml, csv, wide\./)
    const both = await cli('viewer', 'status', '--json', '-o', 'csv')
    assert.deepEqual([both.code, both.out], [2, ''])
    assert.match(both.err, /--json and --output csv do not go together: give one of them/)
    const forget = await cli('engineer', 'fleet', 'forget', '--lost', '--app', 'x', '-o', 'wide')
    assert.match(forget.err, /--output wide is for lists, and this is none: give json or yaml/)
  })

  t.test('says a refusal in the form that was asked for', async () => {
    const { code, out } = await cli('viewer', 'status', 'nope', '-o', 'yaml')
    assert.deepEqual([code, parse(out).code], [3, 'unknown-flag'])
  })
})

t.test('a second kill says who else holds the flag', async t => {
  const server = await aServer(t)
  const cli = as(t, server)
  await cli('engineer', 'kill', 'ai_v1', '-i', 'INC-1', '-r', 'slow', '--wait', '0')
  await cli('owner', 'kill', 'ai_v1', '-r', 'slow', '--wait', '0')
  const { out } = await cli('operator', 'kill', 'ai_v1', '-r', 'slow', '--wait', '0')
  assert.match(out, /^ {2}also held by +INC-1 \(shared-engineer\), shared-owner$/m)
  assert.doesNotMatch(out, /left/)
})

t.test('completion', async t => {
  const server = await aServer(t)
  const cli = as(t, server)
  const complete = async (...words: string[]) =>
    (await cli('viewer', 'complete', '--', ...words)).out
      .split('\n')
      .filter(line => !line.startsWith(':'))
      .flatMap(line => line.split('\t')[0] || [])

  t.test('offers the steps that act on the flag, in the direction of the verb', async () => {
    const all = (await server.ask('viewer', 'GET', '/v1/steps?flag=ai_v1')).body.steps
    for (const direction of ['kill', 'restore']) {
      const acting = all
        .filter((step: { flagActions: { flag: string; direction: string }[] }) =>
          step.flagActions.some(each => each.flag === 'ai_v1' && each.direction === direction),
        )
        .map(({ id }: { id: string }) => id)
      assert.ok(acting.length > 0)
      for (const option of ['-s', '--step'])
        assert.deepEqual(await complete(direction, 'ai_v1', option, ''), acting, `${direction} ${option}`)
    }
  })

  t.test('offers what a closed list has', async () => {
    assert.deepEqual(await complete('incident', 'declare', 'x', '--runbook', 'pilot', '--severity', ''), [
      'SEV0',
      'SEV1',
      'SEV2',
      'SEV3',
    ])
    assert.deepEqual(await complete('status', '-o', ''), ['json', 'yaml', 'csv', 'wide'])
    assert.ok((await complete('incident', 'note', 'INC-1', 'x', '-k', '')).includes('escalated'))
    assert.ok((await complete('token', 'create', 'x', '--role', '')).includes('coordinator'))
    assert.ok((await complete('audit', 'query', '--action', '')).includes('tokens.changed'))
  })
})
