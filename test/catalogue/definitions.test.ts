// Every rule of a catalogue file, each with the fault as a person reads it: file, line, what is wrong, what to do.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { faultsOf, file, flag, load } from './directory.js'

const WHERE = 'flags.a.flag'

/** A case is: what is wrong, the file, and the faults it gives. */
function cases(name: string, all: [string, string, ...string[]][]): void {
  describe(name, () => {
    for (const [what, text, ...expected] of all) {
      test(what, async t => assert.deepEqual(await faultsOf(t, { 'shop.yaml': text }), expected))
    }
  })
}

/** One flag with some lines changed; its first line is the second of the file. */
const changed = (changes: Record<string, string | undefined>, key?: string): string =>
  file(flag(changes, key))
const of = (line: number, rest: string): string => `shop.yaml:${line}: ${WHERE}${rest}`

cases('YAML', [
  [
    'an empty file',
    '# nothing\n',
    'shop.yaml:1: is empty: write `flags:` with at least one flag below it, or remove the file',
  ],
  ['a list', '- a\n', 'shop.yaml:1: must be a map with `flags:` at the top, but it is a list'],
  [
    'a quote left open',
    'name: "a\n',
    'shop.yaml:2: is not readable as YAML: Missing closing \\"quote; close the quote or bracket, or add the missing colon',
  ],
  [
    'a tab',
    'flags:\n\ta: 1\n',
    'shop.yaml:2: is not readable as YAML: Tabs are not allowed as indentation; indent with spaces: YAML does not take tabs',
  ],
  [
    'a second document',
    'name: a\n---\nname: b\n',
    'shop.yaml:2: is not readable as YAML: a second document; keep one document per file: remove the `---` and what follows, or move it to a file of its own',
  ],
  [
    'a tag',
    changed({ owner: 'owner: !!binary aGk=' }),
    'shop.yaml:8: is not readable as YAML: Unresolved tag: tag:yaml.org,2002:binary; remove the tag: a catalogue holds plain text, numbers, true and false',
  ],
  [
    'the rules of YAML 1.1',
    `%YAML 1.1\n---\n${changed({})}`,
    'shop.yaml:1: asks for YAML 1.1, where on, off, yes and no are booleans: remove the %YAML line',
  ],
  [
    'a member written twice',
    changed({ owner: 'owner: Somebody\n      owner: Another' }),
    'shop.yaml:9: flags.a.flag.metadata.owner is written twice (first at line 8): keep one of the two',
  ],
  [
    'a flag written twice',
    file(flag(), flag()),
    'shop.yaml:11: flags.a.flag is written twice (first at line 2): keep one of the two',
  ],
  ['__proto__', `__proto__: 1\n${changed({})}`, 'shop.yaml:1: __proto__ is not a usable name: remove it'],
])

cases('the top of a file', [
  ['no flags', 'name: Shop\n', 'shop.yaml:1: flags is missing: a catalogue file defines at least one flag'],
  [
    'flags that are empty',
    'flags:\n',
    'shop.yaml:1: flags must be a map of `name: value` lines, but it is empty',
  ],
  [
    'an unknown member',
    `flag: 1\n${changed({})}`,
    'shop.yaml:1: flag is not a known member; did you mean "flags"?',
  ],
  [
    'an unknown member like no other',
    `colour: 1\n${changed({})}`,
    'shop.yaml:1: colour is not a known member; known are $schema, name, runbook, metadata, flags, links',
  ],
  [
    'an id',
    `application: shop\n${changed({})}`,
    "shop.yaml:1: application is not a known member: the file's name is the application's id, so remove it",
  ],
  [
    'shared rules',
    `$evaluators: {}\n${changed({})}`,
    'shop.yaml:1: $evaluators is not a known member: shared rules are not read; write the rule out in each targeting',
  ],
  [
    'a flag set of another name',
    `metadata:\n  flagSetId: till\n${changed({})}`,
    'shop.yaml:2: metadata.flagSetId "till" is not the application "shop", which is the file\'s name: rename one of the two',
  ],
  [
    'metadata for all flags',
    `metadata: { owner: Us }\n${changed({})}`,
    'shop.yaml:1: metadata.owner is not a known member: metadata is written on each flag, below flags.<key>.metadata',
  ],
  [
    'a runbook by its path',
    `runbook: runbooks/shop.md\n${changed({})}`,
    'shop.yaml:1: runbook "runbooks/shop.md" is not a runbook\'s id: write the name of its file without the folder and without .md',
  ],
])

cases('a flag', [
  [
    'a key in capitals',
    changed({}, 'Pay Now'),
    'shop.yaml:2: flags.Pay Now is not a flag key: at most 64 of a-z, 0-9, `_`, `.` and `-`, beginning with a letter; "pay-now" would be one',
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

const variants = (written: string): string => changed({ variants: `variants: ${written}` })

cases('variants', [
  [
    'none',
    changed({ variants: undefined }),
    of(
      2,
      '.variants is missing: write the values the flag can have, for example `variants: { on: true, off: false }`',
    ),
  ],
  [
    'an empty map',
    variants('{}'),
    of(4, '.variants is empty: write at least the normal value and the kill value'),
  ],
  ['an empty value', variants('{ on: true, off: }'), of(4, '.variants.off is empty: write a value')],
  [
    'the text "false" beside a boolean',
    variants('{ on: true, off: "false" }'),
    of(
      4,
      '.variants.off is the text "false" beside the boolean on: all variants of a flag are of one type; write false without quotes',
    ),
  ],
  [
    'the word off beside a boolean',
    variants('{ on: off, off: true }'),
    of(
      4,
      '.variants.on is the text "off" beside the boolean off: all variants of a flag are of one type; write false without quotes',
    ),
  ],
  [
    'texts that read like booleans',
    variants('{ on: "true", off: no }'),
    of(
      4,
      '.variants are texts that read like true and false (on: "true", off: "no"): an app that asks for a boolean would get its own default and no kill; write on: true, off: false',
    ),
  ],
  [
    'a number in quotes beside a number',
    variants('{ on: 1, off: "0" }'),
    of(
      4,
      '.variants.off is the text "0" beside the number on: all variants of a flag are of one type; take the quotes off',
    ),
  ],
  [
    'a version number beside a text',
    variants('{ on: v2, off: 1 }'),
    of(
      4,
      '.variants.off is the number 1 beside the string on: all variants of a flag are of one type; put it in quotes, "1"',
    ),
  ],
  [
    'a list',
    variants('{ on: [1], off: [] }'),
    of(4, '.variants.off is a list, and flagd has no such variants: put it in a map, `{ items: [...] }`'),
    of(4, '.variants.on is a list, and flagd has no such variants: put it in a map, `{ items: [...] }`'),
  ],
  [
    'infinity',
    variants('{ on: 1, off: .inf }'),
    of(4, '.variants.off is Infinity, which JSON cannot say: write a number'),
  ],
  [
    'a number too large',
    variants('{ on: 1, off: 9007199254740993 }'),
    of(4, '.variants.off is a whole number too large to be kept exactly: put it in quotes'),
  ],
  [
    'nothing within a map',
    variants('{ on: { a: 1 }, off: { a: [~] } }'),
    of(4, '.variants.off is empty: write a value'),
  ],
  [
    'a name with a space',
    variants('{ on: true, "o f": false, off: false }'),
    of(
      4,
      '.variants.o f is not a variant name: use letters, digits, `_`, `.` and `-`, beginning with a letter or digit',
    ),
  ],
])

const metadata = (written: string): string => changed({ killVariant: `killVariant: off\n      ${written}` })
const at = (line: number, rest: string): string => of(line, `.metadata${rest}`)
const UNLIKE =
  'is missing: a kill of this flag is not a plain true to false, so the button must say what it does: for example'

cases('metadata', [
  [
    'none',
    'flags:\n  a.flag: { state: ENABLED, variants: { a: true, b: false }, defaultVariant: a }\n',
    of(2, '.metadata is missing: it holds description, owner, effect and killVariant, which a kill needs'),
  ],
  [
    'no description',
    changed({ description: undefined }),
    at(6, '.description is missing: say what the flag protects'),
  ],
  [
    'no owner',
    changed({ owner: undefined }),
    at(6, '.owner is missing: name the team that answers for the flag'),
  ],
  [
    'no effect',
    changed({ effect: undefined }),
    at(6, '.effect is missing: say what a kill does to work in progress'),
  ],
  [
    'no kill variant',
    changed({ killVariant: undefined }),
    at(6, '.killVariant is missing: name the variant a kill pins, for example `killVariant: off`'),
  ],
  [
    'a kill variant that is a value',
    changed({ killVariant: 'killVariant: false' }),
    at(
      10,
      ".killVariant is the boolean false, but it is a variant's name that is asked for: name the variant a kill pins, for example `killVariant: off`",
    ),
  ],
  [
    'a kill variant that is none',
    changed({ killVariant: 'killVariant: of' }),
    at(10, '.killVariant "of" is not one of its variants (on, off); did you mean "off"?'),
  ],
  [
    'a kill variant that is the normal one',
    changed({ killVariant: 'killVariant: on', killLabel: 'killLabel: A', restoreLabel: 'restoreLabel: B' }),
    at(
      10,
      '.killVariant has the value of defaultVariant (both are "on"): a kill would change nothing; name another variant',
    ),
  ],
  [
    'a kill variant with the same value',
    changed({
      variants: 'variants: { on: { a: [1] }, off: { a: [1] } }',
      killLabel: 'killLabel: A',
      restoreLabel: 'restoreLabel: B',
    }),
    at(
      10,
      '.killVariant has the value of defaultVariant (on and off are both {"a":[1]}): a kill would change nothing; name another variant',
    ),
  ],
  [
    'no labels on an inverted flag',
    changed({ variants: 'variants: { on: false, off: true }' }),
    at(6, `.killLabel ${UNLIKE} "Turn degraded mode ON"`),
    at(6, `.restoreLabel ${UNLIKE} "Turn degraded mode OFF"`),
  ],
  [
    'labels that are the same',
    changed({ killLabel: 'killLabel: Flip it', restoreLabel: 'restoreLabel: Flip it' }),
    at(12, '.restoreLabel is the same as killLabel ("Flip it"): the two acts must not look alike'),
  ],
  [
    'a label too long',
    metadata(`killLabel: ${'a'.repeat(81)}`),
    at(11, '.killLabel is 81 characters long: at most 80'),
  ],
  [
    'a label of two lines',
    metadata('killLabel: "a\\nb"'),
    at(11, '.killLabel must be one line: fold it with `>-`, or shorten it'),
  ],
  [
    'a label that acts on a terminal',
    metadata('killLabel: "\\e[2J"'),
    at(11, '.killLabel holds a control character: remove it'),
  ],
  [
    'a misspelt member',
    metadata('killRoel: owner'),
    at(11, '.killRoel is not a known member; did you mean "killRole"?'),
  ],
  [
    'a blank text',
    changed({ owner: 'owner: " "' }),
    at(8, '.owner is blank: write a value or remove the member'),
  ],
  [
    'a text left out',
    changed({ owner: 'owner:' }),
    at(8, '.owner must be text, not empty: write a value or remove the member'),
  ],
  [
    'a number for a text',
    changed({ owner: 'owner: 7' }),
    at(8, '.owner must be text, not the number 7: put it in quotes, "7"'),
  ],
  ['a list for a text', changed({ owner: 'owner: [a]' }), at(8, '.owner must be text, not a list')],
  [
    'an own member that is a map',
    metadata('x-links: { a: 1 }'),
    at(11, '.x-links must be text, a number, true or false, as flagd has it, but it is a map'),
  ],
  [
    'a role that reads only',
    metadata('killRole: viewer'),
    at(
      11,
      '.killRole "viewer" is not one of operator, engineer, coordinator, owner: that role reads and flips nothing',
    ),
  ],
  [
    'the role of an SDK',
    metadata('restoreRole: sdk'),
    at(
      11,
      '.restoreRole "sdk" is not one of operator, engineer, coordinator, owner: that role reads and flips nothing',
    ),
  ],
  [
    'a misspelt role',
    metadata('restoreRole: enginer'),
    at(
      11,
      '.restoreRole "enginer" is not one of operator, engineer, coordinator, owner; did you mean "engineer"?',
    ),
  ],
  [
    'a kill harder than its restore',
    metadata('killRole: owner'),
    at(
      11,
      '.killRole owner is above the restore role engineer: a kill must never be harder than its restore; lower killRole or raise restoreRole',
    ),
  ],
  [
    'no time',
    metadata('staleAfterSeconds: 0'),
    at(11, '.staleAfterSeconds must be a whole number from 1 to 604800, not the number 0'),
  ],
  [
    'a broken time',
    metadata('staleAfterSeconds: 1.5'),
    at(11, '.staleAfterSeconds must be a whole number from 1 to 604800, not the number 1.5'),
  ],
  [
    'a time in quotes',
    metadata('staleAfterSeconds: "60"'),
    at(
      11,
      '.staleAfterSeconds must be a whole number from 1 to 604800, not the text "60"; take the quotes off',
    ),
  ],
  [
    'another end of patience',
    metadata('onStale: kil'),
    at(11, '.onStale "kil" is not one of keep, kill; did you mean "kill"?'),
  ],
  [
    'an end of patience without a time',
    metadata('onStale: kill'),
    at(
      11,
      '.onStale kill needs staleAfterSeconds: say after how long without contact the app kills the flag',
    ),
  ],
])

const links = (written: string): string => `${changed({})}links:\n${written}`

cases('links', [
  ['no list', links('  step: a\n'), 'shop.yaml:11: links must be a list of `- ` items, but it is a map'],
  [
    'no map',
    links('  - a/1\n'),
    'shop.yaml:12: links[1] must be a map, `{ step: ..., flag: ..., direction: kill }`, but it is the text "a/1"',
  ],
  [
    'nothing said',
    links('  - { Step: a/1 }\n'),
    'shop.yaml:12: links[1].Step is not a known member; did you mean "step"?',
    'shop.yaml:12: links[1].direction is missing: write kill or restore',
    'shop.yaml:12: links[1].flag is missing: name the flag the step acts on',
    'shop.yaml:12: links[1].step is missing: name the runbook step, `<runbook>/<section>/<number>`',
  ],
  [
    'another direction',
    links('  - { step: a/1, flag: a.flag, direction: off }\n'),
    'shop.yaml:12: links[1].direction "off" is not one of kill, restore',
  ],
  [
    'an unknown flag',
    links('  - { step: a/1, flag: a.flg, direction: kill }\n'),
    'shop.yaml:12: the link\'s flag "a.flg" is defined nowhere in the catalogue; did you mean "a.flag"?',
  ],
  [
    'a flag like no other',
    links('  - { step: a/1, flag: zebra, direction: kill }\n'),
    'shop.yaml:12: the link\'s flag "zebra" is defined nowhere in the catalogue; define it, or remove the link',
  ],
  [
    'the same twice',
    links(
      '  - { step: a/1, flag: a.flag, direction: kill }\n  - { step: a/1, flag: a.flag, direction: kill, condition: x }\n',
    ),
    'shop.yaml:13: links[2] is written twice (first at line 12): keep one of the two',
  ],
])

describe('what is read', () => {
  test('a link, with its line; to a step that is not there is no fault', async t => {
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

  test('a flag of another file in a link', async t => {
    const till = `${file(flag({}, 'till'))}links: [{ step: a/1, flag: a.flag, direction: kill }]\n`
    assert.deepEqual((await load(t, { 'shop.yaml': changed({}), 'till.yaml': till })).faults, [])
  })

  test('a link without complaint while the file of its flag cannot be read', async t => {
    const till = `${file(flag({}, 'till'))}links: [{ step: a/1, flag: a.flag, direction: kill }]\n`
    const found = await faultsOf(t, { 'shop.yaml': 'flags: "', 'till.yaml': till })
    assert.deepEqual(
      found.map(line => line.split(':', 1)[0]),
      ['shop.yaml'],
    )
  })

  test('off, yes and 1 as names, and texts over lines', async t => {
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

  test('targeting that flagd evaluates, and an empty one as none', async t => {
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
