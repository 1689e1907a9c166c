// The rule of the SDK: what is known, and what has come in, give what is known next. Pure.
// It never goes back: a kill is taken from anybody, a release only from a log that flipped the flag beyond what is
// known of it there (from a lower revision, or another log, kills but no restores). Beside that, exactly the
// holds that a person released in the apps go, whoever names them (apart.ts).

import { holdingApart, lettingGo, rememberReleased, toShow } from '../prove/apart.js'
import type { Definition, Known, KnownFlag } from './known.js'
import { holdOn, keysOf } from './known.js'
import type { Change, Held, Position, ProvisionalHold, Snapshot, SnapshotFlag } from './snapshot.js'

/** A snapshot or a change, made alike. `flags` only where definitions came along. */
export type Incoming = Position & {
  held: Readonly<Record<string, Held>>
  flipped: Readonly<Record<string, number>>
  flags?: Readonly<Record<string, SnapshotFlag>>
}

/** A release that was not believed: `key` stays killed. */
export type Refusal = { key: string; heldBy: string; log: string; place: number; revision: number }

export type Applied = {
  known: Known
  /** Keys whose definition, value in force or hold is another than before. */
  changed: string[]
  refused: Refusal[]
  /** The sender has seen less of its own log than we have. */
  behind: boolean
  /** The definitions known are not those in force: fetch the snapshot. */
  wantsDefinitions: boolean
}

/** What a release is judged by. */
type Release = { log: string; place: number; seen: number; behind: boolean }
export type ReleaseRule = (release: Release) => boolean

export const neverGoesBack: ReleaseRule = ({ place, seen, behind }) => !behind && place > seen

const LOGS_KEPT = 8
const MERGED_KEPT = 512

export function fromChange(change: Change): Incoming {
  return change
}

export function fromSnapshot(snapshot: Snapshot): Incoming {
  const held: Record<string, Held> = Object.create(null)
  const flipped: Record<string, number> = Object.create(null)
  for (const [key, flag] of Object.entries(snapshot.flags)) {
    if (flag.held) held[key] = flag.held
    flipped[key] = flag.flipped
  }
  return { ...snapshot, held, flipped }
}

export function apply(
  known: Known | undefined,
  incoming: Incoming,
  mayRelease: ReleaseRule = neverGoesBack,
): Applied {
  const highest = known?.revisions[incoming.log] ?? 0
  const behind = incoming.revision < highest
  const refused: Refusal[] = []
  const released = new Set(incoming.released)
  const flags = new Map<string, KnownFlag>()
  for (const key of keysIn(known, incoming)) {
    const before = lettingGo(known?.flags.get(key), released)
    const flag = nextFlag(key, before, { incoming, behind, mayRelease, refused })
    if (flag.held || flag.definition || Object.keys(flag.seen).length > 0) flags.set(key, flag)
  }
  const takesDefinitions = incoming.flags !== undefined && !behind
  const provisional = nextProvisional(known, incoming)
  const next: Known = {
    environment: incoming.environment,
    log: incoming.log,
    revision: Math.max(incoming.revision, highest),
    revisions: nextRevisions(known, incoming),
    catalogue: takesDefinitions || !known ? (incoming.flags ? incoming.catalogue : '') : known.catalogue,
    at: behind && known ? known.at : incoming.at,
    flags,
    provisional,
    merged: [...new Set([...(known?.merged ?? []), ...incoming.merged])].slice(-MERGED_KEPT),
    heard: { log: incoming.log, revision: incoming.revision, hash: incoming.hash },
    holding: holdingApart({ flags, provisional }, incoming),
    toShow: toShow(known, { flags, provisional }, incoming),
    released: rememberReleased(known?.released ?? [], incoming.released, { flags, provisional }),
  }
  return {
    known: next,
    changed: changedKeys(known, next),
    refused,
    behind,
    wantsDefinitions: !behind && next.catalogue !== incoming.catalogue,
  }
}

type Judging = { incoming: Incoming; behind: boolean; mayRelease: ReleaseRule; refused: Refusal[] }

function nextFlag(key: string, before: KnownFlag | undefined, judging: Judging): KnownFlag {
  const { incoming, behind } = judging
  const { log } = incoming
  const place = own(incoming.flipped, key) ?? 0
  const seen = before?.seen[log] ?? 0
  const held = own(incoming.held, key)
  const definition = nextDefinition(key, before, incoming, behind)
  const told = incoming.flags === undefined || own(incoming.flags, key) !== undefined
  const at = (reaches: number) => withPlace(before?.seen, log, reaches)

  if (held) {
    const newer = !before?.held || (!behind && (before.heldBy === log || place > seen))
    const hold = newer ? { held, heldBy: log } : holdOf(before)
    return flagOf(definition ?? before?.definition, hold, at(before?.held ? Math.max(place, seen) : place))
  }
  if (before?.held && told && judging.mayRelease({ log, place, seen, behind })) {
    return flagOf(definition, {}, at(place))
  }
  if (before?.held) {
    if (told) judging.refused.push(refusalOf(key, before, place, incoming))
    return flagOf(definition ?? before.definition, holdOf(before), before.seen)
  }
  return flagOf(definition, {}, at(Math.max(place, seen)))
}

/** A snapshot that is not behind decides; a flag it no longer names loses its definition, unless it is held. */
function nextDefinition(
  key: string,
  before: KnownFlag | undefined,
  incoming: Incoming,
  behind: boolean,
): Definition | undefined {
  if (incoming.flags === undefined) return before?.definition
  const flag = own(incoming.flags, key)
  if (behind && before?.definition) return before.definition
  if (!flag) return undefined
  const { held: _held, flipped: _flipped, ...definition } = flag
  return before?.definition && sameJson(before.definition, definition) ? before.definition : definition
}

/** The union of what is known and what came, less what was released and what a log has taken in and accounts for. */
function nextProvisional(known: Known | undefined, incoming: Incoming): Map<string, ProvisionalHold> {
  const next = new Map(known?.provisional)
  const gone = new Set([...(known?.merged ?? []), ...(known?.released ?? [])])
  for (const hold of incoming.provisional) if (!gone.has(hold.id)) next.set(hold.id, hold)
  for (const id of incoming.released) next.delete(id)
  for (const id of incoming.merged) {
    const hold = next.get(id)
    if (hold && accountedFor(hold.flag, known, incoming)) next.delete(id)
  }
  return next
}

function accountedFor(key: string, known: Known | undefined, incoming: Incoming): boolean {
  const seen = known?.flags.get(key)?.seen[incoming.log] ?? 0
  return own(incoming.held, key) !== undefined || (own(incoming.flipped, key) ?? 0) > seen
}

function nextRevisions(known: Known | undefined, incoming: Incoming): Record<string, number> {
  const { [incoming.log]: before = 0, ...others } = known?.revisions ?? {}
  const kept = Object.entries(others).slice(1 - LOGS_KEPT)
  return { ...Object.fromEntries(kept), [incoming.log]: Math.max(before, incoming.revision) }
}

function changedKeys(before: Known | undefined, after: Known): string[] {
  const keys = keysOf(after)
  if (before) for (const key of keysOf(before)) keys.add(key)
  return [...keys].filter(key => {
    const was = before?.flags.get(key)?.definition
    const is = after.flags.get(key)?.definition
    return was !== is || !sameHold(before && holdOn(before, key), holdOn(after, key))
  })
}

function keysIn(known: Known | undefined, incoming: Incoming): Set<string> {
  return new Set([
    ...(known?.flags.keys() ?? []),
    ...Object.keys(incoming.held),
    ...Object.keys(incoming.flipped),
    ...Object.keys(incoming.flags ?? {}),
  ])
}

type Hold = { held?: Held; heldBy?: string }

const holdOf = (flag: KnownFlag | undefined): Hold =>
  flag?.held ? { held: flag.held, ...(flag.heldBy === undefined ? {} : { heldBy: flag.heldBy }) } : {}

const flagOf = (
  definition: Definition | undefined,
  hold: Hold,
  seen: Readonly<Record<string, number>>,
): KnownFlag => ({ ...(definition === undefined ? {} : { definition }), ...hold, seen })

const withPlace = (seen: Readonly<Record<string, number>> = {}, log: string, place: number) => {
  if (place === 0 || seen[log] === place) return seen
  const { [log]: _gone, ...others } = seen
  return { ...Object.fromEntries(Object.entries(others).slice(1 - LOGS_KEPT)), [log]: place }
}

const refusalOf = (key: string, before: KnownFlag, place: number, { log, revision }: Incoming): Refusal => ({
  key,
  heldBy: before.heldBy ?? log,
  log,
  place,
  revision,
})

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

/** Whatever shows it back. */
const sameHold = (a: Held | undefined, b: Held | undefined): boolean =>
  sameJson(a && { ...a, warrants: undefined }, b && { ...b, warrants: undefined })

const sameJson = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
