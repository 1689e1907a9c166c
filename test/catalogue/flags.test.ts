// Our own catalogue: it loads, flagd's schema accepts it, our runbooks give the actions meant, and the teams' originals
// may take their place.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { loadCatalogue } from '../../src/catalogue/load.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const FLAGS = join(ROOT, 'flags')
const SHARED = process.env.KILLSWITCH_SHARED_DIR ?? join(ROOT, '..', 'shared')
const SCHEMAS = join(SHARED, 'conformance', 'flagd-schemas', 'json')
const skipWithout = (folder: string) => ({ skip: existsSync(folder) ? false : `${folder} is not there` })

describe('our catalogue', () => {
  test('loads without a fault', async () => {
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

  test('is accepted by the schema of flagd', skipWithout(SCHEMAS), () => {
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

  test('holds no sentence of the originals', skipWithout(join(SHARED, 'runbooks')), () => {
    const sentences = (text: string) =>
      text
        .replace(/```[\s\S]*?```/g, '')
        .replace(/^#.*$|^\|.*\n(?=\|[-|: ]+$)/gm, '') // headings and heads of tables are alike on purpose: links hold on both
        .split('\n')
        .map(line => line.replace(/^[\s>#|*-]*(\[ \] )?(\d+\. )?/, '').trim())
        .filter(line => line.split(/\s+/).length >= 4)
        .filter(line => !/^((Response|Resolution) Time|P\d)/.test(line)) // facts
    for (const name of readdirSync(join(SHARED, 'runbooks'))) {
      const ours = readFileSync(join(FLAGS, 'runbooks', name), 'utf8')
      const theirs = readFileSync(join(SHARED, 'runbooks', name), 'utf8')
      const copied = sentences(theirs).filter(line => sentences(ours).includes(line))
      assert.deepEqual(copied, [], name)
    }
  })
})

test('the example of the README is a catalogue file', async t => {
  const readme = readFileSync(join(FLAGS, 'README.md'), 'utf8')
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(readme)!
  const { load } = await import('./directory.js')
  const { faults, document } = await load(t, {
    'payments.yaml': example!,
    'runbooks/payments.md': '# Payments\n',
  })
  assert.deepEqual(faults, [])
  assert.equal(document!.flags[0]!.restoreRole, 'coordinator')
})
