// One request at a time to one address of the service: the snapshot, a receipt. Bounded in time; an answer that is not
// of the shape is a failure. Decides nothing: which address, when, and what follows are follower.ts's.

import type { Options } from '../options.js'
import type { Receipt } from '../prove/receipt.js'
import type { Asking, Session } from '../prove/session.js'
import type { ResponseLike, Runtime } from '../runtime.js'
import type { KeyChanges, Snapshot } from './snapshot.js'
import {
  type Refusal,
  readConsistency,
  readKeyChanges,
  readProblem,
  readSnapshot,
  writeReceipt,
} from './wire.js'

/** What the SDK has seen: an instance that knows less of that log must not answer as if it knew. */
export type Floor = { log: string; revision: number }

export type Fetched =
  | { outcome: 'snapshot'; snapshot: Snapshot; etag: string | undefined; upstream: 'live' | 'stale' }
  | { outcome: 'unchanged'; upstream: 'live' | 'stale' }
  | { outcome: 'refused'; status: number }
  | { outcome: 'failed'; reason: string }

/** What became of a receipt; `refused`: the same would be refused again. Of a proxy's refusal only the status is known. */
export type Sent =
  | { outcome: 'taken' }
  | { outcome: 'failed' }
  | ({ outcome: 'refused'; status: number } & Partial<Refusal>)

/** What was said of the log's growth. `refused`: the service answered, and gave no proof. */
export type Growth =
  | { outcome: 'proof'; proof: readonly string[]; checkpoint: string }
  | { outcome: 'refused'; code: string }
  | { outcome: 'failed'; reason: string }

type Settings = Pick<Options, 'token' | 'requestTimeoutMs' | 'mode'>

export class Transport {
  private readonly runtime: Runtime
  private readonly token: string | (() => string)
  private readonly timeoutMs: number
  private readonly mode: Options['mode']
  private readonly session: Session | undefined

  /** `session`: of a process that says who it is. */
  constructor(runtime: Runtime, { token, requestTimeoutMs, mode }: Settings, session?: Session) {
    this.runtime = runtime
    this.token = token
    this.timeoutMs = requestTimeoutMs
    this.mode = mode
    this.session = session
  }

  headers(floor: Floor | undefined): Record<string, string> {
    const token = typeof this.token === 'function' ? this.token() : this.token
    return {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(floor ? { 'killswitch-floor': String(floor.revision), 'killswitch-log': floor.log } : {}),
    }
  }

  /** Of one request for the state: who asks, and who is told of its answer. */
  introduce(): Asking {
    return this.session?.ask() ?? { headers: {}, answered: () => {} }
  }

  /** `GET /v1/snapshot`. Says where it is all this process asks, so that the service counts it as served. Never rejects. */
  async snapshot(
    url: string,
    etag: string | undefined,
    floor: Floor | undefined,
    stopped?: AbortSignal,
  ): Promise<Fetched> {
    const headers = {
      accept: 'application/json',
      'cache-control': 'no-cache',
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(this.mode === 'serverless' ? { 'killswitch-mode': this.mode } : {}),
    }
    try {
      return await this.bounded(
        async signal => {
          const asking = this.introduce()
          const all = { ...this.headers(floor), ...headers, ...asking.headers }
          const init = { headers: all, signal, redirect: 'manual' } as const
          const answer = await this.runtime.fetch(`${url}/v1/snapshot`, init)
          asking.answered(answer)
          return readAnswer(answer)
        },
        this.timeoutMs,
        stopped,
      )
    } catch (error) {
      return { outcome: 'failed', reason: reasonOf(error) }
    }
  }

  /** `POST /v1/receipts`. Never rejects. */
  async receipt(url: string, receipt: Receipt): Promise<Sent> {
    try {
      return await this.bounded(async signal => {
        const answer = await this.runtime.fetch(`${url}/v1/receipts`, {
          method: 'POST',
          headers: { ...this.headers(undefined), 'content-type': 'application/json' },
          body: writeReceipt(receipt),
          signal,
          redirect: 'manual',
        })
        return readReceipt(answer, await answer.text())
      }, this.timeoutMs)
    } catch {
      return { outcome: 'failed' }
    }
  }

  /** `GET /v1/audit/consistency`. Never rejects. */
  async growth(url: string, from: number, to: number, stopped: AbortSignal): Promise<Growth> {
    try {
      return await this.bounded(
        async signal => {
          const headers = { ...this.headers(undefined), accept: 'application/json' }
          const init = { headers, signal, redirect: 'manual' } as const
          const answer = await this.runtime.fetch(`${url}/v1/audit/consistency?from=${from}&to=${to}`, init)
          return readGrowth(answer, await answer.text())
        },
        this.timeoutMs,
        stopped,
      )
    } catch (error) {
      return { outcome: 'failed', reason: reasonOf(error) }
    }
  }

  /** `GET /v1/audit/key-changes`; undefined where it is not answered. Never rejects. */
  async keyChanges(url: string, stopped: AbortSignal): Promise<KeyChanges | undefined> {
    try {
      return await this.bounded(
        async signal => {
          const headers = { ...this.headers(undefined), accept: 'application/json' }
          const init = { headers, signal, redirect: 'manual' } as const
          const answer = await this.runtime.fetch(`${url}/v1/audit/key-changes`, init)
          const text = await answer.text()
          return answer.status === 200 ? readKeyChanges(text) : undefined
        },
        this.timeoutMs,
        stopped,
      )
    } catch {
      return undefined
    }
  }

  private async bounded<T>(
    act: (signal: AbortSignal) => Promise<T>,
    ms: number,
    stopped?: AbortSignal,
  ): Promise<T> {
    const controller = new AbortController()
    const stop = () => controller.abort(new Error('closed'))
    if (stopped?.aborted) stop()
    stopped?.addEventListener('abort', stop, { once: true })
    const cancel = this.runtime.later(ms, () => controller.abort(new Error(`no answer within ${ms} ms`)))
    try {
      return await act(controller.signal)
    } finally {
      cancel()
      stopped?.removeEventListener('abort', stop)
    }
  }
}

async function readAnswer(answer: ResponseLike): Promise<Fetched> {
  const said = answer.headers.get('killswitch-upstream')
  const upstream = said === 'stale' ? 'stale' : 'live'
  const text = await answer.text()
  // anybody in between can answer 304: it confirms only where the service itself says that it is live
  if (answer.status === 304) return { outcome: 'unchanged', upstream: said === 'live' ? 'live' : 'stale' }
  if (answer.status === 401 || answer.status === 403) return { outcome: 'refused', status: answer.status }
  if (answer.status !== 200) return { outcome: 'failed', reason: `the service answered ${statusOf(answer)}` }
  const snapshot = readSnapshot(text)
  if (!snapshot) return { outcome: 'failed', reason: 'the answer is no snapshot' }
  return { outcome: 'snapshot', snapshot, etag: answer.headers.get('etag') ?? undefined, upstream }
}

function readReceipt({ status }: ResponseLike, text: string): Sent {
  if (status === 202) return { outcome: 'taken' }
  // another success is that of somebody in between, such as a sign-in page
  if (status < 400 || status >= 500 || status === 408 || status === 429) return { outcome: 'failed' }
  return { outcome: 'refused', status, ...readProblem(text) }
}

function readGrowth(answer: ResponseLike, text: string): Growth {
  const { status } = answer
  const found = status === 200 ? readConsistency(text) : undefined
  if (found) return { outcome: 'proof', proof: found.proof, checkpoint: found.checkpoint }
  if (status >= 500 || status === 408 || status === 429 || (status >= 300 && status < 400))
    return { outcome: 'failed', reason: `the service answered ${statusOf(answer)}` }
  return { outcome: 'refused', code: readProblem(text)?.code ?? `${status}, and no proof` }
}

/** The status; of a redirect, where to: the address to configure, or somebody in between. */
export function statusOf({ status, headers }: ResponseLike): string {
  const location = status >= 300 && status < 400 ? headers.get('location') : null
  return location === null ? String(status) : `${status}, a redirect to ${location.slice(0, 200)}`
}

/** fetch says "fetch failed" and hides why in its cause. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } }
  const why = cause?.message || cause?.code
  return why ? `${message}: ${why}` : (message ?? String(error))
}
