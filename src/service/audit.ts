// Questions to the log, answered from this instance's own journal and index, whether the store is up or not.

import { nearKeys, unknownFlag } from '../domain/catalogue/near-key.js'
import { byCall, KillswitchError } from '../domain/errors.js'
import { nearest } from '../domain/incident/near-id.js'
import { entryId, placeOf } from '../domain/log/audit.js'
import type { AuditFilter, Order } from '../domain/log/audit-query.js'
import type { FoundEntry, LogState, QueryResult, Verification } from '../log/state.js'
import type { Subscribe } from '../log/subscribe.js'
import type { KeyChanges } from '../wire/audit.js'
import type { Warning } from '../wire/hold.js'

/** What a question to the log asks for by the name that somebody typed. */
const NAMING = ['flag', 'incident', 'actor', 'application', 'runbook'] as const

export type PageAsk = { order: Order; limit?: number; cursor?: string; waitMs: number; signal: AbortSignal }

export class Audit {
  readonly #log: LogState
  readonly #subscribe: Subscribe

  constructor(log: LogState, subscribe: Subscribe) {
    this.#log = log
    this.#subscribe = subscribe
  }

  /**
   * Throws `unknown-flag` for a key that neither catalogue nor log has where another one is near: an answer of no entries
   * would say that nothing happened to the flag that was meant.
   */
  async assertMeant(flags: readonly string[] = []): Promise<void> {
    const { state } = this.#log
    for (const flag of flags) {
      if (state.flags.has(flag) || nearKeys(state.flags, flag).length === 0) continue
      const filter: AuditFilter = { flag }
      const { value } = await this.#log.find.stream(filter, 'newest').next()
      if (value === undefined) throw unknownFlag(state.flags, flag)
    }
  }

  /** Of what is asked for by name, what neither log nor catalogue knows, with what may have been meant. `actors`: with a token. */
  async unknown(asked: AuditFilter, actors: readonly string[]): Promise<Warning[]> {
    const { flags, incidents, undeclared, gaps, catalogue } = this.#log.state
    const holders = [...flags.values()].flatMap(({ holds }) => holds.map(hold => hold.actor))
    const known = {
      flag: [...flags.keys()],
      incident: [...incidents.keys(), ...undeclared.keys()],
      actor: [...new Set([...actors, ...holders, ...gaps.map(gap => gap.actor)])],
      application: [...new Set([...flags.values()].map(({ definition }) => definition.application))],
      runbook: catalogue?.runbooks.map(({ id }) => id) ?? [],
    }
    const found = await Promise.all(
      NAMING.flatMap(kind =>
        [asked[kind] ?? []].flat().map(async (name): Promise<Warning[]> => {
          if (known[kind].includes(name)) return []
          const { value } = await this.#log.find.stream({ [kind]: name }, 'newest').next()
          if (value !== undefined) return []
          const near = nearest(name, known[kind])
          const detail = `The log has no entry of ${kind} "${name}".`
          return [{ code: `unknown-${kind}`, detail, ...(near.length > 0 ? { near } : {}) }]
        }),
      ),
    )
    return found.flat()
  }

  /** One page. Oldest first with `waitMs`: where there is nothing more yet, waits for entries that match. */
  async page(filter: AuditFilter, { order, limit, cursor, waitMs, signal }: PageAsk): Promise<QueryResult> {
    const deadline = performance.now() + waitMs
    const options = { order, signal, ...(limit === undefined ? {} : { limit }) }
    let head = placeOf(this.#log.head)
    let found = await this.#log.find.query(filter, {
      ...options,
      ...(cursor === undefined ? {} : { cursor }),
    })
    while (order === 'oldest' && found.entries.length === 0 && !found.more && !signal.aborted) {
      const left = deadline - performance.now()
      if (left <= 0 || !(await this.#grown(head, left, signal))) break
      head = placeOf(this.#log.head)
      found = await this.#log.find.query(filter, {
        ...options,
        ...(found.next === undefined ? {} : { cursor: found.next }),
      })
    }
    return found
  }

  /** Every match, oldest or newest first, for an export. */
  stream(
    filter: AuditFilter,
    order: Order,
    signal: AbortSignal,
    onUnreadable?: (said: string) => void,
  ): AsyncGenerator<FoundEntry> {
    return this.#log.find.stream(filter, order, signal, onUnreadable)
  }

  async entry(place: number): Promise<FoundEntry & { hash: string }> {
    const found = await this.#log.find.entry(place)
    if (found) return found
    throw new KillswitchError('unknown-entry', `The log has no entry ${entryId(place)}.`, {
      wayOut: [byCall({ method: 'GET', path: '/v1/audit?limit=1' }, 'shows the newest')],
    })
  }

  /** Recomputes the whole chain from the bytes on disk. */
  verify(signal: AbortSignal): Promise<Verification> {
    return this.#log.find.verify(signal)
  }

  /** Each change of the key that signs, with the proof that it is in the log. Throws what the proof throws. */
  async keyChanges(signal: AbortSignal): Promise<Omit<KeyChanges, 'environment'>> {
    const { find, proof, state } = this.#log
    const changes: KeyChanges['changes'] = []
    const filter: AuditFilter = { action: 'log.rekeyed', outcome: 'applied' }
    for await (const { place, line } of find.stream(filter, 'oldest', signal))
      changes.push({ line, proof: await proof.proof(place, signal) })
    return { log: state.log ?? '', changes }
  }

  /** Resolves true when the log has grown past `head`, false after `ms` or on abort. */
  #grown(head: number, ms: number, signal: AbortSignal): Promise<boolean> {
    // what came while the query was at work is not told again
    if (placeOf(this.#log.head) > head) return Promise.resolve(true)
    return new Promise(resolve => {
      const done = (grown: boolean) => {
        clearTimeout(timer)
        unsubscribe()
        signal.removeEventListener('abort', given)
        resolve(grown)
      }
      const given = () => done(false)
      const timer = setTimeout(given, ms)
      const unsubscribe = this.#subscribe.entries(() => done(true))
      signal.addEventListener('abort', given)
    })
  }
}
