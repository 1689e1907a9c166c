// What becomes of a request in the gate between its arrival and its answer: where it stands, what moves it, and what follows.
// The gate does what is said here, and holds no rule of its own about it.

import type { ErrorCode } from '../../wire/words.js'
import type { KillswitchError } from '../errors.js'
import type { Draft } from '../log/audit.js'
import type { Answered } from './answered.js'

/** What a commit carried of a request, when it may have been written. */
export type Attempt = {
  /** The first entry it would have written. */
  draft: Draft
  /** Where the rules refused it: the answer, whether its entry was written or not. */
  refusal?: KillswitchError
  /** The place of the head it was tried on. */
  after: number
}

/**
 * - `untried`: nothing of it can be in the log.
 * - `tried`: it may be in the log, now or a moment later.
 * - `landed`: the log turned out to have it.
 */
export type Standing =
  | { is: 'untried' }
  | { is: 'tried'; attempt: Attempt }
  | { is: 'landed'; attempt: Attempt }

export const UNTRIED: Standing = { is: 'untried' }

/** Errors of a commit that are certain: nothing was written, and nothing will be. */
const CERTAIN: readonly ErrorCode[] = [
  'store-unavailable',
  'journal-broken',
  'out-of-files',
  'history-lost',
  'not-signed',
]

/** After a commit of `attempt` that ended in an error. A certain failure says nothing of an attempt before it. */
export const afterFailure = (standing: Standing, code: ErrorCode, attempt: Attempt): Standing =>
  CERTAIN.includes(code) ? standing : { is: 'tried', attempt }

/** After an entry of this request came in with the log. */
export const afterSighting = (standing: Standing): Standing =>
  standing.is === 'tried' ? { is: 'landed', attempt: standing.attempt } : standing

/** What is next for a request: to be decided, or one of its three answers. */
export type Next =
  | { do: 'decide'; standing: Standing }
  | { do: 'answer'; places: number[]; replayed: boolean }
  | { do: 'refuse'; refusal: KillswitchError }
  | { do: 'refuse-key'; place: number | undefined }

/**
 * On a log that ends at `head`, and that answered this key with `answered`. A step run that a crash tore (`due`) is not
 * answered: it is decided again, on the part that is there. Once the log has moved past an attempt, the attempt is in the
 * log or never will be.
 */
export function nextFor(
  standing: Standing,
  log: { head: number; answered: Answered | undefined },
  digest: string,
): Next {
  const { head, answered } = log
  if (answered !== undefined && answered.outcome !== 'voided') {
    if (answered.digest !== digest) return { do: 'refuse-key', place: answered.places[0] }
    if (answered.due === 0)
      return { do: 'answer', places: answered.places, replayed: standing.is === 'untried' }
  }
  if (standing.is === 'untried' || standing.attempt.after === head) return { do: 'decide', standing }
  const { refusal } = standing.attempt
  // a refusal is written once
  if (standing.is === 'landed' && refusal !== undefined) return { do: 'refuse', refusal }
  return { do: 'decide', standing: UNTRIED }
}

/** Whether another try is worth it after a commit that failed: the head is compared, so nothing is written twice. */
export const mayTryAgain = (code: ErrorCode, standings: readonly Standing[]): boolean =>
  code === 'outcome-unknown' || (code === 'store-unavailable' && standings.some(({ is }) => is !== 'untried'))

/**
 * How a request ends that is not tried again: with its refusal, with the certainty that it was not done (`failed`), or
 * without any (`unknown`).
 */
export function endOf(
  standing: Standing,
  refusal: KillswitchError | undefined,
): { as: 'refused'; refusal: KillswitchError } | { as: 'failed' } | { as: 'unknown'; draft: Draft } {
  if (refusal !== undefined) return { as: 'refused', refusal }
  return standing.is === 'untried' ? { as: 'failed' } : { as: 'unknown', draft: standing.attempt.draft }
}
