// The warrants of holds, as apps are given them and show them back. Each is made once for a hold, however often the hold is
// told of.

import {
  openWarrant,
  sealWarrant,
  type Warrant,
  type WarrantKey,
  warrantKey,
} from '../domain/fleet/warrant.js'
import type { Hold } from '../domain/flip/hold.js'

export class Warrants {
  readonly #environment: string
  readonly #keys: () => readonly Buffer[]
  readonly #derived = new WeakMap<Buffer, WarrantKey>()
  readonly #made = new WeakMap<Hold, { from: Buffer; text: string }>()

  /** `keys`: the newest first; warrants of the others are still good. */
  constructor(environment: string, keys: () => readonly Buffer[]) {
    this.#environment = environment
    this.#keys = keys
  }

  /** Of each hold its warrant, empty where it has none; undefined where there is no key. */
  of(holds: readonly Hold[]): string[] | undefined {
    const [from] = this.#keys()
    return from && holds.map(hold => this.#warrantOf(hold, from))
  }

  /** Undefined where the text is no warrant of this service. */
  open(text: string): Warrant | undefined {
    return openWarrant(
      text,
      this.#environment,
      this.#keys().map(key => this.#key(key)),
    )
  }

  #warrantOf(hold: Hold, from: Buffer): string {
    const made = this.#made.get(hold)
    if (made?.from === from) return made.text
    const text = sealWarrant(hold, this.#environment, this.#key(from))
    this.#made.set(hold, { from, text })
    return text
  }

  #key(from: Buffer): WarrantKey {
    const known = this.#derived.get(from) ?? warrantKey(from)
    this.#derived.set(from, known)
    return known
  }
}
