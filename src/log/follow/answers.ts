// What each request led to, by its actor and its Idempotency-Key, for as long as it is remembered.

import { type Answered, begun, continued, goesOn } from '../../domain/flip/answered.js'
import type { Entry } from '../../domain/log/audit.js'
import type { RunningTime } from './running-time.js'

export class Answers {
  readonly #time: RunningTime
  readonly #by = new Map<string, Answered>()

  constructor(time: RunningTime) {
    this.#time = time
  }

  of(actor: string, key: string): Answered | undefined {
    return this.#by.get(idOf(actor, key))
  }

  /** The oldest first. */
  get all(): ReadonlyMap<string, Answered> {
    return this.#by
  }

  replace(all: Iterable<readonly [string, Answered]>): void {
    const kept = [...all]
    this.#by.clear()
    for (const [id, answered] of kept) this.#by.set(id, answered)
  }

  fold(entry: Entry): void {
    if (entry.action !== 'flip.voided' && entry.outcome === 'refused') return
    const id = idOf(entry.actor.id, entry.request.key)
    const known = this.#by.get(id)
    if (goesOn(known, entry)) this.#by.set(id, continued(known, entry))
    else {
      // at the end, so that the oldest come first
      this.#by.delete(id)
      this.#by.set(id, begun(entry))
    }
    this.#forget()
  }

  /** By place and number: no clock, of whichever instance, makes a request that was answered be done again. */
  #forget(): void {
    for (const [id, { places }] of this.#by) {
      if (this.#time.keepsKey(places[0] as number, this.#by.size)) return
      this.#by.delete(id)
    }
  }
}

const idOf = (actor: string, key: string): string => `${actor}\n${key}`
