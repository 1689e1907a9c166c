import assert from 'node:assert/strict'
import t from 'tap'
import { decideKill } from '../../src/domain/flip/kill.js'
import { aFlag, applied, killOf, stateWith } from '../support/domain.js'

const start = stateWith(aFlag('ai_v1'), aFlag('kyc_v1'))
const run = (flags: string[]) => killOf('', { flags })

t.test('a run that names a flag twice holds it once', async () => {
  const verdict = decideKill(start, run(['ai_v1', 'ai_v1', 'kyc_v1']))
  assert.deepEqual(verdict.drafts[0]?.flags, ['ai_v1', 'kyc_v1'])
  assert.equal(applied(start, verdict).flags.get('ai_v1')?.holds.length, 1)
})

t.test('a run of which a part is there already does what is missing', async () => {
  const command = run(['ai_v1', 'kyc_v1'])
  const [whole, kill] = decideKill(start, command).drafts
  const torn = applied(start, { drafts: [whole!, kill!] })
  const again = decideKill(torn, command)
  assert.deepEqual(
    again.drafts.map(({ action, outcome }) => `${action} ${outcome}`),
    ['step.run applied', 'kill unchanged', 'kill applied'],
  )
  const { flags } = applied(torn, again)
  assert.deepEqual([flags.get('ai_v1')?.holds.length, flags.get('kyc_v1')?.holds.length], [1, 1])
})
