// The rules of one flag, each fault as a person reads it, and what is read where there is none.

import assert from 'node:assert/strict'
import t from 'tap'
import { cases, changed, faultsOf, file, flag, load, of } from './directory.js'

const links = (written: string): string => `${changed({})}links:\n${written}`

cases('a flag', [
  [
    'a key with a space',
    changed({}, 'Pay Now'),
    'shop.yaml:2: flags.Pay Now is not a flag key: at most 128 of A-Z, a-z, 0-9, `_`, `.`, `:`, `/` and `-`, beginning with a letter; "Pay-Now" would be one',
  ],
  [
    'a key that is too long',
    changed({}, 'x'.repeat(129)),
    `shop.yaml:2: flags.${'x'.repeat(129)} is not a flag key: at most 128 of A-Z, a-z, 0-9, \`_\`, \`.\`, \`:\`, \`/\` and \`-\`, beginning with a letter; "${'x'.repeat(76)}... would be one`,
  ],
  [
    'no map',
    'flags:\n  a.flag: true\n',
    of(2, ' must be a map of `name: value` lines, but it is the boolean true'),
  ],
  [
    'a member of metadata one level up',
    changed({ state: 'state: ENABLED\n    owner: Us' }),
    of(4, '.owner is not a known member: write it below flags.a.flag.metadata'),
  ],
  [
    'a misspelt member',
    changed({ state: 'state: ENABLED\n    targetting: {}' }),
    of(4, '.targetting is not a known member; did you mean "targeting"?'),
  ],
  ['no state', changed({ state: undefined }), of(2, '.state is missing: write `state: ENABLED`')],
  [
    'state DISABLED',
    changed({ state: 'state: DISABLED' }),
    of(
      3,
      '.state "DISABLED" is refused: a disabled flag gives each caller its own default, so a kill of it would not be one; write ENABLED, and leave the stopping to a kill',
    ),
  ],
  [
    'another state',
    changed({ state: 'state: enabled' }),
    of(3, '.state "enabled" is not a state: write ENABLED (as it stands, in capitals)'),
  ],
  [
    'no default variant',
    changed({ defaultVariant: undefined }),
    of(
      2,
      '.defaultVariant is missing: name the normal variant; without one each caller gets its own default',
    ),
  ],
  [
    'an empty default variant',
    changed({ defaultVariant: 'defaultVariant:' }),
    of(5, '.defaultVariant is empty: name the normal variant; without one each caller gets its own default'),
  ],
  [
    'a default variant that is none',
    changed({ defaultVariant: 'defaultVariant: no' }),
    of(5, '.defaultVariant "no" is not one of its variants (on, off)'),
  ],
  [
    'a default variant of every object',
    changed({ defaultVariant: 'defaultVariant: constructor' }),
    of(5, '.defaultVariant "constructor" is not one of its variants (on, off)'),
  ],
  [
    'targeting that is text',
    changed({ state: 'state: ENABLED\n    targeting: none' }),
    of(4, '.targeting must be a map of `name: value` lines, but it is the text "none"'),
  ],
  [
    'targeting with an unknown operator',
    changed({ state: 'state: ENABLED\n    targeting: { iff: [true, off] }' }),
    of(
      4,
      '.targeting is not a rule that flagd evaluates (Invalid targeting configuration): see flagd.dev/reference/flag-definitions, or remove it',
    ),
  ],
  [
    'targeting to no variant',
    changed({ state: 'state: ENABLED\n    targeting: { if: [true, offf] }' }),
    of(
      4,
      ".targeting is not a rule that flagd evaluates (Variant 'offf' not found): see flagd.dev/reference/flag-definitions, or remove it",
    ),
  ],
])

t.test('what is read', async t => {
  t.test('a link, with its line; to a step that is not there is no fault', async t => {
    const { document } = await load(t, {
      'shop.yaml': links(
        '  - step: no/such/1\n    flag: a.flag\n    direction: restore\n    condition: if it rains\n',
      ),
    })
    assert.deepEqual(document?.links, [
      {
        step: 'no/such/1',
        flag: 'a.flag',
        direction: 'restore',
        condition: 'if it rains',
        file: 'shop.yaml',
        line: 12,
      },
    ])
  })

  t.test('a flag of another file in a link', async t => {
    const till = `${file(flag({}, 'till'))}links: [{ step: a/1, flag: a.flag, direction: kill }]\n`
    assert.deepEqual((await load(t, { 'shop.yaml': changed({}), 'till.yaml': till })).faults, [])
  })

  t.test('a link without complaint while the file of its flag cannot be read', async t => {
    const till = `${file(flag({}, 'till'))}links: [{ step: a/1, flag: a.flag, direction: kill }]\n`
    const found = await faultsOf(t, { 'shop.yaml': 'flags: "', 'till.yaml': till })
    assert.deepEqual(
      found.map(line => line.split(':', 1)[0]),
      ['shop.yaml'],
    )
  })

  t.test('off, yes and 1 as names, and texts over lines', async t => {
    const text = changed({
      variants: 'variants: { yes: true, 1: false }',
      defaultVariant: 'defaultVariant: yes',
      killVariant: 'killVariant: "1"',
      effect: 'effect: >\n        Nothing new\n        is begun\n',
    })
    const { document, faults } = await load(t, { 'shop.yaml': text })
    assert.deepEqual(faults, [])
    assert.equal(document!.flags[0]!.effect, 'Nothing new is begun')
    assert.deepEqual(document!.flags[0]!.variants, { 1: false, yes: true })
  })

  t.test('every number in targeting that would be another one in the log', async t => {
    const written = [
      '9007199254740993', // read as ...992
      '-9007199254740993',
      '9007199254740993.0',
      '0x20000000000001',
      '0o400000000000000001',
      '1e16',
    ]
    const rule = `{ if: [ { in: [ { var: account }, [${written.join(', ')}, 9007199254740991, "9007199254740993"] ] }, off, null ] }`
    const text = changed({ state: `state: ENABLED\n    targeting: ${rule}` })
    const problem =
      'is a whole number too large to be kept exactly: put it in quotes, and have apps give it as text'
    assert.deepEqual(
      await faultsOf(t, { 'shop.yaml': text }),
      written.map((_, at) => of(4, `.targeting.if[1].in[2][${at + 1}] ${problem}`)),
    )
    const [infinite] = await faultsOf(t, { 'shop.yaml': text.replace(/\[-?9.*991/, '[.inf') })
    assert.match(infinite ?? '', /in\[2\]\[1\] is Infinity, which JSON cannot say/)
    // what is JSON is YAML too
    const json = `{"flags":{"a.flag":{"targeting":{"==":[{"var":"a"},9007199254740993]}}}}`
    const found = (await faultsOf(t, { 'shop.yaml': json })).filter(line => line.includes('too large'))
    assert.deepEqual(found, [`shop.yaml:1: flags.a.flag.targeting.==[2] ${problem}`])
  })

  t.test('targeting that flagd evaluates, and an empty one as none', async t => {
    const rule = changed({
      state: "state: ENABLED\n    targeting: { if: [{ ends_with: [{ var: email }, '@a.b'] }, off, null] }",
    })
    const { document } = await load(t, {
      'shop.yaml': rule,
      'till.yaml': file(flag({ state: 'state: ENABLED\n    targeting: {}' }, 'till')),
    })
    assert.deepEqual(document!.flags[0]!.targeting, {
      if: [{ ends_with: [{ var: 'email' }, '@a.b'] }, 'off', null],
    })
    assert.ok(!('targeting' in document!.flags[1]!))
  })
})
