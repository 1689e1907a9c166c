import assert from 'node:assert/strict'
import t from 'tap'
import { applyLinks } from '../../../src/catalogue/runbooks/flips/links.js'
import type { StepLink } from '../../../src/wire/catalogue.js'
import { FLAGS, read } from './reading.js'

const runbook = read(
  '## Resolution\n1. Stop affected services\n2. Restore data\n3. Resume services\n\n## Other\n1. Look\n',
  'bridge',
)
const link = (step: string, direction: 'kill' | 'restore' = 'kill', flag = 'bridge.intake'): StepLink => ({
  step,
  flag,
  direction,
  file: 'bridge.yaml',
  line: 7,
})

t.test('a linked step acts on the flag and is no open question any more', async () => {
  const { runbooks, findings } = applyLinks(
    [runbook],
    [link('bridge/resolution/1'), link('resolution/3', 'restore')],
    FLAGS,
  )
  const [first, , third] = runbooks[0]!.steps
  assert.deepEqual(first?.flagActions, [
    { flag: 'bridge.intake', variant: 'off', value: false, direction: 'kill', line: 2, confidence: 'link' },
  ])
  assert.equal(third?.flagActions[0]?.direction, 'restore')
  assert.deepEqual([runbooks[0]?.findings, findings], [[], []])
  assert.equal(runbook.findings.length, 2, 'what was given is left as it was')
})

t.test('two links on one step, and a condition', async () => {
  const condition = 'if data is corrupt'
  const links = [{ ...link('bridge/resolution/1'), condition }, link('bridge/resolution/1', 'kill', 'ai_v1')]
  const step = applyLinks([runbook], links, FLAGS).runbooks[0]?.steps[0]
  assert.deepEqual(
    step?.flagActions.map(({ flag }) => flag),
    ['bridge.intake', 'ai_v1'],
  )
  assert.equal(step?.condition, condition)
})

t.test('a link replaces a guess, and says the same about a restart', async () => {
  const guessed = read('1. Disable pilot\n', 'pilot')
  const { runbooks } = applyLinks([guessed], [link('pilot/1', 'kill', 'pilot.enabled')], FLAGS)
  assert.deepEqual(
    runbooks[0]?.steps[0]?.flagActions.map(({ confidence }) => confidence),
    ['link'],
  )
})

t.test('a link that leads nowhere is a finding with its file and line', async () => {
  for (const [step, said] of [
    ['bridge/resolution/9', /near it are/],
    ['nowhere/1', /the runbooks are bridge/],
    ['bridge/resolution', /3 steps/],
  ] as const) {
    const { findings } = applyLinks([runbook], [link(step)], FLAGS)
    assert.equal(findings.length, 1)
    const [{ code, file, line, message }] = findings as [(typeof findings)[0]]
    assert.deepEqual([code, file, line], ['dangling-link', 'bridge.yaml', 7])
    assert.match(message, said)
  }
  assert.match(
    applyLinks([runbook], [link('bridge/other/1', 'kill', 'none')], FLAGS).findings[0]?.message ?? '',
    /no flag "none"/,
  )
})
