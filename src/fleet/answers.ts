// What the answer of an app instance is to this log: its hash is that of the entry it names, or it is not. Nobody can name
// the hash of an entry that is not there yet.

import type { Standing } from '../domain/fleet/member.js'
import { placeOf } from '../domain/log/audit.js'
import type { LogState } from '../log/state.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Answer } from '../wire/receipt.js'

/** Hashes remembered by place. What is older is looked up in the journal. */
const REMEMBERED = 4_096

export class Answers {
  readonly #log: LogState
  readonly #unsubscribe: () => void
  readonly #hashes = new Map<number, string>()
  #epoch: number | undefined
  #catchingUp: Promise<boolean> | undefined

  constructor(log: LogState, subscribe: Pick<Subscribe, 'entries'>) {
    this.#log = log
    this.#unsubscribe = subscribe.entries(entries => {
      for (const { entry, hash } of entries) {
        // places of a branch that was left are not of this log any more
        if (entry.epoch !== this.#epoch) this.#hashes.clear()
        this.#epoch = entry.epoch
        this.#remember(placeOf(entry), hash)
      }
    }, 'first')
  }

  close(): void {
    this.#unsubscribe()
  }

  /** At once where it is known; `ahead` is as of now: `followed` tells whether it is so in the end. */
  judge(answer: Answer | undefined): Standing | Promise<Standing> {
    const { state } = this.#log
    if (answer === undefined || answer.revision === 0) return 'none'
    if (answer.log !== state.log) return 'elsewhere'
    if (answer.revision > placeOf(state.head)) return 'ahead'
    if (answer.revision === state.revision) return verdict(state.revisionHash, answer)
    const known = this.#hashes.get(answer.revision)
    return known === undefined ? this.#lookUp(answer) : verdict(known, answer)
  }

  /** Whether this instance has followed the store to where it ended at the call. */
  followed(): Promise<boolean> {
    this.#catchingUp ??= this.#log
      .toEnd()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#catchingUp = undefined
      })
    return this.#catchingUp
  }

  async #lookUp(answer: Answer): Promise<Standing> {
    const found = await this.#log.find.entry(answer.revision).catch(() => undefined)
    if (found === undefined) return 'elsewhere'
    this.#remember(answer.revision, found.hash)
    return verdict(found.hash, answer)
  }

  #remember(place: number, hash: string): void {
    this.#hashes.set(place, hash)
    if (this.#hashes.size <= REMEMBERED) return
    const [oldest] = this.#hashes.keys()
    if (oldest !== undefined) this.#hashes.delete(oldest)
  }
}

const verdict = (hash: string, answer: Answer): Standing => (answer.hash === hash ? 'here' : 'elsewhere')
