// Lengths of time as runbooks write them. What is no duration ("Immediate", "Next business day") has no minutes.

import type { Duration } from '../../wire/runbook.js'

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

/** The text with its minutes, where it is a duration on the clock; business hours are not. */
export function durationOf(text: string): Duration {
  const [first] = BUSINESS.test(text) ? [] : durationsIn(text)
  return first ? { text, minutes: first.minutes } : { text }
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
