// Times that somebody asks about. The log knows what was, and nothing of what is to come.

import { parseTime, toTimestamp } from '../clock.js'
import { badInput, by } from '../errors.js'

/** Milliseconds of a time in the query. Throws `malformed-request` for what is none. */
export function timeIn(field: string, given: string): number {
  const ms = parseTime(given)
  if (ms !== undefined) return ms
  const problem = 'is neither an RFC 3339 time with its zone, such as 2026-11-20T03:00:00Z, nor a date'
  throw badInput(
    { in: 'query', path: `query.${field}`, rule: 'format', problem },
    `${field} ${JSON.stringify(given)} ${problem}.`,
    ...(/:\d\d(\.\d+)? \d/.test(given) ? [by('In an address, a + is written %2B.')] : []),
  )
}

/** The same of a time that has passed. */
export function assertPast(field: string, given: string, now: number): number {
  const ms = timeIn(field, given)
  if (ms <= now) return ms
  throw badInput(
    { in: 'query', path: `query.${field}`, rule: 'maximum', problem: 'is in the future' },
    `${field} ${given} is in the future: it is ${toTimestamp(now)} now.`,
    by('Ask for a time that has passed.'),
  )
}
