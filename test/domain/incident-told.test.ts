// What is told of an incident says no more than what was done: who was not called was not, what was closed by force was not
// over, and what was put right later is said to have been.

import assert from 'node:assert/strict'
import t from 'tap'
import type { StepClaim } from '../../src/domain/flip/flip.js'
import { clockOf } from '../../src/domain/incident/clock.js'
import { conditionsOf, otherContacts } from '../../src/domain/incident/escalations.js'
import { postmortemOf } from '../../src/domain/incident/postmortem.js'
import { stillTold } from '../../src/domain/incident/warnings.js'
import { aFlag, anActor, at, NOW, stateWith } from '../support/domain.js'
import { aRunbook, aStep, Story } from '../support/incidents.js'

const minute = (minutes: number): string => at(minutes * 60)
const coordinator = anActor('coordinator')
const COORDINATOR = 'Pilot Coordinator'
const runbook = aRunbook({
  steps: [aStep(), aStep({ id: 'trustflow/first/2', code: 'fghij', flagActions: [] })],
  escalations: [
    { text: '15 min no progress', minutes: 15, line: 3, target: 'Page VP' },
    { text: 'Legal concerns', line: 5, target: COORDINATOR, condition: 'Legal concerns' },
    { text: 'Data concerns', line: 6, target: COORDINATOR, condition: 'Data concerns' },
    { text: 'Press asks', line: 7, target: 'Press office', condition: 'Press asks' },
  ],
  contacts: [
    { role: 'VP', contact: '+1', line: 20 },
    { role: 'ML On-call', contact: 'See the pager', line: 21 },
  ],
  timeBoxes: [
    { text: 'First 10 minutes', minutes: 10, line: 2, steps: ['trustflow/first/1', 'trustflow/first/2'] },
  ],
  waits: [{ text: 'Watch for 30 minutes', minutes: 30, line: 9 }],
})
const open = () => {
  const told = new Story(stateWith(aFlag('ai_v1')), runbook)
  told.declare({ severity: 'SEV-1' })
  return told
}
const clock = (told: Story, what: string) =>
  clockOf(told.incident, runbook, NOW + 60 * 60_000)
    .filter(each => each.what === what)
    .map(({ metAt, ended, overdue }) => [metAt, ended, overdue])
const postmortem = ({ incident, entries }: Story) =>
  postmortemOf({
    ...{ incident, environment: 'test', applications: [], definition: () => aFlag('ai_v1') },
    entries: entries.map(({ entry }) => entry).filter(({ action }) => action !== 'catalogue.loaded'),
  })

const mistyped: StepClaim = {
  step: { id: 'abcdf' },
  offRunbook: true,
  warnings: [{ code: 'unknown-step', detail: 'x' }],
}

t.test('what nobody did', async t => {
  t.test('is not met by the recovery, or by the close: it ended', async () => {
    const told = open()
    told.kill('ai_v1', 'INC-1', 1)
    told.restore('ai_v1', { incident: 'INC-1' }, 5)
    assert.deepEqual(clock(told, 'escalation'), [[minute(5), 'recovered', false]])
    told.note('escalated', 6, 'INC-1', 'VP')
    assert.deepEqual(clock(told, 'escalation'), [[minute(6), undefined, false]])
    assert.deepEqual(clock(told, 'time-box'), [[undefined, undefined, true]])
    told.resolve({ actor: coordinator, force: true, reason: 'x' }, 7)
    assert.deepEqual(clock(told, 'time-box'), [[minute(7), 'resolved', false]])
  })

  t.test('of a time box that was begun is named', async () => {
    const told = open()
    const left = () => clockOf(told.incident, runbook, NOW).find(({ what }) => what === 'time-box')?.left
    assert.equal(left(), undefined)
    const { id, code, text, line } = aStep()
    const claim = { step: { id, code, text, line }, offRunbook: false, warnings: [] }
    told.kill('ai_v1', 'INC-1', 1, anActor('operator'), claim)
    assert.deepEqual(left(), ['fghij'])
  })

  t.test('is no condition that came true because its target was called for another', async () => {
    const told = open()
    const conditions = () =>
      conditionsOf(told.incident, runbook).map(({ metAt, calledAt }) => [metAt, calledAt])
    told.note('escalated', 1, 'INC-1', COORDINATOR, 'The core has to change')
    told.note('escalated', 2, 'INC-1', 'Press office', 'they rang')
    const called = [undefined, minute(1)]
    assert.deepEqual(conditions(), [called, called, [minute(2), undefined]])
    told.note('escalated', 3, 'INC-1', COORDINATOR, 'data concerns')
    assert.deepEqual(conditions(), [called, [minute(3), undefined], [minute(2), undefined]])
  })

  t.test('has contacts all the same', async () => {
    const { incident } = open()
    assert.deepEqual(
      otherContacts(incident, runbook).map(({ role }) => role),
      ['ML On-call'],
    )
    assert.deepEqual(otherContacts(incident, undefined), [])
  })
})

t.test('a close by force before the wait was over says so, in its entry and in the post-mortem', async () => {
  const told = open()
  told.kill('ai_v1', 'INC-1', 1)
  told.restore('ai_v1', { incident: 'INC-1' }, 5)
  const [closed] = told.resolve({ actor: coordinator, force: true, reason: 'enough' }, 7)
  assert.deepEqual(
    closed?.warnings?.map(({ code }) => code),
    ['wait-not-over', 'left-undone'],
  )
  assert.doesNotMatch(closed?.warnings?.[1]?.detail ?? '', /Watch for 30/, 'it is told once')
  assert.match(postmortem(told), /INC-1 by \S+: closed by force before the wait was over/)
  const patient = open()
  patient.kill('ai_v1', 'INC-1', 1)
  patient.restore('ai_v1', { incident: 'INC-1' }, 5)
  patient.resolve({}, 36)
  assert.doesNotMatch(postmortem(patient), /by force/)
})

t.test('a step that was mistyped at the kill is named by the same kill again', async () => {
  const told = open()
  const { id, code, text, line } = aStep()
  told.kill('ai_v1', 'INC-1', 1, anActor('operator', 'olga'), mistyped)
  assert.deepEqual(told.state.gaps[0]?.missing, ['step'])
  told.kill('ai_v1', 'INC-1', 2, anActor('operator', 'olga'), mistyped)
  assert.equal(told.state.gaps.length, 1, 'mistyped again')
  const claim = { step: { id, code, text, line }, offRunbook: false, warnings: [] }
  told.kill('ai_v1', 'INC-1', 3, anActor('operator', 'olga'), claim)
  assert.deepEqual(told.state.gaps, [])
  assert.match(
    postmortem(told),
    /no runbook has the step that was named \(abcdf\); trustflow\/first\/1 was named 2026-11-20 03:03:00 UTC/,
  )
})

t.test('a time to kill of several is not read as one number', async () => {
  const told = open()
  told.kill('ai_v1', 'INC-1', 2)
  told.restore('ai_v1', { incident: 'INC-1' }, 5)
  told.kill('ai_v1', 'INC-1', 6)
  assert.match(
    postmortem(told),
    /first of 2 kills 2 min after it was declared, the last 6 min after it was declared/,
  )
})

t.test('what a kill was told of its incident is told later as far as it is true still', async () => {
  const told = new Story(stateWith(aFlag('ai_v1')), runbook)
  const codes = (entry: Parameters<typeof stillTold>[1] | undefined) =>
    stillTold(told.state, entry ?? {}).map(({ code }) => code)
  const [early] = told.kill('ai_v1', 'INC-1', 0, anActor('operator'), mistyped)
  assert.ok(codes(early).includes('unknown-incident'))
  told.declare({ severity: 'SEV-1' })
  assert.equal(codes(early).includes('unknown-incident'), false)
  assert.ok(codes(early).includes('unknown-step'), 'what was missing then is missing')
  told.restore('ai_v1', { incident: 'INC-1' }, 5)
  told.resolve({}, 60)
  const [late] = told.kill('ai_v1', 'INC-1', 61)
  assert.ok(codes(late).includes('resolved-incident'))
  told.reopen('INC-1', 62)
  assert.equal(codes(late).includes('resolved-incident'), false)
})
