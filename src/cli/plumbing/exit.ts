// How a command ends: the exit codes, and the errors that carry one. What an error says is print/problem.ts's.

import { visible } from '../../text/terminal.js'
import type { Problem as Sent } from '../../wire/problem.js'
import type { ErrorCode } from '../../wire/words.js'
import { ERROR_CODES } from '../../wire/words.js'

/** 0 done, 2 usage, 3 refused, 4 not proven by all, 5 unreachable. */
export const EXIT = { done: 0, usage: 2, refused: 3, notProven: 4, unreachable: 5 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** The command line, the configuration or a local file is wrong; nothing was asked of the service. */
export class UsageError extends Error {
  constructor(message: string) {
    super(visible(message))
  }
}

/** An RFC 9457 problem, as the service sent it: an older or a newer one may have other members, and other codes. */
export type Problem = Partial<Omit<Sent, 'code'>> & { status: number; code: string; detail: string }

/** The codes that say nothing of what was asked: the service could not. Every other one is its answer. */
const UNABLE: readonly ErrorCode[] = [
  'behind',
  'overloaded',
  'too-many-streams',
  'no-known-state',
  'store-unavailable',
  'outcome-unknown',
  'not-signed',
  'history-lost',
  'journal-broken',
  'out-of-files',
  'configuration',
  'internal',
]

/** A code that is not known here is judged by its status. */
export const isUnable = ({ code, status }: Pick<Problem, 'code' | 'status'>): boolean =>
  ERROR_CODES.some(each => each === code) ? UNABLE.some(each => each === code) : status >= 500

/** What answered was not this service. */
export const NOT_KILLSWITCH = 'not-killswitch'

/** The service answered, and the answer is no. `text` is exactly what it sent. */
export class RefusedError extends Error {
  readonly problem: Problem
  readonly text: string
  readonly url: string

  constructor(problem: Problem, text: string, url: string) {
    super(problem.detail)
    this.problem = problem
    this.text = text
    this.url = url
  }

  /** Of a proxy's page nothing is a problem's. */
  get isProblem(): boolean {
    return this.problem.code !== NOT_KILLSWITCH
  }

  get exit(): Exit {
    return isUnable(this.problem) ? EXIT.unreachable : EXIT.refused
  }
}

/** One URL that was tried in vain. `isCertain`: the request never arrived there, or nothing was done there.
 *  `isForeign`: what answered is not Killswitch. */
export type Failure = { url: string; why: string; isCertain: boolean; isForeign?: true }

/** No URL answered with an answer. */
export class UnreachableError extends Error {
  readonly failures: Failure[]
  /** What is known of what was sent. */
  readonly standing: string | undefined
  /** What the last one that answered at all said was wrong. */
  readonly detail: string | undefined

  constructor(failures: Failure[], standing?: string, detail?: string) {
    super(`No answer: ${failures.map(({ url, why }) => `${url} (${why})`).join(', ')}.`)
    this.failures = failures
    this.standing = standing
    this.detail = detail
  }
}
