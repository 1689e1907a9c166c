// What waits for the gate. Kills are taken first; of one actor's requests with the same key only one at a time, so that
// the second finds what the first led to.

import type { Priority } from '../submit.js'

const BATCH = 64

const RANK: Record<Priority, number> = { kill: 0, flip: 1, note: 2 }

/** `id` names who asked with which key. */
type Item = { id: string; priority: Priority }

export class Queue<T extends Item> {
  #items: T[] = []

  get length(): number {
    return this.#items.length
  }

  has(priority: Priority): boolean {
    return this.#items.some(item => item.priority === priority)
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** What is committed together next, by priority, then as it came. */
  takeBatch(): T[] {
    const batch = new Map<string, T>()
    const rest: T[] = []
    for (const item of this.#items.sort((a, b) => RANK[a.priority] - RANK[b.priority])) {
      if (batch.size < BATCH && !batch.has(item.id)) batch.set(item.id, item)
      else rest.push(item)
    }
    this.#items = rest
    return [...batch.values()]
  }
}

/** Who waits for an answer, however often each has asked. */
export class Pending {
  readonly #asked = new Map<string, number>()

  has(id: string): boolean {
    return this.#asked.has(id)
  }

  begin(id: string): void {
    this.#asked.set(id, (this.#asked.get(id) ?? 0) + 1)
  }

  end(id: string): void {
    const left = (this.#asked.get(id) ?? 1) - 1
    if (left > 0) this.#asked.set(id, left)
    else this.#asked.delete(id)
  }
}
