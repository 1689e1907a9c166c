import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Tokens } from '../../src/tokens/tokens.js'
import { aServer, FLAGS_DIR } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { applied, as, envFor, gather, listen, nowhere, run, start } from './cli.js'

t.test('looking', async t => {
  t.test('shows every flag, one flag, the killed ones, and the fleet', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    assert.match(
      (await cli('viewer', 'status')).out,
      /^test {2}http\S+ {2}revision 0-1 {2}all normal\n\nFLAG +APPLICATION/,
    )
    await cli('operator', 'kill', 'chat.degraded-mode', '-i', 'INC-1', '-r', 'slow', '--wait', '0')
    const { out } = await cli('viewer', 'status', '--killed')
    assert.match(
      out,
      /chat\.degraded-mode +chat-assistant +KILLED +.*: off -> on +INC-1, .* \(\d\d:\d\d:\d\d UTC\)/,
    )
    const one = await cli('viewer', 'status', 'chat.degraded-mode')
    assert.match(one.out, /a kill does +\S[\s\S]*hold \w+ {2}INC-1[\s\S]*why +slow[\s\S]*CODE +DOES +STEP/)
    assert.equal((await cli('viewer', 'status', 'chat.degraded-mode', '--json')).json.killed, true)
    assert.deepEqual((await cli('viewer', 'status', '--app', 'inflow', '--json')).json.flags.length, 1)
    assert.match((await cli('viewer', 'status', 'chat.degraded')).err, /near: chat\.degraded-mode/)

    assert.match((await cli('viewer', 'fleet')).out, /No app instance was heard of/)
    await applied(server, 'trustflow', 'api-7', 0)
    const fleet = await cli('viewer', 'fleet', '--app', 'trustflow')
    assert.match(
      fleet.out,
      /1 live, 0 awaited, 0 lost, 0 closed[\s\S]*api-7 +trustflow +live +cannot prove: no session +- +.*test\/1/,
    )
    assert.equal((await cli('viewer', 'fleet', '--json')).json.live, 1)
  })

  t.test('shows the runbooks, as read and as written', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    assert.match(
      (await cli('viewer', 'runbook', 'list')).out,
      /pilot +\d+ +SEV0 SEV1 SEV2 SEV3 +pilot\.enabled/,
    )
    assert.equal((await cli('viewer', 'runbook', 'list', '--json')).json.runbooks.length, 5)
    const { out } = await cli('viewer', 'runbook', 'show', 'pilot')
    assert.match(
      out,
      /SEV0 [\s\S]*escalate[\s\S]*\w{5} {2}1 +Stop new pilot deals {2}\[kill pilot\.enabled -> off\]/,
    )
    assert.match(out, /SEV0 .*funds/i, 'what a severity means')
    const inflow = (await cli('viewer', 'runbook', 'show', 'inflow')).out
    assert.match(inflow, /^ {2}message .*line \d+$/m)
    assert.doesNotMatch(
      inflow,
      /\d{3,} min\)|(\d+ min).*\(\1\)$/m,
      'no time in minutes that are days, none said twice',
    )
    const source = await cli('viewer', 'runbook', 'show', 'pilot', '--source')
    assert.equal(source.out, readFileSync(join(FLAGS_DIR, 'runbooks', 'pilot.md'), 'utf8'))
    const none = await cli('viewer', 'runbook', 'show', 'pilots')
    assert.deepEqual([none.code, /There is no runbook "pilots": there are/.test(none.err)], [3, true])
  })

  t.test('drills without changing a value', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    const drill = await cli('engineer', 'drill', 'ai_v1', '--wait', '0')
    assert.equal(drill.code, 0)
    assert.match(drill.out, /Drill of "Turn ai_v1 off"/)
    assert.equal((await cli('viewer', 'status', 'ai_v1', '--json')).json.lastProof.by, 'drill')
    assert.equal((await cli('operator', 'drill', 'ai_v1')).code, 3)
  })
})

t.test('killswitch doctor', async t => {
  t.test('says of each URL whether a kill would get through', async t => {
    const server = await aServer(t)
    const dead = await nowhere(t)
    const { code, out } = await run(
      t,
      ['doctor', '--url', `${server.address},${dead}`],
      envFor(server, 'operator'),
    )
    assert.equal(code, 3)
    assert.match(out, /^ok +http\S+ +reachable: answered in \d+ ms$/m)
    assert.match(
      out,
      /environment: test[\s\S]*ready: a kill can be taken[\s\S]*clock: agrees[\s\S]*version: \d/,
    )
    assert.match(out, /token: shared-operator, operator: may kill/)
    assert.ok(out.includes(`BAD   ${dead}  reachable: nothing listens there`))
    const { code: well, json } = await run(t, ['doctor', '--json'], envFor(server, 'operator'))
    assert.deepEqual(
      [well, json.findings.every((each: { level: string }) => each.level === 'good')],
      [0, true],
    )
    assert.equal((await run(t, ['doctor'], { KILLSWITCH_URL: dead, KILLSWITCH_TOKEN: 'x' })).code, 5)
    assert.match((await run(t, ['doctor'], { KILLSWITCH_URL: server.address })).out, /BAD .*token: none/)
  })

  t.test('shows what is less than well, and clocks that are apart', async t => {
    const degraded = [{ code: 'redis-appendfsync', detail: 'appendfsync is everysec.' }]
    const ready = { status: 'degraded', environment: 'test', head: 1, revision: 1, degraded }
    const slow = await listen(t, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', date: 'Fri, 20 Nov 2026 03:00:00 GMT' })
      response.end(JSON.stringify(ready))
    })
    const { out } = await run(t, ['doctor'], { KILLSWITCH_URL: slow.url, KILLSWITCH_TOKEN: 'x' })
    assert.match(out, /^note +http\S+ +degraded: .*1 thing/m)
    assert.match(out, /^note +http\S+ +redis-appendfsync: appendfsync is everysec\.$/m)
    assert.match(out, /^note +http\S+ +clock: .* this one: times here and there do not compare$/m)
  })
})

t.test('without a service', async t => {
  t.test('makes a token that the service takes', async t => {
    const { code, out } = await run(t, ['token', 'create', 'ana', '--role', 'engineer', '--expires', '90d'])
    assert.equal(code, 0)
    const [token = '', , ...yaml] = out.split('\n')
    const found = Tokens.parse(yaml.join('\n'), 'x').identify(token, Date.now())
    assert.deepEqual(found.outcome === 'known' && [found.actor.id, found.actor.role], ['ana', 'engineer'])

    const args = ['token', 'create', 'api', '--role', 'sdk', '--app', 'trustflow', '--json']
    const { json } = await run(t, args)
    assert.equal(json.entry.sha256, createHash('sha256').update(json.token).digest('hex'))
    assert.deepEqual(json.entry.apps, ['trustflow'])
    for (const wrong of [
      ['a b', '--role', 'viewer'],
      ['a', '--role', 'root'],
      ['a'],
      ['a', '--role', 'owner', '--expires', 'x'],
    ])
      assert.equal((await run(t, ['token', 'create', ...wrong])).code, 2, wrong.join(' '))
  })

  t.test('checks a catalogue', async t => {
    const { code, out } = await run(t, ['check', '--flags', FLAGS_DIR])
    assert.deepEqual([code, out.includes('0 faults')], [0, true])
    const folder = testdir(t)
    mkdirSync(join(folder, 'x'))
    writeFileSync(join(folder, 'shop.yaml'), 'flags: 1\n')
    assert.equal((await run(t, ['check', '--flags', folder])).code, 1)
    assert.equal((await run(t, ['check', '--json', '--flags', FLAGS_DIR])).json.faults.length, 0)
    assert.match((await run(t, ['check', '--help'])).out, /--strict/)
  })

  t.test('serves, and stops on a signal', async t => {
    const dataDir = testdir(t)
    const child = start(t, ['serve'], {
      KILLSWITCH_PORT: '0',
      KILLSWITCH_DATA_DIR: dataDir,
      KILLSWITCH_FLAGS_DIR: FLAGS_DIR,
    })
    const err = gather(child.stderr)
    gather(child.stdout)
    const url = await until(() => /Killswitch is up: (http:\S+)/.exec(err())?.[1], 'the service')
    const token = readFileSync(join(dataDir, 'tokens', 'viewer'), 'utf8')
    assert.equal((await run(t, ['status'], { KILLSWITCH_URL: url, KILLSWITCH_TOKEN: token })).code, 0)
    child.kill('SIGTERM')
    assert.equal(await until(() => child.exitCode ?? undefined, 'the stop'), 0)
    assert.match((await run(t, ['serve', '--help'])).out, /KILLSWITCH_DATA_DIR/)
  })
})

t.test('killswitch completion', async t => {
  t.test('prints a script, and completes flags, steps and verbs', async t => {
    const server = await aServer(t)
    const cli = as(t, server)
    for (const shell of ['bash', 'zsh', 'fish'])
      assert.match((await run(t, ['completion', shell])).out, /killswitch/)
    const complete = async (...words: string[]) => (await cli('viewer', 'complete', '--', ...words)).out
    assert.match(await complete('kill', 'ai'), /^ai_v1\tnormal: on$/m)
    assert.match(
      await complete('run', 'pilot/imm'),
      /^pilot\/immediate-actions\/\S+\t\w{5} Stop new pilot deals$/m,
    )
    const steps = await complete('kill', 'ai_v1', '--step', 'trustflow')
    assert.match(steps, /^trustflow\/\S*ai-instability\/3\t/m)
    assert.doesNotMatch(steps, /upload-kyc|recovery/, 'nor what acts on another flag, or restores it')
    assert.match(await complete('audit', 'query', '--outcome', ''), /^applied\t[\s\S]*^refused\t/m)
    assert.match(await complete('incident', 'note', 'INC-1', 'x', '--kind', 're'), /^resolution\t/m)
    assert.match(await complete('st'), /^status\t[\s\S]*^steps\t/m)
    assert.match(await complete('incident', 'dec'), /^declare\t/m)
  })

  t.test('says nothing of a service that does not answer', async t => {
    const env = { KILLSWITCH_URL: await nowhere(t), KILLSWITCH_TOKEN: 'x' }
    const { code, out, err } = await run(t, ['complete', '--', 'kill', ''], env)
    assert.deepEqual([code, out, err], [0, ':4\n', ''])
  })
})
