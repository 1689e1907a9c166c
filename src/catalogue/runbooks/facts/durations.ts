// Lengths of time as runbooks write them. What is no duration ("Immediate", "Next business day") has no minutes.

import type { Duration } from '../../../wire/runbook.js'

const MINUTES = { s: 1 / 60, m: 1, h: 60, d: 1440, w: 10_080 } as const
const WORDS: Record<string, number> = {
  an: 1,
  a: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  sixty: 60,
  half: 0.5,
  'quarter of an': 0.25,
  'three quarters of an': 0.75,
}
/** A word is an amount where it stands by itself: `an` and `d` are not in "and". */
const AMOUNT = `(\\d{1,4}(?:[.,]\\d{1,2})?|(?:${Object.keys(WORDS).join('|')})(?=[\\s-]))`
const UNIT =
  '(s|secs?|seconds?|sekunden?|m|mins?|minutes?|minuten?|minutos?|h|hrs?|hours?|stunden?|heures?|horas?|d|days?|tagen?|jours?|d[ií]as?|w|weeks?|wochen?|semaines?|semanas?)'
const HALF = '(\\s+and\\s+a\\s+half)?'
const ONE = `${AMOUNT}(?:\\s?[-–]\\s?(\\d{1,4})|\\s+to\\s+(\\d{1,4})|${HALF})[\\s-]{0,2}(?:an?\\s)?${UNIT}(?!\\p{L})(?=\\P{N}|$|\\d{1,2}\\s?m)`
const DURATION = new RegExp(
  `(?<![\\p{L}\\p{N}.:/])${ONE}${HALF}(?:\\s?(?:and\\s)?(\\d{1,2})\\s?(m|min|minutes?)(?![\\p{L}\\p{N}]))?`,
  'giu',
)
const BUSINESS =
  /\b(business|working|office)[\s-]+(hours?|days?|time)|werktag|arbeitstag|jours? ouvr|d[ií]as? (?:hábiles?|laborables?|úte?is)|営業日|工作日/i

export type FoundDuration = { text: string; minutes: number; from: number; to: number }

/** Without spaces between words; and the minutes after an alarm, `T+30`. */
const UNSPACED =
  /(?<![\p{N}.])(\d{1,4})\s?(秒|分钟|分鐘|分間|分|小时|小時|時間|天|日|週間|周)|\bT\s?\+\s?(\d{1,4})(?:\s?(m|min|h))?(?![\p{L}\p{N}])/gu
const UNSPACED_MINUTES: Record<string, number> = {
  秒: 1 / 60,
  分: 1,
  小: 60,
  時: 60,
  天: 1440,
  日: 1440,
  週: 10_080,
  周: 10_080,
}

/** Every duration in a text; of a range (`1-2 hours`) the longer end counts. */
export function durationsIn(text: string): FoundDuration[] {
  const own = unspaced(text)
  const others = spaced(text).filter(({ from, to }) => !own.some(one => one.from < to && from < one.to))
  return [...own, ...others].sort((one, other) => one.from - other.from)
}

const unspaced = (text: string): FoundDuration[] =>
  Array.from(text.matchAll(UNSPACED), ({ 0: said, 1: amount, 2: unit, 3: after, 4: afterUnit, index }) => {
    const minutes = unit
      ? Number(amount) * UNSPACED_MINUTES[unit[0]!]!
      : Number(after) * (afterUnit === 'h' ? 60 : 1)
    return { text: said, minutes: Math.round(minutes * 100) / 100, from: index, to: index + said.length }
  })

function spaced(text: string): FoundDuration[] {
  return Array.from(text.matchAll(DURATION), match => {
    const amount = amountOf(match[2] ?? match[3] ?? match[1]!)
    const half = match[4] || match[6] ? 0.5 : 0
    const more = match[7] ? Number(match[7]) : 0
    const minutes = (amount + half) * MINUTES[unitOf(match[5]!)] + more
    return {
      text: match[0],
      minutes: Math.round(minutes * 100) / 100,
      from: match.index,
      to: match.index + match[0].length,
    }
  })
}

/** The text with its minutes, on the clock or in business hours; neither where it is no duration. */
export function durationOf(text: string): Duration {
  if (BUSINESS.test(text)) {
    const business = businessIn(text)
    return business ? { text, business } : { text }
  }
  const [first] = durationsIn(text)
  return first ? { text, minutes: first.minutes } : { text }
}

const NEXT_DAY =
  /\bnext (?:business|working) day|\bn[äa]chste[rnm]? (?:werktag|arbeitstag)|(?:jour ouvr\p{L}+ suivant|prochain jour ouvr)|(?:siguiente|próximo) día (?:hábil|laborable)|(?:seguinte|próximo) dia útil|翌営業日|次の?営業日|下一?个?工作日/iu
const SAME_DAY = /\bsame (?:business|working) day\b/i
const COUNTED = new RegExp(
  `(?:\\d{1,3}\\s?[-–]\\s?)?(?:(\\d{1,3})|\\b(${Object.keys(WORDS).join('|')}))\\s?(?:(?:business|working|office)[\\s-]+(hour|day)|(?:werktag|arbeitstag|jours? ouvr|d[ií]as? (?:hábil|laborable|útei|útil)|営業日|个?工作日))`,
  'iu',
)

/** "Next business day", "2 working days", "< 4 hours (business hours)"; undefined where no length is said. */
export function businessIn(text: string): NonNullable<Duration['business']> | undefined {
  if (!BUSINESS.test(text)) return undefined
  if (NEXT_DAY.test(text)) return { days: 1 }
  if (SAME_DAY.test(text)) return { days: 0 }
  const [, number, word, unit] = COUNTED.exec(text) ?? []
  const amount = number ? Number(number) : word ? WORDS[word.toLowerCase()] : undefined
  if (amount !== undefined)
    return unit?.toLowerCase() === 'hour' ? { minutes: amount * 60 } : { days: Math.ceil(amount) }
  const [first] = durationsIn(text)
  if (!first) return undefined
  return first.minutes % 1440 === 0 ? { days: first.minutes / 1440 } : { minutes: first.minutes }
}

const amountOf = (said: string) => WORDS[said.toLowerCase()] ?? Number(said.replace(',', '.'))

function unitOf(said: string): keyof typeof MINUTES {
  const first = said.toLowerCase()[0]!
  return first === 't' || first === 'j'
    ? 'd'
    : /^sem/i.test(said)
      ? 'w'
      : first === 's' && /^st/i.test(said)
        ? 'h'
        : (first as keyof typeof MINUTES)
}
