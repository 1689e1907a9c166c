// Flag keys as teams have them: from the whole alphabet, short and as long as they may be, and those that mean something
// to JavaScript, to a path or to a route.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { FLAG_KEY } from '../../src/wire/words.js'
import { type Teardown, testdir } from './testdir.js'

export const ODD_KEYS = [
  'kill',
  'restore',
  'drill',
  'kill/kill',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'enableCheckout',
  'payments/card:v2',
  'a//b/',
  'a/../b',
  'a/.',
  'C:/',
  'A',
  'Z-_.:/',
  `x${'/'.repeat(127)}`,
  `Y${':'.repeat(127)}`,
] as const

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const letter = fc.constantFrom(...LETTERS.split(''))
const character = fc.oneof(letter, fc.constantFrom(...'0123456789_.:/-'.split('')))

/** Any key, with separators as likely as letters. */
export const aKey: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...ODD_KEYS) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(letter, fc.string({ unit: character, maxLength: 127, size: 'max' }))
      .map(([first, rest]) => first + rest),
  },
  { weight: 1, arbitrary: fc.stringMatching(FLAG_KEY).filter(key => key.length <= 128) },
)

/** Keys that may stand in one catalogue: no two alike but for case. */
export const keysOfOne = (most: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(aKey, { minLength: 1, maxLength: most, selector: key => key.toLowerCase() })

/** A flags directory with a boolean flag of each key, in one application named shop; odd places have targeting. */
export function flagsDirOf(t: Teardown, keys: readonly string[]): string {
  const flagsDir = testdir(t)
  const flags = keys.map((key, at) => [
    key,
    {
      state: 'ENABLED',
      variants: { on: true, off: false },
      defaultVariant: 'on',
      ...(at % 2 === 1 ? { targeting: { if: [{ '==': [{ var: 'plan' }, 'none'] }, 'off'] } } : {}),
      metadata: { description: key, owner: 'Shop', effect: 'New orders are refused.', killVariant: 'off' },
    },
  ])
  writeFileSync(join(flagsDir, 'shop.yaml'), stringify({ flags: Object.fromEntries(flags) }))
  return flagsDir
}
