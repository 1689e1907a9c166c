// Our own catalogue: it loads, flagd's schema accepts it, our runbooks give the actions meant, and the teams' originals
// may take their place.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { checkCatalogue } from '../../src/catalogue/check.js'
import { loadCatalogue } from '../../src/catalogue/load.js'
import { applyLinks } from '../../src/catalogue/runbooks/flips/links.js'
import { readRunbooks } from '../../src/catalogue/runbooks/reader.js'
import { load } from './directory.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const FLAGS = join(ROOT, 'flags')
const SHARED = process.env.KILLSWITCH_SHARED_DIR ?? join(ROOT, '..', 'shared')
const ORIGINALS = join(SHARED, 'runbooks')
const SCHEMAS = join(SHARED, 'conformance', 'flagd-schemas', 'json')
const skipWithout = (folder: string) => ({ skip: existsSync(folder) ? false : `${folder} is not there` })

t.test('our catalogue', async t => {
  t.test('loads without a fault', async () => {
    const { document, faults } = await loadCatalogue({ flagsDir: FLAGS })
    assert.deepEqual(faults, [])
    assert.deepEqual(
      document!.flags.map(({ key, application, variants, defaultVariant, killVariant, restoreRole }) => [
        key,
        application,
        `${JSON.stringify(variants[defaultVariant])} -> ${JSON.stringify(variants[killVariant])}`,
        restoreRole,
      ]),
      [
        ['ai_v1', 'trustflow', 'true -> false', 'engineer'],
        ['bridge.intake', 'insurance-ai-bridge', 'true -> false', 'engineer'],
        ['chat.degraded-mode', 'chat-assistant', 'false -> true', 'engineer'],
        ['inflow.llm', 'inflow', 'true -> false', 'engineer'],
        ['kyc_v1', 'trustflow', 'true -> false', 'engineer'],
        ['pilot.enabled', 'pilot', 'true -> false', 'coordinator'],
        ['pilot.template-version', 'pilot', '"v2" -> "v1"', 'coordinator'],
      ],
    )
    assert.deepEqual(
      document!.runbooks.map(({ id, application }) => [id, application]),
      ['chat-assistant', 'inflow', 'insurance-ai-bridge', 'pilot', 'trustflow'].map(id => [id, id]),
    )
  })

  t.test('is accepted by the schema of flagd', skipWithout(SCHEMAS), async () => {
    const ajv = new Ajv({ strict: false })
    for (const name of ['targeting.json', 'flags.json']) {
      ajv.addSchema(JSON.parse(readFileSync(join(SCHEMAS, name), 'utf8')))
    }
    const validate = ajv.getSchema('https://flagd.dev/schema/v0/flags.json')!
    for (const name of readdirSync(FLAGS).filter(one => one.endsWith('.yaml'))) {
      assert.ok(
        validate(parse(readFileSync(join(FLAGS, name), 'utf8'))),
        `${name}: ${ajv.errorsText(validate.errors)}`,
      )
    }
    assert.ok(!validate({ flags: { a: { state: 'ON', variants: {} } } }), 'the schema refuses nothing')
  })

  t.test('holds no sentence of the originals', skipWithout(ORIGINALS), async () => {
    const sentences = (text: string) =>
      text
        .replace(/```[\s\S]*?```/g, '')
        .replace(/^#.*$|^\|.*\n(?=\|[-|: ]+$)/gm, '') // headings and heads of tables are alike on purpose: links hold on both
        .split('\n')
        .map(line => line.replace(/^[\s>#|*-]*(\[ \] )?(\d+\. )?/, '').trim())
        .filter(line => line.split(/\s+/).length >= 4)
        .filter(line => !/^((Response|Resolution) Time|P\d)/.test(line)) // facts
    for (const name of readdirSync(ORIGINALS)) {
      const ours = readFileSync(join(FLAGS, 'runbooks', name), 'utf8')
      const theirs = readFileSync(join(ORIGINALS, name), 'utf8')
      const copied = sentences(theirs).filter(line => sentences(ours).includes(line))
      assert.deepEqual(copied, [], name)
    }
  })
})

/** What a catalogue's runbooks flip: `line direction flag -> variant (confidence)`, and its findings by code. */
async function read(runbooksDir?: string) {
  const { document, places } = await loadCatalogue({ flagsDir: FLAGS, runbooksDir })
  const plain = await readRunbooks(document!.runbooks, document!.flags)
  const { runbooks } = applyLinks(plain, document!.links, document!.flags)
  const actions = runbooks.flatMap(({ id, steps }) =>
    steps.flatMap(step =>
      step.flagActions.map(({ flag, direction, variant, confidence }) => [
        `${direction} ${flag} -> ${variant}`,
        step.id.slice(id.length + 1),
        confidence,
      ]),
    ),
  )
  return { runbooks, actions, findings: checkCatalogue(document!, runbooks, places) }
}

/** Each link of the catalogue, and the step it must reach whichever of the two runbooks is read. */
const LINKED = [
  ['kill chat.degraded-mode -> on', /^containment-actions\/if-caused-by-.*external-service-claude-api\/1$/],
  ['kill inflow.llm -> off', /^step-by-step-response\/mitigate\/quick-mitigations\/3$/],
  ['kill bridge.intake -> closed', /\/scenario-4-security-breach\/resolution\/1$/],
  ['kill bridge.intake -> closed', /\/scenario-5-data-corruption\/resolution\/1$/],
  ['restore bridge.intake -> open', /\/scenario-5-data-corruption\/resolution\/5$/],
  ['kill pilot.enabled -> off', /\/incident-1-duplicate-ledger-entries\/solution\/1$/],
  ['restore pilot.enabled -> on', /\/incident-1-duplicate-ledger-entries\/solution\/6$/],
] as const

function assertLinked(actions: string[][]): void {
  const linked = actions.filter(([, , confidence]) => confidence === 'link')
  assert.deepEqual(
    linked.map(([act]) => act),
    LINKED.map(([act]) => act),
  )
  for (const [at, [act, step]] of LINKED.entries()) assert.match(linked[at]![1]!, step, act)
}

t.test('our runbooks', async t => {
  t.test('kill and restore every flag, and have nothing to look at', async () => {
    const { actions, findings } = await read()
    assert.deepEqual(findings, [])
    assertLinked(actions)
    const acts = new Set(actions.map(([act]) => act))
    assert.deepEqual([...acts].sort(), [
      'kill ai_v1 -> off',
      'kill bridge.intake -> closed',
      'kill chat.degraded-mode -> on',
      'kill inflow.llm -> off',
      'kill kyc_v1 -> off',
      'kill pilot.enabled -> off',
      'kill pilot.template-version -> v1',
      'restore ai_v1 -> on',
      'restore bridge.intake -> open',
      'restore chat.degraded-mode -> off',
      'restore inflow.llm -> on',
      'restore kyc_v1 -> on',
      'restore pilot.enabled -> on',
      'restore pilot.template-version -> v2',
    ])
    assert.ok(actions.every(([act, , confidence]) => act!.startsWith('restore') || confidence !== 'low'))
  })

  t.test('keep the facts of the originals', skipWithout(ORIGINALS), async () => {
    const [ours, theirs] = [await read(), await read(ORIGINALS)]
    for (const [at, one] of ours.runbooks.entries()) {
      const other = theirs.runbooks[at]!
      const scale = ({ severities }: typeof one) =>
        severities
          .filter(({ level }) => /^(SEV|P)/.test(level))
          .map(({ level, responseTime, resolutionTime }) => [level, responseTime, resolutionTime])
      const minutes = (all: typeof one.waits) => all.map(timing => timing.minutes)
      assert.deepEqual(scale(one), scale(other), one.id)
      assert.deepEqual(minutes(one.escalations), minutes(other.escalations), one.id)
      assert.deepEqual(minutes(one.waits).slice(0, other.waits.length), minutes(other.waits), one.id)
      assert.equal(one.updateCadences[0]?.minutes, other.updateCadences[0]?.minutes, one.id)
      assert.equal(one.postmortemDeadline?.minutes, other.postmortemDeadline?.minutes, one.id)
      assert.equal(one.messageTemplates.length, other.messageTemplates.length, one.id)
      assert.equal(one.postmortemTemplate === undefined, other.postmortemTemplate === undefined, one.id)
    }
  })
})

t.test('the originals in place of our runbooks', skipWithout(ORIGINALS), async t => {
  t.test('are linked by the same links', async () => {
    const { actions, findings } = await read(ORIGINALS)
    assertLinked(actions)
    assert.deepEqual(
      findings.map(({ code, runbook, flag }) => [code, runbook, flag]),
      [
        ['kill-without-restore-step', 'chat-assistant', 'chat.degraded-mode'],
        ['kill-without-restore-step', 'inflow', 'inflow.llm'],
        ['destructive-command', 'insurance-ai-bridge', undefined],
        ['kill-without-restore-step', 'pilot', 'pilot.template-version'],
        ['kill-without-restore-step', 'trustflow', 'ai_v1'],
        ['kill-without-restore-step', 'trustflow', 'kyc_v1'],
      ],
    )
  })
})

t.test('the example of the README is a catalogue file', async t => {
  const readme = readFileSync(join(FLAGS, 'README.md'), 'utf8')
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(readme)!
  const { faults, document } = await load(t, {
    'payments.yaml': example!,
    'runbooks/payments.md': '# Payments\n',
  })
  assert.deepEqual(faults, [])
  assert.equal(document!.flags[0]!.restoreRole, 'coordinator')
})
