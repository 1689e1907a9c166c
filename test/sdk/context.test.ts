// What a rule reads of an evaluation context is the same in this process, behind OFREP and in flagd: what JSON makes of it.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FlagdCore } from '@openfeature/flagd-core'
import { OFREPProvider } from '@openfeature/ofrep-provider'
import { type EvaluationContext, OpenFeature } from '@openfeature/server-sdk'
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { asJson } from '../../sdk/src/answer/context.js'
import { KillswitchProvider } from '../../sdk/src/index.js'
import { aServer } from '../support/server.js'
import { testdir } from '../support/testdir.js'

const SILENT = { error() {}, warn() {}, info() {}, debug() {} }

class Account {
  id = 'a'
  get plan() {
    return 'pro'
  }
}
class Money {
  private readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
  toJSON() {
    return `${this.cents / 100} EUR`
  }
}

const odd = fc.oneof(
  fc.date(),
  fc.constantFrom(undefined, NaN, Infinity, Symbol('s'), () => 1, new Account(), new Money(250), /x/),
  fc.constantFrom(
    new Map([['a', 1]]),
    new Set(['a']),
    new Boolean(false),
    new String('s'),
    Object.create({ a: 1 }),
  ),
)
const inner = fc.oneof(odd, fc.jsonValue({ maxDepth: 2 }))
const anyContext = fc.dictionary(
  fc.string(),
  fc.oneof(inner, fc.array(inner), fc.dictionary(fc.string(), fc.oneof(inner, fc.array(inner)))),
)

t.test('a context is what JSON makes of it, and one of JSON alone is given back itself', async () => {
  fc.assert(
    fc.property(anyContext, context => {
      assert.deepEqual(JSON.stringify(asJson(context)), JSON.stringify(context))
      assert.deepEqual(asJson(asJson(context)), asJson(context))
    }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), context => {
      assert.equal(asJson(context), context)
    }),
  )
  assert.deepEqual(asJson({ id: 9007199254740993n, at: [1n] }), { id: '9007199254740993', at: ['1'] })
})

const RULES: Record<string, unknown> = {
  text: { '==': [{ var: 'it' }, '2026-01-02T00:00:00.000Z'] },
  digits: { '==': [{ var: 'it' }, '9007199254740993'] },
  strict: { '===': [{ var: 'it' }, 12] },
  below: { '<': [{ var: 'it' }, 100] },
  nothing: { '==': [{ var: 'it' }, null] },
  truthy: { '!!': [{ var: 'it' }] },
  inside: { '==': [{ var: 'it.a' }, 1] },
  getter: { '==': [{ var: 'it.plan' }, 'pro'] },
  within: { in: ['a', { var: 'it' }] },
  first: { '==': [{ var: 'it.0' }, null] },
  fallback: { '==': [{ var: ['it', 'none'] }, 'none'] },
  missing: { '!!': [{ missing: ['it'] }] },
  prefix: { starts_with: [{ var: 'it' }, '2026'] },
  share: { in: [{ fractional: [{ cat: [{ var: 'it' }, 'x'] }, ['a', 50], ['b', 50]] }, ['a']] },
}
const VALUES: Record<string, unknown> = {
  date: new Date('2026-01-02T00:00:00Z'),
  'no date': new Date(Number.NaN),
  bigint: 9007199254740993n,
  'small bigint': 12n,
  number: 12,
  NaN: Number.NaN,
  map: new Map([['a', 1]]),
  set: new Set(['a']),
  undefined: undefined,
  null: null,
  nested: { a: 1, at: new Date(0), none: undefined },
  list: [undefined, 'a', new Date(0)],
  instance: new Account(),
  written: new Money(1200),
  text: 'a',
}

t.test(
  'every rule has one answer in the SDK, over OFREP and in flagd, whatever the context holds',
  async t => {
    const flagsDir = join(testdir(t), 'flags')
    mkdirSync(flagsDir)
    const labels = { killLabel: 'Off', restoreLabel: 'On' }
    const metadata = { description: 'd', owner: 'o', effect: 'e', killVariant: 'off', ...labels }
    const flagOf = (rule: unknown) => ({
      state: 'ENABLED',
      variants: { match: 'match', other: 'other', off: 'off' },
      defaultVariant: 'other',
      targeting: { if: [rule, 'match', 'other'] },
      metadata,
    })
    const flags = Object.fromEntries(Object.entries(RULES).map(([key, rule]) => [key, flagOf(rule)]))
    writeFileSync(
      join(flagsDir, 'shop.yaml'),
      stringify({ name: 'Shop', flags }, { aliasDuplicateObjects: false }),
    )
    const { address: url, tokens } = await aServer(t, { flagsDir })
    const sdk = { url, token: tokens.sdk, app: 'shop', cacheFile: false as const, initTimeoutMs: 60_000 }
    await OpenFeature.setProviderAndWait('sdk', new KillswitchProvider(sdk))
    const headers: [string, string][] = [['authorization', `Bearer ${tokens.sdk}`]]
    await OpenFeature.setProviderAndWait('ofrep', new OFREPProvider({ baseUrl: url, headers }))
    t.after(() => OpenFeature.close())
    const answer = await fetch(`${url}/flagd/flags.json`, { headers: Object.fromEntries(headers) })
    const flagd = new FlagdCore(undefined, SILENT, { disableDynamicCodeGeneration: true })
    flagd.setConfigurations(await answer.text())

    const by = async (provider: string, context: EvaluationContext) => {
      const client = OpenFeature.getClient(provider)
      const values = Object.keys(RULES).map(key => client.getStringValue(key, 'DEFAULT', context))
      return Object.fromEntries(
        (await Promise.all(values)).map((value, at) => [Object.keys(RULES)[at], value]),
      )
    }
    const matched: Record<string, string[]> = {}
    for (const [name, it] of Object.entries(VALUES)) {
      const context = { it, targetingKey: 'u' } as EvaluationContext
      const bySdk = await by('sdk', context)
      const byOfrep = await withBigInt(() => by('ofrep', context))
      assert.deepEqual(byOfrep, bySdk, name)
      const sent = JSON.parse(await withBigInt(async () => JSON.stringify(context)))
      const byFlagd = Object.keys(RULES).map(key => {
        const { value, errorCode } = flagd.resolveStringEvaluation(key, 'DEFAULT', sent, SILENT)
        // of a rule that fails flagd gives the caller's default, and we the default variant
        return [key, errorCode === undefined ? value : 'other']
      })
      assert.deepEqual(Object.fromEntries(byFlagd), bySdk, name)
      matched[name] = Object.keys(RULES).filter(key => bySdk[key] === 'match')
    }
    assert.ok(matched.date?.includes('text'))
    assert.deepEqual(
      [matched.bigint?.includes('digits'), matched['small bigint']?.includes('below')],
      [true, true],
    )
    assert.ok(!matched.map?.includes('inside') && !matched.instance?.includes('getter'))

    t.test('what cannot be written as JSON gives the default variant, and no error', async () => {
      const circle: Record<string, unknown> = {}
      circle.it = { circle }
      const thrower = {
        get it(): never {
          throw new Error('no')
        },
      }
      for (const context of [circle, { it: { toJSON: () => BigInt('x') } }, { it: thrower }]) {
        const { value, reason, errorCode, flagMetadata } = await OpenFeature.getClient(
          'sdk',
        ).getStringDetails('truthy', 'DEFAULT', context as EvaluationContext)
        assert.deepEqual([value, reason, errorCode], ['other', 'DEFAULT', undefined])
        assert.ok(flagMetadata.targetingError)
      }
    })
  },
)

/** JSON has no form for a BigInt: an app that sends one over OFREP says which, and the SDK's is this one. */
async function withBigInt<T>(act: () => Promise<T>): Promise<T> {
  const prototype = BigInt.prototype as { toJSON?: () => string }
  prototype.toJSON = function (this: bigint) {
    return this.toString()
  }
  try {
    return await act()
  } finally {
    delete prototype.toJSON
  }
}
