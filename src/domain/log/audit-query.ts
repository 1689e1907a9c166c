// What can be asked of the log, and whether an entry answers it. `matches` is the truth; terms and clauses only let an
// index find candidates, and must never leave out an entry that matches.

import { createHash } from 'node:crypto'
import type { Action, Outcome } from '../../wire/words.js'
import { toTimestamp } from '../clock.js'
import { badInput, by } from '../errors.js'
import { levelOf } from '../incident/incident.js'
import { applicationsIn, type Facts, incidentsIn, isConfirmed, isOfDrill } from './audit-facts.js'
import { timeIn } from './past.js'

type OneOrMore<T extends string> = T | readonly T[]

/** Any of the values given for a field, all of the fields given. */
export type AuditFilter = {
  /** The flag of a flip, or one of the flags of a step run. */
  flag?: OneOrMore<string>
  actor?: OneOrMore<string>
  role?: OneOrMore<string>
  incident?: OneOrMore<string>
  runbook?: OneOrMore<string>
  /** A step's full id, the id's beginning by whole segments, or the step's code. */
  step?: OneOrMore<string>
  action?: OneOrMore<Action>
  outcome?: OneOrMore<Outcome>
  application?: OneOrMore<string>
  /** Of its incident, as that was then; case and dashes do not matter. */
  severity?: OneOrMore<string>
  ip?: OneOrMore<string>
  /** The flag whose holds it changed: of a kill and a restore that were applied. */
  flipped?: OneOrMore<string>
  /** All of the words, in any order and case. */
  reason?: OneOrMore<string>
  /** `false` finds all entries that are not marked. */
  offRunbook?: boolean
  /** Of an incident that was declared as a drill, or a drill of a flag. `false` finds all others. */
  drill?: boolean
  /** Closes alone: past what was in the way, or not. */
  forced?: boolean
  /** Flips and drills alone: shown by every app instance, or not. */
  confirmed?: boolean
  /** Restores alone: taken before the wait in front of them was over, or not. */
  withinWait?: boolean
  /** Flips alone: without a step, or with one. */
  withoutStep?: boolean
  /** Flips alone: nobody said why in words of their own, or somebody did. */
  withoutEvidence?: boolean
  /** RFC 3339; an entry at this hour is found. */
  since?: string
  /** RFC 3339; an entry at this hour is not found. */
  until?: string
}

export type Order = 'newest' | 'oldest'

/** The fields compared by value: what an entry has to show for each of them. */
const FIELDS = {
  flag: ({ flags = [] }) => flags,
  actor: ({ actor }) => [actor],
  role: ({ role }) => [role],
  incident: incidentsIn,
  runbook: ({ runbook }) => [runbook],
  step: facts => stepNames(facts),
  action: ({ action }) => [action],
  outcome: ({ outcome }) => [outcome],
  application: applicationsIn,
  severity: ({ severity }) => (severity === undefined ? [] : [levelOf(severity)]),
  ip: ({ ip }) => [ip],
  flipped: ({ flipped }) => [flipped],
} satisfies Record<string, (facts: Facts) => readonly (string | undefined)[]>
type Field = keyof typeof FIELDS
const FIELD_NAMES = Object.keys(FIELDS) as Field[]

/** What is so or is not; undefined of an entry that the question is not about. */
const MARKS = {
  offRunbook: ({ offRunbook = false }) => offRunbook,
  drill: isOfDrill,
  forced: ({ forced }) => forced,
  confirmed: isConfirmed,
  withinWait: ({ early }) => early,
  withoutStep: ({ stepless }) => stepless,
  withoutEvidence: ({ unexplained }) => unexplained,
} satisfies Record<string, (facts: Facts) => boolean | undefined>
type Mark = keyof typeof MARKS
const MARK_NAMES = Object.keys(MARKS) as Mark[]
/** Those that nearly every entry has not: that it has not is no term of it. */
const RARE: readonly Mark[] = ['offRunbook', 'drill']

/** A filter that was checked and brought to one form, so that the same question has the same digest. */
export type Criteria = {
  fields: { [F in Field]?: string[] }
  /** Of each reason asked for, its words. */
  reasons?: string[][]
  marks: { [M in Mark]?: boolean }
  since?: string
  until?: string
}

/** Checks a filter. Throws `malformed-request` for what can mean nothing: an empty value, no word, not a time. */
export function toCriteria(filter: AuditFilter): Criteria {
  const criteria: Criteria = { fields: {}, marks: {} }
  for (const field of FIELD_NAMES) {
    const values = valuesOf(field, filter[field])
    if (values !== undefined) criteria.fields[field] = values.map(FORMS[field] ?? asGiven).sort()
  }
  for (const mark of MARK_NAMES) {
    const wanted = filter[mark]
    if (wanted !== undefined) criteria.marks[mark] = wanted
  }
  const reasons = valuesOf('reason', filter.reason)
  if (reasons !== undefined) criteria.reasons = reasons.map(askedWords)
  if (filter.since !== undefined) criteria.since = timeOf('since', filter.since)
  if (filter.until !== undefined) criteria.until = timeOf('until', filter.until)
  assertRange(criteria)
  return criteria
}

export function matches({ fields, reasons, marks, since, until }: Criteria, facts: Facts): boolean {
  if (since !== undefined && facts.at < since) return false
  if (until !== undefined && facts.at >= until) return false
  for (const mark of MARK_NAMES)
    if (marks[mark] !== undefined && MARKS[mark](facts) !== marks[mark]) return false
  for (const field of FIELD_NAMES) {
    const wanted = fields[field]
    if (wanted && !FIELDS[field](facts).some(value => value !== undefined && wanted.includes(value)))
      return false
  }
  if (reasons === undefined) return true
  const words = new Set(wordsOf(facts.reason ?? ''))
  return reasons.some(asked => asked.every(word => words.has(word)))
}

/** All an entry can be found by, each once: `flag=ai_v1`, `step=trustflow/ai`, `word=timeout`, `confirmed=false`. */
export function termsOf(facts: Facts): string[] {
  const terms = new Set<string>()
  for (const field of FIELD_NAMES)
    for (const value of FIELDS[field](facts)) if (value !== undefined) terms.add(`${field}=${value}`)
  for (const word of wordsOf(facts.reason ?? '')) terms.add(`word=${word}`)
  for (const mark of MARK_NAMES) {
    const is = MARKS[mark](facts)
    if (is || (is === false && !RARE.includes(mark))) terms.add(`${mark}=${is}`)
  }
  return [...terms]
}

/** Clauses every matching entry fulfils: of each, it has at least one of the terms. None: any entry may match. */
export function clausesOf({ fields, reasons, marks }: Criteria): string[][] {
  const clauses: string[][] = []
  for (const field of FIELD_NAMES) {
    const wanted = fields[field]
    if (wanted) clauses.push(wanted.map(value => `${field}=${value}`))
  }
  if (reasons?.length === 1) for (const word of reasons[0]!) clauses.push([`word=${word}`])
  else if (reasons) clauses.push(reasons.map(words => `word=${longest(words)}`))
  for (const mark of MARK_NAMES) {
    const wanted = marks[mark]
    if (wanted || (wanted === false && !RARE.includes(mark))) clauses.push([`${mark}=${wanted}`])
  }
  return clauses
}

/** Scripts written without spaces are taken letter by letter, so that a part of a sentence is found. */
const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}'
const WORD = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}_])+`, 'gu')

/** The words of a text, lower-cased; `ai_v1` is one, `SEV-1` and `don't` are two. */
export const wordsOf = (text: string): string[] => text.normalize('NFKC').toLowerCase().match(WORD) ?? []

/** A step answers to its code, its id, and each beginning of the id by whole segments. */
function stepNames({ step }: Facts): string[] {
  if (step === undefined) return []
  const names = [step.id]
  for (let slash = step.id.indexOf('/'); slash !== -1; slash = step.id.indexOf('/', slash + 1))
    names.push(step.id.slice(0, slash))
  if (step.code !== undefined) names.push(step.code)
  return names
}

function valuesOf(field: string, given: OneOrMore<string> | undefined): string[] | undefined {
  if (given === undefined) return undefined
  const values = [...new Set(typeof given === 'string' ? [given] : given)].sort()
  if (values.length > 0 && !values.includes('')) return values
  throw badInput(
    { in: 'query', path: `query.${field}`, problem: 'is empty' },
    `${field} is empty.`,
    by('Leave it out, or give it a value.'),
  )
}

/** How a value is brought to the form that an entry shows it in. */
const FORMS: { [F in Field]?: (value: string) => string } = {
  step: step => step.replace(/(?<=.)\/+$/, ''),
  severity: levelOf,
}
const asGiven = (value: string): string => value

function askedWords(reason: string): string[] {
  const words = [...new Set(wordsOf(reason))].sort()
  if (words.length > 0) return words
  throw badInput(
    { in: 'query', path: 'query.reason', problem: 'has no word to look for' },
    `reason ${JSON.stringify(reason)} has no word to look for.`,
  )
}

const timeOf = (field: string, given: string): string => toTimestamp(timeIn(field, given))

/** The other way round it has no entry: an answer of none would say that nothing happened. */
function assertRange({ since, until }: Criteria): void {
  if (since === undefined || until === undefined || since <= until) return
  throw badInput(
    { in: 'query', path: 'query.since', problem: 'is after "until"' },
    `since ${since} is after until ${until}.`,
    by('Change them over.'),
  )
}

const longest = (words: string[]): string => words.reduce((a, b) => (b.length > a.length ? b : a))

/** Names a question, so that a cursor is not used with another one. */
export function digestOf({ fields, reasons, marks, since, until }: Criteria, order: Order): string {
  const { offRunbook, ...others } = marks
  const asked = Object.keys(others).length > 0 ? [others] : []
  return createHash('sha256')
    .update(JSON.stringify([order, fields, reasons, offRunbook, ...asked]))
    .update(JSON.stringify([since, until]))
    .digest('base64url')
    .slice(0, 12)
}
