// The closed list of things that can be refused or go wrong, and the one error that carries them: its message says what
// happened, its data say the rest. Nobody reads a sentence to learn a fact. http/errors.ts alone knows the statuses.

import type { Role } from './actor.js'

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

/** A request to the service, exact enough to be sent. */
export type Call = { method: 'GET' | 'POST'; path: string; body?: Record<string, unknown> }

/** One way out. `text` is the whole sentence; a surface of its own makes it anew from `does` with `call` or `send`. */
export type Way = {
  text: string
  does?: string
  call?: Call
  /** Members to add to the request that was refused. */
  send?: Record<string, unknown>
}

/** A member, parameter or header of the request, and what is wrong with it. `path` is a JSON pointer's, with dots. */
export type InputFault = {
  in: 'body' | 'query' | 'path' | 'header'
  path: string
  /** The rule that it breaks: a keyword of JSON Schema, or `refused`. */
  rule: string
  problem: string
}

/** A step that may have been meant, or can be run instead. */
export type StepChoice = { step: string; code: string; text: string; call?: Call }

type HeldBy = { id: string; actor: string; incident?: string; since: string }

/** What keeps an incident open. */
export type Objection =
  | { what: 'hold'; flag: string; hold: string; actor: string; since: string; detail: string }
  | { what: 'recovery-wait'; until: string; text: string; line: number; detail: string }

/** What a run would say of one flag. */
export type RunVerdict = {
  flag: string
  verdict: 'kill' | 'already-held' | 'refused'
  label?: string
  detail?: string
  /** What a run asks about before it kills this flag. */
  asks?: string[]
}

/** Every member that an error may have besides its code and its message. Each is a member of the problem document too. */
export type ErrorData = {
  /** What made it, in one word: Redis' or the system's own code where there is one. */
  cause?: string
  /** The role that would be needed, and the caller's. */
  needed?: Role | 'reader'
  role?: Role
  /** Names that may have been meant: keys, ids of steps, incidents or runbooks. */
  near?: readonly string[]
  /** The steps that `near` names. */
  candidates?: readonly StepChoice[]
  wayOut?: readonly Way[]
  errors?: readonly InputFault[]
  flag?: string
  /** The first fifty keys there are. */
  flags?: readonly string[]
  incident?: string
  flip?: string
  step?: string
  call?: Call
  children?: readonly StepChoice[]
  verdicts?: readonly RunVerdict[]
  holds?: readonly HeldBy[]
  held?: readonly string[]
  open?: readonly Objection[]
  etag?: string
  revision?: number
  floor?: number
  runbooks?: readonly string[]
  templates?: readonly string[]
  scale?: readonly { level: string; name?: string; description?: string }[]
  applications?: readonly string[]
  methods?: readonly string[]
  offered?: readonly string[]
  /** Of files: where each is, and what is wrong there. */
  faults?: readonly { file: string; line: number; message: string }[]
  /** Of the journal: the file, its line, and where that begins. */
  file?: string
  line?: number
  offset?: number
  /** How many the log has already. */
  entries?: number
  head?: { epoch: number; seq: number; hash: string }
  findings?: readonly { level: string; check: string; seen: string; cure: string }[]
  /** What OFREP calls it, where its clients ask. */
  errorCode?: 'INVALID_CONTEXT'
}

/** The one error of the service. */
export class KillswitchError extends Error {
  readonly code: ErrorCode
  readonly data: ErrorData

  /** `message` is what happened, in whole sentences: what to do about it is in `data.wayOut`. */
  constructor(code: ErrorCode, message: string, data: ErrorData = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'KillswitchError'
    this.code = code
    this.data = data
  }

  /** The whole of it for a person: what happened, what may have been meant, what to do. Made here and nowhere else. */
  get detail(): string {
    const { near = [], wayOut = [] } = this.data
    return [this.message, ...didYouMean(near), ...wayOut.map(({ text }) => text)].join(' ')
  }
}

/** At most three, or a long list would hide the way out; all of them are in `near`. */
const didYouMean = (near: readonly string[]): string[] =>
  near.length === 0 ? [] : [`Did you mean ${near.slice(0, 3).join(' or ')}?`]

/** `GET /v1/flags lists those there are.` */
export function byCall(call: Call, does: string): Way {
  const body = call.body === undefined ? '' : ` ${JSON.stringify(call.body)}`
  return { text: `${call.method} ${call.path}${body} ${does}.`, does, call }
}

/** `Send "reason".`, or `A coordinator forces it: send "force": true.` */
export function bySending(send: Record<string, unknown>, does?: string): Way {
  const members = Object.entries(send).map(([name, to]) => (to === true ? `"${name}": true` : `"${name}"`))
  const sent = `end ${members.join(', ')}.`
  return does === undefined ? { text: `S${sent}`, send } : { text: `${does}: s${sent}`, does, send }
}

/** A way out that is no request. */
export const by = (text: string): Way => ({ text })

/** A sentence's worth of bad input. */
export const badInput = (
  fault: Omit<InputFault, 'rule'> & { rule?: string },
  message = `${fault.path} ${fault.problem}.`,
  ...wayOut: Way[]
): KillswitchError =>
  new KillswitchError('malformed-request', message, {
    errors: [{ rule: 'refused', ...fault }],
    ...(wayOut.length > 0 ? { wayOut } : {}),
  })
