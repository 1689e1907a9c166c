// A hold keeps a flag killed, as a lock on a breaker does: who put it, why, under which incident, from which step.
// A flag is killed while it has at least one.

import type { StepReference } from './audit.js'

export type Hold = {
  /** Ten characters that follow from actor, idempotency key and flag: the same kill always makes the same hold. */
  id: string
  flag: string
  actor: string
  incident?: string
  reason: string
  runbook?: { id: string; digest: string }
  step?: StepReference
  offRunbook: boolean
  /** RFC 3339; the entry's `receivedAt`. */
  since: string
  /** The entry that put it; 0 while provisional. */
  place: number
  /** Taken while the store was away: in force on this instance, and in the log when the store is back. */
  provisional?: true
}

/** What an entry repeats of each hold that is left after it. */
export type HoldSummary = { id: string; actor: string; incident?: string; since: string }
