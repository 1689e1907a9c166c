// The five runbooks, each walked as one incident from the terminal alone, with the example app as the fleet: killed,
// declared, worked, restored, and written up. On our own runbooks, and on the applications' originals where they are.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { as, type Ran } from '../cli/cli.js'
import { ensureBuilt } from '../sdk/built.js'
import { ExampleApp } from '../support/example-app.js'
import { aServer, ROOT, type TestServer } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'
import { until } from '../support/until.js'

const ORIGINALS = join(process.env.KILLSWITCH_SHARED_DIR ?? join(ROOT, '../shared'), 'runbooks')
const MINUTE_MS = 60_000

type Walk = {
  runbook: string
  flag: string
  step: string
  /** As the flag's team calls it, with the value before and after. */
  act: string
  title: string
  severity: string
  /** What the runbook asks for once it is declared, and what it waits for before it is over. */
  due: RegExp[]
  wait?: RegExp
  restorer: 'engineer' | 'coordinator'
  notes: [kind: string, text: string, ...options: string[]][]
  message?: [kind: string, has: RegExp[], unfilled: RegExp | undefined]
  postmortem: RegExp[]
  left: RegExp
}

const WALKS: Walk[] = [
  {
    runbook: 'trustflow',
    flag: 'ai_v1',
    step: 'trustflow/ai-instability/3',
    act: 'Turn ai_v1 off: on -> off',
    title: 'AI answers fail',
    severity: 'sev2',
    due: [/recovery wait +from the last restore, or a note -k recovered +.*30 minutes/],
    wait: /30 minutes\.?" \(line \d+\): until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/,
    restorer: 'engineer',
    notes: [
      ['impact', 'A third of the answers end in a 502.'],
      ['resolution', 'The provider rolled back.'],
    ],
    postmortem: [
      /^# INC-trustflow: AI answers fail$/m,
      /^\*\*Severity:\*\* SEV-2/m,
      /^## Resolution\n\n- The provider rolled back\.$/m,
      /refused: resolve\. INC-trustflow cannot be resolved yet/,
    ],
    left: /: Commander, Root cause, Action items, Lessons learned$/m,
  },
  {
    runbook: 'pilot',
    flag: 'pilot.enabled',
    step: 'pilot/sev0/1',
    act: 'Stop new pilot deals: on -> off',
    title: 'Two releases for one deal',
    severity: 'SEV0',
    due: [
      /escalation +due in 15 min .*15 minutes \(SEV0\).* -> Level 2: On-Call Engineer/,
      /escalation +due in 60 min .*-> Level 3: Pilot Coordinator/,
      /escalation +at this severity +.*SEV0 or SEV1 -> Level 2/,
    ],
    restorer: 'coordinator',
    notes: [
      ['cause', 'The key was built from the clock'],
      ['action', 'Alert on two releases of one deal', '--owner', 'ben', '--due', '2030-12-04'],
    ],
    postmortem: [
      /^## Incident INC-pilot (?:-|\u2014) Two releases for one deal$/m,
      /^\*\*Reported By\*\*: shared-operator *$/m,
      /^\*\*Resolution Time\*\*: 4\d min/m,
      /^\*\*Prevention\*\*:\n\n\| Action \|.*\n.*\n\| Alert on two releases of one deal \| ben \| 2030-12-04 \| Open \|$/m,
    ],
    left: /: Resolution, Lessons Learned$/m,
  },
  {
    runbook: 'chat-assistant',
    flag: 'chat.degraded-mode',
    step: 'chat-assistant/external-service/1',
    act: 'Turn degraded mode ON: off -> on',
    title: 'Chat answers take a minute',
    severity: 'SEV2',
    due: [
      /update +due in 30 min .*every 30 minutes/,
      /escalation +at this severity +.*SEV1.*SEV2.* -> Engineering Lead/,
      /post-mortem +once it is resolved/,
    ],
    restorer: 'engineer',
    notes: [
      ['impact', 'answers that end in the middle.'],
      ['cause', 'The provider is slow'],
    ],
    message: [
      'resolution',
      [/^\[RESOLVED\].*Chat assistant/, /: The provider is slow$/m, /\d\d:\d\d:\d\d UTC to \d{4}-/],
      undefined,
    ],
    postmortem: [
      /^## Incident: INC-chat-assistant, Chat answers take a minute$/m,
      /^\*\*Date:\*\* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC *$/m,
      /^### Root Cause\n\n- The provider is slow$/m,
      /\| (Turn degraded mode ON) \|/,
    ],
    left: /: Author, (?:Impact.*, |Users affected, )?Action Items, Lessons Learned$/m,
  },
  {
    runbook: 'insurance-ai-bridge',
    flag: 'bridge.intake',
    step: 'data-corruption/resolution/1',
    act: 'Close the intake: open -> closed',
    title: 'Policies are overwritten',
    severity: 'P1',
    due: [
      /resolution +due in 60 min/,
      /escalation +at once +P1\/P2: Immediate escalation .*-> engineering manager/,
    ],
    restorer: 'engineer',
    notes: [
      ['impact', '412 policies are wrong'],
      ['action', 'Constraint on the policy id.'],
    ],
    message: [
      'announcement',
      [
        /^\[INCIDENT\] P1: Policies are overwritten$/m,
        /^Impact: 412 policies are wrong$/m,
        /^Start Time: \d{4}-/m,
        /^Affected: Insurance AI Bridge$/m,
      ],
      undefined,
    ],
    postmortem: [
      /^# INC-insurance-ai-bridge: /m,
      /^\*\*Severity:\*\* P1/m,
      /\| Constraint on the policy id\. \| \[owner\]/,
    ],
    left: /root cause.*, .*$/im,
  },
  {
    runbook: 'inflow',
    flag: 'inflow.llm',
    step: 'inflow/mitigate/quick-mitigations/3',
    act: 'Disable the LLM: on -> off',
    title: 'The LLM answers with 500',
    severity: 'SEV1',
    due: [
      /escalation +due in 15 min .*-> (?:Add|Call)? ?.*second on-call/i,
      /escalation +due in 30 min .*lead/i,
      /escalation +due in 60 min .*VP/,
      /recovery wait +from the last restore.*15 min/,
    ],
    wait: /15 min.*" \(line \d+\): until /,
    restorer: 'engineer',
    notes: [['progress', 'looking at the gateway']],
    message: ['update', [/^\/incident update\nStatus: Investigating$/m], /Still to fill: \[.*\], \[.*\]/],
    postmortem: [/^# INC-inflow: The LLM answers with 500$/m, /^## Action items$/m, /^## Lessons learned$/m],
    left: /: Commander, .*Action items, Lessons learned$/m,
  },
]

for (const [name, folder] of [
  ['our own runbooks', undefined],
  ['the original runbooks', ORIGINALS],
] as const) {
  const skip = folder === undefined || existsSync(folder) ? false : `${folder} is not there`
  t.test(`walked from the terminal, on ${name}`, { skip }, async t => {
    t.test('each goes from the kill to a post-mortem', async t => {
      ensureBuilt()
      let aheadMs = 0
      const server = await aServer(t, {
        clock: () => Date.now() + aheadMs,
        ...(folder === undefined ? {} : { runbooksDir: folder }),
      })
      // a busy machine may take longer than five seconds to answer
      const ask = as(t, server)
      const cli: Cli = (role, ...args) => ask(role, ...args, '--timeout', '60')
      await fleetOf(t, server)
      await Promise.all(WALKS.map(walk => killAndDeclare(cli, walk)))
      await Promise.all(WALKS.map(walk => workAndRestore(cli, walk)))
      aheadMs = 40 * MINUTE_MS
      const timeline = cli('viewer', 'incident', 'show', 'INC-pilot', '--timeline')
      await Promise.all(WALKS.map(walk => closeAndWriteUp(cli, walk)))
      assertTimeline((await timeline).out)
      assert.match((await cli('viewer', 'status')).out, /revision \d+-\d+ {2}all normal\n/)
    })
  })
}

/** One instance of the example app for each application. */
async function fleetOf(t: Teardown, server: TestServer): Promise<void> {
  const caches = testdir(t)
  const apps = await Promise.all(
    WALKS.map(({ runbook: app }) =>
      ExampleApp.start(t, {
        url: server.address,
        token: server.tokens.sdk,
        instance: `${app}-1`,
        app,
        cacheFile: join(caches, `${app}.json`),
      }),
    ),
  )
  await until(
    async () => (await server.ask('viewer', 'GET', '/v1/instances')).body.live === apps.length,
    'the fleet is live',
    60_000,
  )
}

type Cli = ReturnType<typeof as>

/** Kill first, under no incident; declare when there is time. */
async function killAndDeclare(cli: Cli, walk: Walk): Promise<void> {
  const { runbook, flag, step, act, title, severity, due } = walk
  const killed = await cli('operator', 'kill', flag, '-s', step, '--wait', '60')
  assertDone(killed)
  assert.ok(killed.out.startsWith(`${act}  [test] ${runbook} ${flag}\n`), killed.out)
  assert.match(killed.out, new RegExp(`^1/1 confirmed by ${runbook}`, 'm'))
  assert.doesNotMatch(killed.out, /^!/m, 'nothing is missing in its paperwork')

  const about = ['--runbook', runbook, '--severity', severity, '--id', `INC-${runbook}`, '--adopt']
  const declared = await cli('operator', 'incident', 'declare', title, ...about)
  assertDone(declared)
  assert.match(declared.out, new RegExp(`^INC-${runbook} adopted ${flag} `, 'm'))
  for (const pattern of due) assert.match(declared.out, pattern)
  assert.match(declared.out, /^ {2}\[x\] \w{5} .* done by shared-operator/m, 'the step of the kill is done')
}

async function workAndRestore(cli: Cli, { runbook, flag, notes, restorer, wait }: Walk): Promise<void> {
  const id = `INC-${runbook}`
  for (const [kind, text, ...options] of notes)
    assertDone(await cli('operator', 'incident', 'note', id, text, '-k', kind, ...options))
  if (runbook === 'pilot') {
    const early = await cli('operator', 'incident', 'resolve', id)
    assert.deepEqual([early.code, early.out], [3, ''])
    assert.match(early.err, new RegExp(`incident-open.*${flag} is still held, by shared-operator since`))
    assertDone(
      await cli('operator', 'incident', 'change', id, '--severity', 'SEV1', '-r', 'no more money moved'),
    )
  }

  const lower = restorer === 'coordinator' ? 'engineer' : 'operator'
  const refused = await cli(lower, 'restore', flag, '-r', 'looks fine', '--yes')
  assert.equal(refused.code, 3, refused.err)
  assert.match(refused.err, new RegExp(`may not restore ${flag}: that takes ${restorer} or higher`))
  const restored = await cli(restorer, 'restore', flag, '-r', 'at baseline again', '--yes', '--wait', '60')
  assertDone(restored)
  assert.match(restored.out, new RegExp(`^ +incident +${id}$[\\s\\S]*^1/1 confirmed by ${runbook}`, 'm'))
  if (wait === undefined) return
  const waiting = await cli('operator', 'incident', 'resolve', id)
  assert.equal(waiting.code, 3)
  assert.match(waiting.err, wait)
}

async function closeAndWriteUp(
  cli: Cli,
  { runbook, flag, act, message, postmortem, left }: Walk,
): Promise<void> {
  const id = `INC-${runbook}`
  const resolved = await cli('operator', 'incident', 'resolve', id, '-r', 'at baseline')
  assertDone(resolved)
  assert.match(resolved.out, new RegExp(`^Next: killswitch incident postmortem ${id} -o ${id}\\.md$`, 'm'))
  if (message) {
    const [kind, has, unfilled] = message
    const told = await cli('viewer', 'incident', 'message', id, kind)
    assertDone(told)
    for (const pattern of has) assert.match(told.out, pattern)
    if (unfilled) assert.match(told.err, unfilled)
  }
  const written = await cli('viewer', 'incident', 'postmortem', id)
  const { out } = written
  assert.equal(written.code, 0, written.err)
  for (const pattern of postmortem) assert.match(out, pattern)
  const [label, change] = act.split(': ') as [string, string]
  assert.ok(
    out.includes(
      `**${label}** (\`${flag}\`: ${change}) by shared-operator (operator), from ${runbook}.md line`,
    ),
    out,
  )
  assert.match(out, new RegExp(`\\| \`${flag}\` \\|.*1/1 confirmed by ${runbook}, the last after `))
  assert.match(out, new RegExp(`refused: restore ${flag}\\. shared-\\w+ has role \\w+ and may not restore`))
  assert.match(out, /^- Time to kill: killed .* before it was declared$/m)
  assert.match(out, left)
  assert.doesNotMatch(out, /undefined|NaN|\/v1\/|HH:MM|#XXX|\u00e2\u20ac|send "|T\d\d:\d\d:\d\d\.\d/)
}

/** The refusals, the change and the adopted kill are all in it, in their order; its proof came at any time after it. */
function assertTimeline(out: string): void {
  assert.match(out, /Stop new pilot deals[\s\S]*1\/1 confirmed by pilot[\s\S]*Allow new pilot deals/)
  assert.match(
    out,
    /Stop new pilot deals[\s\S]*Declared \S+ \(SEV0[\s\S]*adopted pilot\.enabled[\s\S]*Refused \(incident-open\): resolve[\s\S]*changed: severity to SEV1 +no more money moved\n[\s\S]*Refused \(forbidden\): restore pilot\.enabled[\s\S]*Allow new pilot deals/,
  )
  assert.match(out, /^ {2}\[x\] \w{5} {2}.*kill pilot\.enabled -> off/m)
}

const assertDone = ({ code, err }: Ran): void => assert.equal(code, 0, err)
