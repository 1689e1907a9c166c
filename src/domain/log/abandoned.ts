// What is told in the log of the entries of a branch that was abandoned. Kills that were still in force at its end come in
// again as kills (provisional.ts); what is here changes no flag.

import { type Draft, draftOf, type Entry, placeOf, type SealedEntry } from './audit.js'

const NOT_APPLIED =
  'Acknowledged on a branch of the log that was abandoned; recovered, and not applied again.'

/** What somebody asked for of a flag: one that is in the log needs no telling. */
export const requestId = ({ actor, request, flag }: Pick<Entry, 'actor' | 'request' | 'flag'>): string =>
  `${actor.id}\n${request.key}\n${flag ?? ''}`

const voidId = (entry: Entry): string => `${requestId(entry)}\nvoid`
const isVoid = ({ action }: Entry): boolean => action === 'flip.voided'

/** Whether the log, with this entry, says what became of its request. */
const settlesRequest = ({ outcome, origin }: Entry): boolean => outcome !== 'refused' || origin !== undefined

/** What need not be told where the log has this entry. That one attempt is void says nothing of the next, with its key. */
export function settledBy(entry: Entry): string | undefined {
  if (!settlesRequest(entry)) return undefined
  return isVoid(entry) ? voidId(entry) : requestId(entry)
}

/** Whether what is settled leaves nothing to tell of an entry of the branch. */
export const isSettled = (entry: Entry, settled: ReadonlySet<string>): boolean =>
  settled.has(requestId(entry)) || (isVoid(entry) && settled.has(voidId(entry)))

/**
 * The entry that tells of an entry of the branch: what was said about an incident, or of an attempt that is void, is said
 * again; a flip is recorded and not applied, and so is one that was itself recovered from a branch before. Undefined where
 * there is nothing to tell.
 */
export function tellingOf({ entry, hash }: SealedEntry): Draft | undefined {
  const { merged: _, ...draft } = draftOf(entry)
  const origin = entry.origin ?? { place: placeOf(entry), hash }
  if (entry.action.startsWith('incident.') && entry.outcome === 'applied') return { ...draft, origin }
  if (isVoid(entry)) return { ...draft, origin }
  if (entry.action !== 'kill' && entry.action !== 'restore') return undefined
  if (!settlesRequest(entry)) return undefined
  const refusal = { code: 'history-lost' as const, detail: NOT_APPLIED }
  return { ...draft, outcome: 'refused', refusal, origin }
}
