import assert from 'node:assert/strict'
import { it } from 'node:test'
import { decideStepRun } from '../../src/domain/step-run.js'
import { aFlag, anActor, applied, aRequest, NOW, noStep, stateWith } from '../support/domain.js'

const start = stateWith(aFlag('ai_v1'), aFlag('kyc_v1'))
const run = (flags: string[]) => ({ actor: anActor('operator'), request: aRequest(), claim: noStep, flags })

it('a run that names a flag twice holds it once', () => {
  const verdict = decideStepRun(start, run(['ai_v1', 'ai_v1', 'kyc_v1']), NOW)
  assert.deepEqual(verdict.drafts[0]?.flags, ['ai_v1', 'kyc_v1'])
  assert.equal(applied(start, verdict).flags.get('ai_v1')?.holds.length, 1)
})

it('a run of which a part is there already does what is missing', () => {
  const command = run(['ai_v1', 'kyc_v1'])
  const [whole, kill] = decideStepRun(start, command, NOW).drafts
  const torn = applied(start, { drafts: [whole!, kill!] })
  const again = decideStepRun(torn, command, NOW)
  assert.deepEqual(
    again.drafts.map(({ action, outcome }) => `${action} ${outcome}`),
    ['step.run applied', 'kill unchanged', 'kill applied'],
  )
  const { flags } = applied(torn, again)
  assert.deepEqual([flags.get('ai_v1')?.holds.length, flags.get('kyc_v1')?.holds.length], [1, 1])
})
