// How long steps may take: in the title above them ("First 10 minutes"), or at the step itself ("Acknowledge (2 min)").
// A length of time in running text is none.

import type { Step, TimeBox } from '../../../wire/runbook.js'
import { reasonAbove, saysSteps } from '../structure/left-out.js'
import type { Outline, Section } from '../structure/outline.js'
import { beginsWithVerb, ownNumber } from '../structure/wording.js'
import { durationsIn, type FoundDuration } from './durations.js'
import { ESCALATES, levelsIn } from './escalations.js'
import { POSTMORTEM, WAIT } from './timings.js'

/** `isLength`: how long it takes by itself; else it is counted from the start. */
type Said = { minutes: number; isLength: boolean }
/** `within`: what it stands in, where boxes follow one another. */
type Found = TimeBox & { isLength: boolean; within: string }

export function timeBoxesOf(runbook: string, outline: Outline, steps: readonly Step[]): TimeBox[] {
  const found = [
    ...outline.sections.flatMap(section => ofTitles(runbook, section, steps)),
    ...steps.flatMap(step => ofStep(step, steps)),
  ].sort((one, other) => one.line - other.line)
  return found.map(({ isLength, within, ...box }, index) => {
    const before = found.slice(0, index).findLast(each => each.isLength && each.within === within)
    return { ...box, ...(isLength && before && { after: before.line }) }
  })
}

/** The heading of a section, and the labels in it. */
function ofTitles(runbook: string, section: Section, steps: readonly Step[]): Found[] {
  const outer = section.ancestors.map(({ title }) => title).reverse()
  const parent = section.ancestors.at(-1)?.path ?? ''
  const labels = new Map(section.blocks.flatMap(({ label }) => (label ? [[label.path, label] as const] : [])))
  const titles = [
    { title: section.title, path: section.path, line: section.line, above: outer, within: parent },
    ...[...labels.values()].map(label => ({
      ...label,
      above: section.level > 0 ? [section.title, ...outer] : outer,
      within: section.path,
    })),
  ]
  return titles.flatMap(({ title, path, line, above, within }) => {
    const own = steps.filter(({ id }) => path !== '' && id.startsWith(`${runbook}/${path}/`))
    const isOther = reasonAbove([title]) !== undefined || isAfterwards([title, ...above])
    const said = own.length === 0 || isOther ? undefined : inTitle(title)
    if (said === undefined || own.every(({ text }) => POSTMORTEM.test(text))) return []
    return [boxOf(title, line, said, own, [title, ...above], within)]
  })
}

function boxOf(
  text: string,
  line: number,
  { minutes, isLength }: Said,
  steps: readonly Step[],
  above: readonly string[],
  within: string,
): Found {
  const levels = above.map(levelsIn).find(each => each.length > 0)
  const ids = steps.map(({ id }) => id)
  return { text, minutes, line, ...(levels && { levels }), steps: ids, isLength, within }
}

const isAfterwards = (titles: readonly string[]): boolean =>
  titles.some(
    title =>
      POSTMORTEM.test(title) || /\bpost[-\s]?incident\b|\bfollow[-\s]?ups?\b|\bclose ?out\b/i.test(title),
  )

const FIRST =
  /(?:\b(?:(?:the\s+)?first|initial)\s+|(?<!\p{L})(?:ersten?|primer[oa]?s?|premi[èe]re?s?|primeir[oa]s?)\s+|最初の?|开始后|首|前)$/iu
const FIRST_HOUR = /\b(?:first|initial) (half[- ])?hour\b|\berste (halbe )?stunde\b/i
const WITHIN =
  /^(?:within|in (?:under|the first)|no later than|innerhalb(?: von)?|binnen|en menos de|dans les|em até)\s*(?:the first\s+)?$/i
/** What may stand beside the time in brackets. */
const BESIDE =
  /^(?:max\.?|maximum|at most|within|in|up to|under|about|ca\.?|approx\.?|circa|target|goal|time ?box(?:ed)?|first|or less|total|tops|every time|maximal|höchstens|máx\.?|máximo|environ|[\s:≤<~≈,]|以内|以內)*$/i
const RANGE =
  /^(minutes?|mins?|t\s?\+)?\s?(\d{1,3})\s?(?:m|min|mins|minutes?|h|hours?)?\s?(?:[-–—]|to|bis)\s?(?:t\s?\+\s?)?(\d{1,3})\s?(m|min|mins|minutes?|minuten|h|hours?|分)?(?=\s*(?:$|[:.)\]–—-]))/i

function inTitle(title: string): Said | undefined {
  const number = ownNumber(title)
  const bare = (
    number && !/^\s*(?:min|m\b)/.test(title.slice(number.length)) ? title.slice(number.length) : title
  ).trim()
  const first = fromStart(bare) ?? range(bare)
  if (first !== undefined) return { minutes: first, isLength: false }
  const length = inBrackets(bare)
  const isWork = number !== undefined || beginsWithVerb(bare) || saysSteps(bare)
  return length && (isWork || length.isBound) ? { minutes: length.minutes, isLength: true } : undefined
}

/** "First 10 minutes", "Within 15 minutes: ...". */
function fromStart(text: string): number | undefined {
  const found = durationsIn(text)
  const first = found.find(({ from }) => FIRST.test(text.slice(0, from)))
  if (first) return first.minutes
  const hour = FIRST_HOUR.exec(text)
  if (hour) return hour[1] || hour[2] ? 30 : 60
  return found.find(({ from, minutes }) => minutes < DAY && WITHIN.test(text.slice(0, from)))?.minutes
}

/** What has a day or more is for afterwards. */
const DAY = 1440

/** "0-5 min: ...", "T+5 to T+15", "Minutes 0-5": it is over at the end. */
function range(text: string): number | undefined {
  const [, before, , end, unit] = RANGE.exec(text.replace(/^[[(（]/, '')) ?? []
  if (end === undefined || (before === undefined && unit === undefined)) return undefined
  return Number(end) * (unit?.toLowerCase().startsWith('h') ? 60 : 1)
}

/** "(2 min)" at the end, and nothing else in the brackets than a time; `isBound` with a word such as "max". */
function inBrackets(text: string): { minutes: number; isBound: boolean } | undefined {
  const inner = /[(（[]([^()（）[\]]{1,40})[)）\]]\s*[:.。]?$/.exec(text)?.[1]
  const [only, ...others] = inner === undefined ? [] : durationsIn(inner)
  if (inner === undefined || only === undefined || others.length > 0) return undefined
  if (!isBeside(inner, only)) return undefined
  return { minutes: only.minutes, isBound: inner.trim() !== only.text.trim() }
}

const isBeside = (inner: string, { from, to }: FoundDuration): boolean =>
  BESIDE.test(inner.slice(0, from)) && BESIDE.test(inner.slice(to))

/** Of these the brackets say over which time they are measured. */
const MEASURED =
  /\b(?:rates?|latenc\w+|averages?|avg|p\d\d|percentiles?|metrics?|graphs?|windows?|lags?|age|ttl|timeouts?|delays?|intervals?|expir\w+|cached?|last|past|logs?|thresholds?|alerts?\b(?= fire)|cooldown)\b/i
const EXPECTED = /\b(?:that|drops?|recovers?|returns?|should|if|unless|not|cannot|can't|until|when)\b/i

function ofStep(step: Step, steps: readonly Step[]): Found[] {
  const { id, text, line, kind, headingPath } = step
  if (kind === 'command' || ESCALATES.test(text) || POSTMORTEM.test(text) || isAfterwards(headingPath))
    return []
  const said = inStep(text)
  if (said === undefined) return []
  const own = [step, ...steps.filter(each => each.id.startsWith(`${id}.`))]
  const within = step.parent ?? id.slice(0, id.lastIndexOf('/'))
  return [boxOf(text, line, said, own, [text, ...[...headingPath].reverse()], within)]
}

function inStep(text: string): Said | undefined {
  const number = ownNumber(text)
  const bare = number ? text.slice(number.length) : text
  const begins = range(text) ?? leading(bare)
  if (begins !== undefined) return { minutes: begins, isLength: false }
  const found = durationsIn(bare)
  const waits = WAIT.exec(bare)
  if (waits && found.some(({ from }) => from > waits.index)) return undefined
  const length = MEASURED.test(bare) ? undefined : inBrackets(bare)
  if (length !== undefined) return { minutes: length.minutes, isLength: true }
  const last = found.at(-1)
  const isLast = last !== undefined && /^[\s.!。]*$/.test(bare.slice(last.to))
  const isWithin =
    isLast && /\b(?:within|in under|in less than)\s+(?:the first\s+)?$/i.test(bare.slice(0, last.from))
  return isWithin &&
    last.minutes < DAY &&
    beginsWithVerb(bare) &&
    !EXPECTED.test(bare) &&
    !/\blast\b|\bpast\b/i.test(bare)
    ? { minutes: last.minutes, isLength: false }
    : undefined
}

/** "Within 5 minutes: ...", "In the first 10 minutes, ...". */
function leading(text: string): number | undefined {
  const [first] = durationsIn(text)
  if (first === undefined) return undefined
  const before = text.slice(0, first.from)
  if (WITHIN.test(before) || /^in(?: the)? first\s+$/i.test(before)) return first.minutes
  return /^(?:the )?first\s+$/i.test(before) && /^\s*[:–—-]/.test(text.slice(first.to))
    ? first.minutes
    : undefined
}
