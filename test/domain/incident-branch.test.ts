import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decideMerge, killsOfBranch } from '../../src/domain/provisional.js'
import { aFlag, applied, NOW, stateWith } from '../support/domain.js'
import { aRunbook, aStep, Story } from '../support/incidents.js'

describe('an incident on a branch of the log that is abandoned', () => {
  it('keeps what it had adopted: the kill comes in again under it', () => {
    const start = stateWith(aFlag('ai_v1'))
    const told = new Story(start, aRunbook({ steps: [aStep()] }))
    const [kill] = told.kill('ai_v1')
    told.declare({ adopt: true })
    const [again] = killsOfBranch(told.entries, told.state)
    assert.ok(again)
    const [hold] = applied(start, decideMerge(start, again, NOW)).flags.get('ai_v1')?.holds ?? []
    assert.deepEqual([hold?.id, hold?.incident], [kill?.hold, 'INC-1'])
  })
})
