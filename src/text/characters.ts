// Which characters of somebody's text are kept, on the way in and on the way out. Control characters, and those that
// reorder a line, would act on whoever shows the text; invisible ones hide what is there. No target is known here.

/**
 * Joiners that a script needs between two of its letters, and that hold a sign made of several together; the form of a
 * sign behind it. Alone among the invisible characters they stay.
 */
const JOINING =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Mong}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}'
const KEPT = [
  `(?<=[${JOINING}])[\\u200c\\u200d](?=[${JOINING}])`,
  '(?<=\\p{ExtPict}[\\ufe0f\\p{EMod}]?)\\u200d(?=\\p{ExtPict})',
  '(?<=\\p{ExtPict})\\ufe0f',
].join('|')
const BIDI = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069'
/** Controls, what reorders a line, and half of a character: they become U+FFFD, which can be seen. */
const ACTING = `[\\p{Cc}\\p{Cs}${BIDI}]`
/** What nobody would see: zero widths, tags, variation selectors, fillers, and what is no character at all. */
const UNSEEN = '[\\p{DI}\\ufff9-\\ufffb\\p{Noncharacter_Code_Point}]'
const LINE_BREAK = /\r\n?|[\n\v\f\u0085\u2028\u2029]/g

const ODD = new RegExp(`(${KEPT})|(${ACTING})|${UNSEEN}`, 'gu')
const SIMPLE = /^[ -~]*$/

const shown = (text: string, instead: string): string =>
  SIMPLE.test(text)
    ? text
    : text.replace(ODD, (_, kept?: string, acting?: string) => kept ?? (acting === undefined ? '' : instead))

/** Whether anything in it is not kept. */
export const hasOdd = (text: string): boolean =>
  text
    .split(LINE_BREAK)
    .map(line => line.replaceAll('\t', ' '))
    .some(line => shown(line, '') !== line)

/** On one line, with single spaces: how somebody's words stand among ours. */
export const oneLine = (text: string): string =>
  shown(text.replace(/[\s\u0085]+/g, ' '), '\ufffd')
    .replace(/\s+/g, ' ')
    .trim()

/** The lines of a text that is shown as a whole; tabs are spaces. */
export const linesOf = (text: string): string[] =>
  text.split(LINE_BREAK).map(line => shown(line.replaceAll('\t', '    '), '\ufffd'))

/**
 * On the way in: without what would act or cannot be seen, in NFC. Line breaks stay. Nobody needs to see in the record
 * that something was left out: whoever sent it is told.
 */
export const cleaned = (text: string): string =>
  text
    .split(LINE_BREAK)
    .map(line => shown(line.replaceAll('\t', ' ').replace(/\p{Cs}/gu, '\ufffd'), ''))
    .join('\n')
    .normalize('NFC')
    .trim()
