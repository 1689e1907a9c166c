// Flag state is a fold over the log: `fold(state, entry)` is the only way it changes. Pure, and never mutates what it is
// given, so that the gate can decide on a state that may yet be thrown away.

import { EMPTY, type Entry, type Head, placeOf, type SealedEntry } from './audit.js'
import type { CatalogueDocument } from './catalogue.js'
import type { FlagDefinition, FlagValue } from './flag.js'
import type { Hold, HoldSummary } from './hold.js'

export type FlagState = {
  /** The definition in force: while orphaned, the last one under which the flag was killed. */
  definition: FlagDefinition
  /** The catalogue no longer has this definition, and a hold keeps it. */
  orphaned: boolean
  /** Oldest first. Killed while there is at least one. */
  holds: readonly Hold[]
  /** The entry that last changed this flag: its ETag. */
  place: number
  /** The entry of its last flip; 0 where it never was flipped. */
  flipped: number
  /** RFC 3339; empty where it never was flipped. */
  flippedAt: string
  /** Restores of an abandoned branch that were recovered and not applied, since the last flip. */
  notApplied?: readonly { actor: string; at: string; place: number }[]
}

export type State = {
  head: Head & { at: string }
  /** SHA-256 of the first entry: the log's name. */
  log: string | undefined
  revision: number
  revisedAt: string
  flags: ReadonlyMap<string, FlagState>
  catalogue: CatalogueDocument | undefined
  /** Ids of the provisional holds that came into the log last, newest last: what SDKs may let go of. */
  merged: readonly string[]
  /** Digests of every catalogue that was ever in force. */
  catalogues: ReadonlySet<string>
}

export const INITIAL: State = {
  head: { ...EMPTY, at: '' },
  log: undefined,
  revision: 0,
  revisedAt: '',
  flags: new Map(),
  catalogue: undefined,
  merged: [],
  catalogues: new Set(),
}

export const isKilled = (flag: FlagState): boolean => flag.holds.length > 0

/** The variant in force where a hold decides it; null is the normal behaviour. */
export const pinnedVariant = (flag: FlagState): string | null =>
  isKilled(flag) ? flag.definition.killVariant : null

export const killValue = (definition: FlagDefinition): FlagValue =>
  definition.variants[definition.killVariant] as FlagValue

export const summariseHold = (hold: Hold): HoldSummary => ({
  id: hold.id,
  actor: hold.actor,
  ...(hold.incident === undefined ? {} : { incident: hold.incident }),
  since: hold.since,
})

/** The state after one more entry. The entry must be the one after `state.head`. */
export function fold(state: State, { entry, hash }: SealedEntry): State {
  const place = placeOf(entry)
  let next: State = {
    ...state,
    head: { epoch: entry.epoch, seq: entry.seq, hash, at: entry.at },
    log: state.log ?? hash,
  }
  if (entry.merged !== undefined) next = withMerged(next, entry, place)
  if (entry.outcome === 'refused' && entry.origin !== undefined) return withNotApplied(next, entry, place)
  if (entry.outcome !== 'applied') return next
  const revised = { ...next, revision: place, revisedAt: entry.at }
  switch (entry.action) {
    case 'kill':
      return { ...revised, flags: flipped(state, entry, place, holds => [...holds, holdOf(entry, place)]) }
    case 'restore':
      return {
        ...revised,
        flags: flipped(state, entry, place, holds => holds.filter(h => !entry.released?.includes(h.id))),
      }
    case 'catalogue.loaded':
      return entry.catalogue === undefined ? next : withCatalogue(revised, entry.catalogue, place)
    default:
      return next
  }
}

/** How many merged ids are told. An SDK that was away for more merges than that keeps its hold until it is restored. */
const MERGED_KEPT = 500

/** SDKs are to hear of it, so that the revision moves even where the flag was held already. */
const withMerged = (state: State, entry: Entry, place: number): State => ({
  ...state,
  revision: place,
  revisedAt: entry.at,
  merged: [...state.merged, ...(entry.merged ?? [])].slice(-MERGED_KEPT),
})

/** A restore of an abandoned branch is not applied again; the flag says so until its next flip. */
function withNotApplied(state: State, entry: Entry, place: number): State {
  const flag = entry.flag === undefined ? undefined : state.flags.get(entry.flag)
  if (flag === undefined || entry.action !== 'restore') return state
  const notApplied = [...(flag.notApplied ?? []), { actor: entry.actor.id, at: entry.receivedAt, place }]
  return { ...state, flags: new Map(state.flags).set(flag.definition.key, { ...flag, notApplied }) }
}

function flipped(
  state: State,
  entry: Entry,
  place: number,
  change: (holds: readonly Hold[]) => Hold[],
): State['flags'] {
  const flag = entry.flag === undefined ? undefined : state.flags.get(entry.flag)
  if (flag === undefined) return state.flags
  const holds = change(flag.holds)
  const flags = new Map(state.flags)
  const settled = holds.length === 0 && flag.orphaned ? settle(flag, state.catalogue) : flag
  if (settled === undefined) {
    flags.delete(flag.definition.key)
    return flags
  }
  const { notApplied: _, ...kept } = settled
  return flags.set(flag.definition.key, {
    ...kept,
    holds,
    place,
    flipped: place,
    flippedAt: entry.receivedAt,
  })
}

/** What becomes of an orphan when its last hold goes: the catalogue's own definition, or nothing. */
function settle(flag: FlagState, catalogue: CatalogueDocument | undefined): FlagState | undefined {
  const definition = catalogue?.flags.find(each => each.key === flag.definition.key)
  return definition && { ...flag, definition, orphaned: false }
}

function holdOf(entry: Entry, place: number): Hold {
  return {
    id: entry.hold ?? String(place),
    flag: entry.flag as string,
    actor: entry.actor.id,
    ...(entry.incident === undefined ? {} : { incident: entry.incident }),
    reason: entry.reason ?? '',
    ...(entry.runbook === undefined ? {} : { runbook: entry.runbook }),
    ...(entry.step === undefined ? {} : { step: entry.step }),
    offRunbook: entry.offRunbook ?? false,
    since: entry.receivedAt,
    place,
  }
}

function withCatalogue(state: State, catalogue: CatalogueDocument, place: number): State {
  const flags = new Map<string, FlagState>()
  for (const definition of catalogue.flags) {
    flags.set(definition.key, redefined(state.flags.get(definition.key), definition, place))
  }
  for (const [key, flag] of state.flags) {
    if (!flags.has(key) && isKilled(flag)) flags.set(key, { ...flag, orphaned: true, place })
  }
  return { ...state, catalogue, catalogues: new Set([...state.catalogues, catalogue.digest]), flags }
}

/** A held flag takes a new definition only where its kill still means the same value: nothing un-kills by an edit. */
function redefined(known: FlagState | undefined, definition: FlagDefinition, place: number): FlagState {
  if (known === undefined) return { definition, orphaned: false, holds: [], place, flipped: 0, flippedAt: '' }
  if (isKilled(known) && !sameKill(known.definition, definition)) return { ...known, orphaned: true, place }
  const unchanged = !known.orphaned && same(known.definition, definition)
  return unchanged ? known : { ...known, definition, orphaned: false, place }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const sameKill = (a: FlagDefinition, b: FlagDefinition): boolean =>
  a.killVariant === b.killVariant && same(killValue(a), killValue(b))
