import assert from 'node:assert/strict'
import t from 'tap'
import { findingsOf, read, stepsOf } from './reading.js'

type Trap = { name: string; source: string; steps: string[]; leftOut?: Record<string, number> }

const TRAPS: Trap[] = [
  {
    name: 'headings, tables and bullets inside a fence are text of the fence',
    source:
      '# R\n\n## Do\n\n1. One\n\n```markdown\n## Not a heading\n- not a step\n| a | b |\n|---|---|\n```\n',
    steps: ['do/1 | One'],
    leftOut: { code: 1 },
  },
  {
    name: 'lists about the runbook are no steps, and are counted',
    source:
      '# R\n\n## Scope\n- the API\n\n## Symptoms\n- errors\n- slow pages\n\n## Contacts\n- Lead: [name]\n\n## Prevention\n- Monitor it\n\n## Act\n- Restart the pod\n',
    steps: ['act/1 | Restart the pod'],
    leftOut: { scope: 1, symptoms: 2, contacts: 1, prevention: 1 },
  },
  {
    name: 'links and acceptance checkboxes are no steps',
    source:
      '## Acceptance criteria\n- [ ] Everything works\n\n## After\n1. **Plan**: See `docs/plan.md`\n2. [Other](./o.md)\n\n## Fix\n1. Do it\n',
    steps: ['fix/1 | Do it'],
    leftOut: { acceptance: 1, links: 2 },
  },
  {
    name: 'a title that begins with a verb is about doing, whatever it is about',
    source: '## Assess scope\n- How many users are affected?\n\n## Check dashboards\n- [ ] Open the board\n',
    steps: ['assess-scope/1 | How many users are affected?', 'check-dashboards/1 | Open the board'],
  },
  {
    name: 'every item numbered 1. counts on',
    source: '## Go\n1. a b\n1. c d\n1. e f\n',
    steps: ['go/1 | a b', 'go/2 | c d', 'go/3 | e f'],
  },
  {
    name: 'a badly indented bullet cuts no list in two',
    source: '## Go\n1. Stop it\n2. Drain it:\n - drain the first\n3. Start it\n',
    steps: ['go/1 | Stop it', 'go/2 | Drain it:', 'go/2.1 | drain the first', 'go/3 | Start it'],
  },
  {
    name: 'a fence at the margin between two items belongs to the first',
    source: '## Go\n1. Stop it\n```bash\nsystemctl stop it\n```\n2. Start it\n',
    steps: ['go/1 | Stop it', 'go/2 | Start it'],
  },
  {
    name: 'a fence in an item belongs to the item',
    source: '## Go\n1. Stop it\n   ```bash\n   # a comment\n   systemctl stop it\n   ```\n2. Start it\n',
    steps: ['go/1 | Stop it', 'go/2 | Start it'],
  },
  {
    name: 'two lists in a section are counted as one',
    source: '## Go\n1. Stop it\n\nThen:\n\n1. Start it\n',
    steps: ['go/1 | Stop it', 'go/2 | Start it'],
  },
  {
    name: 'bold labels are headings, and numbering restarts under each',
    source: '## Case\n**Investigation:**\n1. Check it\n\n**Resolution**:\n1. Fix it\n2. Test it\n',
    steps: ['case/investigation/1 | Check it', 'case/resolution/1 | Fix it', 'case/resolution/2 | Test it'],
  },
  {
    name: 'bold steps take the lists and fences below them',
    source:
      '## Case\n**Step 1: Stop it**\n```bash\n# how\nstop\n```\n**Step 2: Check it**\n- Open the log\n- Read it\n',
    steps: ['case/1 | Stop it', 'case/2 | Check it', 'case/2.1 | Open the log', 'case/2.2 | Read it'],
  },
  {
    name: 'a bold step per line of one paragraph',
    source: '## Case\n**Step 1: Stop it**\n**Step 2: Check it**\n',
    steps: ['case/1 | Stop it', 'case/2 | Check it'],
  },
  {
    name: 'commands are split by their comments',
    source:
      '## Case\n```bash\n# Look at it\n# and at this\nkubectl get pods\n\nkubectl get nodes\n# Restart it\nkubectl rollout restart\n```\n',
    steps: ['case/1 | Look at it', 'case/2 | Restart it'],
  },
  {
    name: 'uncommented commands are one step, worded by the sentence above',
    source:
      '## Case\nRestart the pod:\n```sh\nkubectl delete pod x\n```\n\n## Other\n```console\n$ kubectl get pods\nNAME READY\n```\n',
    steps: ['case/1 | Restart the pod:', 'other/1 | kubectl get pods'],
  },
  {
    name: 'rows of issue and action are steps; other tables are not',
    source:
      '## Quick\n| Issue | Action |\n|---|---|\n| Loop | `kubectl undo` |\n| Slow | Scale up |\n\n## Ports\n| Name | Port |\n|---|---|\n| api | 80 |\n\n## People\n| Role | Contact |\n|---|---|\n| Lead | x |\n',
    steps: ['quick/1 | Loop: kubectl undo', 'quick/2 | Slow: Scale up'],
    leftOut: { reference: 1, contacts: 1 },
  },
  {
    name: 'follow-up work with owner and date is no step',
    source:
      '## Items\n| Action | Owner | Due date |\n|---|---|---|\n| Fix | me | soon |\n\n## Go\n1. Do it\n',
    steps: ['go/1 | Do it'],
    leftOut: { reference: 1 },
  },
  {
    name: 'numbered headings are steps where nothing below them is',
    source:
      '## Flow\n### 1. Page the lead\n### 2. Look\n1. Open the log\n### Step 3 - Drain traffic\nSlowly.\n## 4. Contacts\n- x\n',
    steps: [
      'flow/page-the-lead/1 | Page the lead',
      'flow/look/1 | Open the log',
      'flow/drain-traffic/1 | Drain traffic',
    ],
  },
  {
    name: 'no H1, then several',
    source: '## Before\n1. Look\n\n# First\n1. Act\n\n# Second\n1. Act again\n',
    steps: ['before/1 | Look', '1 | Act', 'second/1 | Act again'],
  },
  {
    name: 'front matter, a byte order mark and CRLF',
    source: '\uFEFF---\r\ntitle: Named above\r\n---\r\n\r\n## Go\r\n1. Do it\r\n   - stop one\r\n',
    steps: ['go/1 | Do it', 'go/1.1 | stop one'],
  },
  {
    name: 'setext headings, all list markers, task lists in task lists',
    source:
      'R\n=\n\nFirst\n-----\n\n* Stop it\n+ Start it\n\n1) Look\n2) Act\n\n- [ ] Verify\n  - [x] Verify one\n',
    steps: [
      'first/1 | Stop it',
      'first/2 | Start it',
      'first/3 | Look',
      'first/4 | Act',
      'first/5 | Verify',
      'first/5.1 | Verify one',
    ],
  },
  {
    name: 'emoji, links, code and slashes in headings',
    source: '## 🚨 Kill [the `API`](x)/Queue\n1. Do it\n',
    steps: ['kill-the-api-queue/1 | Do it'],
  },
  {
    name: 'headings twice: the second is suffixed',
    source: '## Go\n1. a\n## Go\n1. a\n## Go 2\n1. a\n',
    steps: ['go/1 | a', 'go-2/1 | a', 'go-2-2/1 | a'],
  },
  {
    name: 'a label named like a heading beside it yields to the heading',
    source: '## X\n**Fix:**\n1. a\n### Fix\n1. b\n',
    steps: ['x/fix-2/1 | a', 'x/fix/1 | b'],
  },
  {
    name: 'a language whose verbs are not known',
    source: '## Maßnahmen\n- Verkehr umleiten\n- Dienst neu starten\n\n## Kontakte\n- Leitung: Anna\n',
    steps: ['maßnahmen/1 | Verkehr umleiten', 'maßnahmen/2 | Dienst neu starten'],
    leftOut: { contacts: 1 },
  },
  {
    name: 'bullets that only state something are notes',
    source:
      '## Effect\nThis is what you get for the restart of the service.\n- Instant rollback\n- No code changes\n\n## Act\n1. Do it\n',
    steps: ['act/1 | Do it'],
    leftOut: { impact: 2 },
  },
  {
    name: 'steps in a quotation and between HTML',
    source: '<details>\n\n1. Open it\n\n</details>\n\n> 1. Shut it\n',
    steps: ['1 | Open it', '2 | Shut it'],
    leftOut: { html: 2 },
  },
  {
    name: 'a list goes on behind text, bullets and fences at the margin, with the numbers people read',
    source:
      '## Go\n1. Stop it\n\nThis is how:\n\n```sh\n# the way\nstop it\n```\n\n2. Look for:\n\n- Check the log\n- Check the queue\n\n3. Start it\n\nDone.\n\n1. Tell them\n',
    steps: [
      'go/1 | Stop it',
      'go/2 | Look for:',
      'go/2.1 | Check the log',
      'go/2.2 | Check the queue',
      'go/3 | Start it',
      'go/4 | Tell them',
    ],
  },
  {
    name: 'what a runbook says of itself above a list is no title of steps',
    source:
      '## Scope\nThis playbook covers the following:\n- Build failures\n- Restart loops\n\n## Go\n1. Do it\n',
    steps: ['go/1 | Do it'],
    leftOut: { scope: 2 },
  },
  {
    name: 'an ordered list of instructions in a dashboard is steps; charts are not',
    source:
      '## Via the dashboard\n1. Open the project\n2. Click **Redeploy**\n\n## Dashboards\n- Latency\n- Check traffic\n',
    steps: ['via-the-dashboard/1 | Open the project', 'via-the-dashboard/2 | Click Redeploy'],
    leftOut: { dashboards: 2 },
  },
  {
    name: 'causes are no steps, causes with their fixes are',
    source:
      '## Common login causes:\n- Reset of the clock\n\n## Common causes and fixes\n- **Out of memory**: Scale up\n',
    steps: ['common-causes-and-fixes/1 | Out of memory: Scale up'],
    leftOut: { cause: 1 },
  },
  {
    name: 'steps numbered 3A and 3B, and emoji that leave nothing invisible in a name',
    source: '## 🛡️ Step 3A: Roll back\n1. Do it\n\n## Step 3B - Fix\n1. Fix it\n',
    steps: ['roll-back/1 | Do it', 'fix/1 | Fix it'],
  },
  {
    name: 'a comment that says what to expect is no step',
    source:
      '## Check\n```bash\n# Ask for its health\ncurl x/health\n# Expected: 200 OK\n\n# Ask for its version\ncurl x/version\n# Should return 7\n```\n',
    steps: ['check/1 | Ask for its health', 'check/2 | Ask for its version'],
  },
  {
    name: 'which alarm pages whom at what threshold is reference',
    source:
      '## Alarms\n| Alert | Threshold | Action |\n|---|---|---|\n| CPU | 80 % | page |\n\n## Go\n1. Do it\n',
    steps: ['go/1 | Do it'],
    leftOut: { reference: 1 },
  },
  {
    name: 'a runbook of prose alone has its instructions where a heading says so',
    source:
      '# Disk\n\n## Meaning\nCheck of the disk failed.\n\n## Mitigation\n\nThe disk is full by then.\n\nDelete old logs.\n\nIf that does not help, grow the disk.\n',
    steps: ['mitigation/1 | Delete old logs.', 'mitigation/2 | If that does not help, grow the disk.'],
  },
  {
    name: 'a label about something covers its own list only',
    source: '## Case\n**Symptoms:**\n- errors\n\n1. Restart it\n',
    steps: ['case/1 | Restart it'],
    leftOut: { symptoms: 1 },
  },
]

for (const { name, source, steps, leftOut } of TRAPS) {
  t.test(name, async () => {
    assert.deepEqual(stepsOf(source), steps)
    if (leftOut) assert.deepEqual(read(source).leftOut, leftOut)
  })
}

t.test('nothing that reads as steps is said aloud', async () => {
  for (const source of [
    '',
    'Just prose about the system.',
    '```\nonly a fence\n```',
    '<img src="x.png">',
    '## Scope\n- a',
  ])
    assert.deepEqual(findingsOf(source), ['no-structure@1'], source)
})

t.test('title: the first H1, else the front matter, else the id', async () => {
  assert.equal(read('## a\n\n# The `x` title\n').title, 'The x title')
  assert.equal(read('---\ntitle: From above\n---\n## a\n').title, 'From above')
  assert.equal(read('## a\n').title, 'rb')
})

t.test('sections carry the path their steps have', async () => {
  const { sections } = read('# T\n## 1. One/Two\n### Three\n')
  assert.deepEqual(
    sections.map(({ slug, level, line }) => [slug, level, line]),
    [
      ['one-two', 2, 2],
      ['one-two/three', 3, 3],
    ],
  )
})

t.test('mojibake is kept as it is', async () => {
  assert.equal(read('## Go\n1. Stop â€” now\n').steps[0]?.text, 'Stop â€” now')
})

t.test('a step carries its parent, its headings and what it depends on', async () => {
  const [outer, inner] = read('## Go\n**Fix:**\n1. Stop these when needed:\n   - stop it (if safe)\n').steps
  assert.deepEqual(outer?.headingPath, ['Go', 'Fix'])
  assert.equal(outer?.condition, 'when needed')
  assert.equal(inner?.parent, outer?.id)
  assert.equal(inner?.condition, 'when needed; if safe')
})

t.test('destructive commands are found wherever they stand', async () => {
  const source =
    '## Go\n1. Run `redis-cli flushdb`\n\n```\nFLUSHALL\n```\n\n| Issue | Action |\n|---|---|\n| x | FLUSHALL |\n\nNever FLUSHDB\nhere.\n'
  const lines = findingsOf(source).filter(finding => finding.startsWith('destructive'))
  assert.deepEqual(
    lines,
    [2, 5, 10, 12].map(line => `destructive-command@${line}`),
  )
})

t.test('what deletes the volumes, the files or the keys of a store is found too', async () => {
  const found = (command: string) => findingsOf(`## Go\n1. Run \`${command}\`\n`).length
  for (const command of [
    'redis-cli -n 0 flushdb',
    'docker compose -f prod.yml down -v',
    'docker-compose down --volumes',
    'docker volume rm app_redis',
    'rm -rf /var/lib/redis/*',
    'rm -f /data/dump.rdb',
    'redis-cli DEL killswitch:{production}:log',
  ])
    assert.equal(found(command), 1, command)
  for (const command of ['docker compose down', 'rm -rf /tmp/cache', 'redis-cli DEL session:42', 'git flush'])
    assert.equal(found(command), 0, command)
})

t.test('a long runbook is read like a short one', async () => {
  const part =
    '## Part\n\nSome text [with](x).\n\n1. Stop it\n2. Start it\n\n```bash\n# one\n\n## not a heading\n\n```\n\n'
  const long = read(part.repeat(400))
  assert.equal(long.steps.length, 1600)
  assert.ok(long.steps.every(step => step.text !== 'Part'))
  assert.equal(long.steps.at(-4)?.line, 399 * 14 + 5)
})

t.test('an unclosed fence swallows the rest of a long runbook', async () => {
  const source = `## A\n1. Do it\n\n\`\`\`\nopen\n\n${'# not a heading\n\n1. not a step\n\n'.repeat(2000)}`
  assert.deepEqual(stepsOf(source), ['a/1 | Do it'])
})
