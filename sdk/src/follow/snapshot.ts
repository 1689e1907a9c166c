// What an app is told of its flags, as this package hands it out: the snapshot, the change and the heartbeat. Types of its
// own, without the service's schemas; wire.ts proves that they are the service's.

import type { FlagValue, Scalar } from '../../../src/wire/words.js'

/** A flag in force at its kill variant. */
export type Held = {
  variant: string
  value: FlagValue
  /** RFC 3339: the oldest hold's. */
  since: string
  /** The oldest hold's incident. */
  incident?: string
  /** Ids of the holds, oldest first. */
  holds: string[]
  /** Of each of them what shows it back to a log that lost it. Readable by the service alone. */
  warrants?: string[]
}

/** One definition as an app needs it; `held` while it is killed. */
export type SnapshotFlag = {
  application: string
  variants: Record<string, FlagValue>
  defaultVariant: string
  killVariant: string
  /** JsonLogic as flagd evaluates it; never consulted while held. */
  targeting?: Record<string, unknown>
  metadata: Record<string, Scalar>
  effect: string
  message?: string
  staleAfterSeconds?: number
  onStale: 'keep' | 'kill'
  /** The place of the last flip (kill or restore) of this flag in this log; 0 where this log never flipped it. */
  flipped: number
  held?: Held
}

/** A hold taken while the store was away: outside the chain until it is merged. */
export type ProvisionalHold = {
  id: string
  flag: string
  variant: string
  value: FlagValue
  since: string
  incident?: string
  warrant?: string
}

/** What the snapshot and every change name: which log, how far, whose. */
export type Position = {
  environment: string
  /** SHA-256 of the log's first entry: the log's name. */
  log: string
  /** The place of the last entry that changed a flag, a drill or the catalogue. Only grows within a log. */
  revision: number
  /** SHA-256 of the entry at `revision`, in hex; '' from a service that does not say it. */
  hash: string
  /** Digest of the catalogue in force: where it differs from the one known, fetch the snapshot. */
  catalogue: string
  /** RFC 3339: when the revision came to be. */
  at: string
  provisional: ProvisionalHold[]
  /** Ids of provisional holds that are in the log by now. */
  merged: string[]
  /** Ids of holds that the log does not have, and that a person released in the apps (`fleet reconcile`). */
  released: string[]
}

/** `GET /v1/snapshot`, limited to the applications of the token. */
export type Snapshot = Position & { v: 1; flags: Record<string, SnapshotFlag> }

/** `event: change`: the full set of held flags. A flag that is not in `held` is at its normal behaviour. */
export type Change = Position & {
  v: 1
  held: Record<string, Held>
  /** `SnapshotFlag.flipped` of every flag this log ever flipped. */
  flipped: Record<string, number>
}

/** `event: heartbeat`, every 5 s. */
export type Heartbeat = {
  upstream: 'live' | 'stale'
  revision: number
  log: string
  checkpoint?: string
  cosigned?: string
}

/** Which keys have signed the log: the entries that name the next one, as they are stored, each shown to be in the log. */
export type KeyChanges = {
  environment: string
  log: string
  changes: {
    line: string
    proof: {
      place: number
      index: number
      size: number
      leafHash: string
      proof: string[]
      checkpoint: string
    }
  }[]
}

/** That the log only grew from `from` entries to `to`: hashes in hex, and the checkpoint of the log as it is now. */
export type ConsistencyProof = { from: number; to: number; proof: string[]; checkpoint: string }
