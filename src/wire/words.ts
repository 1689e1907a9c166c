// The words of the wire: the closed lists, the form of names, what a flag's value may be. Plain, without the schemas, so
// that the CLI and the SDK can have them as values.

/** From the lowest to the highest; each may what those before it may, but for `sdk`, which stands apart. */
export const ROLES = ['sdk', 'viewer', 'operator', 'engineer', 'coordinator', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** `service`: the service itself, as when it publishes its catalogue. */
export const VIAS = ['api', 'cli', 'console', 'service'] as const
export type Via = (typeof VIAS)[number]

export const ACTIONS = [
  'kill',
  'restore',
  'step.run',
  'flip.voided', // an attempt with an unknown outcome that is now certain never to happen
  'flip.confirmed', // what the receipts showed of a flip
  'hold.merged', // provisional holds that turned out to be in the log already
  'log.recovered', // opens an epoch: the store is another server, or had lost entries
  'incident.declared',
  'incident.noted',
  'incident.changed', // severity, commander, links
  'incident.adopted', // holds without an incident taken under this one
  'incident.step', // a runbook step ticked off: done or skipped
  'incident.resolved',
  'drill', // the path of a kill proved end to end, without changing any value
  'catalogue.loaded',
  'refused.summary',
] as const
export type Action = (typeof ACTIONS)[number]

export const OUTCOMES = ['applied', 'unchanged', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

export const NOTE_KINDS = [
  'update',
  'progress',
  'impact',
  'cause',
  'resolution',
  'recovered',
  'action',
] as const

export const WARNING_CODES = [
  'no-reason',
  'no-step',
  'unknown-step',
  'ambiguous-step',
  'step-mismatch',
  'step-limited',
  'step-conditional',
  'step-unsure',
  'unknown-incident',
  'resolved-incident',
  'nothing-to-adopt',
  'runbooks-unavailable',
] as const
export type WarningCode = (typeof WARNING_CODES)[number]

/** Everything that can be refused or go wrong. */
export const ERROR_CODES = [
  'malformed-request', // the body, a parameter or a header is not of the form asked for
  'payload-too-large',
  'unsupported-media-type',
  'not-acceptable',
  'unauthenticated',
  'forbidden', // the role is too low: `needed` is the one that may
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

/** What a person should look at in a runbook. */
export const FINDING_CODES = [
  'no-structure',
  'too-large',
  'too-slow',
  'unreadable',
  'switch-without-flag',
  'unread-flip',
  'limited-kill',
  'partly-read',
  'near-key',
  'unread-list',
  'unknown-markup',
  'unknown-language',
  'wrong-encoding',
  'destructive-command',
  'odd-value',
  'dangling-link',
  'flag-without-step',
  'kill-without-restore-step',
] as const

/** The most characters that a flag's key may have. */
export const FLAG_KEY_MOST = 128
export const FLAG_KEY_CHARACTERS = 'A-Za-z0-9_.:/-'

/**
 * A key as teams have them: `enableCheckout`, `payments/card:v2`. Compared as it stands: `EnableCheckout` is another one.
 * `constructor` is a key too, so that what is looked up by key is a Map, or asked with Object.hasOwn.
 */
export const FLAG_KEY: RegExp = new RegExp(`^[A-Za-z][${FLAG_KEY_CHARACTERS}]{0,${FLAG_KEY_MOST - 1}}$`)

/** An incident as its tracker names it: `INC-42`, a PagerDuty key. */
export const INCIDENT_ID: RegExp = /^[A-Za-z0-9][A-Za-z0-9._:#/-]{0,63}$/

export type FlagValue = boolean | string | number | { [key: string]: unknown } | unknown[]
export type Scalar = string | number | boolean
