// What the log keeps of a run that was refused, of a changed tokens file, and of a changed catalogue, on every surface.

import assert from 'node:assert/strict'
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { run as cliRun, envFor } from '../cli/cli.js'
import { aServer, FLAGS_DIR, type TestServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const RUN = 'trustflow/service-specific-playbooks/ai-instability/3'

const entries = async ({ ask }: TestServer, query: string) =>
  (await ask('viewer', 'GET', `/v1/audit?${query}`)).body.entries
const csv = async ({ ask }: TestServer, query: string): Promise<string> =>
  (await ask('viewer', 'GET', `/v1/audit?${query}`, { headers: { accept: 'text/csv' } })).text

t.test('a run that was refused', async t => {
  const server = await aServer(t)
  const refused = async (body: object, role: 'operator' | 'viewer' = 'operator') => {
    const { status } = await server.ask(role, 'POST', '/v1/steps/run', { body })
    assert.ok(status >= 400, String(status))
    const [entry] = await entries(server, 'outcome=refused&limit=1')
    return entry
  }

  // of who may not use the route at all the body is not read
  t.test('keeps step, incident, flags and reason, however it was refused', async () => {
    const asked = { step: RUN, incident: 'INC-7', flags: ['kyc_v1'], reason: '5xx' }
    for (const [what, body, role, code] of [
      ['another flag', asked, 'operator', 'step-mismatch'],
      ['the role of the flag', { ...asked, flags: ['ai_v1'] }, 'viewer', 'forbidden'],
      ['a member too many', { ...asked, strange: 1 }, 'operator', 'malformed-request'],
    ] as const) {
      const entry = await refused(body, role)
      assert.equal(entry.refusal.code, code, what)
      assert.deepEqual([entry.incident, entry.flags], ['INC-7', body.flags], what)
      assert.equal(entry.step.id, RUN, what)
      if (role === 'operator' && code === 'step-mismatch') {
        assert.ok(entry.step.code && entry.step.line && entry.runbook.id === 'trustflow', what)
        assert.equal(entry.reason, '5xx')
      }
    }
  })

  t.test(
    'keeps a step that is none as it was typed, without a token in it, and not for ever long',
    async () => {
      const step = `pilot/ks_operator_0123456789abcdefghij/${'x'.repeat(190)}`
      const entry = await refused({ step, incident: 'INC-8' })
      assert.equal(entry.refusal.code, 'unknown-step')
      assert.match(entry.step.id, /^pilot\/ks_REDACTED\/x+$/)
      assert.deepEqual([entry.incident, entry.flags], ['INC-8', undefined])
    },
  )

  t.test('keeps the flags that the step kills, where none was named', async () => {
    const entry = await refused({ step: RUN, incident: 'INC-9' })
    assert.deepEqual([entry.refusal.code, entry.flags], ['choose-flags', ['ai_v1']])
  })

  t.test(
    'is found by its flag, its step and its incident, and says what it was on every surface',
    async () => {
      const query = `flag=ai_v1&incident=INC-9&step=${encodeURIComponent(RUN)}`
      assert.equal((await entries(server, query)).length, 1)
      const words = `run the step ${RUN} (ai_v1)`
      assert.match(
        await csv(server, query),
        new RegExp(`Refused \\(choose-flags\\): ${words.replaceAll(/[()]/g, '\\$&')},INC-9,trustflow,`),
      )
      const { out } = await cliRun(t, ['audit', 'query', '-i', 'INC-9'], envFor(server, 'viewer'))
      assert.ok(out.includes(`Refused (choose-flags): ${words}`), out)
      await server.ask('operator', 'POST', '/v1/incidents', { body: { id: 'INC-9', title: 'Slow' } })
      const story = async () => (await server.ask('viewer', 'GET', '/v1/incidents/INC-9/postmortem')).text
      assert.ok(!(await story()).includes(RUN), 'who was asked which flags is no part of the story')
      const body = { step: RUN, incident: 'INC-9' }
      assert.equal((await server.ask('viewer', 'POST', '/v1/steps/run', { body })).status, 403)
      const told = await story()
      assert.ok(told.includes(RUN), told)
    },
  )

  t.test('and a restore by a step of another flag keeps the step and the incident', async () => {
    const body = { step: RUN, incident: 'INC-7', reason: 'well' }
    const { status } = await server.ask('engineer', 'POST', '/v1/flags/kyc_v1/restore', { body })
    assert.equal(status, 422)
    const [entry] = await entries(server, 'outcome=refused&limit=1')
    assert.deepEqual(
      [entry.action, entry.flag, entry.flags, entry.step.id, entry.incident],
      ['restore', 'kyc_v1', undefined, RUN, 'INC-7'],
    )
  })
})

t.test('a changed tokens file', async t => {
  const server = await aServer(t)
  const file = join(server.dataDir, 'tokens.yaml')
  const list = parse(readFileSync(file, 'utf8')) as { id: string; role: string; sha256: string }[]

  t.test('is an entry; the first one of a new log says who may what at all', async () => {
    const [first] = await entries(server, 'order=oldest&limit=1')
    assert.equal(first.action, 'catalogue.loaded')
    assert.deepEqual(
      first.credentials.may.map(({ id, role }: { id: string; role: string }) => `${id} ${role}`),
      list.map(({ id, role }) => `${id} ${role}`).sort(),
    )
    assert.equal((await entries(server, 'action=tokens.changed')).length, 0)
    const sdk = list.find(({ role }) => role === 'sdk')
    const next = list.filter(({ role }) => role !== 'sdk')
    writeFileSync(file, stringify([...next, { ...sdk, id: 'shop-web', only: 'evaluate', apps: ['shop'] }]))
    await server.reloadTokens()
    const [entry] = await until(async () => {
      const found = await entries(server, 'action=tokens.changed')
      return found.length > 0 && found
    }, 'it is told')
    assert.deepEqual(
      [entry.actor.id, entry.actor.via, entry.credentials.added],
      ['killswitch', 'service', ['shop-web']],
    )
    for (const { sha256 } of list) assert.ok(!JSON.stringify(entry).includes(sha256))
    const words =
      /Tokens file of \S+:0: added shop-web \(sdk, only evaluate, for shop\); removed shared-sdk \(sdk\)/
    assert.match(await csv(server, 'action=tokens.changed'), words)
    assert.match(
      (await cliRun(t, ['audit', 'query', '--action', 'tokens.changed'], envFor(server, 'viewer'))).out,
      words,
    )
  })

  t.test('with a fault changes nothing, and is no entry', async () => {
    writeFileSync(file, '- { id: x }')
    await server.reloadTokens()
    await server.ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: 'r' } })
    assert.equal((await entries(server, 'action=tokens.changed')).length, 1)
  })

  t.test('while the service was away is told by its start', async t => {
    const dataDir = testdir(t)
    const first = await aServer(t, { dataDir })
    const own = join(dataDir, 'tokens.yaml')
    await first.close()
    writeFileSync(
      own,
      stringify(
        (parse(readFileSync(own, 'utf8')) as { id: string }[]).filter(({ id }) => id !== 'shared-owner'),
      ),
    )
    const second = await aServer(t, { dataDir, tokens: first.tokens })
    const [entry] = await until(async () => {
      const found = await entries(second, 'action=tokens.changed')
      return found.length > 0 && found
    }, 'it is told')
    assert.deepEqual(entry.credentials.removed, [{ id: 'shared-owner', role: 'owner', tokens: 1 }])
    assert.equal(entry.credentials.compared, 1)
  })
})

t.test('a changed catalogue says what changed', async t => {
  const flagsDir = join(testdir(t), 'flags')
  cpSync(FLAGS_DIR, flagsDir, { recursive: true })
  const server = await aServer(t, { flagsDir })
  const file = join(flagsDir, 'pilot.yaml')
  const { steps } = (await server.ask('viewer', 'GET', '/v1/runbooks/pilot')).body
  writeFileSync(file, readFileSync(file, 'utf8').replace('killRole: operator', 'killRole: engineer'))
  appendFileSync(
    join(flagsDir, 'runbooks', 'pilot.md'),
    '\n## Mitigation\n\n1. Look at the clock\n2. Write it down\n',
  )
  writeFileSync(join(flagsDir, 'runbooks', 'new.md'), '# New\n\n1. Do it\n')
  await server.reload()
  const [entry] = await entries(server, 'action=catalogue.loaded&limit=1')
  const change = entry.catalogueChange
  assert.deepEqual(change.flags.changed, [
    { flag: 'pilot.enabled', members: [{ name: 'killRole', was: 'operator', now: 'engineer' }] },
  ])
  assert.deepEqual(change.runbooks, {
    added: [{ id: 'new', steps: 1 }],
    removed: [],
    changed: [{ id: 'pilot', steps: steps.length + 2, before: steps.length }],
  })
  const words = `Catalogue: flags changed pilot.enabled (killRole operator -> engineer); runbooks added new (1 step); runbooks changed pilot (${steps.length} -> ${steps.length + 2} steps)`
  assert.ok((await csv(server, 'action=catalogue.loaded')).includes(words))
  const { out } = await cliRun(
    t,
    ['audit', 'query', '--action', 'catalogue.loaded'],
    envFor(server, 'viewer'),
  )
  assert.ok(out.includes(words), out)

  const declare = async (id: string, runbook: string) => {
    const body = { id, title: 'Slow', runbook, severity: runbook === 'pilot' ? 'SEV1' : 'SEV-1' }
    const { changedFlags } = (await server.ask('operator', 'POST', '/v1/incidents', { body })).body
    return changedFlags.map(({ summary }: { summary: string }) => summary)
  }
  assert.deepEqual(await declare('INC-1', 'pilot'), [words])
  assert.deepEqual(await declare('INC-2', 'trustflow'), [])
})
