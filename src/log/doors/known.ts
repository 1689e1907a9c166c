// The door `state` from inside: what this instance knows, put together from the parts that know it.

import type { Kill } from '../../domain/flip/kill.js'
import type { Age } from '../../domain/log/age.js'
import { EMPTY, type Entry, type Head, open } from '../../domain/log/audit.js'
import type { LogKeys } from '../../domain/log/log-keys.js'
import type { Signing } from '../../domain/log/signature.js'
import type { State } from '../../domain/state.js'
import type { Hours } from '../follow/hours.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Probe } from '../follow/probe.js'
import type { Tail } from '../follow/tail.js'
import { toEnd } from '../follow/to-end.js'
import type { Gate } from '../gate/gate.js'
import type { AuditQueries } from '../index/query.js'
import { verify } from '../journal/verify.js'
import type { Checkpoints } from '../proof/checkpoints.js'
import type { Provisional } from '../provisional/provisional.js'
import type { OwnDisk } from '../recovery/own-disk.js'
import type { Recovery } from '../recovery/recovery.js'
import { Branch } from '../signing/branch.js'
import type { Evidence } from '../signing/evidence.js'
import type { Became, Condition, Finding, LogState } from '../state.js'
import type { Store } from '../stores/store.js'

type Parts = {
  log: KnownLog
  store: Store
  gate: Gate
  tail: Tail
  probe: Probe
  recovery: Recovery
  ownDisk: OwnDisk
  provisional: Provisional
  queries: AuditQueries
  checkpoints: Checkpoints
  posture: Condition['posture']
  keys: LogKeys
  evidence: Evidence
  hours: Hours
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
      stream: (...asked) => queries.stream(...asked),
      rows: (...asked) => queries.rows(...asked),
      placeAt: (...asked) => queries.placeAt(...asked),
      names: (...asked) => queries.names(...asked),
      entry: place => queries.entry(place),
      verify: async signal => {
        const also = new Branch(log.obedience, log.state, EMPTY)
        const found = await verify(log.journal, { signal, also })
        if (!found.ok) void parts.ownDisk.lookAtAll()
        return found
      },
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

  ageOf(place: number): Age {
    return this.#parts.log.time.ageOf(place)
  }

  async toEnd(): Promise<void> {
    const { log, store, ownDisk } = this.#parts
    if (ownDisk.isBehind) await ownDisk.settled()
    if (ownDisk.bar) throw ownDisk.bar
    await toEnd(log, store)
  }

  async #entries(places: readonly number[]): Promise<Entry[]> {
    const found = await Promise.all(places.map(place => this.entry(place)))
    return found.filter(entry => entry !== undefined)
  }
}

function standingOf(signing: Signing | undefined, keys: LogKeys): Condition['signing'] {
  const id = signing?.keyId ?? keys.first?.id
  if (id === undefined) return { is: 'unsigned' }
  if (signing === undefined) return { is: 'to-be-signed', keyId: id }
  if (keys.signer(id) !== undefined) return { is: 'signed', keyId: id }
  return { is: keys.isEmpty ? 'unverified' : 'key-missing', keyId: id }
}

const conditionOf = ({
  log,
  tail,
  probe,
  recovery,
  ownDisk,
  posture,
  keys,
  evidence,
  hours,
}: Parts): Condition => ({
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
  get damaged() {
    return ownDisk.damage
  },
  get isBarred() {
    return ownDisk.bar !== undefined
  },
  get isFull() {
    return log.journal.reserve.isMissing
  },
  get notSigned() {
    return evidence.found
  },
  get signing() {
    return standingOf(log.state.signing, keys)
  },
  get unmended() {
    return recovery.failure
  },
  get refusal() {
    return probe.refusal
  },
  get clocks() {
    return hours.clocks(log.state.head.at)
  },
  posture,
  probe: () => probe.ask(),
})
