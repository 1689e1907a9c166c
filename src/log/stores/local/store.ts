// The store of a single process: the journal is the log. Lets one commit in at a time and wakes the followers. Keeps no
// second process out: that is the lock of whoever opens the journal.

import { KillswitchError } from '../../../domain/errors.js'
import { EMPTY, type Head, hashLine, placeOf, type SealedEntry } from '../../../domain/log/audit.js'
import type { Commit, CommitResult, Examined, Followed, Store } from '../store.js'

/** What the store needs of a journal. `append` is durable when it resolves, and throws `journal-broken`. */
export interface LocalJournal {
  readonly folder: string
  readonly head: Head
  append(entries: readonly SealedEntry[]): Promise<void>
  read(afterPlace: number, options: { limit: number; bytes?: number }): Promise<string[]>
}

/** The most that one answer carries, to a commit that missed lines and to a follower. */
const PAGE = { limit: 500, bytes: 1024 * 1024 }

/** How often a follower with nothing to do hears that the store is there; below the 250 ms of the port. */
const ALIVE_MS = 200

export class LocalStore implements Store {
  readonly kind = 'local'
  readonly #journal: LocalJournal
  readonly #closing = new AbortController()
  readonly #waiting = new Set<() => void>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(journal: LocalJournal) {
    this.#journal = journal
  }

  get where(): string {
    return `the data folder ${this.#journal.folder}`
  }

  whenReady(): Promise<void> {
    return this.ping()
  }

  commit(commit: Commit): Promise<CommitResult> {
    const result = this.#last.then(() => this.#commit(commit))
    this.#last = result.catch(() => {})
    return result
  }

  async *follow(after: () => Head, signal: AbortSignal): AsyncGenerator<Followed> {
    const ending = AbortSignal.any([signal, this.#closing.signal])
    let place = placeOf(after())
    let why = await this.#whyLost(after())
    while (!ending.aborted) {
      if (why !== undefined) yield { kind: 'lost', why }
      const lines = why === undefined ? await this.#journal.read(place, PAGE) : []
      if (lines.length > 0) {
        yield { kind: 'lines', lines }
        place = placeOf(JSON.parse(lines.at(-1) as string))
        continue
      }
      if (why === undefined) yield { kind: 'alive' }
      await this.#grownPast(why === undefined ? place : Number.POSITIVE_INFINITY, ending)
      if (why === undefined) continue
      place = placeOf(after())
      why = await this.#whyLost(after())
    }
  }

  /** One process: who shares knows already. */
  async share(): Promise<void> {}

  async *shared(): AsyncGenerator<string[]> {}

  async head(): Promise<Head> {
    this.#refuseClosed()
    const { epoch, seq, hash } = this.#journal.head
    return { epoch, seq, hash }
  }

  async whyLost(head: Head): Promise<string | undefined> {
    this.#refuseClosed()
    return this.#whyLost(head)
  }

  tryOut(head: Head): Promise<string | undefined> {
    return this.whyLost(head)
  }

  /** The journal is the log, and looked at by whoever keeps it: here nothing can be moved aside. */
  async examine(after: Head): Promise<Examined> {
    const isHeld = (await this.whyLost(after)) === undefined
    const lines = await this.#journal.read(placeOf(after), PAGE)
    return { mark: '', isHeld, highest: placeOf(this.#journal.head), lines }
  }

  async setAside(): Promise<boolean> {
    return false
  }

  async ping(): Promise<void> {
    this.#refuseClosed()
  }

  /** Waits for the commits under way. The journal is its opener's to close. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#last
  }

  async #commit({ expectedHead, entries }: Commit): Promise<CommitResult> {
    this.#refuseClosed()
    const why = await this.#whyLost(expectedHead)
    if (why !== undefined) return { outcome: 'lost', why }
    const expected = placeOf(expectedHead)
    if (placeOf(this.#journal.head) > expected) {
      return { outcome: 'conflict', missing: await this.#journal.read(expected, PAGE) }
    }
    await this.#journal.append(entries)
    for (const wake of this.#waiting) wake()
    return { outcome: 'committed' }
  }

  /** Why the journal does not hold `head`; undefined where it does. */
  async #whyLost(head: Head): Promise<string | undefined> {
    const place = placeOf(head)
    const end = this.#journal.head
    if (place > placeOf(end))
      return `the journal ends at ${end.epoch}-${end.seq}, before ${head.epoch}-${head.seq}`
    const held = place === placeOf(end) ? end.hash : await this.#hashAt(place)
    if (held === head.hash) return undefined
    return `the journal holds another entry at ${head.epoch}-${head.seq}, with another hash, or none`
  }

  async #hashAt(place: number): Promise<string | undefined> {
    if (place === 0) return EMPTY.hash
    const [line] = await this.#journal.read(place - 1, { limit: 1 })
    return line !== undefined && placeOf(JSON.parse(line)) === place ? hashLine(line) : undefined
  }

  /** Resolves when the log goes on after `place`, after ALIVE_MS, or when `signal` aborts, whichever is first. */
  #grownPast(place: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || placeOf(this.#journal.head) > place) return Promise.resolve()
    return new Promise(resolve => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(settle)
        signal.removeEventListener('abort', settle)
        resolve()
      }
      const timer = setTimeout(settle, ALIVE_MS)
      this.#waiting.add(settle)
      signal.addEventListener('abort', settle)
    })
  }

  #refuseClosed(): void {
    if (this.#closing.signal.aborted) {
      throw new KillswitchError('store-unavailable', 'The store was closed: the process is ending.')
    }
  }
}
