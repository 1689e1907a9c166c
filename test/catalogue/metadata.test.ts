// What metadata must say about a kill, each fault as a person reads it.

import { cases, changed, of } from './directory.js'

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
    "a number too large in a member of one's own",
    metadata('x-account: 9007199254740993'),
    at(11, '.x-account is a whole number too large to be kept exactly: put it in quotes'),
  ],
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
