// A refused flip is an entry, but nobody can fill the log with them: after ten a minute an actor's refusals are counted,
// and one `refused.summary` at the minute's end says how many.

import { randomUUID } from 'node:crypto'
import type { Actor } from '../domain/actor.js'
import { type Clock, toTimestamp } from '../domain/clock.js'
import type { Submit } from '../log/submit.js'

const PER_MINUTE = 10
const MINUTE_MS = 60_000

type Window = { actor: Actor; since: number; written: number; counted: number; timer?: NodeJS.Timeout }

export class Refusals {
  readonly #submit: Submit
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(submit: Submit, clock: Clock) {
    this.#submit = submit
    this.#clock = clock
  }

  /** Whether this refusal is written as an entry of its own; otherwise it is counted for the summary. */
  admit(actor: Actor): boolean {
    const window = this.#window(actor)
    if (window.written < PER_MINUTE) {
      window.written++
      return true
    }
    window.counted++
    window.timer ??= setTimeout(
      () => void this.#summarise(window),
      Math.max(0, window.since + MINUTE_MS - this.#clock()),
    ).unref()
    return false
  }

  /** Writes the summaries that are due, early. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#windows.values()].filter(window => window.counted > 0).map(window => this.#summarise(window)),
    )
  }

  #window(actor: Actor): Window {
    const now = this.#clock()
    const known = this.#windows.get(actor.id)
    if (known !== undefined && (now - known.since < MINUTE_MS || known.counted > 0)) return known
    const window = { actor, since: now, written: 0, counted: 0 }
    this.#windows.set(actor.id, window)
    return window
  }

  async #summarise(window: Window): Promise<void> {
    clearTimeout(window.timer)
    this.#windows.delete(window.actor.id)
    const { id, role, via } = window.actor
    const summary = { count: window.counted, since: toTimestamp(window.since) }
    const key = randomUUID()
    const ask = { priority: 'note' as const, actor: id, key, digest: '' }
    await this.#submit
      .entries({
        ...ask,
        decide: (_, now) => ({
          drafts: [
            {
              action: 'refused.summary',
              outcome: 'refused',
              actor: { id, role, via },
              receivedAt: toTimestamp(now),
              summary,
              request: { id: key, key, digest: '' },
            },
          ],
        }),
      })
      .catch(() => {}) // the store is away: the count is lost, and the refusals stand in the process log
  }
}
