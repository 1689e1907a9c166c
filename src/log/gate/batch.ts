// One batch of the gate: what is asked, what became of it, and how the items are decided one after the other.

import { randomUUID } from 'node:crypto'
import { notAfter, toTimestamp } from '../../domain/clock.js'
import { KillswitchError } from '../../domain/errors.js'
import type { Standing } from '../../domain/flip/waiting.js'
import { type Draft, EMPTY, type Head, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import type { LogKeys } from '../../domain/log/log-keys.js'
import { fold, type State } from '../../domain/state.js'
import type { Store } from '../stores/store.js'
import type { Asked, Durability } from '../submit.js'
import { Sealer } from './sealer.js'
import { changedFlags } from './stored-flags.js'

export const durabilityOf = ({ kind }: Pick<Store, 'kind'>, journaled: boolean): Durability =>
  kind === 'local' ? 'journal' : journaled ? 'both' : 'store'

export type Ask = Pick<Required<Asked>, 'priority' | 'actor' | 'key' | 'digest' | 'receivedAt' | 'decide'>

/** `places` of the entries the request led to; `entries` where this call wrote them; `counted` where none is written. */
export type Accepted = {
  places: number[]
  entries: SealedEntry[]
  counted?: Draft[]
  durability: Durability
  replayed: boolean
}

/** `id` names who asked with which key. */
export type Waiting = Ask & {
  id: string
  standing: Standing
  /** What it was decided on was not the end of the log: it is written, whatever is counted. */
  isWritten?: boolean
  resolve: (accepted: Accepted) => void
  reject: (error: unknown) => void
}

export type Decided = {
  item: Waiting
  entries: SealedEntry[]
  draft: Draft
  refusal?: KillswitchError
  /** Instead of entries: what is answered, and not written. */
  counted?: Draft[]
}
export type Unresolved = { ask: Omit<Ask, 'receivedAt'>; draft: Draft }

/** `state` is the one decided on; `flags` are those the batch changes, as the store keeps them. */
export type Batch = {
  state: State
  decided: Decided[]
  /** All of them, in order; where the batch opens an epoch, the entry that says so comes first. */
  entries: SealedEntry[]
  flags: Map<string, string | null>
  /** The key that would have to sign it, where this instance was not given it: then it must not be sent. */
  unsignedFor?: string
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
  by: { now: number; random: () => number; keys: LogKeys; opening?: Opening | undefined },
): Batch {
  const { now, random, opening } = by
  const decided: Decided[] = []
  const epoch = nextEpoch(Math.max(state.head.epoch, opening?.above ?? 0), random)
  const sealer = new Sealer(by.keys, environment)
  const opened = opening && sealer.seal(openingDraft(opening, now), state, epoch)
  let after = opened ? fold(state, opened) : state
  for (const item of items) {
    try {
      const { drafts, refusal, isCounted } = item.decide(after, item.receivedAt)
      const [draft] = drafts
      if (draft === undefined) throw refusal ?? new KillswitchError('internal', 'nothing was decided')
      if (isCounted && !item.isWritten) {
        decided.push({ item, entries: [], draft, counted: drafts })
        continue
      }
      const entries: SealedEntry[] = []
      let next = after
      for (const each of drafts) {
        const dated = { ...each, receivedAt: notAfter(each.receivedAt, now) }
        const sealed = sealer.seal(dated, next)
        next = fold(next, sealed)
        entries.push(sealed)
      }
      after = next
      decided.push({ item, entries, draft, ...(refusal === undefined ? {} : { refusal }) })
    } catch (error) {
      item.reject(error)
    }
  }
  const flags = changedFlags(opened ? { ...state, flags: new Map() } : state, after)
  const first = opened ? [opened] : []
  const last = decided.findLast(each => each.entries.length > 0)
  const unsignedFor = sealer.end(last?.entries ?? first, after)
  const entries = [...first, ...decided.flatMap(each => each.entries)]
  return { state, decided, entries, flags, ...(unsignedFor === undefined ? {} : { unsignedFor }) }
}

/**
 * Answers a batch that writes nothing: what was decided holds where it was decided on the end of the log. Where it was not, or
 * the store does not say, it is to be written, or taken provisionally, like any other. Says whether it was answered.
 */
export async function answerCounted(
  { decided, state }: Batch,
  store: Store,
  isJournaled: boolean,
): Promise<boolean> {
  const { hash } = headOf(state)
  const isCurrent = decided.length === 0 || (await store.head().catch(() => undefined))?.hash === hash
  if (isCurrent) answerAll(decided, durabilityOf(store, isJournaled))
  else for (const { item } of decided) item.isWritten = true
  return isCurrent
}

export const headOf = ({ log, head: { epoch, seq, hash } }: State): Head =>
  log === undefined ? EMPTY : { epoch, seq, hash }

/** What was committed is the answer, and a refusal is one too. */
export function answerAll(decided: readonly Decided[], durability: Durability): void {
  for (const { item, entries, refusal, counted } of decided)
    if (refusal) item.reject(refusal)
    else {
      const places = entries.map(({ entry }) => placeOf(entry))
      const given = { places, entries, durability, replayed: false }
      item.resolve(counted === undefined ? given : { ...given, counted })
    }
}
