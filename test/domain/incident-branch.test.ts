import assert from 'node:assert/strict'
import t from 'tap'
import { decideKill } from '../../src/domain/flip/kill.js'
import { killsOfBranch } from '../../src/domain/flip/provisional.js'
import { aFlag, anActor, applied, stateWith } from '../support/domain.js'
import { aRunbook, aStep, Story } from '../support/incidents.js'

t.test('an incident on a branch of the log that is abandoned', async t => {
  t.test('keeps what it had adopted: the kill comes in again under it', async () => {
    const start = stateWith(aFlag('ai_v1'))
    const told = new Story(start, aRunbook({ steps: [aStep()] }))
    const [kill] = told.kill('ai_v1')
    told.declare({ adopt: true })
    const [again] = killsOfBranch(told.entries, told.state)
    assert.ok(again)
    const [hold] = applied(start, decideKill(start, again, 'accepted')).flags.get('ai_v1')?.holds ?? []
    assert.deepEqual([hold?.id, hold?.incident], [kill?.hold, 'INC-1'])
  })

  t.test(
    'keeps a kill that the adoption ended in a hold from before the branch, which the log may have released',
    async () => {
      const before = new Story(stateWith(aFlag('ai_v1')), aRunbook({ steps: [aStep()] }))
      before.kill('ai_v1', undefined, 0, anActor('engineer'))
      const branch = new Story(before.state, before.runbook)
      const [kill] = branch.kill('ai_v1')
      branch.declare({ adopt: true })
      assert.equal(branch.state.flags.get('ai_v1')?.holds.length, 1)
      before.restore('ai_v1', { all: true })
      const kills = killsOfBranch(branch.entries, branch.state)
      const end = kills.reduce(
        (state, each) => applied(state, decideKill(state, each, 'accepted')),
        before.state,
      )
      assert.deepEqual(
        end.flags.get('ai_v1')?.holds.map(hold => [hold.id, hold.incident]),
        [[kill?.hold, 'INC-1']],
      )
    },
  )
})
