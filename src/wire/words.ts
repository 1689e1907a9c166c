// The words of the wire: the closed lists, the form of names, what a flag's value may be. Plain, without the schemas, so
// that the CLI and the SDK can have them as values.

/** From the lowest to the highest; each may what those before it may, but for `sdk`, which stands apart. */
export const ROLES = ['sdk', 'viewer', 'operator', 'engineer', 'coordinator', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** What a credential may be limited to, whatever its role. `evaluate`: by OFREP, for pages that show their token to everybody. */
export const LIMITS = ['kill', 'evaluate'] as const
export type Limit = (typeof LIMITS)[number]

/** `service`: the service itself, as when it publishes its catalogue. */
export const VIAS = ['api', 'cli', 'console', 'service'] as const
export type Via = (typeof VIAS)[number]

export const ACTIONS = [
  'kill',
  'restore',
  'step.run',
  'flip.voided', // an attempt with an unknown outcome that is now certain never to happen
  'flip.confirmed', // every app instance that was to apply the flip has shown that it did
  'flip.unconfirmed', // a minute after the flip: who has shown that it did, and who has not
  'fleet.forgotten', // app instances that nobody waits for any more
  'fleet.reconciled', // holds that apps had and the log did not, released in the apps
  'hold.merged', // provisional holds that turned out to be in the log already
  'log.recovered', // opens an epoch: the store is another server, or had lost entries
  'log.signed', // takes over a log that was not signed: from here on every commit is
  'log.rekeyed', // another key signs from here on
  'log.redated', // after a clock that was ahead: the log is dated right from this entry on
  'incident.declared',
  'incident.noted',
  'incident.changed', // severity, runbook, commander, title, links
  'incident.adopted', // holds of no incident, of one that nobody declared, or of a resolved one taken under this one
  'incident.step', // a runbook step ticked off: done or skipped
  'incident.resolved',
  'incident.reopened',
  'drill', // the path of a kill proved end to end, without changing any value
  'catalogue.loaded',
  'tokens.changed', // who may what, by the tokens file of an instance of the service
  'refused.summary',
  'unchanged.summary', // kills that found their flag held, beyond ten a minute of one actor
] as const
export type Action = (typeof ACTIONS)[number]

export const OUTCOMES = ['applied', 'unchanged', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What may be said of a flip. The sentences are made in domain/fleet/proof.ts. */
export const PROOFS = ['confirmed', 'pending', 'unconfirmed', 'unproven'] as const
export type ProofStatus = (typeof PROOFS)[number]

/** What keeps a flip from being confirmed, beside instances that have not shown it. */
export const PROOF_LIMITS = [
  'no-record', // this service started without its record of the app instances, less than a minute ago
  'log-outgrown', // an app has seen more of the log than there is: the record of the instances may be as old as the log
  'instances-refused', // there were more instances of the application than this service takes
  'store-away', // what other instances of the service know of apps is not seen here now
  'being-told-again', // the store lost what they had told one another of apps
] as const
export type ProofLimit = (typeof PROOF_LIMITS)[number]

/** How an app instance stands apart from the log. */
export const APARTS = [
  'ahead', // it has seen more of this log than there is
  'other-log', // it goes by another log, or by a branch of this one that was left
  'holding', // it holds flags for reasons that the log does not have
  'forced', // its own environment forces flags to their kill variant
  'fork', // it has seen the log cut, rewritten or split
] as const
export type ApartCode = (typeof APARTS)[number]

export const NOTE_KINDS = [
  'update',
  'progress',
  'impact',
  'cause',
  'resolution',
  'recovered',
  'action',
  'escalated',
] as const

export const WARNING_CODES = [
  'no-reason',
  'reason-changed', // cleaned or cut: a kill is never refused for its text
  'incident-left-out', // it is no name of one: a kill is never refused for that
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
  'wait-not-over', // a restore before the runbook's wait is over
  'unknown-flag', // a question to the log names what it has no entry of
  'unknown-actor',
  'unknown-application',
  'unknown-runbook',
  'runbooks-unavailable',
  'counted',
  'destructive-command', // a command of the step would wipe a store
  'left-undone', // at the close of an incident
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
  'unknown-instance',
  'instance-live', // an instance that is heard of is waited for
  'too-many-instances', // a token has as many of an application as it may have
  'unknown-session', // a receipt's session is not of this service, credential, application and name
  'nothing-to-reconcile', // no instance of the application holds what the log does not have
  'unknown-incident',
  'unknown-severity', // not one of the runbook's own scale: the scale is told
  'incident-exists', // declared already, under another Idempotency-Key
  'incident-open', // it still holds a flag, or its recovery wait runs: the list is told
  'incident-resolved', // there is nothing left to resolve, or to adopt for
  'nothing-to-adopt', // no hold that may be taken on the flag or from the incident named
  'not-held', // the incident holds no such flag
  'no-log-key', // nothing signs checkpoints here
  'not-extended', // the log does not extend what this instance signed before
  'log-present', // an import finds a log where it should write one
  'nothing-to-redate', // the last hour of the log is not in the future
  'clocks-apart', // a log is not dated anew by a clock that the store's contradicts
  'nothing-to-release',
  'nothing-to-run',
  'choose-flags', // a conditional or uncertain step run must name its flags
  'precondition-failed',
  'key-reused', // an Idempotency-Key with another body
  'behind', // the caller has seen more of this log than this instance
  'overloaded', // a read that waits until there is less to do
  'too-many-requests', // a token asks for more than anybody needs; no kill is refused for it
  'too-many-streams', // a limit on open event streams is reached
  'no-known-state', // this instance has not seen the log yet
  'store-unavailable', // certain: nothing was done
  'outcome-unknown', // may have been done: resolvable by GET /v1/flips/:id
  'not-signed', // what the store holds was not written by an instance that has the key of the log
  'history-lost', // the store is behind, empty or on another branch than this instance's journal
  'journal-broken',
  'out-of-files', // certain: nothing was done, as no file is left to open
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
export const INCIDENT_ID_WORDS = '1 to 64 letters, digits and . _ : # / -, a letter or digit first'

/** An app instance, as its host names it: `api-7f9c`, `worker@eu-1#3/2`. It is shown among sentences of the service. */
export const INSTANCE_NAME: RegExp = /^[A-Za-z0-9_][A-Za-z0-9 ._:/@#~+=,-]{0,199}$/

export type FlagValue = boolean | string | number | { [key: string]: unknown } | unknown[]
export type Scalar = string | number | boolean
