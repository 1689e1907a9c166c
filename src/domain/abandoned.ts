// What is told in the log of the entries of a branch that was abandoned. Kills that were still in force at its end come in
// again as kills (provisional.ts); what is here changes no flag.

import { type Draft, type Entry, placeOf, type SealedEntry } from './audit.js'

const NOT_APPLIED =
  'Acknowledged on a branch of the log that was abandoned; recovered, and not applied again.'

/** What somebody asked for of a flag: one that is in the log needs no telling. */
export const requestId = ({ actor, request, flag }: Pick<Entry, 'actor' | 'request' | 'flag'>): string =>
  `${actor.id}\n${request.key}\n${flag ?? ''}`

/** Whether the log, with this entry, says what became of its request. */
export const settlesRequest = ({ outcome, origin }: Entry): boolean =>
  outcome !== 'refused' || origin !== undefined

/**
 * The entry that tells of an entry of the branch: what was said about an incident, or of an attempt that is void, is said
 * again; a flip is recorded and not applied, and so is one that was itself recovered from a branch before. Undefined where
 * there is nothing to tell.
 */
export function tellingOf({ entry, hash }: SealedEntry): Draft | undefined {
  const { epoch: _e, seq: _s, at: _a, prev: _p, v: _v, environment: _n, merged: _m, ...draft } = entry
  const origin = entry.origin ?? { place: placeOf(entry), hash }
  if (entry.action.startsWith('incident.') && entry.outcome === 'applied') return { ...draft, origin }
  if (entry.action === 'flip.voided') return { ...draft, origin }
  if (entry.action !== 'kill' && entry.action !== 'restore') return undefined
  if (!settlesRequest(entry)) return undefined
  const refusal = { code: 'history-lost' as const, detail: NOT_APPLIED }
  return { ...draft, outcome: 'refused', refusal, origin }
}
