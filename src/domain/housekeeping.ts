// What somebody should tidy up: flags that stay killed with nobody at work on them, kills without their paperwork, paths
// that nobody has exercised. Found in the state alone; nothing here is done by itself.

import type { Gap } from './gap.js'
import type { Left } from './incident.js'
import { endOf } from './incident-resolve.js'
import type { Proof, State } from './state.js'

export type Untidy = { flag: string; hold: string; actor: string; since: string; incident?: string }
export type LeftHold = Untidy & { owner: string; until: string; overdue: boolean }
/** `none`: no incident was named. `undeclared`: nobody declared it. `resolved`: it is over, and the hold stays. */
export type Unattended = Untidy & { why: 'none' | 'undeclared' | 'resolved'; left?: Omit<Left, 'flag'> }
export type Unexercised = { flag: string; application: string; lastProof?: Proof }

export type Housekeeping = {
  unattended: Unattended[]
  longKilled: (Untidy & { ageMs: number })[]
  paperwork: Gap[]
  unexercised: Unexercised[]
  left: LeftHold[]
}

export type Limits = { olderThanMs: number; notSinceMs: number }
export const LIMITS: Limits = { olderThanMs: 24 * 3_600_000, notSinceMs: 90 * 24 * 3_600_000 }

export function housekeepingOf(state: State, { olderThanMs, notSinceMs }: Limits, now: number): Housekeeping {
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

function unattended(state: State, hold: Untidy): Unattended[] {
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

function unexercised(state: State, before: number): Unexercised[] {
  return [...state.flags.values()]
    .filter(({ lastProof }) => lastProof === undefined || Date.parse(lastProof.at) < before)
    .map(({ definition: { key, application }, lastProof }) => ({
      flag: key,
      application,
      ...(lastProof ? { lastProof } : {}),
    }))
}
