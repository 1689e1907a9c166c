// Flag state is a fold over the log: `fold(state, entry)` is the only way it changes. Pure, and never mutates what it is
// given, so that the gate can decide on a state that may yet be thrown away.

import type { CatalogueDocument, FlagDefinition } from '../wire/catalogue.js'
import type { LastProof } from '../wire/flag.js'
import type { HoldSummary } from '../wire/hold.js'
import type { Gap } from '../wire/housekeeping.js'
import type { FlagValue } from '../wire/words.js'
import { EMPTY, type Entry, type Head, placeOf, type SealedEntry } from './audit.js'
import { foldGaps } from './gap.js'
import { adoptHolds, type Hold, holdOf } from './hold.js'
import {
  foldIncident,
  type Incident,
  type IncidentFlips,
  withKills,
  withRestore,
  withSteps,
} from './incident.js'

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
  /** When its path was last exercised, by a flip or a drill; absent where it never was. */
  lastProof?: LastProof
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
  /** Incidents that were declared, oldest first. */
  incidents: ReadonlyMap<string, Incident>
  /** What flips did under names nobody has declared yet. */
  undeclared: ReadonlyMap<string, IncidentFlips>
  /** Kills whose paperwork nobody has made good yet, oldest first. */
  gaps: readonly Gap[]
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
  incidents: new Map(),
  undeclared: new Map(),
  gaps: [],
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
  if (entry.action === 'kill' && entry.outcome === 'unchanged') return killedAgain(next, entry, place)
  if (entry.outcome !== 'applied') return next
  const told = { ...next, ...incidentsAfter(state, entry, place), gaps: gapsAfter(state, entry) }
  const revised = { ...told, revision: place, revisedAt: entry.at }
  switch (entry.action) {
    case 'kill':
      return { ...revised, flags: flipped(state, entry, place, holds => [...holds, holdOf(entry, place)]) }
    case 'restore':
      return {
        ...revised,
        flags: flipped(state, entry, place, holds => holds.filter(h => !entry.released?.includes(h.id))),
      }
    case 'incident.adopted':
      return { ...revised, flags: adopted(state, entry, place) }
    case 'drill':
      return { ...revised, flags: proved(state, entry.flag, () => proofOf(entry, place)) }
    case 'flip.confirmed':
      return { ...told, flags: confirmed(state, entry) }
    case 'catalogue.loaded':
      return entry.catalogue === undefined ? next : withCatalogue(revised, entry.catalogue, place)
    default:
      return told
  }
}

/** A kill that found its hold there changes nothing, but a restore that was asked for before it must not undo it. */
function killedAgain(state: State, entry: Entry, place: number): State {
  const flag = entry.flag === undefined ? undefined : state.flags.get(entry.flag)
  if (flag === undefined) return state
  const holds = flag.holds.map(hold => (hold.id === entry.hold ? { ...hold, again: entry.receivedAt } : hold))
  const { incident, at, actor } = entry
  const done = [{ place, at, by: actor.id, ...stepDone(entry) }]
  const told = incident === undefined ? {} : withSteps(state, incident, done, entry)
  return { ...state, ...told, flags: new Map(state.flags).set(flag.definition.key, { ...flag, holds }) }
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

const gapsAfter = (state: State, entry: Entry): State['gaps'] =>
  foldGaps(state.gaps, entry, incident => state.incidents.has(incident))

/** What an entry means for the incidents: a kill and a restore are of those their holds name. */
function incidentsAfter(state: State, entry: Entry, place: number): Pick<State, 'incidents' | 'undeclared'> {
  const known = { incidents: state.incidents, undeclared: state.undeclared }
  const { flag = '', incident, at } = entry
  const from = [{ place, at, by: entry.actor.id, ...stepDone(entry) }]
  if (entry.action === 'kill') {
    if (incident === undefined) return known
    return withSteps(withKills(known, incident, [{ place, at, flag }], entry), incident, from, entry)
  }
  if (entry.action === 'restore') {
    const released = (state.flags.get(flag)?.holds ?? []).filter(hold => entry.released?.includes(hold.id))
    const named = new Set(released.flatMap(hold => hold.incident ?? []))
    return [...named].reduce(
      (after, each) => withSteps(withRestore(after, each, entry), each, from, entry),
      known,
    )
  }
  if (entry.action !== 'incident.adopted') return foldIncident(known, entry)
  const kills = (entry.adopted ?? []).flatMap(each => adoptable(state, each) ?? [])
  const own = kills.map(hold => ({ place: hold.place, at: hold.since, flag: hold.flag }))
  if (incident === undefined || own.length === 0) return known
  const steps = kills.map(hold => ({
    place: hold.place,
    at: hold.since,
    by: hold.actor,
    ...stepDone(hold),
  }))
  return withSteps(withKills(known, incident, own, entry), incident, steps, entry)
}

/** The step a flip did; one that does not speak of the flag was not done by it. */
const stepDone = ({ step, offRunbook }: Pick<Entry, 'step' | 'offRunbook'>) =>
  step === undefined || offRunbook ? {} : { step }

const adoptable = (state: State, { flag, hold }: { flag: string; hold: string }): Hold | undefined =>
  state.flags.get(flag)?.holds.find(each => each.id === hold && each.incident === undefined)

function adopted(state: State, entry: Entry, place: number): State['flags'] {
  const flags = new Map(state.flags)
  const { incident, adopted: taken = [] } = entry
  for (const key of new Set(taken.map(each => each.flag))) {
    const flag = flags.get(key)
    if (flag === undefined || incident === undefined) continue
    const ids = taken.filter(each => each.flag === key).map(each => each.hold)
    flags.set(key, { ...flag, holds: adoptHolds(flag.holds, ids, incident), place })
  }
  return flags
}

const proofOf = (entry: Entry, place: number): LastProof => ({
  by: entry.action as LastProof['by'],
  place,
  at: entry.at,
  actor: entry.actor.id,
})

function proved(
  state: State,
  key: string | undefined,
  prove: (known: LastProof | undefined) => LastProof | undefined,
): State['flags'] {
  const flag = key === undefined ? undefined : state.flags.get(key)
  const lastProof = flag && prove(flag.lastProof)
  if (flag === undefined || lastProof === undefined || lastProof === flag.lastProof) return state.flags
  return new Map(state.flags).set(flag.definition.key, { ...flag, lastProof })
}

function confirmed(state: State, { flag, at, confirmed: seen }: Entry): State['flags'] {
  if (seen === undefined || !seen.complete || seen.applied === 0) return state.flags
  return proved(state, flag, known =>
    known?.place === seen.flip ? { ...known, confirmedAt: at, applied: seen.applied } : known,
  )
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
    lastProof: proofOf(entry, place),
  })
}

/** What becomes of an orphan when its last hold goes: the catalogue's own definition, or nothing. */
function settle(flag: FlagState, catalogue: CatalogueDocument | undefined): FlagState | undefined {
  const definition = catalogue?.flags.find(each => each.key === flag.definition.key)
  return definition && { ...flag, definition, orphaned: false }
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
