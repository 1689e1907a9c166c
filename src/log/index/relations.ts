// What entries say of one another: a proof of its flip, a restore of the kills that it ends, a declaration of what was done
// under its name before. The index keeps it with the entry that it is about. Follows from the log alone, entry by entry.

import type { Entry } from '../../domain/log/audit.js'
import {
  applicationsIn,
  type Facts,
  isConfirmed,
  isOfDrill,
  type Told,
} from '../../domain/log/audit-facts.js'
import type { Kind } from './postings.js'

/** The index, as far as it has come. */
export interface Telling {
  factsAt(place: number): Promise<Facts | undefined>
  /** Adds to what is told of an entry. */
  tell(place: number, told: Told): Promise<void>
  /** Entries that name the incident, oldest first; both bounds are included. */
  naming(incident: string, from: number, to: number): AsyncIterable<{ place: number; facts: Facts }>
  record<T>(kind: Kind, name: string): Promise<T | undefined>
  keep(kind: Kind, name: string, record: object): void
}

type FlagRecord = {
  application?: string
  /** Kills that nothing has ended yet: their places and holds. */
  open: [place: number, hold: string][]
}

type Range = { name: string; from: number; to: number }
type IncidentRecord = {
  /** Up to this place, what names it is of an incident that took it over. */
  takenTo?: number
  declared?: { place: number; at: string }
  drill?: true
  severity?: string
  /** What it took over: under other names, and kills that named none. */
  ranges?: Range[]
  kills?: number[]
}

const incidentOf = async (name: string, index: Telling): Promise<IncidentRecord> =>
  (await index.record<IncidentRecord>('incident', name)) ?? {}
const flagOf = async (key: string, index: Telling): Promise<FlagRecord> =>
  (await index.record<FlagRecord>('flag', key)) ?? { open: [] }

const isApplied = ({ outcome }: Entry): boolean => outcome === 'applied'

/** What the log says of an entry before it: of its incident, its flags and its flip. */
export async function toldBefore(entry: Entry, facts: Facts, index: Telling): Promise<Told> {
  const { incident, confirmed } = entry
  const flip = confirmed === undefined ? undefined : await index.factsAt(confirmed.flip)
  const known = incident === undefined ? {} : await incidentOf(incident, index)
  // a proof is of whatever its flip is of
  const { drill = false, severity } = flip
    ? { ...flip, drill: isOfDrill(flip) }
    : { ...known, ...declaredIn(entry) }
  const applications = facts.application === undefined ? await applicationsOf(facts, index) : []
  return {
    ...(drill ? { drill: true as const } : {}),
    ...(severity === undefined ? {} : { severity }),
    ...(applications.length > 0 ? { applications } : {}),
  }
}

/** What the entry itself says of its incident. An empty severity is one that was not known. */
function declaredIn(entry: Entry): Pick<IncidentRecord, 'drill' | 'severity'> {
  if (!isApplied(entry)) return {}
  const severity = entry.declared?.severity ?? entry.change?.severity ?? ''
  return {
    ...(entry.declared?.drill ? { drill: true as const } : {}),
    ...(severity === '' ? {} : { severity }),
  }
}

async function applicationsOf({ flags = [] }: Facts, index: Telling): Promise<string[]> {
  const found = await Promise.all(flags.map(async flag => (await flagOf(flag, index)).application ?? []))
  return [...new Set(found.flat())].sort()
}

/** What an entry says of others. `facts`: its own, with what was told of it. */
export async function tellOthers(entry: Entry, place: number, facts: Facts, index: Telling): Promise<void> {
  index.keep('actor', entry.actor.id, {})
  if (!isApplied(entry)) return
  switch (entry.action) {
    case 'catalogue.loaded':
      return learnFlags(entry, index)
    case 'kill':
      return killed(entry, place, facts, index)
    case 'restore':
      return restored(entry, index)
    case 'flip.confirmed':
    case 'flip.unconfirmed':
      return proved(entry, place, index)
    case 'incident.declared':
    case 'incident.changed':
      return declared(entry, place, index)
    case 'incident.adopted':
      return adopted(entry, place, index)
    default:
  }
}

async function learnFlags({ catalogue }: Entry, index: Telling): Promise<void> {
  for (const { key, application } of catalogue?.flags ?? [])
    index.keep('flag', key, { ...(await flagOf(key, index)), application })
}

async function killed(
  { flag, hold, application, incident }: Entry,
  place: number,
  facts: Facts,
  index: Telling,
): Promise<void> {
  if (flag === undefined) return
  const known = await flagOf(flag, index)
  const open: FlagRecord['open'] = hold === undefined ? known.open : [...known.open, [place, hold]]
  index.keep('flag', flag, { ...known, ...(application === undefined ? {} : { application }), open })
  if (incident !== undefined) await countKill(await incidentOf(incident, index), facts, index)
}

/** The first kill of an incident, by application. */
async function countKill({ declared }: IncidentRecord, kill: Facts, index: Telling): Promise<void> {
  if (declared === undefined) return
  const { killMs = {} } = (await index.factsAt(declared.place)) ?? {}
  const ms = Date.parse(kill.at) - Date.parse(declared.at)
  const [application = ''] = applicationsIn(kill)
  if (!(application in killMs) || ms < (killMs[application] as number))
    await index.tell(declared.place, { killMs: { ...killMs, [application]: ms } })
}

/** A flag that nothing holds any more has no kill left, also where a hold had ended in another one. */
async function restored({ flag, released = [], holds, undo, at }: Entry, index: Telling): Promise<void> {
  if (flag === undefined) return
  const known = await flagOf(flag, index)
  const isEnded = (hold: string) => holds?.length === 0 || released.includes(hold)
  for (const [place, hold] of known.open) {
    const kill = isEnded(hold) ? await index.factsAt(place) : undefined
    if (kill === undefined) continue
    const told: Told = undo ? { undone: true } : { restoredMs: Date.parse(at) - Date.parse(kill.at) }
    await index.tell(place, told)
  }
  index.keep('flag', flag, { ...known, open: known.open.filter(([, hold]) => !isEnded(hold)) })
}

async function proved({ confirmed, at }: Entry, place: number, index: Telling): Promise<void> {
  if (confirmed === undefined) return
  const flip = await index.factsAt(confirmed.flip)
  if (flip === undefined || isConfirmed(flip) === undefined) return
  const proofMs = confirmed.lastMs ?? Date.parse(at) - Date.parse(flip.at)
  await index.tell(confirmed.flip, {
    proofs: [...(flip.proofs ?? []), place],
    ...(confirmed.complete && flip.proofMs === undefined ? { proofMs } : {}),
  })
}

/** What was done under its name before is its own; a severity that comes first holds for what was before it, too. */
async function declared(entry: Entry, place: number, index: Telling): Promise<void> {
  const { incident: name, declared: declaration, at } = entry
  if (name === undefined) return
  const known = await incidentOf(name, index)
  const next: IncidentRecord = {
    ...known,
    ...(declaration === undefined || known.declared ? {} : { declared: { place, at } }),
    ...declaredIn(entry),
  }
  index.keep('incident', name, next)
  if (declaration === undefined && (known.severity !== undefined || next.severity === undefined)) return
  const own = { name, from: (known.takenTo ?? 0) + 1, to: place - 1 }
  for (const range of [own, ...(next.ranges ?? [])]) await claim(next, range, index)
  for (const kill of next.kills ?? []) await claimKill(next, kill, index)
}

const isProof = ({ action }: Facts): boolean => action === 'flip.confirmed' || action === 'flip.unconfirmed'

async function claim(incident: IncidentRecord, { name, from, to }: Range, index: Telling): Promise<void> {
  for await (const { place, facts } of index.naming(name, from, to)) {
    if (facts.incident !== name || isProof(facts)) continue
    await tellWithProofs(incident, place, facts, index)
    if (facts.action === 'kill' && facts.outcome === 'applied') await countKill(incident, facts, index)
  }
}

async function claimKill(incident: IncidentRecord, place: number, index: Telling): Promise<void> {
  const kill = await index.factsAt(place)
  if (kill === undefined) return
  await countKill(incident, kill, index)
  if (kill.incident === undefined) await tellWithProofs(incident, place, kill, index)
}

async function tellWithProofs(
  incident: IncidentRecord,
  place: number,
  flip: Facts,
  index: Telling,
): Promise<void> {
  await index.tell(place, toldBy(incident, flip))
  for (const proof of flip.proofs ?? []) {
    const facts = await index.factsAt(proof)
    if (facts !== undefined) await index.tell(proof, toldBy(incident, facts))
  }
}

const toldBy = ({ drill, severity }: IncidentRecord, facts: Facts): Told => ({
  ...(drill ? { drill } : {}),
  ...(severity === undefined || facts.severity !== undefined ? {} : { severity }),
})

/** What was done under names that nobody declared, and kills that named no incident, are of the one that takes them. */
async function adopted(entry: Entry, place: number, index: Telling): Promise<void> {
  const { incident: name, adopted: taken = [], history = [] } = entry
  if (name === undefined) return
  const known = await incidentOf(name, index)
  const ranges: Range[] = []
  for (const from of history) {
    const other = await incidentOf(from, index)
    ranges.push({ name: from, from: (other.takenTo ?? 0) + 1, to: place - 1 })
    index.keep('incident', from, { ...other, takenTo: place })
  }
  const kills: number[] = []
  for (const { flag, hold, from } of taken) {
    // the kills of another incident stay in its own figures
    if (from !== undefined && (history.includes(from) || (await incidentOf(from, index)).declared)) continue
    const { open } = await flagOf(flag, index)
    kills.push(...open.filter(([, id]) => id === hold).map(([at]) => at))
  }
  const next = {
    ...known,
    ranges: [...(known.ranges ?? []), ...ranges],
    kills: [...(known.kills ?? []), ...kills],
  }
  index.keep('incident', name, next)
  for (const range of ranges) await claim(next, range, index)
  for (const kill of kills) await claimKill(next, kill, index)
}
