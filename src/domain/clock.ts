// Time comes from outside: everything that needs the hour takes a Clock, so that a test holds it in its hand.

/** Milliseconds since the Unix epoch, UTC. */
export type Clock = () => number

/** The clocks of one instance. Only differences of `steady` and of `running` mean anything, and each to itself alone. */
export type Times = {
  /** What is dated by: this instance's clock, or the store's where this one is ahead. */
  clock: Clock
  /** This instance's, as it is: what the end of a token is asked of. A store cannot lock anybody out. */
  own: Clock
  /** The hour at the start, and what has passed since: no correction of a clock moves it. */
  steady: Clock
  /** What has passed while this instance was running, over restarts. */
  running: Clock
  /** The store's, which all instances have; this one's own where there is none. */
  common: Clock
}

/** RFC 3339, UTC, milliseconds: `2026-11-20T03:00:00.000Z`. */
export const toTimestamp = (ms: number): string => new Date(ms).toISOString()

/** Nothing is dated after the hour at which it is committed: an instance may have taken it with a clock that was ahead. */
export const notAfter = (at: string, now: number): string => (Date.parse(at) > now ? toTimestamp(now) : at)

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

/** "2 h 5 min", "12 min 3 s", "840 ms". */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = Math.round(ms / 1_000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const from = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(from, from + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}
