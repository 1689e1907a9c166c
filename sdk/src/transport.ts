// One request at a time to one address of the service: the snapshot, a receipt. Bounded in time; an answer that is not
// of the shape is a failure. Decides nothing: which address, when, and what follows are connection.ts's.

import type { Options } from './options.js'
import type { Receipt } from './receipt.js'
import type { ResponseLike, Runtime } from './runtime.js'
import type { Snapshot } from './snapshot.js'
import { type Refusal, readProblem, readSnapshot, writeReceipt } from './wire.js'

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

type Asking = Pick<Options, 'token' | 'requestTimeoutMs' | 'mode'>

export class Transport {
  private readonly runtime: Runtime
  private readonly token: string | (() => string)
  private readonly timeoutMs: number
  private readonly mode: Options['mode']

  constructor(runtime: Runtime, { token, requestTimeoutMs, mode }: Asking) {
    this.runtime = runtime
    this.token = token
    this.timeoutMs = requestTimeoutMs
    this.mode = mode
  }

  headers(floor: Floor | undefined): Record<string, string> {
    const token = typeof this.token === 'function' ? this.token() : this.token
    return {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(floor ? { 'killswitch-floor': String(floor.revision), 'killswitch-log': floor.log } : {}),
    }
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
          const all = { ...this.headers(floor), ...headers }
          const init = { headers: all, signal, redirect: 'manual' } as const
          return readAnswer(await this.runtime.fetch(`${url}/v1/snapshot`, init))
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
  if (status >= 200 && status < 300) return { outcome: 'taken' }
  if (status < 400 || status >= 500 || status === 408 || status === 429) return { outcome: 'failed' }
  return { outcome: 'refused', status, ...readProblem(text) }
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
