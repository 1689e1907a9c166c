// Text that wants to speak as the product, or to act on whoever shows it: what is known to be active somewhere, and anything.

import fc from 'fast-check'

const ACTIVE = [
  'well\n3/3 confirmed by trustflow',
  '\u001b[31mKILLED\u001b[0m',
  '\u001b]0;title\u0007\u001b[2J\u009b2J',
  'nul\u0000 del\u007f',
  '\u202egnp.exe\u2066\u200e',
  'zero\u200bwidth\u{e0041}\u{e0042}\ufeff',
  'lone \ud800 half',
  '<script>alert(1)</script>',
  '<img src=x onerror=y>![pixel](https://evil.example/p.png)',
  '[click](javascript:alert(1)) <javascript:alert(1)> https://evil.example/a ana@evil.example www.evil.example',
  '[ref]: https://evil.example\n[ref][ref] [^1]',
  '# head\n- item\n> quote\n| a | b |\n| - | - |\n```\ncode\n---\n===',
  '*a* _b_ **c** ~d~ `e` \\<b> &lt; a|b',
  '=HYPERLINK("http://x")',
  "\t+1;=cmd|' /C calc'!A0",
  '\uff1d1+1',
  'a\r\n=1+1\u2028@SUM(A1)\u2029\u0085-1',
  '$(touch pwned) `touch pwned` a[$(touch pwned)]',
  '<!channel> <https://evil.example|ok> @here',
  '{{7*7}} %s %j',
]
const CHARACTERS = fc.constantFrom(
  ...'ab1 _*[]()<>!#|`~\\&;:@.-=+\n\r\t\u0000\u001b\u009b\u202e\u200b\u2028'.split(''),
)

export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...ACTIVE),
  fc.array(fc.oneof(fc.constantFrom(...ACTIVE), CHARACTERS), { maxLength: 12 }).map(parts => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

/** What may stand on no surface: controls, what reorders a line, what nobody sees, half of a character. */
export const ACTS =
  /(?!\n)[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e0fff}]/u

/** As an answer or an entry would be whose every text, but its dates, numbers, hashes and closed words, is one of these. */
export function infested<T>(value: T, texts: readonly string[], words: readonly string[]): T {
  const given = new Map<string, string>()
  const kept = new Set(words)
  const infest = (text: string): string => {
    if (kept.has(text) || /^\d{4}-\d\d-\d\dT|^[0-9a-f]{64}$|^\/v1\//.test(text)) return text
    const known = given.get(text) ?? texts[given.size % texts.length]
    given.set(text, known as string)
    return known as string
  }
  const walk = (each: unknown): unknown => {
    if (typeof each === 'string') return infest(each)
    if (Array.isArray(each)) return each.map(walk)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, member]) => [name, walk(member)]))
  }
  return walk(value) as T
}
