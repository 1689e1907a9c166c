// The door `submit` from inside: waits for what its caller has seen, asks the gate, and takes a kill provisionally where the
// store is away.

import { KillswitchError } from '../../domain/errors.js'
import { open, placeOf } from '../../domain/log/audit.js'
import { behind, isBehind, type Seen } from '../../domain/log/seen.js'
import type { KnownLog } from '../follow/known-log.js'
import { reaches } from '../follow/reaches.js'
import type { Accepted } from '../gate/batch.js'
import type { Gate } from '../gate/gate.js'
import { writeLines } from '../gate/whole-log.js'
import type { Provisional } from '../provisional/provisional.js'
import type { Store } from '../stores/store.js'
import type { Asked, Submit, Taken } from '../submit.js'

/** How long a flip waits for what its caller has seen: another instance's entries come within milliseconds. */
const CATCH_UP_MS = 100

/** The store is away, or behind the caller: a kill does not need it. */
const AWAY = ['store-unavailable', 'outcome-unknown', 'history-lost', 'not-signed', 'behind']

export class Taking implements Submit {
  readonly #log: KnownLog
  readonly #gate: Gate
  readonly #provisional: Provisional
  readonly #store: Store

  constructor(parts: { log: KnownLog; gate: Gate; provisional: Provisional; store: Store }) {
    this.#log = parts.log
    this.#gate = parts.gate
    this.#provisional = parts.provisional
    this.#store = parts.store
  }

  async entries(asked: Asked): Promise<Taken> {
    try {
      if (asked.seen !== undefined) await this.#catchUp(asked.seen)
      return await this.#told(await this.#gate.submit(asked))
    } catch (error) {
      const isAway = error instanceof KillswitchError && AWAY.includes(error.code)
      if (asked.kill === undefined || !isAway) throw error
      return this.#provisional.instead(asked, error)
    }
  }

  lines(portions: AsyncIterable<{ lines: readonly Buffer[] }>, onWritten: (entries: number) => void) {
    return writeLines(this.#store, portions, onWritten)
  }

  records(records: ReadonlyMap<string, string | null>): Promise<void> {
    return this.#store.share(records)
  }

  /** Throws `behind`: what is decided here would be acknowledged below what its caller has seen. */
  async #catchUp(seen: Seen): Promise<void> {
    const { log } = this.#log.state
    if (!isBehind(seen, log, placeOf(this.#log.head))) return
    if (!(await reaches(this.#log, seen.place, CATCH_UP_MS))) throw behind(seen, placeOf(this.#log.head))
  }

  async #told({ places, entries, counted, durability, replayed }: Accepted): Promise<Taken> {
    if (counted !== undefined)
      return { entries: this.#provisional.unwritten(counted), durability, replayed, isCounted: true }
    if (entries.length > 0) return { entries: entries.map(({ entry }) => entry), durability, replayed }
    const lines = await Promise.all(places.map(place => this.#log.line(place)))
    const known = lines.filter(line => line !== undefined).map(line => open(line).entry)
    return { entries: known, durability, replayed }
  }
}
