// The closed list of things that can be refused or go wrong, and the one error that carries them.
// A message states the value, the rule, and the way out; http/errors.ts alone turns a code into a status.

export const ERROR_CODES = [
  'malformed-request', // the body, a parameter or a header is not of the form asked for
  'payload-too-large',
  'unsupported-media-type',
  'not-acceptable',
  'unauthenticated',
  'forbidden', // the role is too low: the message names the one that may
  'unknown-route',
  'method-not-allowed', // the path is there, and takes other methods
  'unknown-flag',
  'unknown-step',
  'ambiguous-step',
  'step-mismatch', // the step is there and does not act on this flag in this direction
  'unknown-runbook',
  'unknown-template',
  'unknown-entry',
  'unknown-flip',
  'unknown-incident',
  'unknown-severity', // not one of the runbook's own scale: the scale is told
  'incident-exists', // declared already, under another Idempotency-Key
  'incident-open', // it still holds a flag, or its recovery wait runs: the list is told
  'incident-resolved', // there is nothing left to resolve, or to adopt for
  'nothing-to-adopt', // no hold without an incident on the flag named
  'not-held', // the incident holds no such flag
  'no-log-key', // nothing signs checkpoints here
  'log-present', // an import finds a log where it should write one
  'nothing-to-release',
  'nothing-to-run',
  'choose-flags', // a conditional or uncertain step run must name its flags
  'precondition-failed',
  'key-reused', // an Idempotency-Key with another body
  'behind', // the caller has seen more of this log than this instance
  'overloaded', // a read that waits until there is less to do
  'too-many-streams', // a limit on open event streams is reached
  'no-known-state', // this instance has not seen the log yet
  'store-unavailable', // certain: nothing was done
  'outcome-unknown', // may have been done: resolvable by GET /v1/flips/:id
  'history-lost', // the store is behind, empty or on another branch than this instance's journal
  'journal-broken',
  'configuration', // the environment, tokens or catalogue given to the process
  'catalogue-refused',
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** The one error of the service. `detail` is for people; `extra` becomes further members of the problem document. */
export class KillswitchError extends Error {
  readonly code: ErrorCode
  readonly extra: Record<string, unknown>

  constructor(code: ErrorCode, detail: string, extra: Record<string, unknown> = {}, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause })
    this.name = 'KillswitchError'
    this.code = code
    this.extra = extra
  }
}
