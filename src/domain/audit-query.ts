// What can be asked of the log, and whether an entry answers it. `matches` is the truth; terms and clauses only let an
// index find candidates, and must never leave out an entry that matches.

import { createHash } from 'node:crypto'
import type { Action, Outcome } from '../wire/words.js'
import type { Entry } from './audit.js'
import { parseTime, toTimestamp } from './clock.js'
import { badInput, by } from './errors.js'

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
  /** All of the words, in any order and case. */
  reason?: OneOrMore<string>
  /** `false` finds all entries that are not marked. */
  offRunbook?: boolean
  /** RFC 3339; an entry at this hour is found. */
  since?: string
  /** RFC 3339; an entry at this hour is not found. */
  until?: string
}

export type Order = 'newest' | 'oldest'

/** The fields compared by value: what an entry has to show for each of them. */
const FIELDS = {
  flag: entry => [entry.flag, ...(entry.flags ?? [])],
  actor: entry => [entry.actor.id],
  role: entry => [entry.actor.role],
  // an adoption is a part of the story of the incident that had the holds, too
  incident: ({ incident, adopted = [], history = [] }) => [
    incident,
    ...history,
    ...adopted.map(each => each.from),
  ],
  runbook: entry => [entry.runbook?.id],
  step: entry => stepNames(entry),
  action: entry => [entry.action],
  outcome: entry => [entry.outcome],
} satisfies Record<string, (entry: Entry) => readonly (string | undefined)[]>
type Field = keyof typeof FIELDS
const FIELD_NAMES = Object.keys(FIELDS) as Field[]

/** A filter that was checked and brought to one form, so that the same question has the same digest. */
export type Criteria = {
  fields: { [F in Field]?: string[] }
  /** Of each reason asked for, its words. */
  reasons?: string[][]
  offRunbook?: boolean
  since?: string
  until?: string
}

/** Checks a filter. Throws `malformed-request` for what can mean nothing: an empty value, no word, not a time. */
export function toCriteria(filter: AuditFilter): Criteria {
  const criteria: Criteria = { fields: {} }
  for (const field of FIELD_NAMES) {
    const values = valuesOf(field, filter[field])
    if (values !== undefined) criteria.fields[field] = field === 'step' ? values.map(trimStep).sort() : values
  }
  const reasons = valuesOf('reason', filter.reason)
  if (reasons !== undefined) criteria.reasons = reasons.map(askedWords)
  if (filter.offRunbook !== undefined) criteria.offRunbook = filter.offRunbook
  if (filter.since !== undefined) criteria.since = timeOf('since', filter.since)
  if (filter.until !== undefined) criteria.until = timeOf('until', filter.until)
  assertRange(criteria)
  return criteria
}

export function matches({ fields, reasons, offRunbook, since, until }: Criteria, entry: Entry): boolean {
  if (since !== undefined && entry.at < since) return false
  if (until !== undefined && entry.at >= until) return false
  if (offRunbook !== undefined && (entry.offRunbook === true) !== offRunbook) return false
  for (const field of FIELD_NAMES) {
    const wanted = fields[field]
    if (wanted && !FIELDS[field](entry).some(value => value !== undefined && wanted.includes(value)))
      return false
  }
  if (reasons === undefined) return true
  const words = new Set(wordsOf(entry.reason ?? ''))
  return reasons.some(asked => asked.every(word => words.has(word)))
}

/** All an entry can be found by, each once: `flag=ai_v1`, `step=trustflow/ai`, `word=timeout`. */
export function termsOf(entry: Entry): string[] {
  const terms = new Set<string>()
  for (const field of FIELD_NAMES)
    for (const value of FIELDS[field](entry)) if (value !== undefined) terms.add(`${field}=${value}`)
  for (const word of wordsOf(entry.reason ?? '')) terms.add(`word=${word}`)
  if (entry.offRunbook === true) terms.add('offRunbook=true')
  return [...terms]
}

/** Clauses every matching entry fulfils: of each, it has at least one of the terms. None: any entry may match. */
export function clausesOf({ fields, reasons, offRunbook }: Criteria): string[][] {
  const clauses: string[][] = []
  for (const field of FIELD_NAMES) {
    const wanted = fields[field]
    if (wanted) clauses.push(wanted.map(value => `${field}=${value}`))
  }
  if (reasons?.length === 1) for (const word of reasons[0]!) clauses.push([`word=${word}`])
  else if (reasons) clauses.push(reasons.map(words => `word=${longest(words)}`))
  if (offRunbook === true) clauses.push(['offRunbook=true'])
  return clauses
}

/** Scripts written without spaces are taken letter by letter, so that a part of a sentence is found. */
const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}'
const WORD = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}_])+`, 'gu')

/** The words of a text, lower-cased; `ai_v1` is one, `SEV-1` and `don't` are two. */
export const wordsOf = (text: string): string[] => text.normalize('NFKC').toLowerCase().match(WORD) ?? []

/** A step answers to its code, its id, and each beginning of the id by whole segments. */
function stepNames({ step }: Entry): string[] {
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

const trimStep = (step: string): string => step.replace(/(?<=.)\/+$/, '')

function askedWords(reason: string): string[] {
  const words = [...new Set(wordsOf(reason))].sort()
  if (words.length > 0) return words
  throw badInput(
    { in: 'query', path: 'query.reason', problem: 'has no word to look for' },
    `reason ${JSON.stringify(reason)} has no word to look for.`,
  )
}

function timeOf(field: string, given: string): string {
  const ms = parseTime(given)
  if (ms !== undefined) return toTimestamp(ms)
  const problem = 'is neither an RFC 3339 time with its zone, such as 2026-11-20T03:00:00Z, nor a date'
  throw badInput(
    { in: 'query', path: `query.${field}`, rule: 'format', problem },
    `${field} ${JSON.stringify(given)} ${problem}.`,
    ...(/:\d\d(\.\d+)? \d/.test(given) ? [by('In an address, a + is written %2B.')] : []),
  )
}

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
export const digestOf = (criteria: Criteria, order: Order): string =>
  createHash('sha256')
    .update(JSON.stringify([order, criteria.fields, criteria.reasons, criteria.offRunbook]))
    .update(JSON.stringify([criteria.since, criteria.until]))
    .digest('base64url')
    .slice(0, 12)
