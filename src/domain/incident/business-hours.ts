// Business hours: which hours of the week count, and when some of them have passed. The zone's own rules move the clock.

import { Temporal } from 'temporal-polyfill'
import type { Duration } from '../../wire/runbook.js'

export type BusinessHours = {
  /** ISO weekdays: 1 is Monday. */
  days: readonly number[]
  /** Minutes after midnight, by the wall clock of the zone. */
  from: number
  to: number
  zone: string
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** `Mon-Fri 09:00-17:00 Europe/Berlin`. Throws an Error that says what is wrong. */
export function parseBusinessHours(text: string): BusinessHours {
  const [, said = '', from = '', to = '', zone = ''] =
    /^([A-Za-z,-]+)\s+(\d{1,2}:\d\d)\s?-\s?(\d{1,2}:\d\d)\s+(\S+)$/.exec(text.trim()) ?? []
  if (zone === '') throw new Error('give days, hours and a zone, such as "Mon-Fri 09:00-17:00 Europe/Berlin"')
  const days = [...new Set(said.split(',').flatMap(daysIn))].sort()
  const [begin, end] = [minuteOf(from), minuteOf(to)]
  if (begin >= end) throw new Error(`${from}-${to} ends before it begins`)
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
  } catch {
    throw new Error(`"${zone}" is no time zone; give one of the IANA database, such as Europe/Berlin or UTC`)
  }
  return { days, from: begin, to: end, zone }
}

function daysIn(said: string): number[] {
  const [first = 0, last = first] = said.split('-').map(dayOf)
  const length = ((last - first + 7) % 7) + 1
  return Array.from({ length }, (_, index) => ((first - 1 + index) % 7) + 1)
}

function dayOf(said: string): number {
  const day = DAYS.indexOf(said.toLowerCase().slice(0, 3)) + 1
  if (day === 0) throw new Error(`"${said}" is no day; give Mon, Tue, Wed, Thu, Fri, Sat or Sun`)
  return day
}

function minuteOf(said: string): number {
  const [hours = 0, minutes = 0] = said.split(':').map(Number)
  if (hours * 60 + minutes > 1440 || minutes > 59) throw new Error(`"${said}" is no hour of the day`)
  return hours * 60 + minutes
}

/**
 * When so much business time has passed since an hour, ms: minutes end within business hours; days end with the business
 * hours of the last of them, the day of `since` not counted.
 */
export function afterBusiness(
  since: number,
  { minutes, days }: NonNullable<Duration['business']>,
  hours: BusinessHours,
): number {
  const from = Temporal.Instant.fromEpochMilliseconds(since).toZonedDateTimeISO(hours.zone)
  const date = from.toPlainDate()
  if (minutes === undefined) return endOf(dayAfter(date, days ?? 0, hours), hours)
  let left = minutes * 60_000
  for (let day = dayAfter(date, 0, hours); ; day = dayAfter(day.add({ days: 1 }), 0, hours)) {
    const begins = Math.max(since, at(day, hours.from, hours))
    const passes = Math.max(0, endOf(day, hours) - begins)
    if (left <= passes) return begins + left
    left -= passes
  }
}

/** The business day that is `count` business days after a date; with 0 the date, or the first business day after it. */
function dayAfter(date: Temporal.PlainDate, count: number, { days }: BusinessHours): Temporal.PlainDate {
  let day = date
  let left = count
  while (left > 0 || !days.includes(day.dayOfWeek)) {
    day = day.add({ days: 1 })
    if (left > 0 && days.includes(day.dayOfWeek)) left--
  }
  return day
}

const endOf = (day: Temporal.PlainDate, hours: BusinessHours): number => at(day, hours.to, hours)

/** A wall-clock minute of a day; midnight at its end is the next day's beginning. */
function at(day: Temporal.PlainDate, minute: number, { zone }: BusinessHours): number {
  const wall = day.toPlainDateTime().add({ minutes: minute })
  return wall.toZonedDateTime(zone).epochMilliseconds
}
