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

t.test('update cadence and post-mortem deadline', async () => {
  assert.equal(read('We provide updates every 20 minutes.').updateCadence?.minutes, 20)
  assert.equal(read('Backups run every 20 minutes.').updateCadence, undefined)
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
