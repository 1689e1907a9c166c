// The closed list of things that can be refused or go wrong, and the one error that carries them: its message says what
// happened, its data say the rest. Nobody reads a sentence to learn a fact. http/plumbing/errors.ts alone knows the statuses.

import type { InputFault, ProblemData } from '../wire/problem.js'
import type { Call, Way } from '../wire/way.js'
import type { ErrorCode } from '../wire/words.js'

/** Lists that nobody changes once they are told. */
type Frozen<T> = { readonly [K in keyof T]: T[K] extends (infer U)[] | undefined ? readonly U[] : T[K] }

/** Every member that an error may have besides its code and its message. Each is a member of the problem document too. */
export type ErrorData = Frozen<ProblemData>

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

/** `GET /v1/flags lists those there are.` `fill`: members of the body that only the caller knows. */
export function byCall(call: Call, does: string, fill: string[] = []): Way {
  const body = call.body === undefined ? '' : ` ${JSON.stringify(call.body)}`
  const rest = fill.length === 0 ? '' : `, with ${listed(fill.map(name => `"${name}"`))} added`
  return {
    text: `${call.method} ${call.path}${body}${rest}${rest && ','} ${does}.`,
    does,
    call,
    ...(fill.length === 0 ? {} : { fill }),
  }
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

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
