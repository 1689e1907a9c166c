// Time boxes: what is one, in the wordings that teams have for it; and what only mentions a length of time.
import assert from 'node:assert/strict'
import t from 'tap'
import { read } from './reading.js'

const boxes = (source: string) =>
  read(source).timeBoxes.map(({ minutes, line, steps }) => [minutes, line, steps.length])

/** A title, and the minutes it gives. */
const TITLES: [string, number][] = [
  ['First 10 minutes', 10],
  ['The first fifteen minutes', 15],
  ['Initial Triage (First 15 minutes)', 15],
  ['First hour', 60],
  ['1. Acknowledge (2 min)', 2],
  ['Triage (max. 15 min)', 15],
  ['Checks (≤ 5 min)', 5],
  ['0–5 minutes: acknowledge', 5],
  ['Minutes 5-15', 15],
  ['T+5 to T+20', 20],
  ['Within 30 minutes', 30],
  ['Die ersten 10 Minuten', 10],
  ['Los primeros 15 minutos', 15],
  ['Les premières 20 minutes', 20],
  ['Primeiros 10 minutos', 10],
  ['最初の10分', 10],
  ['前10分钟', 10],
]

t.test('a time box in a title, with the steps below it', async () => {
  for (const [title, minutes] of TITLES) {
    assert.deepEqual(boxes(`# X\n## ${title}\n1. Look\n2. Act\n`), [[minutes, 2, 2]], title)
    assert.deepEqual(boxes(`# X\n## Go\n**${title}:**\n\n1. Look\n2. Act\n`).length, 1, `label ${title}`)
  }
  const nested = '# X\n## First 10 minutes\n### Look\n1. Look\n### Act\n- [ ] Act\n## Later\n1. Rest\n'
  assert.deepEqual(boxes(nested), [[10, 2, 2]])
  const [box] = read('## SEV1\n### First 5 minutes\n1. Act\n').timeBoxes
  assert.deepEqual(box?.levels, ['SEV1'])
})

t.test('a time box at a step, and lengths one after the other', async () => {
  const source =
    '## Go\n1. Acknowledge the page (2 min)\n2. Assess [5 min]\n3. Within 10 minutes: tell support\n4. Post the first update within 20 minutes\n'
  assert.deepEqual(
    read(source).timeBoxes.map(({ minutes, line, after }) => [minutes, line, after]),
    [
      [2, 2, undefined],
      [5, 3, 2],
      [10, 4, undefined],
      [20, 5, undefined],
    ],
  )
  const table =
    '## Go\n| Time | Action |\n|---|---|\n| 0-5 min | Acknowledge it |\n| 5-15 min | Find the cause |\n'
  assert.deepEqual(boxes(table), [
    [5, 4, 1],
    [15, 5, 1],
  ])
  assert.deepEqual(read(table).escalations, [])
})

t.test('a length of time that is none: in prose, of a measure, of a wait, afterwards', async () => {
  const none = [
    'The cache lives 5 minutes. In the first 10 minutes users see old data.\n\n## Go\n1. Look\n',
    '## Go\n1. Check the error rate (5 min)\n2. Look at p95 latency (15 min)\n',
    '## Go\n1. Watch the queue (15 min)\n2. Wait (5 min)\n3. Confirm that lag drops within 10 minutes\n',
    '## Go\n1. Escalate if not solved within 10 minutes\n2. Post an update every 30 minutes\n',
    '## Queue delay (10 min)\n1. Look\n',
    '## Symptoms (first 5 minutes)\n- Slow\n## Go\n1. Look\n',
    '## Severity\n### SEV1: within 15 minutes\n**Response Time**: 15 minutes\n',
    '## Post-Incident\n### Within 24 hours\n- [ ] Write it down\n',
    '## Within 2 days\n1. Tidy up\n',
    '### 6. Post-mortem (within 48h)\n1. Write the post-mortem\n',
    '## Go\n```bash\n# Restart (2 min)\n./restart.sh\n```\n',
    '## First 10 minutes\nNothing is listed here.\n',
  ]
  for (const source of none) assert.deepEqual(boxes(source), [], source)
})
