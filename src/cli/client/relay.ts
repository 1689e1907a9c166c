// Sends entries to a webhook, one at a time and in order. It never gives one up: a receiver that fails is tried again,
// with growing pauses, until it answers with 2xx or the relay is stopped.

import { setTimeout as pause } from 'node:timers/promises'
import type { ListedEntry } from '../../wire/entry.js'
import { sentence } from '../print/entry.js'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 60_000
const LIMIT_MS = 10_000

type Given = {
  url: string
  /** The entry as it is in the log, or a sentence for people. */
  form: 'entry' | 'text'
  signal: AbortSignal
  onTrouble: (words: string) => void
}

export class Relay {
  readonly #given: Given

  constructor(given: Given) {
    this.#given = given
  }

  /** Whether the receiver has it; false only where the relay was stopped before. */
  async send(entry: ListedEntry): Promise<boolean> {
    const { signal, onTrouble } = this.#given
    for (let waitMs = FIRST_PAUSE_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS)) {
      const fault = await this.#post(entry)
      if (fault === undefined) return true
      if (signal.aborted) return false
      const nextMs = Math.max(waitMs, fault.retryAfterMs)
      onTrouble(`Entry ${entry.place} was not taken (${fault.why}). Trying again in ${nextMs / 1000} s.`)
      await pause(nextMs, undefined, { signal }).catch(() => {})
    }
    return false
  }

  async #post(entry: ListedEntry): Promise<{ why: string; retryAfterMs: number } | undefined> {
    const { url, form, signal } = this.#given
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'killswitch-cli',
          'idempotency-key': `${entry.environment}-${entry.place}-${entry.hash.slice(0, 12)}`,
        },
        body: JSON.stringify(form === 'text' ? { text: sentence(entry) } : entry),
        signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      })
      await response.body?.cancel()
      if (response.ok) return undefined
      return { why: `it answered ${response.status}`, retryAfterMs: retryAfterMs(response.headers) }
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
      return { why: cause?.code ?? cause?.message ?? message, retryAfterMs: 0 }
    }
  }
}

/** Retry-After in seconds; a date is not worth the trouble here. */
function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, LONGEST_PAUSE_MS) : 0
}
