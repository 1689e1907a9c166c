import assert from 'node:assert/strict'
import t from 'tap'
import { parseBusinessHours } from '../../src/domain/incident/business-hours.js'
import { clockOf } from '../../src/domain/incident/clock.js'
import { conditionsOf } from '../../src/domain/incident/escalations.js'
import { leftUndoneOf } from '../../src/domain/incident/left-undone.js'
import type { Runbook } from '../../src/wire/runbook.js'
import { aFlag, at, NOW, stateWith } from '../support/domain.js'
import { aRunbook, aStep, Story } from '../support/incidents.js'

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
  updateCadences: [{ text: 'updates every 30 minutes', minutes: 30, line: 8 }],
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

t.test('an escalation that was made', async t => {
  const asked = aRunbook({
    escalations: [
      { text: '15 min no progress', minutes: 15, line: 3, target: 'Page platform lead' },
      { text: '30 min no progress', minutes: 30, line: 4, target: 'Page VP' },
      { text: 'Data may be lost', line: 5, target: 'Security Lead', condition: 'Data may be lost' },
      { text: 'Only at P9', line: 6, levels: ['P9'], condition: 'Only at P9' },
    ],
    contacts: [{ role: 'Security Lead', contact: '+49 30 1', line: 9 }],
  })
  const lines = (told: Story, minutes: number) => brief(told, minutes, 'escalation')

  t.test('stops its clock, and no other', async () => {
    const told = open('SEV-1', asked)
    told.note('escalated', 16, 'INC-1', 'the VP')
    assert.deepEqual(lines(told, 40), [
      [3, minute(15), true, undefined],
      [4, minute(30), false, minute(16)],
    ])
    told.note('escalated', 20, 'INC-1', 'lead')
    assert.equal(lines(told, 40)[0]?.[3], undefined, 'two have a lead: it is not told which')
    told.note('escalated', 21, 'INC-1', 'platform lead')
    assert.deepEqual(lines(told, 40)[0], [3, minute(15), true, minute(21)], 'made too late')
  })

  t.test('is asked for with whom to call, how, and the request that notes it', async () => {
    const told = open('SEV-1', asked)
    const [condition, ...others] = conditionsOf(told.incident, asked)
    assert.deepEqual(others, [], 'not of this severity')
    assert.deepEqual(condition, {
      condition: 'Data may be lost',
      text: 'Data may be lost',
      line: 5,
      target: 'Security Lead',
      contacts: asked.contacts,
      call: {
        method: 'POST',
        path: '/v1/incidents/INC-1/notes',
        body: { kind: 'escalated', to: 'Security Lead', text: 'Data may be lost' },
      },
    })
    told.note('escalated', 5, 'INC-1', condition?.call?.body.to)
    assert.equal(conditionsOf(told.incident, asked)[0]?.metAt, minute(5))
  })

  t.test('is not asked for after the recovery, and is again after a re-kill', async () => {
    const told = open('SEV-1', asked)
    told.kill('ai_v1', 'INC-1', 1)
    told.restore('ai_v1', { incident: 'INC-1' }, 10)
    assert.deepEqual(lines(told, 40)[0], [3, minute(15), false, minute(10)])
    const held = clockOf(told.incident, asked, NOW + 40 * 60_000, { holds: 1 })
    assert.equal(held[0]?.metAt, undefined, 'another flag is held')
    told.kill('ai_v1', 'INC-1', 20)
    assert.deepEqual(lines(told, 30)[0], [3, minute(35), false, undefined])
    told.note('recovered', 31)
    assert.deepEqual(lines(told, 40)[0], [3, minute(35), false, minute(31)])
  })
})

t.test('a time box is met by its steps, and one after another begins with its end', async () => {
  const box = { text: 'First', minutes: 10, line: 1, steps: ['trustflow/first/1'] }
  const after = { text: 'Then (5 min)', minutes: 5, line: 2, after: 1, steps: ['trustflow/first/2'] }
  const other = { ...box, line: 3, levels: ['P9'] }
  const told = open('SEV-1', aRunbook({ timeBoxes: [box, after, other] }))
  assert.deepEqual(brief(told, 12, 'time-box'), [
    [1, minute(10), true, undefined],
    [2, minute(15), false, undefined],
  ])
  told.kill('ai_v1', 'INC-1', 4, undefined, {
    step: { id: 'trustflow/first/1', line: 1 },
    offRunbook: false,
    warnings: [],
  })
  assert.deepEqual(brief(told, 12, 'time-box'), [
    [1, minute(10), false, minute(4)],
    [2, minute(9), true, undefined],
  ])
})

t.test('a wait before a restore is not waited for again after it', async () => {
  const waits = [{ text: 'Wait 15 min, then enable', minutes: 15, line: 7, guards: ['ai_v1'] }]
  const told = open('SEV-1', aRunbook({ waits }))
  assert.deepEqual(brief(told, 1, 'recovery-wait'), [], 'of no flag of this incident')
  told.kill('ai_v1', 'INC-1', 1)
  assert.deepEqual(brief(told, 2, 'recovery-wait'), [[7, undefined, false, undefined]])
  told.note('recovered', 10)
  assert.deepEqual(brief(told, 11, 'recovery-wait'), [[7, minute(25), false, undefined]])
  told.restore('ai_v1', { incident: 'INC-1' }, 12)
  assert.deepEqual(brief(told, 13, 'recovery-wait'), [[7, minute(25), false, minute(12)]])
  told.resolve({}, 13)
})

t.test('business hours: due where they are set, and said to be unknown where not', async () => {
  const responseTime = { text: '< 4 hours (business hours)', business: { minutes: 240 } }
  const told = open('P1', aRunbook({ severities: [{ level: 'P1', line: 1, responseTime }] }))
  const [unknown] = clockOf(told.incident, told.runbook, NOW)
  assert.deepEqual([unknown?.due, unknown?.overdue], [undefined, false])
  assert.match(unknown?.dueUnknown ?? '', /KILLSWITCH_BUSINESS_HOURS/)
  const hours = parseBusinessHours('Mon-Sun 00:00-24:00 UTC')
  const [known] = clockOf(told.incident, told.runbook, NOW, { hours })
  assert.deepEqual([known?.due, known?.dueUnknown], [minute(240), undefined])
})

t.test('a cadence of its own severity takes the place of the general one', async () => {
  const updateCadences = [
    { text: 'every hour', minutes: 60, line: 1 },
    { text: 'SEV-1: every 15 min', minutes: 15, line: 2, levels: ['SEV-1'] },
  ]
  const cadence = (severity: string) =>
    brief(open(severity, aRunbook({ updateCadences })), 0, 'update').map(([line]) => line)
  assert.deepEqual([cadence('SEV-1'), cadence('SEV-2')], [[2], [1]])
})

t.test('what is left undone is listed at the close, and refuses nothing', async () => {
  const box = (ordinal: string) =>
    aStep({ id: `trustflow/list/${ordinal}`, headingPath: ['List'], ordinal, kind: 'task', flagActions: [] })
  const watch = aStep({
    id: 'trustflow/end/1',
    headingPath: ['End'],
    line: 30,
    text: 'Monitor closely',
    flagActions: [],
  })
  const minor = aStep({ id: 'trustflow/sev-3/1', headingPath: ['SEV-3: Minor'], flagActions: [] })
  const asked = aRunbook({
    steps: [box('1'), box('2'), watch, minor],
    waits: [{ text: 'Monitor closely', line: 30 }],
    escalations: [
      { text: '15 min', minutes: 15, line: 40, target: 'Lead' },
      { text: '90 min', minutes: 90, line: 41, target: 'VP' },
    ],
  })
  const told = open('SEV-1', asked)
  const undone = (minutes: number) =>
    leftUndoneOf(told.incident, asked, NOW + minutes * 60_000).map(({ what, line, steps, of }) => [
      what,
      line,
      steps?.length,
      of,
    ])
  assert.deepEqual(undone(20), [
    ['check-list', 20, 2, 2],
    ['steps', 30, 1, 1],
    ['wait', 30, undefined, undefined],
    ['escalation', 40, undefined, undefined],
  ])
  const [resolved] = told.resolve({}, 20)
  assert.equal(resolved?.outcome, 'applied')
  assert.deepEqual(
    resolved?.warnings?.map(({ code }) => code),
    ['left-undone'],
  )
  assert.match(
    resolved?.warnings?.[0]?.detail ?? '',
    /"Monitor closely".*"15 min -> Lead".*2 of 2 boxes of "List" /,
  )
  const all = open('SEV-1', aRunbook())
  assert.equal(all.resolve({}, 20)[0]?.warnings, undefined)
})
