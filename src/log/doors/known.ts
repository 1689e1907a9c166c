// The door `state` from inside: what this instance knows, put together from the parts that know it.

import { type Entry, type Head, open } from '../../domain/audit.js'
import type { Kill } from '../../domain/kill.js'
import type { State } from '../../domain/state.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Tail } from '../follow/tail.js'
import { toEnd } from '../follow/to-end.js'
import type { Gate } from '../gate/gate.js'
import type { AuditQueries } from '../index/query.js'
import { verify } from '../journal/verify.js'
import type { Checkpoints } from '../proof/checkpoints.js'
import type { Provisional } from '../provisional/provisional.js'
import type { Became, Condition, Finding, LogState } from '../state.js'
import type { Store } from '../stores/store.js'

type Parts = {
  log: KnownLog
  store: Store
  gate: Gate
  tail: Tail
  provisional: Provisional
  queries: AuditQueries
  checkpoints: Checkpoints
  posture: Condition['posture']
}

export class Known implements LogState {
  readonly find: Finding
  readonly proof: Checkpoints
  readonly condition: Condition
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
    const { queries, log } = parts
    this.find = {
      query: (filter, options) => queries.query(filter, options),
      stream: (filter, order, signal) => queries.stream(filter, order, signal),
      entry: place => queries.entry(place),
      verify: signal => verify(log.journal, { signal }),
    }
    this.proof = parts.checkpoints
    this.condition = conditionOf(parts)
  }

  get state(): State {
    return this.#parts.log.state
  }

  get known(): State {
    return this.#parts.log.known
  }

  get provisional(): readonly Kill[] {
    return this.#parts.log.provisional
  }

  get head(): Head {
    return this.#parts.log.head
  }

  async became(actor: string, key: string): Promise<Became> {
    const { log, gate, provisional } = this.#parts
    const answered = log.answered(actor, key)
    const entries = () => this.#entries(answered?.places ?? [])
    if (answered !== undefined && answered.outcome !== 'voided' && answered.due === 0)
      return { state: answered.outcome === 'applied' ? 'applied' : 'unchanged', entries: await entries() }
    // ahead of what was voided: an attempt may have been closed, and the kill taken here all the same
    const kill = provisional.find(actor, key)
    if (kill !== undefined) return { state: 'provisional', entries: provisional.entriesOf(kill) }
    if (answered?.outcome === 'voided') return { state: 'never', entries: await entries() }
    if (gate.isPending(actor, key)) return { state: 'pending' }
    return { state: answered === undefined ? 'unknown' : 'torn' }
  }

  async entry(place: number): Promise<Entry | undefined> {
    const line = await this.#parts.log.line(place)
    return line === undefined ? undefined : open(line).entry
  }

  toEnd(): Promise<void> {
    return toEnd(this.#parts.log, this.#parts.store)
  }

  async #entries(places: readonly number[]): Promise<Entry[]> {
    const found = await Promise.all(places.map(place => this.entry(place)))
    return found.filter(entry => entry !== undefined)
  }
}

const conditionOf = ({ log, store, tail, posture }: Parts): Condition => ({
  get isLive() {
    return tail.isLive
  },
  get lagMs() {
    return tail.lagMs
  },
  get lost() {
    return tail.lost
  },
  get broken() {
    return log.journal.broken
  },
  get isFull() {
    return log.journal.reserve.isMissing
  },
  posture,
  ping: () => store.ping(),
})
