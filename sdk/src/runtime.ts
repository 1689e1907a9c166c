// The world as the SDK meets it: hour, timers, chance, network. Everything that needs one of them takes a Runtime, so
// that a test holds all four in its hand. Nothing else in this folder may reach for Date, setTimeout, random or fetch.

export type RequestInitLike = {
  method?: string
  headers: Record<string, string>
  body?: string
  signal: AbortSignal
  /** A redirect followed would lose the token on its way, and a receipt its body: it is told instead. */
  redirect: 'manual'
}

/** What is used of a fetch Response: a status, headers, and a body read once, as text or in chunks. */
export type ResponseLike = {
  status: number
  headers: { get(name: string): string | null }
  body: AsyncIterable<Uint8Array> | null
  text(): Promise<string>
}

export type FetchLike = (url: string, init: RequestInitLike) => Promise<ResponseLike>

export type Runtime = {
  /** Milliseconds since the Unix epoch. May be set, forwards and back. */
  now(): number
  /** Milliseconds since some moment in the past, which nobody sets. */
  elapsed(): number
  /** Runs `act` once after `ms`; the answer calls it off. Keeps a process alive only where `alive`. */
  later(ms: number, act: () => void, alive?: boolean): () => void
  /** From 0 up to, not including, 1. */
  random(): number
  fetch: FetchLike
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  later(ms, act, alive = false) {
    const timer = setTimeout(act, ms)
    if (!alive) timer.unref()
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  fetch: (url, init) => fetch(url, init) as Promise<ResponseLike>,
}

/** A promise that keeps after `ms`, or at once when `signal` aborts. Never rejects. */
export function pause(runtime: Runtime, ms: number, signal?: AbortSignal, alive = false): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const wake = () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const cancel = runtime.later(ms, wake, alive)
    const stop = () => {
      cancel()
      resolve()
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** Full jitter: anywhere from 0 to `base` x 2^attempt, capped. A fleet that lost one server spreads over the wait. */
export function fullJitter(runtime: Runtime, attempt: number, base: number, cap: number): number {
  return Math.floor(runtime.random() * Math.min(cap, base * 2 ** Math.min(attempt, 30)))
}
