// What the gate says of a commit that did not go well: certain that nothing was done, or not certain at all.

import { by, byCall, KillswitchError } from '../../domain/errors.js'
import { entryId } from '../../domain/log/audit.js'

/** What those who come after are told: of theirs nothing was sent. */
export const stillAway = (failure: KillswitchError): KillswitchError =>
  failure.code === 'outcome-unknown'
    ? new KillswitchError(
        'store-unavailable',
        'The store does not answer. Nothing was done.',
        { ...causeOf(failure), wayOut: [by('Try again when it is back.')] },
        failure,
      )
    : failure

export const onlyKills = (): KillswitchError =>
  new KillswitchError(
    'journal-broken',
    'The disk of this instance is full; what room is left is for kills. Nothing was done.',
    { cause: 'ENOSPC', wayOut: [by("Free space on the data folder's disk, or ask another instance.")] },
  )

export const keyReused = (key: string, place: number | undefined): KillswitchError =>
  new KillswitchError(
    'key-reused',
    `The Idempotency-Key "${key}" was used for another request${place === undefined ? '' : ` (entry ${entryId(place)})`}.`,
    { flip: key, wayOut: [by('Send a new key.')] },
  )

export const historyLost = (why: string): KillswitchError =>
  new KillswitchError(
    'history-lost',
    `${why} Nothing was changed, and nothing un-kills: apps keep the state they know.`,
  )

/** Taken as if the store were away: a kill does not need a signature to be in force here. */
export const cannotSign = (keyId: string): KillswitchError =>
  new KillswitchError(
    'store-unavailable',
    `The log is signed with the key ${keyId}, which this instance was not given. Nothing was done.`,
    {
      cause: 'no-log-key',
      wayOut: [
        by('Ask another instance.'),
        by('Start this one with KILLSWITCH_LOG_KEY_FILE as the others have it.'),
      ],
    },
  )

export const tooBusy = (): KillswitchError =>
  new KillswitchError(
    'store-unavailable',
    'Other writers kept the log moving for a second; nothing was done.',
    { cause: 'contended', wayOut: [by('Try again.')] },
  )

/** An error that no adapter promised tells nothing of what was written. */
export const asKillswitchError = (error: unknown): KillswitchError =>
  error instanceof KillswitchError
    ? error
    : new KillswitchError('outcome-unknown', `The commit failed: ${(error as Error).message}`, {}, error)

/** It may have been done, or may not: the key is the way to find out, and to ask again without doing it twice. */
export const unknownOutcome = (key: string, cause: unknown): KillswitchError =>
  new KillswitchError(
    'outcome-unknown',
    'The store did not answer: this may have been done, or may not.',
    {
      ...(cause instanceof KillswitchError ? causeOf(cause) : {}),
      flip: key,
      wayOut: [
        byCall({ method: 'GET', path: `/v1/flips/${encodeURIComponent(key)}` }, 'says what became of it'),
        by(`Sent again with "Idempotency-Key: ${key}", it is never done twice.`),
      ],
    },
    cause,
  )

/** What the store said it was. */
const causeOf = ({ data: { cause } }: KillswitchError): { cause?: string } =>
  cause === undefined ? {} : { cause }

/** Why an epoch is opened on a store that says `moved`. */
export const opensAnew = (): { why: string; restored: number } => ({
  why: "The store is another server than the one this epoch was opened on (a restart, or a failover), or lost the flags' state.",
  restored: 0,
})
