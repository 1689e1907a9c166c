// The HTTP client: one request, the URLs in their order until one answers. It retries nothing that was answered, and what
// changes something carries the same Idempotency-Key to every URL, so that it is never done twice.

import { visible, visibleIn } from '../../text/terminal.js'
import {
  type Failure,
  NOT_KILLSWITCH,
  type Problem,
  RefusedError,
  UnreachableError,
  UsageError,
} from '../plumbing/exit.js'
import type { Settings } from '../plumbing/settings.js'
import { foreignTo } from './foreign.js'
import { membersOf } from './members.js'

/** `text` and `sent` are what was sent; `body` is the same for people, and harmless on a terminal. */
export type Answer<T> = { status: number; headers: Headers; text: string; sent: T; body: T; url: string }
export type Ask = {
  method?: 'GET' | 'POST'
  body?: object
  headers?: Record<string, string>
  /** Sent as `Prefer: wait`; the time limit grows by it. */
  waitSeconds?: number
  signal?: AbortSignal
}

const NO_TOKEN =
  'No token: set KILLSWITCH_TOKEN, or put "token: ks_..." into ~/.config/killswitch/config.yaml (mode 0600). On a first start the service made one per role in data/tokens/.'

export class Client {
  /** In the order to try; the one that answered last comes first. */
  urls: string[]
  /** What was tried in vain before the URL that answered last. */
  passedOver: readonly Failure[] = []
  readonly timeoutMs: number
  readonly #token: string | undefined

  constructor({ urls, token, timeoutMs }: Settings) {
    this.urls = [...urls]
    this.#token = token
    this.timeoutMs = timeoutMs
  }

  get hasToken(): boolean {
    return this.#token !== undefined
  }

  /** Throws `RefusedError` for a problem, `UnreachableError` where no URL answered with less than a 500. */
  async ask<T>(path: string, ask: Ask = {}): Promise<Answer<T>> {
    if (!this.hasToken) throw new UsageError(NO_TOKEN)
    const failures: Failure[] = []
    let refused: RefusedError | undefined
    const { urls } = this
    for (const url of urls) {
      const answer = await this.#try<T>(url, path, ask, failures)
      if (answer === undefined) continue
      const has = membersOf(ask.method ?? 'GET', path)
      const foreign = foreignTo(answer, { url, path, accept: ask.headers?.accept, has })
      if (foreign !== undefined) {
        // a redirect comes instead of what was asked; of a page nobody can tell
        failures.push({ url, why: foreign, isCertain: answer.status >= 300, isForeign: true })
        continue
      }
      if (answer.status < 400) {
        this.urls = [url, ...urls.filter(each => each !== url)]
        this.passedOver = failures
        return answer
      }
      refused = refusalOf(answer)
      if (answer.status < 500 && refused.isProblem) throw refused
      failures.push({ url, why: whyNot(answer.status, refused), isCertain: isCertain(answer) })
    }
    // one instance said why, and nothing else is in doubt: that is the answer
    if (refused && failures.every(failure => failure.isCertain)) throw refused
    throw new UnreachableError(failures, undefined, refused?.problem.detail)
  }

  async get<T>(path: string, ask: Ask = {}): Promise<Answer<T>> {
    return this.ask<T>(path, ask)
  }

  /** A body that is read as it comes; only the wait for its beginning is limited. */
  async stream(path: string, headers: Record<string, string>): Promise<Response> {
    if (!this.hasToken) throw new UsageError(NO_TOKEN)
    const failures: Failure[] = []
    for (const url of this.urls) {
      const limit = new AbortController()
      const timer = setTimeout(() => limit.abort(new DOMException('', 'TimeoutError')), this.timeoutMs)
      try {
        const response = await this.fetch(url, path, { headers, signal: limit.signal })
        const { status, headers: said } = response
        const foreign = foreignTo(
          { status, headers: said, body: undefined },
          { url, path, accept: headers.accept },
        )
        if (foreign !== undefined) {
          await response.body?.cancel()
          failures.push({ url, why: foreign, isCertain: true })
          continue
        }
        if (response.ok) return response
        const refused = refusalOf({ ...(await read<unknown>(response)), url })
        if (response.status < 500) throw refused
        failures.push({ url, why: whyNot(response.status, refused), isCertain: true })
      } catch (error) {
        if (error instanceof RefusedError) throw error
        failures.push(failureOf(url, error, this.timeoutMs))
      } finally {
        clearTimeout(timer)
      }
    }
    throw new UnreachableError(failures)
  }

  /** One request to one URL, with the headers every request has. */
  fetch(
    url: string,
    path: string,
    { method = 'GET', body, headers, waitSeconds, signal }: Ask,
  ): Promise<Response> {
    return fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        'killswitch-via': 'cli',
        'user-agent': 'killswitch-cli',
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(waitSeconds ? { prefer: `wait=${waitSeconds}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  async #try<T>(url: string, path: string, ask: Ask, failures: Failure[]): Promise<Answer<T> | undefined> {
    const limitMs = this.timeoutMs + (ask.waitSeconds ?? 0) * 1000
    const limit = AbortSignal.timeout(limitMs)
    const signal = ask.signal ? AbortSignal.any([limit, ask.signal]) : limit
    try {
      const response = await this.fetch(url, path, { ...ask, signal })
      return { ...(await read<T>(response)), url }
    } catch (error) {
      if (ask.signal?.aborted) throw ask.signal.reason
      failures.push(failureOf(url, error, limitMs))
      return undefined
    }
  }
}

async function read<T>(response: Response): Promise<Omit<Answer<T>, 'url'>> {
  const text = await response.text()
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
  const sent = (isJson ? parsed(text) : undefined) as T
  return { status: response.status, headers: response.headers, text, sent, body: visibleIn(sent) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const whyNot = (status: number, { isProblem, problem }: RefusedError): string =>
  isProblem
    ? `${status} ${problem.code}`
    : `it answered ${status}, and not as Killswitch does: is this its URL, and what stands between?`

/** A problem document; what is none (a proxy's page, a redirect) is said to be that. */
function refusalOf({ status, text, body, url }: Omit<Answer<unknown>, 'headers' | 'sent'>): RefusedError {
  const problem = body as Problem | undefined
  if (typeof problem?.code === 'string' && typeof problem.detail === 'string')
    return new RefusedError(problem, text, url)
  const detail = `${url} answered ${status}, and not as Killswitch does: is this its URL, and what stands between?`
  return new RefusedError({ status, code: NOT_KILLSWITCH, detail }, text, url)
}

/** Whether an answer says that nothing was done, as a proxy's 4xx does too. A gateway's 502 or 504 says nothing of the kind. */
const isCertain = ({ status, body }: { status: number; body: unknown }): boolean => {
  const code = (body as Problem | undefined)?.code
  return status === 503 ? code !== undefined && code !== 'outcome-unknown' : status < 500
}

const UNTRUSTED =
  'its certificate is signed by nobody this machine trusts: NODE_EXTRA_CA_CERTS names a file with its authority'
const NEVER_ARRIVED = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]
/** The connection failed before the request was sent. */
const TLS: Record<string, string> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: is it http:// there?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS: is it http:// there?',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is the clock here right?',
}
const WORDS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no network',
  ...TLS,
}

export function failureOf(url: string, error: unknown, limitMs: number): Failure {
  if ((error as Error).name === 'TimeoutError')
    return { url, why: `no answer within ${limitMs / 1000} s`, isCertain: false }
  const cause = (error as { cause?: { code?: string; errors?: { code?: string }[]; message?: string } }).cause
  const code = cause?.code ?? cause?.errors?.[0]?.code ?? ''
  const why = visible(WORDS[code] ?? (code || cause?.message || (error as Error).message))
  return { url, why, isCertain: NEVER_ARRIVED.includes(code) || code in TLS || cause?.message === 'bad port' }
}
