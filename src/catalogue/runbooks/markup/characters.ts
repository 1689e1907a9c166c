// What a word processor or a chat makes of plain characters, turned back: quotes, hyphens, spaces, wide letters, and
// characters nobody sees. It never adds or removes a line.

/** Mojibake of a dash or a quote holds a curly quote itself; it stays as it is. */
const QUOTES = /(?<!â€)[“”„‟«»″]/g
const APOSTROPHES = /(?<!â)[‘’‚‛′]/g
const HYPHENS = /[\u2010\u2011\u2043\ufe63\uff0d]/g
/** A dash inside a word is a hyphen that was made longer. */
const DASH_IN_WORD = /(?<=[\p{L}_])[\u2012-\u2015\u2212](?=[\p{L}_])/gu
const SPACES = /[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\v\f]/g
const UNSEEN = /(?!^)\ufeff|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069]/g
/** A joiner belongs into an emoji and into some scripts, but into no word of Latin letters. */
const JOINERS = /(?<=[\w.-])[\u200c\u200d]+(?=[\w.-])/g
const WIDE = /[\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a]/g
const ANY = /[^\n\r\t\x20-\x7e]/

export function plainCharacters(source: string): string {
  if (!ANY.test(source)) return source
  return source
    .replace(UNSEEN, '')
    .replace(JOINERS, '')
    .replace(SPACES, ' ')
    .replace(QUOTES, '"')
    .replace(APOSTROPHES, "'")
    .replace(HYPHENS, '-')
    .replace(DASH_IN_WORD, '-')
    .replace(WIDE, wide => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
}
