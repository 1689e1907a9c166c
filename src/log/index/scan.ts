// Finds what matches by the index alone: places from postings, what is asked of the entries from their rows. Reads no line.

import { type Criteria, clausesOf, matches, type Order } from '../../domain/log/audit-query.js'
import { isWithin } from '../../domain/log/unreadable.js'
import type { EntryIndex, PlaceRange } from './entry-index.js'
import type { Row } from './postings.js'

const CANDIDATES = 256

/** A question in the form in which it is worked on. `rarest` is undefined where any entry may match. */
export type Plan = { criteria: Criteria; reverse: boolean; rarest: string[] | undefined; others: string[][] }

/** What one look brought. */
export type Look = {
  /** Those that match, in the order asked for. */
  rows: Row[]
  /** All that were looked at; everything up to the last of them is dealt with. */
  candidates: number[]
}

/** Starts from the clause that the fewest entries fulfil. */
export async function planOf(index: EntryIndex, criteria: Criteria, order: Order): Promise<Plan> {
  const clauses = clausesOf(criteria)
  const counts = await Promise.all(clauses.map(terms => index.count(terms)))
  const least = counts.indexOf(Math.min(...counts))
  return {
    criteria,
    reverse: order === 'newest',
    rarest: clauses[least],
    others: clauses.filter((_, at) => at !== least),
  }
}

/** The next of the range; undefined where there is nothing more. */
export async function look(index: EntryIndex, plan: Plan, range: PlaceRange): Promise<Look | undefined> {
  const candidates = await index.places(plan.rarest, range, plan.reverse, CANDIDATES)
  if (candidates.length === 0) return undefined
  let places = candidates
  for (const terms of plan.others) places = places.length > 0 ? await index.having(terms, places) : places
  const rows = await index.rows(places)
  const { gaps } = index
  const isMeant = ({ place, facts }: Row) => !isWithin(gaps, place) && matches(plan.criteria, facts)
  return { rows: rows.filter(isMeant), candidates }
}

/** The range without what was dealt with. */
export const after = (last: number, { from, to }: PlaceRange, reverse: boolean): PlaceRange =>
  reverse ? { from, to: last - 1 } : { from: last + 1, to }
