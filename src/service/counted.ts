// Entries that change nothing, of which nobody may fill the log: after ten a minute an actor's are counted, and one summary at
// the minute's end says how many.

import { randomUUID } from 'node:crypto'
import type { Actor } from '../domain/actor.js'
import { type Clock, type Times, toTimestamp } from '../domain/clock.js'
import type { Draft } from '../domain/log/audit.js'
import type { Submit } from '../log/submit.js'

const PER_MINUTE = 10
const MINUTE_MS = 60_000
/** A summary names so many flags. */
const MOST_NAMED = 50

type Window = {
  actor: Actor
  since: number
  startedAt: string
  written: number
  counted: number
  flags: Set<string>
  timer?: NodeJS.Timeout
}

export class Counted {
  readonly #submit: Submit
  readonly #clock: Clock
  readonly #steady: Clock
  readonly #summary: Pick<Draft, 'action' | 'outcome'>
  readonly #windows = new Map<string, Window>()

  /** `steady` counts the minute; `summary` is what the entry is called. */
  constructor(
    submit: Submit,
    { clock, steady }: Pick<Times, 'clock' | 'steady'>,
    summary: Pick<Draft, 'action' | 'outcome'>,
  ) {
    this.#submit = submit
    this.#clock = clock
    this.#steady = steady
    this.#summary = summary
  }

  /** Whether the next one is written as an entry of its own; otherwise it is to be counted. */
  admit(actor: Actor): boolean {
    const window = this.#window(actor)
    if (window.written >= PER_MINUTE) return false
    window.written++
    return true
  }

  count(actor: Actor, flags: readonly string[] = []): void {
    const window = this.#window(actor)
    window.counted++
    for (const flag of flags) if (window.flags.size < MOST_NAMED) window.flags.add(flag)
    window.timer ??= setTimeout(
      () => void this.#summarise(window),
      Math.max(0, window.since + MINUTE_MS - this.#steady()),
    ).unref()
  }

  /** Writes the summaries that are due, early. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#windows.values()].filter(window => window.counted > 0).map(window => this.#summarise(window)),
    )
  }

  #window(actor: Actor): Window {
    const now = this.#steady()
    const known = this.#windows.get(actor.id)
    if (known !== undefined && (now - known.since < MINUTE_MS || known.counted > 0)) return known
    const startedAt = toTimestamp(this.#clock())
    const window = { actor, since: now, startedAt, written: 0, counted: 0, flags: new Set<string>() }
    this.#windows.set(actor.id, window)
    return window
  }

  async #summarise(window: Window): Promise<void> {
    clearTimeout(window.timer)
    this.#windows.delete(window.actor.id)
    const { id, role, via } = window.actor
    const summary = { count: window.counted, since: window.startedAt }
    const flags = window.flags.size === 0 ? {} : { flags: [...window.flags].sort() }
    const key = randomUUID()
    const ask = { priority: 'note' as const, actor: id, key, digest: '' }
    await this.#submit
      .entries({
        ...ask,
        decide: (_, now) => ({
          drafts: [
            {
              ...this.#summary,
              actor: { id, role, via },
              receivedAt: toTimestamp(now),
              summary,
              ...flags,
              request: { id: key, key, digest: '' },
            },
          ],
        }),
      })
      .catch(() => {}) // the store is away: the count is lost, and each stands in the process log
  }
}
