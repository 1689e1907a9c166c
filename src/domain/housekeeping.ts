// What somebody should tidy up: flags that stay killed with nobody at work on them, kills without their paperwork, paths
// that nobody has exercised. Found in the state alone; nothing here is done by itself.

import type { Left } from '../wire/entry.js'
import type { Housekeeping } from '../wire/housekeeping.js'
import { endOf } from './incident/resolve.js'
import type { State } from './state.js'

/** What there is to tidy up, without the question. */
export type Found = Pick<Housekeeping, 'unattended' | 'longKilled' | 'paperwork' | 'unexercised' | 'left'>
type Untidy = Omit<Housekeeping['longKilled'][number], 'ageMs'>

export type Limits = { olderThanMs: number; notSinceMs: number }
export const LIMITS: Limits = { olderThanMs: 24 * 3_600_000, notSinceMs: 90 * 24 * 3_600_000 }

export function housekeepingOf(state: State, { olderThanMs, notSinceMs }: Limits, now: number): Found {
  const held = [...state.flags.values()].flatMap(flag => flag.holds)
  const untidy = held.map(({ flag, id, actor, since, incident }) => ({
    flag,
    hold: id,
    actor,
    since,
    ...(incident === undefined ? {} : { incident }),
  }))
  return {
    unattended: untidy.flatMap(hold => unattended(state, hold)),
    longKilled: untidy
      .map(hold => ({ ...hold, ageMs: now - Date.parse(hold.since) }))
      .filter(({ ageMs }) => ageMs > olderThanMs),
    paperwork: [...state.gaps],
    unexercised: unexercised(state, now - notSinceMs),
    left: untidy.flatMap(hold => {
      const left = leftOf(state, hold)
      return left ? [{ ...hold, ...left, overdue: endOf(left.until) < now }] : []
    }),
  }
}

function unattended(state: State, hold: Untidy): Found['unattended'] {
  if (hold.incident === undefined) return [{ ...hold, why: 'none' }]
  const incident = state.incidents.get(hold.incident)
  if (incident === undefined) return [{ ...hold, why: 'undeclared' }]
  if (incident.resolved === undefined) return []
  const left = leftOf(state, hold)
  return [{ ...hold, why: 'resolved', ...(left ? { left } : {}) }]
}

function leftOf(state: State, { flag, incident = '' }: Untidy): Omit<Left, 'flag'> | undefined {
  const left = state.incidents.get(incident)?.resolved?.leave.find(each => each.flag === flag)
  return left && { owner: left.owner, until: left.until }
}

function unexercised(state: State, before: number): Found['unexercised'] {
  return [...state.flags.values()]
    .filter(({ lastProof }) => lastProof === undefined || Date.parse(lastProof.at) < before)
    .map(({ definition: { key, application }, lastProof }) => ({
      flag: key,
      application,
      ...(lastProof ? { lastProof } : {}),
    }))
}
