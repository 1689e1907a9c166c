import assert from 'node:assert/strict'
import t from 'tap'
import { findRunbook, findStep } from '../../src/domain/runbook/runbook.js'
import { withCodes } from '../../src/domain/runbook/step-code.js'
import type { Runbook, Step } from '../../src/wire/runbook.js'

const step = (id: string, text = id): Step => ({
  id,
  code: '',
  text,
  line: 1,
  headingPath: [],
  ordinal: id.split('/').at(-1)!,
  kind: 'ordered',
  flagActions: [],
})

const runbook = (id: string, paths: string[], texts: string[] = []): Runbook => ({
  id,
  title: id,
  digest: '',
  lines: 1,
  sections: [],
  steps: paths.map((path, index) => step(`${id}/${path}`, texts[index])),
  severities: [],
  escalations: [],
  contacts: [],
  timeBoxes: [],
  waits: [],
  updateCadences: [],
  messageTemplates: [],
  leftOut: {},
  findings: [],
})

const RUNBOOKS = withCodes([
  runbook('trustflow', [
    'first-10-minutes/4.1',
    'playbooks/ai-instability/1',
    'playbooks/ai-instability/3',
    'playbooks/ai/3',
  ]),
  runbook('pilot', [
    'actions/sev0-critical-funds/1',
    'actions/sev0-critical-funds/2',
    'actions/sev2-sev3-low/1',
    'log/tell/1',
  ]),
  runbook('other', ['log/tell/1']),
])

const found = (name: string): string | string[] => {
  const answer = findStep(RUNBOOKS, name)
  return answer.outcome === 'found'
    ? answer.step.id
    : [
        answer.outcome,
        ...(answer.outcome === 'ambiguous' ? answer.candidates : answer.nearest).map(({ id }) => id),
      ]
}

const NAMES: [name: string, answer: string | string[]][] = [
  ['trustflow/playbooks/ai-instability/3', 'trustflow/playbooks/ai-instability/3'],
  ['trustflow/ai-instability/3', 'trustflow/playbooks/ai-instability/3'],
  ['ai-instability/3', 'trustflow/playbooks/ai-instability/3'],
  ['trustflow/instability/3', 'trustflow/playbooks/ai-instability/3'],
  ['trustflow/ai/3', 'trustflow/playbooks/ai/3'],
  ['TrustFlow/AI-Instability/3/', 'trustflow/playbooks/ai-instability/3'],
  ['trustflow/first/4.1', 'trustflow/first-10-minutes/4.1'],
  ['pilot/sev0/1', 'pilot/actions/sev0-critical-funds/1'],
  ['pilot/sev3/1', 'pilot/actions/sev2-sev3-low/1'],
  ['pilot/log/tell', 'pilot/log/tell/1'],
  ['tell/1', ['ambiguous', 'pilot/log/tell/1', 'other/log/tell/1']],
  ['pilot/actions/1', ['ambiguous', 'pilot/actions/sev0-critical-funds/1', 'pilot/actions/sev2-sev3-low/1']],
  ['pilot/sev/1', ['ambiguous', 'pilot/actions/sev0-critical-funds/1', 'pilot/actions/sev2-sev3-low/1']],
  // As it is typed at night, or copied from a page or a message.
  ['trust/instab/3', 'trustflow/playbooks/ai-instability/3'],
  ['trustflow/ai_instability/3.', 'trustflow/playbooks/ai-instability/3'],
  ['ai instability 3', 'trustflow/playbooks/ai-instability/3'],
  ['Trustflow > AI Instability > Step 3', 'trustflow/playbooks/ai-instability/3'],
  ['Trustflow: AI instability #3', 'trustflow/playbooks/ai-instability/3'],
  ['“trustflow/ai-instability/3”', 'trustflow/playbooks/ai-instability/3'],
  ['`trustflow//ai-instability//3`', 'trustflow/playbooks/ai-instability/3'],
  ['trustflow\\ai-instability\\3', 'trustflow/playbooks/ai-instability/3'],
  ['ｔｒｕｓｔｆｌｏｗ／ａｉ／３', 'trustflow/playbooks/ai/3'],
  [
    'trustflow/ai-instabilty/3',
    ['unknown', 'trustflow/playbooks/ai-instability/3', 'trustflow/playbooks/ai-instability/1'],
  ],
  ['1', ['unknown']],
  ['', ['unknown']],
  ['/', ['unknown']],
  ['x'.repeat(1000), ['unknown']],
]

for (const [name, answer] of NAMES) {
  t.test(`"${name.slice(0, 40)}"`, async () => assert.deepEqual(found(name), answer))
}

t.test('codes are five letters to be said aloud, and accepted in any case', async () => {
  for (const { code, id } of RUNBOOKS.flatMap(({ steps }) => steps)) {
    assert.match(code, /^[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz]$/)
    assert.equal(found(` ${code.toUpperCase()} `), id)
    assert.equal(found(`[${code.split('').join(' ')}].`), id)
  }
})

t.test('a code a letter off is near', async () => {
  const [{ code, id }] = RUNBOOKS[0]!.steps as [Step]
  const wrong = `${code.slice(0, 4)}x`
  assert.ok(found(wrong).includes(id))
})

const codesOf = (paths: string[], texts: string[]) =>
  withCodes([runbook('rb', paths, texts)])[0]!.steps.map(s => s.code)

t.test('a code depends on runbook and text, not on place or spelling', async () => {
  assert.deepEqual(codesOf(['a/1'], ['Stop  it']), codesOf(['b/7'], ['stop it']))
  assert.notDeepEqual(codesOf(['a/1'], ['Stop it']), codesOf(['a/1'], ['Start it']))
})

t.test('the same text twice is told apart by its section, and stays so when renumbered', async () => {
  const [one, two] = codesOf(['a/1', 'b/1'], ['Deploy', 'Deploy'])
  assert.notEqual(one, two)
  assert.deepEqual(codesOf(['b/3', 'a/2'], ['Deploy', 'Deploy']), [two, one])
  const same = codesOf(['a/1', 'a/2', 'a/3'], ['Deploy', 'Deploy', 'Deploy'])
  assert.equal(new Set(same).size, 3)
})

t.test('codes grow where they collide', async () => {
  const paths = Array.from({ length: 3000 }, (_, index) => `a/${index}`)
  const codes = codesOf(paths, paths)
  assert.equal(new Set(codes).size, 3000)
  assert.ok(codes.some(code => code.length === 6))
})

t.test('a runbook is found by its id in any case', async () => {
  assert.equal(findRunbook(RUNBOOKS, ' Pilot ')?.id, 'pilot')
  assert.equal(findRunbook(RUNBOOKS, 'none'), undefined)
})
