// Flag state is a fold over the log: `fold(state, entry)` is the only way it changes. Pure, and never mutates what it is
// given, so that the gate can decide on a state that may yet be thrown away.

import type { CatalogueDocument, FlagDefinition } from '../wire/catalogue.js'
import type { LastProof } from '../wire/flag.js'
import type { HoldSummary } from '../wire/hold.js'
import type { Gap } from '../wire/housekeeping.js'
import type { FlagValue } from '../wire/words.js'
import { foldCredentials, type Told } from './credentials.js'
import { type Forgotten, foldFleet, mergedAfter } from './fleet/fleet-state.js'
import { foldGaps } from './flip/gap.js'
import { adoptHolds, type Hold, holdOf } from './flip/hold.js'
import type { IncidentFlips } from './incident/flips.js'
import { incidentsAfter, stepDone } from './incident/fold.js'
import { type Incident, withSteps } from './incident/incident.js'
import { EMPTY, type Entry, type Head, placeOf, type SealedEntry } from './log/audit.js'
import { type Signing, signingAfter } from './log/signature.js'

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
  /** Which key signs its commits; absent while they are not signed. */
  signing?: Signing
  revision: number
  /** SHA-256 of the entry at `revision`: what an app instance answers with. */
  revisionHash: string
  revisedAt: string
  flags: ReadonlyMap<string, FlagState>
  catalogue: CatalogueDocument | undefined
  /** Ids of the provisional holds that came into the log last, newest last: what SDKs may let go of. */
  merged: readonly string[]
  /** Ids of holds that the log does not have and that were released in the apps, newest last. */
  reconciled: readonly string[]
  /** App instances that nobody waits for any more, by the id of their session, newest last. */
  forgotten: readonly Forgotten[]
  /** Digests of every catalogue that was ever in force. */
  catalogues: ReadonlySet<string>
  /** Incidents that were declared, oldest first. */
  incidents: ReadonlyMap<string, Incident>
  /** What flips did under names nobody has declared yet. */
  undeclared: ReadonlyMap<string, IncidentFlips>
  /** Kills whose paperwork nobody has made good yet, oldest first. */
  gaps: readonly Gap[]
  /** Who may what, as the service's instances told it. */
  credentials: readonly Told[]
}

export const INITIAL: State = {
  head: { ...EMPTY, at: '' },
  log: undefined,
  revision: 0,
  revisionHash: '',
  revisedAt: '',
  flags: new Map(),
  catalogue: undefined,
  merged: [],
  reconciled: [],
  forgotten: [],
  catalogues: new Set(),
  incidents: new Map(),
  undeclared: new Map(),
  gaps: [],
  credentials: [],
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
export function fold(state: State, sealed: SealedEntry): State {
  const next = folded(state, sealed)
  return next.revision === state.revision ? next : { ...next, revisionHash: sealed.hash }
}

function folded(state: State, { entry, hash }: SealedEntry): State {
  const place = placeOf(entry)
  const signing = signingAfter(state.signing, entry, place)
  let next: State = {
    ...state,
    head: { epoch: entry.epoch, seq: entry.seq, hash, at: entry.at },
    log: state.log ?? hash,
    ...(signing === undefined ? {} : { signing }),
  }
  // SDKs are to hear of it, so that the revision moves even where the flag was held already
  if (entry.merged !== undefined)
    next = { ...next, revision: place, revisedAt: entry.at, merged: mergedAfter(state.merged, entry) }
  if (entry.outcome === 'refused' && entry.origin !== undefined) return withNotApplied(next, entry, place)
  if (entry.action === 'kill' && entry.outcome === 'unchanged') return killedAgain(next, entry, place)
  if (entry.outcome !== 'applied') return next
  const told = {
    ...next,
    ...incidentsAfter(state, entry, place),
    gaps: gapsAfter(state, entry),
    credentials: foldCredentials(state.credentials, entry),
  }
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
    case 'fleet.forgotten':
    case 'fleet.reconciled':
      return { ...(entry.reconciled === undefined ? told : revised), ...foldFleet(state, entry) }
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
  const flags = new Map(state.flags).set(flag.definition.key, { ...flag, holds })
  return { ...state, ...told, gaps: gapsAfter(state, entry), flags }
}

/** A restore of an abandoned branch is not applied again; the flag says so until its next flip. */
function withNotApplied(state: State, entry: Entry, place: number): State {
  const flag = entry.flag === undefined ? undefined : state.flags.get(entry.flag)
  if (flag === undefined || entry.action !== 'restore') return state
  const notApplied = [...(flag.notApplied ?? []), { actor: entry.actor.id, at: entry.receivedAt, place }]
  return { ...state, flags: new Map(state.flags).set(flag.definition.key, { ...flag, notApplied }) }
}

const gapsAfter = (state: State, entry: Entry): State['gaps'] =>
  foldGaps(state.gaps, entry, incident => state.incidents.has(incident))

function adopted(state: State, entry: Entry, place: number): State['flags'] {
  const flags = new Map(state.flags)
  const { incident, adopted: taken = [] } = entry
  for (const key of new Set(taken.map(each => each.flag))) {
    const flag = flags.get(key)
    if (flag === undefined || incident === undefined) continue
    const own = taken.filter(each => each.flag === key)
    flags.set(key, { ...flag, holds: adoptHolds(flag.holds, own, incident), place })
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
