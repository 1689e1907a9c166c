// With --json every verb prints one JSON document on standard output and nothing else, whether it was done or refused; and the
// help of every verb has an example.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Role } from '../../src/wire/words.js'
import { aServer, FLAGS_DIR } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'
import { as, envFor, gather, run, start } from './cli.js'

type Case = [role: Role, verb: string, ...args: string[]]

/** In their order: each finds what those before it left. A verb may stand here twice, done and refused. */
const CASES: Case[] = [
  ['operator', 'incident declare', 'Slow', '--runbook', 'trustflow', '--severity', 'SEV-1', '--id', 'INC-1'],
  ['operator', 'kill', 'ai_v1', '-i', 'INC-1', '-r', 'slow', '--wait', '0'],
  ['operator', 'kill', 'ai_v2', '--wait', '0'],
  ['operator', 'kill', 'kyc_v1', '--wait', '0'],
  ['operator', 'undo', 'kyc_v1', '--wait', '0'],
  ['operator', 'run', 'trustflow/service-specific-playbooks/ai-instability/3', '--dry-run'],
  ['operator', 'run', 'no/such/step'],
  ['viewer', 'flip', '3'],
  ['viewer', 'status'],
  ['viewer', 'status', 'ai_v1'],
  ['operator', 'incident adopt', 'INC-1', 'kyc_v1'],
  ['operator', 'incident note', 'INC-1', 'Found it'],
  ['operator', 'incident step', 'INC-1', 'trustflow/first-10-minutes/1'],
  ['operator', 'incident change', 'INC-1', '--title', 'Very slow'],
  ['viewer', 'incident show', 'INC-1'],
  ['viewer', 'incident show', 'INC-1', '--timeline'],
  ['viewer', 'incident show', 'INC-2'],
  ['viewer', 'incident list'],
  ['viewer', 'incident message', 'INC-1'],
  ['viewer', 'incident message', 'INC-1', 'nothing'],
  ['engineer', 'restore', 'ai_v1', '--all', '-r', 'well', '--yes', '--wait', '0'],
  ['engineer', 'restore', 'ai_v1', '--all', '-r', 'well', '--wait', '0'],
  ['coordinator', 'incident resolve', 'INC-1', '--force', '-r', 'over'],
  ['operator', 'incident reopen', 'INC-1', '-r', 'again'],
  ['viewer', 'incident postmortem', 'INC-1'],
  ['viewer', 'steps'],
  ['viewer', 'steps', 'no/such/step'],
  ['viewer', 'runbook list'],
  ['viewer', 'runbook show', 'pilot'],
  ['viewer', 'runbook show', 'pilot', '--source'],
  ['viewer', 'fleet'],
  ['viewer', 'fleet', '--all'],
  ['engineer', 'fleet forget', '--lost', '--app', 'trustflow'],
  ['engineer', 'fleet reconcile', 'trustflow', '-r', 'x'],
  ['engineer', 'drill', 'ai_v1', '--wait', '0'],
  ['viewer', 'housekeeping'],
  ['viewer', 'audit query'],
  ['viewer', 'audit query', '--flag', 'none'],
  ['viewer', 'audit export'],
  ['viewer', 'audit export', '--format', 'csv'],
  ['viewer', 'audit verify', 'no-such-file'],
  ['viewer', 'audit verify-proof', 'no-such-file', 'no-such-file'],
  ['viewer', 'audit witness', '--state', 'no-such-file', '--witness-key', 'no-such-file', '--once'],
  ['owner', 'audit import', 'no-such-file', '--data-dir', 'no-such-folder'],
  ['owner', 'audit redate', '-r', 'x'],
  ['owner', 'audit rekey', 'no-such-key', '-r', 'x'],
  ['viewer', 'audit counts', '--by', 'flag,day'],
  ['viewer', 'audit counts', '--by', 'moon'],
  ['viewer', 'audit roles'],
  ['viewer', 'insights'],
  ['viewer', 'status', '--at', '1h'],
  ['viewer', 'doctor'],
  ['viewer', 'token create', 'ana', '--role', 'viewer'],
  ['viewer', 'check', '--flags', FLAGS_DIR],
  ['viewer', 'completion', 'bash'],
]
/** These run until they are stopped: the one prints a document a line, the other is the service. */
const ENDLESS = ['audit tail', 'serve']

/** The verbs as the command itself lists them: a group's help has `[command]` in its first line. */
async function verbsOf(t: Parameters<typeof run>[0], group: string[] = []): Promise<string[]> {
  const { out } = await run(t, [...group, '--help'])
  const own = group.length > 0 && !/^Usage: .*\[command\]/.test(out)
  if (own || group.length === 2) return [group.join(' ')]
  const sections = out
    .split(/\n(?=\S)/)
    .filter(each => !/^(Arguments|Options|Global Options|Examples?):/.test(each))
  const names = sections.flatMap(each =>
    [...each.matchAll(/^ {2}([a-z][a-z-]*)(?= |$)/gm)].map(([, name = '']) => name),
  )
  const found: string[] = group[0] === 'fleet' ? ['fleet'] : []
  for (const name of new Set(names)) if (name !== 'help') found.push(...(await verbsOf(t, [...group, name])))
  return found
}

t.test('every verb', async t => {
  const verbs = (await verbsOf(t)).sort()

  t.test('is among those that are tried here', async () => {
    const tried = new Set([...CASES.map(([, verb]) => verb), ...ENDLESS])
    assert.deepEqual([...tried].sort(), verbs)
  })

  t.test('prints one JSON document with --json, and colours and progress go elsewhere', async t => {
    const server = await aServer(t)
    for (const [role, verb, ...args] of CASES) {
      const env = { ...envFor(server, role), FORCE_COLOR: '1' }
      const { out, err, code } = await run(t, [...verb.split(' '), ...args, '--json'], env)
      const said = `killswitch ${verb} ${args.join(' ')} (${code}): ${out.slice(0, 300)}\n${err}`
      assert.doesNotThrow(() => JSON.parse(out), said)
      assert.doesNotMatch(out, /\u001b/, said)
    }
  })

  t.test('but that which follows the log prints one a line', async t => {
    const server = await aServer(t)
    const child = start(t, ['audit', 'tail', '--json'], { ...envFor(server, 'viewer'), FORCE_COLOR: '1' })
    const out = gather(child.stdout)
    await server.ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: 'r' } })
    await until(() => out().includes('"kill"'), 'the kill is followed')
    child.kill('SIGTERM')
    await once(child, 'close')
    const actions = out()
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).action)
    assert.deepEqual(actions, ['catalogue.loaded', 'kill'])
  })

  t.test('explains itself with an example', async t => {
    for (const verb of verbs.filter(each => each !== 'serve')) {
      const { out } = await run(t, [...verb.split(' '), '--help'])
      assert.match(out, /Examples?:\n {2}(killswitch|npm run|source)/, verb)
    }
  })
})

t.test('what a document has where the verb prints another form', async t => {
  const server = await aServer(t)
  const cli = as(t, server)
  await cli('operator', 'incident', 'declare', 'Slow', '--id', 'INC-1')

  t.test('a post-mortem: the incident, and its Markdown', async () => {
    const plain = await cli('viewer', 'incident', 'postmortem', 'INC-1')
    const { json } = await cli('viewer', 'incident', 'postmortem', 'INC-1', '--json')
    assert.deepEqual([json.incident.id, json.incident.title], ['INC-1', 'Slow'])
    assert.equal(json.markdown.trimEnd(), plain.out.trimEnd())
  })

  t.test('a file that was written: its name', async t => {
    const folder = testdir(t)
    const file = join(folder, 'inc-1.md')
    const written = await cli('viewer', 'incident', 'postmortem', 'INC-1', '-o', file, '--json')
    assert.deepEqual(written.json, { written: file })
    const lines = join(folder, 'log.ndjson')
    const exported = await cli('viewer', 'audit', 'export', '-o', lines, '--json')
    assert.deepEqual(exported.json, { written: lines, format: 'ndjson' })
  })

  t.test('an export: the lines that NDJSON has, as one array', async () => {
    const lines = (await cli('viewer', 'audit', 'export')).out.trimEnd().split('\n')
    const { json } = await cli('viewer', 'audit', 'export', '--json')
    assert.deepEqual(
      json,
      lines.map(line => JSON.parse(line)),
    )
    assert.deepEqual((await cli('viewer', 'audit', 'export', '--flag', 'ai_v1', '--json')).json, [])
  })

  t.test('a config file that is wrong: the problem', async t => {
    const config = join(testdir(t), 'config.yaml')
    writeFileSync(config, 'strange: 1\n', { mode: 0o600 })
    const { code, json } = await run(t, ['status', '--config', config, '-o', 'json'])
    assert.deepEqual([code, typeof json], [2, 'object'])
  })
})
