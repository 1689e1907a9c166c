// A flag's key in words, and what a text would be as a key.

import { FLAG_KEY, FLAG_KEY_CHARACTERS, FLAG_KEY_MOST } from '../../wire/words.js'

/** What FLAG_KEY says, in words. */
export const FLAG_KEY_RULE: string = `at most ${FLAG_KEY_MOST} of A-Z, a-z, 0-9, \`_\`, \`.\`, \`:\`, \`/\` and \`-\`, beginning with a letter`

/** The key that a text would be with dashes for what no key has; undefined where that is none either. */
export function keyLike(text: string): string | undefined {
  const like = text.trim().replace(new RegExp(`[^${FLAG_KEY_CHARACTERS}]+`, 'g'), '-')
  const key = like.slice(0, FLAG_KEY_MOST)
  return FLAG_KEY.test(key) ? key : undefined
}
