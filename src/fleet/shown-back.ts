// What apps show back: holds that they were given, and that this log does not have, as after a backup was put back under
// them. A hold that the log never had becomes a kill of whoever put the hold. One that the log has, or had, never does.

import type { Clock } from '../domain/clock.js'
import { KillswitchError } from '../domain/errors.js'
import {
  decideShownBack,
  isKnownHold,
  killShownBack,
  namesHold,
  type Shower,
  type Warrant,
} from '../domain/fleet/warrant.js'
import type { SealedEntry } from '../domain/log/audit.js'
import type { LogState } from '../log/state.js'
import type { Submit } from '../log/submit.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Warrants } from '../service/warrants.js'

/** Of one hold, no other try before it; after one that failed, as the store was away, no later than the next receipt or so. */
const AGAIN_MS = 60_000
const AFTER_FAILURE_MS = 10_000
const MOST_UNDER_WAY = 8
/** Remembered holds and texts: what is beyond is looked at once more. */
const REMEMBERED = 2_000
/** Texts that are not remembered, opened in a second: whoever makes them up costs no more. */
const OPENED_PER_SECOND = 500

type Parts = {
  log: LogState
  submit: Pick<Submit, 'entries'>
  subscribe: Pick<Subscribe, 'entries'>
  warrants: Pick<Warrants, 'open'>
  clock: Clock
  onFault: (error: unknown) => void
}
type Looking = { isNamed: boolean; done: Promise<void> }

export class ShownBack {
  readonly #parts: Parts
  readonly #unsubscribe: () => void
  readonly #opened = new Map<string, Warrant>()
  /** By hold: until when it is not looked at again. */
  readonly #resting = new Map<string, number>()
  readonly #looking = new Map<string, Looking>()
  #budget = { left: OPENED_PER_SECOND, from: Number.NEGATIVE_INFINITY }
  #epoch: number

  constructor(parts: Parts) {
    this.#parts = parts
    this.#epoch = parts.log.head.epoch
    this.#unsubscribe = parts.subscribe.entries(entries => this.#heard(entries), 'first')
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    await Promise.all([...this.#looking.values()].map(({ done }) => done))
  }

  /** Looks at what an app instance with a session showed; never in the way of its receipt. */
  take(by: Shower, texts: readonly string[]): void {
    for (const text of texts) {
      const warrant = this.#open(text)
      if (warrant !== undefined && this.#isToBeLookedAt(warrant, by)) this.#begin(warrant, by)
    }
  }

  #open(text: string): Warrant | undefined {
    const known = this.#opened.get(text)
    if (known !== undefined) return known
    const now = this.#parts.clock()
    if (now - this.#budget.from >= 1_000) this.#budget = { left: OPENED_PER_SECOND, from: now }
    if (this.#budget.left-- <= 0) return undefined
    const warrant = this.#parts.warrants.open(text)
    if (warrant !== undefined) remember(this.#opened, text, warrant)
    return warrant
  }

  #isToBeLookedAt(warrant: Warrant, { app }: Shower): boolean {
    const { state } = this.#parts.log
    const { id, flag } = warrant
    // an app brings back no hold of another app's flag
    if (state.flags.get(flag)?.definition.application !== app || isKnownHold(state, warrant)) return false
    if (this.#looking.has(id) || this.#looking.size >= MOST_UNDER_WAY) return false
    return this.#parts.clock() >= (this.#resting.get(id) ?? Number.NEGATIVE_INFINITY)
  }

  #begin(warrant: Warrant, by: Shower): void {
    const { id } = warrant
    remember(this.#resting, id, this.#parts.clock() + AGAIN_MS)
    const looking: Looking = { isNamed: false, done: Promise.resolve() }
    this.#looking.set(id, looking)
    looking.done = this.#look(warrant, by, looking)
      .catch(error => {
        // the store is away, or the log has the hold by now: a later receipt has it looked at again
        remember(this.#resting, id, this.#parts.clock() + AFTER_FAILURE_MS)
        if (!(error instanceof KillswitchError)) this.#parts.onFault(error)
      })
      .finally(() => this.#looking.delete(id))
  }

  async #look(warrant: Warrant, by: Shower, looking: Looking): Promise<void> {
    const { log, submit } = this.#parts
    await log.toEnd()
    if (await this.#isInLog(warrant)) {
      remember(this.#resting, warrant.id, Number.POSITIVE_INFINITY)
      return
    }
    // where the disk takes no more, the log on it is not whole
    if (log.condition.broken !== undefined) return
    const kill = killShownBack(warrant, by)
    const { actor, request, receivedAt } = kill
    await submit.entries({
      ...{ priority: 'kill', actor: actor.id, key: request.key, digest: request.digest, kill },
      receivedAt: Date.parse(receivedAt),
      decide: state => decideShownBack(state, warrant, kill, looking.isNamed),
    })
  }

  async #isInLog({ id, flag }: Warrant): Promise<boolean> {
    const { find } = this.#parts.log
    const filters = [
      { flag, action: ['kill', 'restore', 'fleet.reconciled'] },
      { action: 'hold.merged' },
    ] as const
    for (const filter of filters)
      for await (const { entry } of find.stream(filter, 'newest')) if (namesHold(entry, id)) return true
    return false
  }

  #heard(entries: readonly SealedEntry[]): void {
    const { epoch } = this.#parts.log.head
    // what was in the log may have been on a branch that was left
    if (epoch !== this.#epoch) this.#resting.clear()
    this.#epoch = epoch
    for (const [id, looking] of this.#looking)
      looking.isNamed ||= entries.some(({ entry }) => namesHold(entry, id))
  }
}

/** The oldest is let go of. */
function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > REMEMBERED && oldest !== undefined) map.delete(oldest)
}
