// What is to be said of the clocks: this instance's, the store's, and the dates that entries bring along.

import type { Condition } from '../../wire/health.js'
import type { Action, Via } from '../../wire/words.js'
import { span, toSecond } from '../clock.js'
import { fromPlace } from './audit.js'

/** Two clocks that differ by no more are one. */
export const APART_MS = 2_000

/** An entry that came in dated ahead of this instance's clock and the store's. */
export type AheadEntry = {
  place: number
  action: Action
  actor: string
  via: Via
  receivedAt: string
  aheadMs: number
}

export type Clocks = {
  /** RFC 3339. The store's is absent where it has none, or has not told it yet. */
  own: string
  store?: string
  /** How far this instance's clock is ahead of the store's; below 0 where it is behind. */
  offsetMs?: number
  isApart?: boolean
  /** The log's last hour, where that is in the future. */
  log?: { at: string; aheadMs: number }
  entry?: AheadEntry
}

export function clockConditions({ own, store, offsetMs = 0, isApart, log, entry }: Clocks): Condition[] {
  const found: Condition[] = []
  const both = store === undefined ? 'this clock' : "this clock and the store's"
  if (isApart && store !== undefined) {
    const [which, rest] =
      offsetMs > 0
        ? ['ahead of', "entries are dated by the store's clock meanwhile"]
        : ['behind', 'entries are dated by this clock, which is the lower one']
    found.push({
      code: 'clock-apart',
      detail: `This instance's clock is ${span(Math.abs(offsetMs))} ${which} the store's: here it is ${toSecond(own)}, there ${toSecond(store)}. ${rest[0]?.toUpperCase()}${rest.slice(1)}. Run NTP on both machines.`,
    })
  }
  if (log !== undefined)
    found.push({
      code: 'log-ahead',
      detail: `The log's last hour is ${toSecond(log.at)}, ${span(log.aheadMs)} ahead of ${both}: new entries are dated by it until that hour has come, or an owner dates them right from here on: killswitch audit redate --reason "..."`,
    })
  if (entry !== undefined) {
    const { epoch, seq } = fromPlace(entry.place)
    found.push({
      code: 'entry-ahead',
      detail: `Entry ${epoch}-${seq} (${entry.action} by ${entry.actor}, via ${entry.via}) came in dated ${toSecond(entry.receivedAt)}, ${span(entry.aheadMs)} ahead of ${both}: the clock of the instance that took it was ahead. Look at the clocks of the other instances: killswitch doctor`,
    })
  }
  return found
}
