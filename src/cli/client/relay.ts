// Sends entries to a webhook, one at a time and in order. It never gives one up: a receiver that fails is tried again, with
// growing pauses, until it answers with 2xx or the relay is stopped. What trying again cannot mend ends the relay.

import { setTimeout as pause } from 'node:timers/promises'
import { entryId } from '../../domain/log/audit.js'
import { inChat } from '../../text/chat.js'
import { eachText } from '../../text/each-text.js'
import { visible } from '../../text/terminal.js'
import type { ListedEntry } from '../../wire/entry.js'
import { NOT_KILLSWITCH, RefusedError, UsageError } from '../plumbing/exit.js'
import { sentence } from '../print/entry.js'
import type { Receiver } from './receiver.js'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 60_000
const LIMIT_MS = 10_000

type Given = {
  receiver: Receiver
  /** The entry as it is in the log, or a sentence for people. */
  form: 'entry' | 'text'
  signal: AbortSignal
  onTrouble: (words: string) => void
}

/** Answers that say "later": all others below 500 say "not like this". */
const LATER = [408, 425, 429]
/** Of a receiver that never took anything: its name or its certificate is not what it should be. */
const MISNAMED =
  /^(ENOTFOUND|ERR_INVALID_URL|ERR_TLS_\w+|ERR_SSL_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|bad port)$/

type Fault = { why: string; retryAfterMs: number; isLasting?: boolean }

export class Relay {
  readonly #given: Given
  #hasTaken = false

  constructor(given: Given) {
    this.#given = given
  }

  /**
   * Whether the receiver has it; false only where the relay was stopped before. Throws a `RefusedError` for an answer, and a
   * `UsageError` for a URL, with which it never will.
   */
  async send(entry: ListedEntry): Promise<boolean> {
    const { signal, onTrouble } = this.#given
    for (let waitMs = FIRST_PAUSE_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS)) {
      const fault = await this.#post(entry)
      this.#hasTaken ||= fault === undefined
      if (fault === undefined) return true
      if (signal.aborted) return false
      if (fault.isLasting) throw new UsageError(`${this.#origin} cannot be posted to (${fault.why}).`)
      const nextMs = Math.max(waitMs, fault.retryAfterMs)
      onTrouble(
        `Entry ${entryId(entry.place)} was not taken (${fault.why}). Trying again in ${nextMs / 1000} s.`,
      )
      await pause(nextMs, undefined, { signal }).catch(() => {})
    }
    return false
  }

  get #origin(): string {
    return new URL(this.#given.receiver.url).origin
  }

  async #post(entry: ListedEntry): Promise<Fault | undefined> {
    const { receiver, form, signal } = this.#given
    const { url, headers } = receiver
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'user-agent': 'killswitch-cli',
          'idempotency-key': `${entry.environment}-${entry.place}-${entry.hash.slice(0, 12)}`,
        },
        body: JSON.stringify(form === 'text' ? { text: sentence(eachText(entry, inChat)) } : entry),
        signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      })
      await response.body?.cancel()
      if (response.ok) return undefined
      if (response.status < 500 && !LATER.includes(response.status))
        throw this.#refused(response.status, entry)
      return { why: `it answered ${response.status}`, retryAfterMs: retryAfterMs(response.headers) }
    } catch (error) {
      if (error instanceof RefusedError) throw error
      const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
      const why = visible(cause?.code ?? cause?.message ?? message)
      return { why, retryAfterMs: 0, isLasting: !this.#hasTaken && MISNAMED.test(why) }
    }
  }

  #refused(status: number, { place }: ListedEntry): RefusedError {
    const isElsewhere = status < 400 ? ' It is to be found under another URL: give that one.' : ''
    const detail = `${this.#origin} answered ${status} to entry ${entryId(place)}: sent again, it would answer the same.${isElsewhere} Nothing is passed over: the cursor file keeps the place.`
    return new RefusedError({ status, code: NOT_KILLSWITCH, detail }, '', this.#origin)
  }
}

/** Retry-After in seconds; a date is not worth the trouble here. */
function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, LONGEST_PAUSE_MS) : 0
}
