// A kill is sure only where every word of its clause is understood. What else the step says is kept as written, and asked
// about before a run kills.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseRunbook } from '../../../src/catalogue/runbooks/parse.js'
import type { FlagAction } from '../../../src/wire/runbook.js'
import { FLAGS, findingsOf, sha256 } from './reading.js'

const ENVIRONMENTS = ['production', 'prod']

function readIn(source: string, environments: readonly string[] = ENVIRONMENTS) {
  return parseRunbook({ id: 'rb', source, digest: sha256(source), flags: FLAGS, environments })
}

/** The kills of a step, each as what a run has to ask about. */
function asked(source: string, environments?: readonly string[]): string[] {
  return readIn(source, environments).steps.flatMap(({ condition, flagActions }) =>
    flagActions
      .filter(({ direction }) => direction === 'kill')
      .map(action =>
        [action.flag, ...besides(action), ...(condition ? [`if: ${condition}`] : [])].join(' | '),
      ),
  )
}

const besides = ({ confidence, limit, condition }: FlagAction): string[] => [
  ...(confidence === 'low' ? ['low'] : []),
  ...(limit ? [`limit: ${limit}`] : []),
  ...(condition ? [`condition: ${condition}`] : []),
]

const item = (text: string) => `## Go\n1. ${text}\n`

const SURE = [
  'Disable `ai_v1`.',
  'Disable `ai_v1` at once',
  'Please turn `ai_v1` off now.',
  'Turn off the `ai_v1` feature flag in the admin panel',
  'Turn off the assistant by setting `ai_v1` to `false`',
  'Switch `ai_v1` off via the console, immediately',
  'In production, disable `ai_v1`.',
  'Disable `ai_v1` in prod',
  'Disable `ai_v1` for everybody.',
  'Disable `ai_v1` and tell support',
  'Disable `ai_v1`, then restart the pods.',
  'Set `ai_v1` to false. Customers see the old form.',
  '**Mitigation:** kill `ai_v1`',
  'Run `killswitch kill ai_v1`.',
]

const NARROWED: [text: string, says: string][] = [
  ['Disable `ai_v1` for the tenant acme.', 'low | limit: for the tenant acme'],
  ['Disable `ai_v1` for 5 % of the users', 'low | limit: for 5 % of the users'],
  ['Disable `ai_v1` in eu-central-1', 'low | limit: in eu-central-1'],
  ['Turn off `ai_v1` on iOS', 'low | limit: on iOS'],
  ['Disable `ai_v1` on the canary pods', 'low | limit: on the canary pods'],
  ['On staging, disable `ai_v1`', 'low | limit: On staging'],
  ['Disable `ai_v1` in the staging console', 'low | limit: in the staging console'],
  ['Disable `ai_v1` except for internal users', 'low | limit: except for internal users'],
  ['Disable `ai_v1`. Only for new sign-ups.', 'low | limit: Only for new sign-ups'],
  ['Disable `ai_v1`. Do it in staging.', 'low | limit: Do it in staging'],
  ['Rehearse: disable `ai_v1`', 'low | condition: Rehearse'],
  ['Pretend to disable `ai_v1`', 'low | condition: Pretend to'],
  ['Disable `ai_v1` (simulation)', 'low | condition: simulation'],
  ['Get a sign-off, then disable `ai_v1`', 'low | condition: Get a sign-off, then'],
  ['Disable `ai_v1` with permission of the owner', 'low | condition: with permission of the owner'],
  ['Check that the backup is good and disable `ai_v1`', 'low | condition: Check that the backup is good and'],
  ['Disable `ai_v1` and keep it on for acme', 'low | limit: and keep it on for acme'],
  [
    'Run `killswitch kill ai_v1 --url https://staging.example`',
    'low | limit: killswitch kill ai_v1 --url https://staging.example',
  ],
]

for (const text of SURE) t.test(`sure: ${text}`, async () => assert.deepEqual(asked(item(text)), ['ai_v1']))

for (const [text, says] of NARROWED)
  t.test(`asks: ${text}`, async () => {
    assert.deepEqual(asked(item(text)), [`ai_v1 | ${says}`])
    assert.ok(findingsOf(item(text)).some(found => /^(limited-kill|partly-read)@2$/.test(found)))
  })

t.test('what is struck out is not said', async () => {
  assert.deepEqual(asked(item('~~Disable `ai_v1`~~')), [])
  assert.deepEqual(asked(item('~~Disable `ai_v1`~~ Disable `kyc_v1`')), ['kyc_v1'])
})

t.test('a condition is a condition, and what narrows besides is said too', async () => {
  assert.deepEqual(asked(item('If it fails, disable `ai_v1`.')), ['ai_v1 | if: If it fails'])
  assert.deepEqual(asked(item('If it fails, disable `ai_v1` for acme only.')), [
    'ai_v1 | low | limit: for acme only | if: If it fails',
  ])
})

t.test('headings, labels, leads, cells and comments narrow what stands below them', async () => {
  for (const [source, says] of [
    ['## In staging\n1. Disable `ai_v1`\n', 'low | limit: In staging'],
    ['## Game day\n- [ ] Disable `ai_v1`\n', 'low | condition: Game day'],
    ['## Go\nOnly for acme:\n1. Disable `ai_v1`\n', 'low | limit: Only for acme'],
    [
      '## Go\n1. With approval of the owner:\n   - disable `ai_v1`\n',
      'low | condition: With approval of the owner',
    ],
    ['## Go\n**Dry run**\n1. Disable `ai_v1`\n', 'low | condition: Dry run'],
    [
      '## Go\n| Issue | Action |\n|---|---|\n| Tenant acme only | Disable `ai_v1` |\n',
      'low | limit: Tenant acme only',
    ],
    ['## Go\n```bash\n# only in staging\nkillswitch kill ai_v1\n```\n', 'low | limit: only in staging'],
    ['## If the provider is down\n1. Disable `ai_v1`\n', 'if: If the provider is down'],
  ] as const)
    assert.deepEqual(asked(source), [`ai_v1 | ${says}`], source)
})

t.test('an environment is this one where it or an alias of it is named', async () => {
  const source = item('Disable `ai_v1` in staging.')
  assert.deepEqual(asked(source, ['staging']), ['ai_v1'])
  assert.deepEqual(asked(source, ['production']), ['ai_v1 | low | limit: in staging'])
  assert.deepEqual(asked(item('Disable `ai_v1` in production.'), ['staging']), [
    'ai_v1 | low | limit: in production',
  ])
  assert.deepEqual(asked(item('Disable `ai_v1` in live.'), ['production', 'live']), ['ai_v1'])
})

/** Words that no rule knows, as teams write them into a clause. */
const WORDS = [
  'warily',
  'pool',
  'blue',
  'ring',
  'acme',
  'beta',
  'v2',
  'EMEA',
  'whales',
  'bronze',
  'nightly',
  '4711',
]

t.test('no word that is not understood leaves a kill sure', async () => {
  const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 })
  const where = fc.constantFrom('before', 'behind', 'brackets', 'tail')
  const verb = fc.constantFrom('Disable', 'Turn off', 'Kill', 'Switch off')
  fc.assert(
    fc.property(words, where, verb, (said, place, does) => {
      const extra = said.join(' ')
      const text = {
        before: `${extra}: ${does} \`ai_v1\``,
        behind: `${does} \`ai_v1\` ${extra}`,
        brackets: `${does} \`ai_v1\` (${extra}) now`,
        tail: `${does} \`ai_v1\` at once, ${extra}.`,
      }[place]
      const steps = readIn(item(text)).steps
      const sure = steps.flatMap(({ condition, flagActions }) =>
        condition === undefined
          ? flagActions.filter(
              ({ confidence, limit, condition: own }) => confidence === 'high' && !limit && !own,
            )
          : [],
      )
      assert.deepEqual(sure, [], text)
      assert.ok(readIn(item(text)).findings.length > 0, text)
    }),
    { numRuns: 300 },
  )
})

const UNREAD: [what: string, source: string, line: number][] = [
  ['an assignment in prose', '## Notes\nThe team sets ai_v1=false then.\n', 2],
  ['an arrow', '## Notes\nWhen it burns: `ai_v1` → off\n', 2],
  ['a language nobody knows', '## Notlar\n\n`ai_v1` bayrağını devre dışı bırakın\n', 3],
  ['another language', '## Mesures\n\nOn coupe `ai_v1` tout de suite\n', 3],
  ['HTML', '## Go\n\n<p>Switch <code>ai_v1</code> off</p>\n', 3],
  ['code of another language', '## Go\n\n```python\nflags.set("ai_v1", False)\n```\n', 4],
  ['a section that is no list of steps', '## Prevention\n\n- Disable `ai_v1` before the next launch\n', 3],
  ['a heading', '## ai_v1: switch off\n\nText.\n', 1],
]

for (const [what, source, line] of UNREAD)
  t.test(`the net: ${what}`, async () => {
    const { steps, findings } = readIn(source)
    const acts = steps.flatMap(({ flagActions }) => flagActions).some(action => action.line === line)
    const found = findings.some(finding => finding.line === line && finding.flag === 'ai_v1')
    assert.ok(acts || found, JSON.stringify(findings))
  })

t.test('the net tells no key that only stands there, and none in a comment of the file', async () => {
  assert.deepEqual(findingsOf('<!-- disable ai_v1 -->\n## Go\n1. Look at the graph of `ai_v1`\n'), [])
  assert.deepEqual(findingsOf('## Go\n1. Never disable `ai_v1`\n2. Check that `kyc_v1` is off\n'), [])
})

t.test('what differs from a key by case or separators is told, and flips nothing', async () => {
  for (const said of ['AI-v1', 'Ai_V1', 'ai-v1', 'aiV1']) {
    assert.deepEqual(asked(item(`Disable \`${said}\``)), [], said)
    assert.ok(findingsOf(item(`Disable \`${said}\``)).includes('near-key@2'), said)
  }
})

t.test('other tools: values are guesses, and their words are no switches of a flag', async () => {
  const fence = (line: string) => `## Go\n\`\`\`bash\n# Do it\n${line}\n\`\`\`\n`
  for (const line of [
    `curl -X PATCH https://flags.example/api -d '{"name":"ai_v1","enabled":false}'`,
    `http PUT flags.example/ai_v1 value=false`,
    `toolctl update --flag ai_v1 --value off`,
    `curl -X PUT https://flags.example/ai_v1 \\\n  -d '{"on": false}'`,
  ])
    assert.deepEqual(asked(fence(line)), ['ai_v1 | low'], line)
  const sql = (line: string) => `## Go\n\`\`\`sql\n-- Do it\n${line}\n\`\`\`\n`
  assert.deepEqual(asked(sql("UPDATE flags SET on_off = 'x', enabled = false WHERE name = 'ai_v1';")), [
    'ai_v1 | low',
  ])
  for (const line of [
    'GRANT SELECT ON ai_v1 TO app;',
    'CREATE INDEX x ON ai_v1 (id);',
    'SELECT * FROM a JOIN ai_v1 ON a.id = b.id;',
  ])
    assert.deepEqual(
      readIn(sql(line)).steps.flatMap(({ flagActions }) => flagActions),
      [],
      line,
    )
  for (const line of [
    'systemctl restart ai_v1',
    'systemctl stop ai_v1',
    'db restore ai_v1',
    'docker stop ai_v1',
  ])
    assert.deepEqual(
      readIn(fence(line)).steps.flatMap(({ flagActions }) => flagActions),
      [],
      line,
    )
})
