import assert from 'node:assert/strict'
import t from 'tap'
import { clockOf } from '../../src/domain/incident-clock.js'
import type { Runbook } from '../../src/wire/runbook.js'
import { aFlag, at, NOW, stateWith } from '../support/domain.js'
import { aRunbook, Story } from '../support/incidents.js'

const runbook = aRunbook({
  severities: [
    {
      level: 'P1',
      line: 1,
      responseTime: { text: 'Immediate' },
      resolutionTime: { text: '< 1 hour', minutes: 60 },
    },
    {
      level: 'P2',
      line: 2,
      responseTime: { text: '< 15 minutes', minutes: 15 },
      resolutionTime: { text: 'Next release' },
    },
  ],
  escalations: [
    { text: '15 min no progress', minutes: 15, line: 3, target: 'Add second on-call' },
    { text: 'Cannot resolve within 30 minutes (P1)', minutes: 30, line: 4, levels: ['P1'] },
    { text: 'P1/P2: Immediate escalation', line: 5, target: 'engineering manager', levels: ['P1', 'P2'] },
    { text: 'P3: Next business day', line: 6, levels: ['P3'] },
  ],
  waits: [{ text: 'Wait 15 min for stability', minutes: 15, line: 7 }],
  updateCadence: { text: 'updates every 30 minutes', minutes: 30, line: 8 },
  postmortemDeadline: { text: 'Post-mortem (within 48h)', minutes: 2880, line: 9 },
})
const open = (severity = 'P2', given: Runbook = runbook) => {
  const told = new Story(stateWith(aFlag('ai_v1')), given)
  told.declare({ severity })
  return told
}
const minute = (minutes: number): string => at(minutes * 60)
const read = (told: Story, minutes: number, what: string) =>
  clockOf(told.incident, told.runbook, NOW + minutes * 60_000).filter(each => each.what === what)
const brief = (told: Story, minutes: number, what: string) =>
  read(told, minutes, what).map(({ line, due, overdue, metAt }) => [line, due, overdue, metAt])

t.test('the clock of an incident', async t => {
  t.test('puts response and resolution to the severity, and text without minutes to no time', async () => {
    const told = open('P2')
    assert.deepEqual(brief(told, 14, 'response'), [[2, minute(15), false, undefined]])
    assert.deepEqual(brief(told, 15, 'response'), [[2, minute(15), true, undefined]])
    assert.deepEqual(brief(told, 999, 'resolution'), [[2, undefined, false, undefined]])
    assert.equal(read(told, 0, 'resolution')[0]?.text, 'Next release')
    told.note('progress', 10)
    assert.deepEqual(brief(told, 99, 'response'), [[2, minute(15), false, minute(10)]], 'met in time')
    told.change({ severity: 'P1' }, 20)
    assert.deepEqual(
      brief(told, 61, 'resolution'),
      [[1, minute(60), true, undefined]],
      'from the declaration',
    )
    assert.deepEqual(brief(told, 61, 'response'), [[1, undefined, false, minute(10)]])
  })

  t.test(
    'escalates by time from the last progress, by severity, and to the end where the runbook says so',
    async () => {
      const told = open('P1')
      const lines = (minutes: number) => brief(told, minutes, 'escalation')
      assert.deepEqual(lines(15), [
        [3, minute(15), true, undefined],
        [4, minute(30), false, undefined],
        [5, undefined, false, undefined],
      ])
      told.note('progress', 12)
      assert.deepEqual(lines(15)[0], [3, minute(27), false, undefined])
      assert.deepEqual(lines(15)[1], [4, minute(30), false, undefined], 'progress is not a solution')
      told.note('update', 20)
      assert.deepEqual(lines(20)[0], [3, minute(27), false, undefined], 'an update is not progress')
      assert.equal(read(told, 0, 'escalation')[2]?.target, 'engineering manager')
      told.change({ severity: 'P2' }, 21)
      assert.deepEqual(
        lines(21).map(([line]) => line),
        [3, 5],
      )
    },
  )

  t.test('asks for an update again after each update', async () => {
    const told = open()
    assert.deepEqual(brief(told, 30, 'update'), [[8, minute(30), true, undefined]])
    told.note('update', 29)
    told.note('progress', 40)
    assert.deepEqual(brief(told, 40, 'update'), [[8, minute(59), false, undefined]])
  })

  t.test('waits from the last restore or a recovered note, and not while it is killed again', async () => {
    const told = open()
    assert.deepEqual(brief(told, 0, 'recovery-wait'), [[7, undefined, false, undefined]])
    told.kill('ai_v1', 'INC-1', 1)
    told.restore('ai_v1', { incident: 'INC-1' }, 10)
    assert.deepEqual(brief(told, 20, 'recovery-wait'), [[7, minute(25), false, undefined]])
    told.kill('ai_v1', 'INC-1', 21)
    assert.deepEqual(brief(told, 30, 'recovery-wait'), [[7, undefined, false, undefined]])
    told.restore('ai_v1', { all: true }, 31)
    assert.deepEqual(brief(told, 45, 'recovery-wait'), [[7, minute(46), false, undefined]])
    told.note('recovered', 50)
    assert.deepEqual(brief(told, 65, 'recovery-wait'), [[7, minute(65), false, minute(65)]], 'over')
  })

  t.test('sets the post-mortem from the resolve, until it is linked', async () => {
    const told = open()
    assert.deepEqual(brief(told, 5000, 'postmortem'), [[9, undefined, false, undefined]])
    told.resolve({}, 60)
    assert.deepEqual(brief(told, 61, 'postmortem'), [[9, minute(60 + 2880), false, undefined]])
    assert.deepEqual(brief(told, 60 + 2880, 'postmortem')[0]?.[2], true)
    assert.deepEqual(brief(told, 61, 'escalation'), [], 'what is over is not due')
    told.change({ link: { title: 'Post-mortem', url: 'https://wiki.example/42' } }, 100)
    assert.deepEqual(brief(told, 9999, 'postmortem')[0]?.slice(2), [false, minute(100)])
  })

  t.test(
    'says that something is due at once where the runbook does, and invents no minutes for it',
    async () => {
      const told = open()
      const items = clockOf(told.incident, told.runbook, NOW)
      for (const { text, atOnce, due } of items) {
        assert.equal(atOnce, /immediate/i.test(text) ? true : undefined, text)
        if (atOnce) assert.equal(due, undefined)
      }
      assert.ok(items.some(({ atOnce }) => atOnce))
    },
  )

  t.test('invents nothing where the runbook is silent, or is gone', async () => {
    const told = open('SEV-1', aRunbook())
    assert.deepEqual(clockOf(told.incident, told.runbook, NOW), [])
    assert.deepEqual(clockOf(told.incident, undefined, NOW), [])
  })
})
