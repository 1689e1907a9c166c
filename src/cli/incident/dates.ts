// Days as people type them: tomorrow, friday, +3d. In UTC, as the log and the service have them.

import { InvalidArgumentError } from 'commander'
import { parseTime } from '../../domain/clock.js'
import { DAY, spanMs } from '../print/time.js'

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const RELATIVE: Record<string, number> = { yesterday: -1, today: 0, tomorrow: 1 }

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/**
 * A date for `tomorrow`, `friday` (the next one) and whole days from now (`+3d`, `+2w`), a time for `+2h`; undefined for
 * anything else.
 */
export function relativeTime(text: string, now: number): string | undefined {
  const word = text.trim().toLowerCase()
  const days = RELATIVE[word]
  if (days !== undefined) return dateOf(now + days * DAY)
  const weekday = WEEKDAYS.findIndex(name => name === word || name.slice(0, 3) === word)
  if (weekday >= 0) return dateOf(now + (((weekday - new Date(now).getUTCDay() + 6) % 7) + 1) * DAY)
  const span = /^\+/.test(word) ? spanMs(word.slice(1)) : undefined
  if (span === undefined) return undefined
  return span % DAY === 0 && /[dw]$/.test(word) ? dateOf(now + span) : new Date(now + span).toISOString()
}

/** A day to come, or a time: as it is given, or said from now. */
export function day(value: string, now: number = Date.now()): string {
  const found = relativeTime(value, now) ?? value
  if (parseTime(found) !== undefined) return found
  throw new InvalidArgumentError(
    'Give a day, such as 2026-11-27, tomorrow, friday or +3d, or an RFC 3339 time with its zone.',
  )
}
