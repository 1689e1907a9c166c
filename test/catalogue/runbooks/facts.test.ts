// Severity scales, clocks and templates.
import assert from 'node:assert/strict'
import t from 'tap'
import { read } from './reading.js'

const levels = (source: string) =>
  read(source).severities.map(({ level, name, responseTime, resolutionTime }) => [
    level,
    name,
    responseTime?.minutes,
    resolutionTime?.minutes,
  ])

t.test('a scale in a table', async () => {
  const head = '## Levels\n| Severity | Meaning | Response |\n|---|---|---|\n'
  assert.deepEqual(
    levels(`${head}| **SEV-A** | down | 5 min |\n| SEV-B: Partial | slow | Next release |\n`),
    [
      ['SEV-A', undefined, 5, undefined],
      ['SEV-B', 'Partial', undefined, undefined],
    ],
  )
  assert.deepEqual(levels(`${head}| Critical | down | 1 hour |\n| Low | typo | 2 days |\n`), [
    ['Critical', undefined, 60, undefined],
    ['Low', undefined, 2880, undefined],
  ])
})

t.test('a scale in bullets', async () => {
  const source =
    '## Severity\n- **Critical (P0)**: down\n  - Response Time: 10 min\n  - Resolution Time: 1 hour\n- **Low (P1)**: typo\n'
  assert.deepEqual(levels(source), [
    ['P0', 'Critical', 10, 60],
    ['P1', 'Low', undefined, undefined],
  ])
  assert.deepEqual(levels('## Severities\n- Priority 1: down\n- Priority 2: slow\n'), [
    ['Priority 1', undefined, undefined, undefined],
    ['Priority 2', undefined, undefined, undefined],
  ])
})

t.test('a scale in headings, once per level', async () => {
  const source =
    '## Severity\n### SEV0: Down\n**Response Time**: 5 minutes\n\n### SEV1: Slow\n**Signs:**\n- Minor errors\n\n## Actions\n### SEV0: Down\n1. Act\n'
  assert.deepEqual(levels(source), [
    ['SEV0', 'Down', 5, undefined],
    ['SEV1', 'Slow', undefined, undefined],
  ])
})

t.test('escalations by time, from tables and from text', async () => {
  const table = '## Escalation\n| After | Escalate to |\n|---|---|\n| 15 min | Second |\n| 1 hour | Head |\n'
  assert.deepEqual(
    read(table).escalations.map(({ minutes, target, line }) => [minutes, target, line]),
    [
      [15, 'Second', 4],
      [60, 'Head', 5],
    ],
  )
  const text = '## Escalation criteria\n- Not solved within 20 minutes (SEV0) or 2 hours (SEV1)\n'
  assert.deepEqual(
    read(text).escalations.map(({ minutes, levels: limited }) => [minutes, limited]),
    [
      [20, ['SEV0']],
      [120, ['SEV1']],
    ],
  )
  assert.deepEqual(read('## Go\nYou got paged. This page takes you there in 60 seconds.\n').escalations, [])
  const people =
    '## Escalation contacts\n| Level | Who | When |\n|---|---|---|\n| L2 | Lead | after 15 min |\n'
  assert.deepEqual(
    read(people).escalations.map(({ minutes, target }) => [minutes, target]),
    [[15, 'Lead']],
  )
  const [step] = read('## Go\n1. Escalate to the database team if not solved within 10 minutes\n').escalations
  assert.deepEqual([step?.minutes, step?.target], [10, 'database team'])
})

t.test('waits are steps that take time', async () => {
  const source =
    '## Go\n1. Wait 15 min for stability\n2. Keep watching for 1 hour\n3. Acknowledge (2 min)\n4. Wait for it\n'
  assert.deepEqual(
    read(source).waits.map(({ minutes, line }) => [minutes, line]),
    [
      [15, 2],
      [60, 3],
    ],
  )
})

t.test('a state that has to last is a wait, and so is a watch without an end', async () => {
  const waits = (source: string) => read(source).waits.map(({ minutes, line }) => [minutes, line])
  const lasting = [
    'Confirm that the error rate is stable for 15 minutes',
    'Errors below 1 % for at least 15 minutes',
    'No alerts for 15 minutes',
    'Prüfen: 15 Minuten stabil',
    'Comprobar que esté estable durante 15 minutos',
    'Vérifier que le taux reste stable pendant 15 minutes',
  ]
  for (const text of lasting) assert.deepEqual(waits(`## Go\n1. ${text}\n`), [[15, 2]], text)
  assert.deepEqual(waits('## Exit criteria\n- Error rate below 1 % for 20 minutes\n'), [[20, 2]])
  const open = [
    'Monitor closely',
    'Keep an eye on it',
    'Watch for a recurrence',
    'Continue monitoring',
    'Genau beobachten',
  ]
  for (const text of open) assert.deepEqual(waits(`## Go\n1. ${text}\n`), [[undefined, 2]], text)
  const none = [
    'Watch the queue depth on the board',
    'Wait until the pods are up',
    'Escalate if not stable for 15 minutes',
  ]
  for (const text of none) assert.deepEqual(waits(`## Go\n1. ${text}\n`), [], text)
})

t.test('a wait before a restore says which flags it guards', async () => {
  const guards = (source: string) => read(source).waits.map(wait => wait.guards)
  assert.deepEqual(guards('## Go\n1. Wait 10 minutes, then enable `ai_v1`\n'), [['ai_v1']])
  assert.deepEqual(guards('## Go\n1. Wait 10 minutes\n2. Enable `ai_v1`\n'), [['ai_v1']])
  assert.deepEqual(guards('## Go\n1. Enable `ai_v1`\n2. Wait 10 minutes\n'), [undefined])
})

t.test('a cadence for each severity, and one that each update tells', async () => {
  const cadences = (source: string) =>
    read(source).updateCadences.map(({ minutes, levels }) => [minutes, levels?.join()])
  const wanted = [
    [30, 'SEV1'],
    [120, 'SEV2'],
  ]
  assert.deepEqual(cadences('- SEV1: update every 30 minutes; SEV2: every 2 hours'), wanted)
  assert.deepEqual(
    cadences('| Severity | Update frequency |\n|---|---|\n| SEV1 | 30 min |\n| SEV2 | every 2 hours |\n'),
    wanted,
  )
  assert.deepEqual(cadences('## Go\n1. Post a status update with next update ETA\n'), [
    [undefined, undefined],
  ])
  assert.deepEqual(cadences('## Go\n1. Update the packages every 20 minutes of work'), [[20, undefined]])
})

t.test('business hours are counted as such', async () => {
  const head = '| Severity | Response | Resolution |\n|---|---|---|\n'
  const table = `${head}| P1 | < 4 hours (business hours) | Next business day |\n| P2 | 2 business hours | 3-5 working days |\n| P3 | innerhalb von 2 Werktagen | Next release |\n`
  assert.deepEqual(
    read(`## S\n${table}`).severities.map(each => [
      each.responseTime?.business,
      each.resolutionTime?.business,
    ]),
    [
      [{ minutes: 240 }, { days: 1 }],
      [{ minutes: 120 }, { days: 5 }],
      [{ days: 2 }, undefined],
    ],
  )
  assert.ok(
    read(`## S\n${table}`).severities.every(({ responseTime }) => responseTime?.minutes === undefined),
  )
})

t.test('a message in the sentence that says to send it', async () => {
  const inline = (source: string) => read(source).messageTemplates.map(({ title, text }) => [title, text])
  assert.deepEqual(inline('## Go\n- [ ] Post initial status: "We see [symptom]. Impact: [effect]"\n'), [
    ['Post initial status', 'We see [symptom]. Impact: [effect]'],
  ])
  assert.deepEqual(inline('## Go\n1. Tell support “Payments are slow, please wait.”\n'), [
    ['Tell support', 'Payments are slow, please wait.'],
  ])
  assert.deepEqual(
    inline('## Go\n1. Open the board "Capture pipeline and its queues"\n2. Post in "incidents"\n'),
    [],
  )
})

t.test('update cadence and post-mortem deadline', async () => {
  assert.equal(read('We provide updates every 20 minutes.').updateCadences[0]?.minutes, 20)
  assert.deepEqual(read('Backups run every 20 minutes.').updateCadences, [])
  assert.equal(read('### 6. Post-mortem (within 48h)').postmortemDeadline?.minutes, 2880)
  assert.equal(read('## Within 24 hours:\n- [ ] Write post-mortem').postmortemDeadline?.minutes, 1440)
  assert.equal(read('- Within 2 days: write the postmortem').postmortemDeadline?.minutes, 2880)
  const business = read('Hold the post-mortem within 5 business days.').postmortemDeadline
  assert.ok(business && business.minutes === undefined)
})

t.test('templates of messages and of the post-mortem', async () => {
  const source =
    '## Communication Templates\n### First update\n```\n[OPEN] x\n```\n## Post-Mortem Template\n```markdown\n## Incident\n- [ ] x\n```\n## 4. Tell\n```\n/incident update\nStatus: x\n```\n'
  const { messageTemplates, postmortemTemplate, leftOut } = read(source)
  assert.deepEqual(
    messageTemplates.map(({ title, line }) => [title, line]),
    [
      ['First update', 3],
      ['Tell', 12],
    ],
  )
  assert.equal(postmortemTemplate?.text, '## Incident\n- [ ] x')
  assert.equal(postmortemTemplate?.language, 'markdown')
  assert.equal(leftOut.template, 3)
})

t.test('a list may be the outline of the post-mortem', async () => {
  const { postmortemTemplate, leftOut } = read('### Post-mortem\nTemplate:\n1. Timeline\n2. Root cause\n')
  assert.equal(postmortemTemplate?.text, '1. Timeline\n2. Root cause')
  assert.equal(leftOut.template, 2)
})
