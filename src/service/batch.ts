// One batch of the gate: what is asked, what became of it, and how the items are decided one after the other.

import { type Draft, type SealedEntry, seal } from '../domain/audit.js'
import { KillswitchError } from '../domain/errors.js'
import type { Verdict } from '../domain/flip.js'
import { fold, type State } from '../domain/state.js'
import type { Priority } from './queue.js'
import { changedFlags } from './stored-flags.js'

/** `journal`: synced here (local store). `both`: Redis and this journal. `store`: Redis has it, this journal failed. */
export type Durability = 'journal' | 'both' | 'store'

export type Ask = {
  priority: Priority
  actor: string
  key: string
  /** Of what is asked: the same key with another digest is refused. */
  digest: string
  /** The accepting instance's clock, ms: what the rules take for now, however often they are asked. */
  receivedAt: number
  decide: (state: State, now: number) => Verdict
}

/** `places` of the entries the request led to; `entries` where this call wrote them. */
export type Accepted = { places: number[]; entries: SealedEntry[]; durability: Durability; replayed: boolean }

export type Waiting = Ask & {
  id: string
  resolve: (accepted: Accepted) => void
  reject: (error: unknown) => void
  /** What a commit carried of it that may have been written, where nothing was learned since. */
  attempted?: Attempted
}

type Attempted = {
  draft: Draft
  refusal?: KillswitchError
  /** The place of the head it was tried on. */
  after: number
  /** The log turned out to have it. */
  landed?: boolean
}
export type Decided = { item: Waiting; entries: SealedEntry[]; draft: Draft; refusal?: KillswitchError }
export type Unresolved = { ask: Omit<Ask, 'receivedAt'>; draft: Draft }

/** `state` is the one decided on; `flags` are those the batch changes, as the store keeps them. */
export type Batch = { state: State; decided: Decided[]; flags: Map<string, string | null> }

/** Each on the state after those before it. One that writes nothing is answered here and is not in the batch. */
export function decideBatch(items: readonly Waiting[], state: State, environment: string): Batch {
  const decided: Decided[] = []
  let after = state
  for (const item of items) {
    try {
      const { drafts, refusal } = item.decide(after, item.receivedAt)
      const [draft] = drafts
      if (draft === undefined) throw refusal ?? new KillswitchError('internal', 'nothing was decided')
      const entries: SealedEntry[] = []
      let next = after
      for (const each of drafts) {
        const sealed = seal(each, next.head, environment)
        next = fold(next, sealed)
        entries.push(sealed)
      }
      after = next
      decided.push({ item, entries, draft, ...(refusal === undefined ? {} : { refusal }) })
    } catch (error) {
      item.reject(error)
    }
  }
  return { state, decided, flags: changedFlags(state, after) }
}
