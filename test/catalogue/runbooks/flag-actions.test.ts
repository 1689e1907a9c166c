import assert from 'node:assert/strict'
import t from 'tap'
import { actionsOf, findingsOf, read } from './reading.js'

const item = (text: string) => `## Go\n1. ${text}\n`

const SAID: [text: string, actions: string[]][] = [
  ['Disable `ai_v1`', ['ai_v1=off@2 high']],
  ['disable ai_v1 now', ['ai_v1=off@2 high']],
  ['Toggle `ai_v1` off if errors persist', ['ai_v1=off@2 high']],
  ['Turn off `ai_v1`', ['ai_v1=off@2 high']],
  ['Turn the `ai_v1` flag off.', ['ai_v1=off@2 high']],
  ['Switch `ai_v1` back on', ['ai_v1=on@2 high']],
  ['Flip `ai_v1` to off', ['ai_v1=off@2 high']],
  ['Set `ai_v1` to `false`', ['ai_v1=off@2 high']],
  ['Set `ai_v1=false` in the console', ['ai_v1=off@2 high']],
  ['Set `pilot.template-version` to `v1`', ['pilot.template-version=v1@2 high']],
  ['Switch `pilot.template-version` from v2 to v1.', ['pilot.template-version=v1@2 high']],
  ['Revert the deal template (`pilot.template-version`) to v1', ['pilot.template-version=v1@2 high']],
  ['Kill `pilot.template-version`', ['pilot.template-version=v1@2 high']],
  ['Restore `pilot.template-version`', ['pilot.template-version=v2@2 high']],
  ['Re-enable `ai_v1` once healthy', ['ai_v1=on@2 high']],
  ['If storage fails, disable `kyc_v1` and notify support', ['kyc_v1=off@2 high']],
  ['Disable `ai_v1` and `kyc_v1`', ['ai_v1=off@2 high', 'kyc_v1=off@2 high']],
  ['Set `ai_v1` and `kyc_v1` to false', ['ai_v1=off@2 high', 'kyc_v1=off@2 high']],
  ['Enable `ai_v1`, then disable `kyc_v1`', ['ai_v1=on@2 high', 'kyc_v1=off@2 high']],
  ['Do not disable `ai_v1`, disable `kyc_v1` instead', ['kyc_v1=off@2 high']],
  ["Don't forget to disable `ai_v1`", ['ai_v1=off@2 high']],
  ['`ai_v1` must be turned off', ['ai_v1=off@2 high']],
  ['Turn off AI with the `ai_v1` flag', ['ai_v1=off@2 high']],
  ['Mitigate by disabling `ai_v1`', ['ai_v1=off@2 high']],
  ['Enable `chat.degraded-mode`', ['chat.degraded-mode=on@2 high']],
  ['Disable `chat.degraded-mode`', ['chat.degraded-mode=off@2 high']],
  ['Disable pilot', ['pilot.enabled=off@2 low']],
  ['Re-enable pilot if fix successful', ['pilot.enabled=on@2 low']],
  ['Turn the pilot off', ['pilot.enabled=off@2 low']],
  ['Turn pilot off', ['pilot.enabled=off@2 low']],
  ['Set `AI_V1` to false', ['ai_v1=off@2 high']],
  ['The fastest way out is to disable `ai_v1`', ['ai_v1=off@2 low']],
  ['Option A - disable `ai_v1`', ['ai_v1=off@2 high']],
  ['Roll `pilot.template-version` back to v1', ['pilot.template-version=v1@2 high']],
  ['Override `ai_v1` to false', ['ai_v1=off@2 high']],
  ['Pull the `ai_v1` kill switch', ['ai_v1=off@2 high']],
  ['Activate the kill switch for `ai_v1`', ['ai_v1=off@2 high']],
  ['Enable the kill switch (`ai_v1`)', ['ai_v1=off@2 high']],
  ['Release the `ai_v1` kill switch', ['ai_v1=on@2 low']],
  ['Turn the kill switch for `ai_v1` off', ['ai_v1=on@2 low']],
  ['Un-kill `ai_v1` after the review', ['ai_v1=on@2 low']],
  ['You may disable `ai_v1` here', ['ai_v1=off@2 low']],
  ['`ai_v1` must be disabled', ['ai_v1=off@2 low']],
  // Commands: our own are sure, what another tool makes of a word is a guess.
  ['Run `killswitch kill ai_v1 --incident INC-1`', ['ai_v1=off@2 high']],
  ['Run `killswitch restore ai_v1 -r "fixed"`', ['ai_v1=on@2 high']],
  ['`curl -X POST "$KS/v1/flags/ai_v1/kill" -d \'{}\'`', ['ai_v1=off@2 high']],
  ['Run `export AI_V1=false`', ['ai_v1=off@2 high']],
  ['Run `redis-cli SET ai_v1 false`', ['ai_v1=off@2 low']],
  ['Run `toolx flags toggle-off --flag ai_v1 --environment production`', ['ai_v1=off@2 low']],
  ['Do not run `killswitch kill ai_v1`', []],
  ['After `killswitch kill ai_v1` look at the queue', []],
  ['Run `redis-cli GET ai_v1`', []],
  ['Run `grep ai_v1=false app.log`', []],
  // No action.
  ['`ai_v1` should be enabled', []],
  ['Under no circumstances disable `ai_v1`', []],
  ['It is forbidden to disable `ai_v1`', []],
  ['Only legal may disable `ai_v1`', []],
  ['There is no reason to disable `ai_v1`', []],
  ['Remind the team to re-enable `ai_v1`', []],
  ['Disable alerts for `ai_v1`', []],
  ['Stop the `ai_v1` pods', []],
  ['Pause the ai_v1 queue', []],
  ['Check `ai_v1`', []],
  ['`ai_v1`', []],
  ['Do not disable `ai_v1`', []],
  ['Never re-enable `ai_v1` without approval', []],
  ['Do not, under any circumstances, disable `ai_v1`', []],
  ['Fix it without disabling `ai_v1`', []],
  ['Verify `ai_v1` is disabled', []],
  ['Verify that `ai_v1` is set to false', []],
  ['Decide whether to disable `ai_v1`', []],
  ['Should we disable `ai_v1`?', []],
  ['If you disable `ai_v1`, tell support', []],
  ['Disable writes, then check `ai_v1`', []],
  ['Stop deploys that touch `ai_v1`', []],
  ['Check the kill switch `ai_v1`', []],
  ['Disable `ai_v10`', []],
  ['Disable `xai_v1`', []],
  ['Disable pilot-api', []],
  ['Disable new pilot deals', []],
  ['Disable bridge traffic', []],
  ['Disable chat', []],
  ['Check the pilot', []],
]

for (const [text, actions] of SAID) t.test(text, async () => assert.deepEqual(actionsOf(item(text)), actions))

t.test('the nearest verb governs, and a verb above serves where there is none', async () => {
  const source = '## Go\n1. Enable protective flags when needed:\n   - disable `ai_v1`\n   - `kyc_v1`\n'
  assert.deepEqual(actionsOf(source), ['ai_v1=off@3 high', 'kyc_v1=on@4 low'])
  assert.deepEqual(actionsOf('## Go\nTurn these off:\n1. `ai_v1`\n2. `kyc_v1` (uploads)\n'), [
    'ai_v1=off@3 low',
    'kyc_v1=off@4 low',
  ])
  assert.deepEqual(actionsOf('## Go\nCheck these:\n1. `ai_v1`\n'), [])
})

t.test('an inverted flag is killed by turning it on', async () => {
  const [step] = read(item('Enable `chat.degraded-mode`')).steps
  assert.equal(step?.flagActions[0]?.direction, 'kill')
})

t.test('an action knows its line in a paragraph of several', async () => {
  assert.deepEqual(actionsOf('## Go\n1. When it fails\n   for long, disable\n   `ai_v1` at once.\n'), [
    'ai_v1=off@4 high',
  ])
  assert.deepEqual(actionsOf('## Go\n1. Stop it\n\n   Disable `ai_v1`.\n'), ['ai_v1=off@4 high'])
})

t.test('configuration sets what its whole path names', async () => {
  const fence = (language: string, body: string) =>
    `## Go\n**Step 1: Set it**\n\`\`\`${language}\n${body}\n\`\`\`\n`
  assert.deepEqual(
    actionsOf(fence('yaml', '# off\npilot:\n  enabled: false\n  template-version: v1 # was v2')),
    ['pilot.enabled=off@6 high', 'pilot.template-version=v1@7 high'],
  )
  assert.deepEqual(actionsOf(fence('yaml', 'other:\n  pilot:\n    enabled: false')), [
    'pilot.enabled=off@6 low',
  ])
  assert.deepEqual(actionsOf(fence('yaml', '# pilot:\n#   enabled: false\na: 1')), [])
  assert.deepEqual(actionsOf(fence('json', '{ "pilot": {\n "enabled": false } }')), [
    'pilot.enabled=off@5 high',
  ])
  assert.deepEqual(actionsOf(fence('properties', 'pilot.enabled=false')), ['pilot.enabled=off@4 high'])
  assert.deepEqual(actionsOf(fence('env', 'PILOT_ENABLED="false"')), ['pilot.enabled=off@4 high'])
  assert.deepEqual(actionsOf(fence('yaml', `${'['.repeat(40_000)}`)), [])
})

t.test('commands flip where they stand: in a fence, below a comment, below a step', async () => {
  const fence = (body: string) => `\`\`\`bash\n${body}\n\`\`\`\n`
  assert.deepEqual(actionsOf(`## Go\n${fence('killswitch kill ai_v1')}`), ['ai_v1=off@3 high'])
  assert.deepEqual(actionsOf(`## Go\n${fence('# Stop the model\n./auth\nkillswitch kill ai_v1')}`), [
    'ai_v1=off@5 high',
  ])
  assert.deepEqual(actionsOf(`## Go\n**Step 1: Stop it**\n${fence('# ai_v1\nkillswitch kill ai_v1')}`), [
    'ai_v1=off@5 high',
  ])
  assert.deepEqual(actionsOf('## Go\nRun `killswitch kill ai_v1`.\n'), ['ai_v1=off@2 high'])
})

t.test('configuration under a heading is a step of its own', async () => {
  const [step] = read('## Stop new deals\n```yaml\npilot:\n  enabled: false\n```\n').steps
  assert.equal(step?.line, 4)
  assert.equal(step?.flagActions.length, 1)
})

t.test('a heading or a sentence that flips a flag is a step', async () => {
  assert.deepEqual(actionsOf('## Disable `ai_v1`\nUse the console.\n'), ['ai_v1=off@1 high'])
  assert.deepEqual(actionsOf('## Failure\nTurn `ai_v1` off in the console.\n'), ['ai_v1=off@2 high'])
})

t.test('values that are neither normal nor the kill are found', async () => {
  assert.deepEqual(findingsOf(item('Set `pilot.template-version` to v3')), ['odd-value@2'])
  assert.equal(read(item('Set `pilot.template-version` to v3')).steps[0]?.flagActions[0]?.direction, 'other')
  assert.deepEqual(findingsOf(item('Set `pilot.template-version` to v9')), ['odd-value@2'])
  assert.deepEqual(actionsOf(item('Set `pilot.template-version` to v9')), [])
  assert.deepEqual(findingsOf(item('Flip `ai_v1`')), ['odd-value@2'])
})

t.test('what could be a switch and names no flag is found, with its line', async () => {
  for (const text of [
    'Disable LLM',
    'Stop affected services',
    'Enable degraded mode',
    'LLM failure: disable LLM',
  ])
    assert.deepEqual(findingsOf(item(text)), ['switch-without-flag@2'], text)
  for (const text of [
    'Do not stop the service',
    'Check the stop button',
    'Disable `ai_v1`',
    'Verify it is disabled',
  ])
    assert.deepEqual(findingsOf(item(text)), [], text)
})

t.test('a switch whose nested steps name the flags is none of its own', async () => {
  assert.deepEqual(findingsOf('## Go\n1. Enable protective flags:\n   - disable `ai_v1`\n'), [])
})
