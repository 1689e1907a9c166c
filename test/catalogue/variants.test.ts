// What variants may be, each fault as a person reads it.

import { cases, changed, of } from './directory.js'

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
