// One batch of the gate: what is asked, what became of it, and how the items are decided one after the other.

import { randomUUID } from 'node:crypto'
import { type Draft, type SealedEntry, seal } from '../../domain/audit.js'
import { toTimestamp } from '../../domain/clock.js'
import { KillswitchError } from '../../domain/errors.js'
import { fold, type State } from '../../domain/state.js'
import type { Standing } from '../../domain/waiting.js'
import type { Store } from '../stores/store.js'
import type { Asked, Durability } from '../submit.js'
import { changedFlags } from './stored-flags.js'

export const durabilityOf = ({ kind }: Pick<Store, 'kind'>, journaled: boolean): Durability =>
  kind === 'local' ? 'journal' : journaled ? 'both' : 'store'

export type Ask = Pick<Required<Asked>, 'priority' | 'actor' | 'key' | 'digest' | 'receivedAt' | 'decide'>

/** `places` of the entries the request led to; `entries` where this call wrote them. */
export type Accepted = { places: number[]; entries: SealedEntry[]; durability: Durability; replayed: boolean }

/** `id` names who asked with which key. */
export type Waiting = Ask & {
  id: string
  standing: Standing
  resolve: (accepted: Accepted) => void
  reject: (error: unknown) => void
}

export type Decided = { item: Waiting; entries: SealedEntry[]; draft: Draft; refusal?: KillswitchError }
export type Unresolved = { ask: Omit<Ask, 'receivedAt'>; draft: Draft }

/** `state` is the one decided on; `flags` are those the batch changes, as the store keeps them. */
export type Batch = {
  state: State
  decided: Decided[]
  /** All of them, in order; where the batch opens an epoch, the entry that says so comes first. */
  entries: SealedEntry[]
  flags: Map<string, string | null>
}

/** Why the batch has to open a new epoch, and how many lost lines were put back before it. */
export type Opening = {
  why: string
  restored: number
  /** The highest epoch known to have been issued, where that is not the log's own. */
  above?: number
}

/** Places up to it are whole numbers to JavaScript. */
const LAST_EPOCH = 2 ** 21 - 1
/** The next epoch is drawn from the first 2,048th of those that are left: from 1,024 of them in a new log. */
const EPOCH_PARTS = 2_048

/**
 * A store that went back to before an epoch was opened has another one opened on it by whoever does not know of the
 * first: counted, both would have the same number, and a place be given twice.
 */
export const nextEpoch = (known: number, random: () => number): number =>
  known + 1 + Math.floor((random() * (LAST_EPOCH - known)) / EPOCH_PARTS)

/** The entry that opens an epoch. */
function openingDraft({ why, restored }: Opening, now: number): Draft {
  const key = randomUUID()
  return {
    action: 'log.recovered',
    outcome: 'applied',
    actor: { id: 'killswitch', role: 'owner', via: 'service' },
    receivedAt: toTimestamp(now),
    reason: why,
    recovered: { why, restored },
    request: { id: key, key, digest: '' },
  }
}

/** Each on the state after those before it. One that writes nothing is answered here and is not in the batch. */
export function decideBatch(
  items: readonly Waiting[],
  state: State,
  environment: string,
  { now, random, opening }: { now: number; random: () => number; opening?: Opening | undefined },
): Batch {
  const decided: Decided[] = []
  const epoch = nextEpoch(Math.max(state.head.epoch, opening?.above ?? 0), random)
  const opened = opening && seal(openingDraft(opening, now), state.head, environment, epoch)
  let after = opened ? fold(state, opened) : state
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
  const entries = decided.flatMap(each => each.entries)
  const all = opened ? [opened, ...entries] : entries
  return {
    state,
    decided,
    entries: all,
    flags: changedFlags(opened ? { ...state, flags: new Map() } : state, after),
  }
}
