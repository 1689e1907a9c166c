// Time comes from outside: everything that needs the hour takes a Clock, so that a test holds it in its hand.

/** Milliseconds since the Unix epoch, UTC. */
export type Clock = () => number

/** RFC 3339, UTC, milliseconds: `2026-11-20T03:00:00.000Z`. */
export const toTimestamp = (ms: number): string => new Date(ms).toISOString()

/** As a sentence has it, to the second: `2026-11-20 03:00:00 UTC`. */
export const toSecond = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`

const RFC_3339 = /^(\d{4}-\d\d-\d\d)(?:[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d))?$/

/**
 * Milliseconds of an RFC 3339 time, or of a date alone, which is its midnight in UTC. Undefined for anything else: a time
 * without a zone would be read in that of the machine, and a 30th of February as a day in March.
 */
export function parseTime(text: string): number | undefined {
  const date = RFC_3339.exec(text)?.[1]
  const day = date === undefined ? Number.NaN : Date.parse(date)
  const ms = Date.parse(text.toUpperCase())
  if (Number.isNaN(day) || Number.isNaN(ms) || toTimestamp(day).slice(0, 10) !== date) return undefined
  return ms
}
