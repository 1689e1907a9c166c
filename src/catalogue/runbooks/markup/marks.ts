// The marks people put before the items of a list and CommonMark does not know: `a)`, `ii.`, `(1)`, `1/`, `①`, `Step 1:`.

export type Mark = {
  /** Marks of one list have one style: `a)` and `(a)` are two. */
  style: string
  /** What it counts as; `i` is the ninth letter, and the first Roman number. */
  values: { kind: 'number' | 'letter' | 'roman'; value: number }[]
  /** The characters of the mark, with the space after it. */
  length: number
}

const LETTER = /^(\(?)([a-z]|[A-Z]|[ivxlc]{2,7}|[IVXLC]{2,7})([).])\s+(?!\p{L}\.(?:\s|$))(?=\S)/u
const STEP =
  /^(?:step|schritt|étape|etape|paso|passo|passaggio|stap|steg|trin|krok|шаг)\s*#?(\d{1,3})\s*(?:[:.)：]+\s*|\s[-–—]\s+|[-–—]\s+)(?=\S)/iu
const CHINESE_STEP =
  /^(?:第\s?(\d{1,3})\s?步|步骤\s?(\d{1,3})|步驟\s?(\d{1,3})|ステップ\s?(\d{1,3}))\s*[:：、，,.．]?\s*(?=\S)/u
const NUMBERED: readonly (readonly [string, RegExp])[] = [
  ['(1)', /^[(（](\d{1,3})[)）]\s*(?=\S)/],
  ['1/', /^(\d{1,3})\/\s+(?=\S)/],
  ['1 -', /^(\d{1,3})\s+[-–—]\s+(?=\S)/],
  ['1:', /^(\d{1,3})\s?[:：]\s+(?=\S)/],
  ['1、', /^(\d{1,3})[、．）]\s*(?=\S)/],
  ['1.x', /^(\d{1,3})[.)](?=[\p{Lu}\p{Lo}`*"'[])/u],
  ['#1', /^#(\d{1,3})[.:)]?\s+(?=\S)/],
  ['keycap', /^(\d)\ufe0f?\u20e3\s*(?=\S)/],
]
/** Numbers that are one character: the first of each row of them, and how many follow. */
const SIGNS: readonly (readonly [first: number, count: number])[] = [
  [0x2460, 20],
  [0x2474, 20],
  [0x2488, 20],
  [0x24f5, 10],
  [0x2776, 10],
  [0x2780, 10],
  [0x278a, 10],
]

/** The mark a line begins with, its indentation taken off; undefined where it begins with none, or with Markdown's own. */
export function markAt(text: string): Mark | undefined {
  return letterAt(text) ?? numberAt(text) ?? signAt(text)
}

function letterAt(text: string): Mark | undefined {
  const match = LETTER.exec(text)
  if (!match) return undefined
  const [all, open = '', said = '', close = ''] = match
  if (open !== '' && close === '.') return undefined
  const isCapital = said === said.toUpperCase()
  const values: Mark['values'] = []
  const roman = romanValue(said.toLowerCase())
  if (said.length === 1) values.push({ kind: 'letter', value: said.toLowerCase().charCodeAt(0) - 96 })
  if (roman !== undefined) values.push({ kind: 'roman', value: roman })
  return values.length === 0
    ? undefined
    : { style: `${open}${isCapital ? 'A' : 'a'}${close}`, values, length: all.length }
}

function numberAt(text: string): Mark | undefined {
  for (const [style, words] of [['step', STEP], ['step', CHINESE_STEP], ...NUMBERED] as const) {
    const match = words.exec(text)
    const said = match?.slice(1).find(group => group !== undefined)
    if (match && said)
      return { style, values: [{ kind: 'number', value: Number(said) }], length: match[0].length }
  }
  return undefined
}

function signAt(text: string): Mark | undefined {
  const code = text.charCodeAt(0)
  const row = SIGNS.find(([first, count]) => code >= first && code < first + count)
  const length = /^.\ufe0f?\s*(?=\S)/u.exec(text)?.[0].length
  if (!row || !length) return undefined
  return { style: `sign ${row[0]}`, values: [{ kind: 'number', value: code - row[0] + 1 }], length }
}

const ROMAN: Readonly<Record<string, number>> = { i: 1, v: 5, x: 10, l: 50, c: 100 }

/** Of a number as it is properly written; undefined for letters that only look like one. */
function romanValue(said: string): number | undefined {
  if (!/^c?(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$/.test(said)) return undefined
  const digits = Array.from(said, char => ROMAN[char] ?? 0)
  return digits.reduce((sum, digit, index) => sum + (digit < (digits[index + 1] ?? 0) ? -digit : digit), 0)
}
