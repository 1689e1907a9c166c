// Steps that kill less than a kill does: a run asks for the flag by name, and kills when it is told to; a kill of the flag is
// never refused for it.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { as } from '../cli/cli.js'
import { aServer, type Given } from '../support/server.js'
import { type Teardown, testdir } from '../support/testdir.js'

const RUNBOOK = `# Odd answers

## Mitigation

1. Turn \`ai_v1\` off for the tenant acme.
2. Disable \`ai_v1\` in staging.
3. Rehearse: disable \`ai_v1\`.
4. After a sign-off of the owner, disable \`ai_v1\`.
5. Disable \`ai_v1\` and \`kyc_v1\`.
6. Disable \`kyc_v1\`. Do it for new customers only.

\`\`\`sql
-- Look at it
CREATE INDEX i ON ai_v1 (id);
\`\`\`
`

const SAYS: [step: string, sentence: string][] = [
  ['odd/mitigation/1', 'This kills ai_v1 for everybody; the step says: "for the tenant acme".'],
  ['odd/mitigation/2', 'This kills ai_v1 for everybody; the step says: "in staging".'],
  ['odd/mitigation/3', 'The step makes the kill of ai_v1 depend: "Rehearse".'],
  ['odd/mitigation/4', 'The step makes the kill of ai_v1 depend: "After a sign-off of the owner".'],
  ['odd/mitigation/6', 'This kills kyc_v1 for everybody; the step says: "Do it for new customers only".'],
]

function withRunbook(t: Teardown, given: Given = {}) {
  const runbooksDir = testdir(t)
  writeFileSync(join(runbooksDir, 'odd.md'), RUNBOOK)
  return aServer(t, { runbooksDir, environment: 'production', ...given })
}

t.test('a step that kills less than a kill does', async t => {
  for (const [step, sentence] of SAYS)
    t.test(`asks, and kills when it is told to: ${sentence}`, async t => {
      const { ask, parts } = await withRunbook(t)
      const flag = step.endsWith('6') ? 'kyc_v1' : 'ai_v1'
      const shown = await ask('operator', 'GET', `/v1/steps?step=${step}`)
      assert.deepEqual(shown.body.run.verdicts[0].asks, [sentence])
      assert.equal(shown.body.run.needsFlags, true)

      const refused = await ask('operator', 'POST', '/v1/steps/run', { body: { step } })
      assert.deepEqual([refused.status, refused.body.code], [422, 'choose-flags'])
      assert.equal(refused.body.detail, `Name the flags to kill. ${sentence}`)
      assert.deepEqual(refused.body.call.body, { step, flags: [flag] })
      assert.equal(parts.log.state.flags.get(flag)?.holds.length, 0)

      const named = await ask('operator', 'POST', '/v1/steps/run', { body: { step, flags: [flag] } })
      assert.equal(named.status, 200)
      assert.equal(parts.log.state.flags.get(flag)?.holds.length, 1)
    })

  t.test('does not keep a kill of the flag from being done, which is told the same', async t => {
    const { ask } = await withRunbook(t)
    const [step, sentence] = SAYS[0]!
    const kill = await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { step, reason: 'wrong' } })
    assert.deepEqual(
      [kill.status, kill.body.killed, kill.body.offRunbook, kill.body.warnings],
      [200, true, false, [{ code: 'step-limited', detail: sentence }]],
    )
  })

  t.test('is limited by another environment, and not by an alias of this one', async t => {
    const { ask } = await withRunbook(t, { environment: 'live', environmentAliases: ['staging'] })
    const run = await ask('operator', 'POST', '/v1/steps/run', { body: { step: 'odd/mitigation/2' } })
    assert.equal(run.status, 200)
  })

  t.test('is run at once where every word is understood', async t => {
    const { ask } = await withRunbook(t)
    const run = await ask('operator', 'POST', '/v1/steps/run', { body: { step: 'odd/mitigation/5' } })
    assert.equal(run.status, 200)
    assert.equal(run.body.flips.length, 2)
  })

  t.test('a statement that names the flag and flips nothing is no step to restore it from', async t => {
    const { ask } = await withRunbook(t)
    const { body } = await ask('engineer', 'GET', '/v1/runbooks/odd')
    const step = body.steps.find(({ text }: { text: string }) => text === 'Look at it').id
    await ask('operator', 'POST', '/v1/flags/ai_v1/kill', { body: { reason: 'wrong' } })
    const restore = await ask('engineer', 'POST', '/v1/flags/ai_v1/restore', {
      body: { step, reason: 'well again', all: true },
    })
    assert.deepEqual([restore.status, restore.body.code], [422, 'step-mismatch'])
  })

  t.test('asks in the terminal too, with the command that kills', async t => {
    const cli = as(t, await withRunbook(t))
    for (const [step, sentence] of SAYS) {
      const flag = step.endsWith('6') ? 'kyc_v1' : 'ai_v1'
      const asked = await cli('operator', 'run', step)
      assert.equal(asked.code, 3)
      assert.ok(asked.err.includes(sentence), asked.err)
      assert.ok(asked.err.includes(`killswitch run ${step} --flag ${flag}`), asked.err)
      assert.ok((await cli('operator', 'run', step, '--dry-run')).out.includes(sentence))
    }
    const killed = await cli('operator', 'run', SAYS[0]![0], '--flag', 'ai_v1', '--wait', '0')
    assert.equal(killed.code, 0)
    const direct = await cli('operator', 'kill', 'ai_v1', '--step', SAYS[0]![0], '-i', 'INC-7', '--wait', '0')
    assert.equal(direct.code, 0)
    assert.ok(`${direct.out}${direct.err}`.includes(SAYS[0]![1]), direct.out)
  })
})
