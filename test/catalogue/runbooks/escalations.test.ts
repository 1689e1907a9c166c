// Escalations by a condition and by a role, and who is to be reached: what is read, and what is left alone.
import assert from 'node:assert/strict'
import t from 'tap'
import { read } from './reading.js'

const conditions = (source: string) =>
  read(source).escalations.map(({ condition, target, levels }) => [condition, target, levels?.join()])
const contacts = (source: string) => read(source).contacts.map(({ role, contact }) => [role, contact])

t.test('each item below "escalate when" is a condition', async () => {
  const wanted = [
    ['Data may be lost', undefined, undefined],
    ['The fix needs another team', undefined, undefined],
  ]
  for (const title of ['When to escalate', 'Escalation criteria', 'Escalate if', 'Escalate when'])
    assert.deepEqual(
      conditions(`## ${title}\n- Data may be lost\n- The fix needs another team\n`),
      wanted,
      title,
    )
  assert.deepEqual(conditions('## When to escalate\n- Customer data leaked → Security officer\n'), [
    ['Customer data leaked', 'Security officer', undefined],
  ])
})

t.test('a table by role, by severity and by condition', async () => {
  const source =
    '## Contacts\n| Role | Phone | When to call |\n|---|---|---|\n| DBA | +49 30 1 | Replication is broken |\n| CISO | +49 30 2 | SEV1 |\n| Nobody | - | - |\n'
  assert.deepEqual(conditions(source), [
    ['Replication is broken', 'DBA', undefined],
    [undefined, 'CISO', 'SEV1'],
  ])
  assert.deepEqual(contacts(source), [
    ['DBA', '+49 30 1'],
    ['CISO', '+49 30 2'],
    ['Nobody', ''],
  ])
  const bySeverity =
    '## Escalation\n| Severity | Escalate to | After |\n|---|---|---|\n| SEV1 | VP | 30 min |\n| SEV2 | Lead | next business day |\n'
  assert.deepEqual(
    read(bySeverity).escalations.map(({ minutes, business, target, levels }) => [
      minutes ?? business,
      target,
      levels?.join(),
    ]),
    [
      [30, 'VP', 'SEV1'],
      [{ days: 1 }, 'Lead', 'SEV2'],
    ],
  )
})

t.test('a step that escalates depends on its own words, or on those above it', async () => {
  assert.deepEqual(conditions('## Go\n1. Escalate to the database team if the replica is behind\n'), [
    ['if the replica is behind', 'database team', undefined],
  ])
  assert.deepEqual(conditions('## SEV1\n### If no hotfix is possible\n1. Escalate to an engineer\n'), [
    ['If no hotfix is possible', 'engineer', 'SEV1'],
  ])
  assert.deepEqual(conditions('## Eskalation\n1. Wenn Daten verloren gehen, an die Leitung eskalieren\n'), [
    ['Wenn Daten verloren gehen', 'Leitung', undefined],
  ])
  assert.deepEqual(conditions('## Escalation\n1. If payments fail, call the bank desk\n'), [
    ['If payments fail', 'bank desk', undefined],
  ])
})

t.test('what speaks of escalation and asks for none', async () => {
  const none = [
    'We escalate when customers are hit, as a rule.\n\n## Go\n1. Look\n',
    '## Acceptance Criteria\n- [ ] Escalation path clear\n- [ ] Nobody escalates if it is not needed\n',
    '## Success criteria\n- No job is late\n- Errors below 1 %\n',
    '## Go\n1. Call the lead if in doubt\n',
    '## Escalation Contacts\n- Engineering Manager: [Contact]\n',
  ]
  for (const source of none) assert.deepEqual(read(source).escalations, [], source)
})

t.test('contacts in lists and tables, of several languages', async () => {
  assert.deepEqual(
    contacts(
      '## Contact Information\n### On-Call Engineers\n- Primary: [Contact]\n- **Secondary**: +49 30 3\n',
    ),
    [
      ['Primary', '[Contact]'],
      ['Secondary', '+49 30 3'],
    ],
  )
  assert.deepEqual(contacts('## Ansprechpartner\n- Leitung: Frau Kern\n'), [['Leitung', 'Frau Kern']])
  assert.deepEqual(contacts('## Contacts\n- Security team – #sec-oncall\n'), [
    ['Security team', '#sec-oncall'],
  ])
  assert.deepEqual(contacts('## Go\n- Slack: #incidents\n1. Note: call first\n'), [])
  assert.deepEqual(contacts('## Contacts\n- Note: the list is old\n- Call the lead: first\n'), [])
})
