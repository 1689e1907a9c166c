// What an entry asks the app instances to show, and what the log says that they have shown of it.

import type { Flip } from '../domain/fleet/convergence.js'
import { proofSentence, provenBy, totalIn } from '../domain/fleet/proof.js'
import { type Entry, isProvable, placeOf } from '../domain/log/audit.js'
import type { FlagState, State } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { Proof } from '../wire/convergence.js'

/** Of one that changed nothing it is the flip that did. Undefined where there is nothing that anybody could show. */
export function flipOf(entry: Entry, { log, revision: newest, flags }: State): Flip | undefined {
  const { action, application, flag, hold } = entry
  if (!isProvable(entry) || entry.outcome === 'refused') return undefined
  if (application === undefined || flag === undefined || log === undefined) return undefined
  // one that is counted has no place either, and found what is in the log
  const isProvisional = entry.seq === 0 && entry.outcome === 'applied'
  const before = flags.get(flag)?.flipped ?? 0
  const revision = isProvisional ? newest : entry.outcome === 'applied' ? placeOf(entry) : before
  return {
    ...{ log, revision, application, flag },
    action: action as Flip['action'],
    at: Date.parse(entry.receivedAt),
    ...(isProvisional && hold !== undefined ? { hold } : {}),
  }
}

/** The last flip of a flag; undefined where it never was flipped. */
/** One that is not in the log yet is the last. */
export function lastFlipOf(
  { definition, flipped, flippedAt, holds }: FlagState,
  { log, revision: newest }: State,
): Flip | undefined {
  if (log === undefined) return undefined
  const waiting = holds.findLast(hold => hold.provisional)
  if (waiting !== undefined)
    return {
      ...{ log, revision: newest, application: definition.application, flag: definition.key },
      ...{ action: 'kill' as const, at: Date.parse(waiting.since), hold: waiting.id },
    }
  if (flipped === 0) return undefined
  return {
    ...{ log, revision: flipped, application: definition.application, flag: definition.key },
    action: holds.some(hold => !hold.provisional) ? ('kill' as const) : ('restore' as const),
    at: Date.parse(flippedAt),
  }
}

const PAGES = 4
const PER_PAGE = 100

/** What the log says was proved of the flips of these entries, one each; of what it does not say anything of, nothing. */
export async function proofsIn(log: LogState, entries: readonly Entry[]): Promise<Proof[]> {
  const flips = entries.filter(
    entry => isProvable(entry) && entry.outcome === 'applied' && entry.seq > 0 && entry.flag !== undefined,
  )
  const found = await Promise.all(flips.map(entry => proofIn(log, entry)))
  return found.filter(proof => proof !== undefined)
}

async function proofIn(log: LogState, entry: Entry): Promise<Proof | undefined> {
  const flip = placeOf(entry)
  let last: Proof | undefined
  let cursor: string | undefined
  for (let page = 0; page < PAGES; page++) {
    const filter = {
      flag: entry.flag as string,
      action: ['flip.confirmed', 'flip.unconfirmed'] as const,
      since: entry.at,
    }
    const found = await log.find.query(filter, {
      order: 'oldest',
      limit: PER_PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const each of found.entries) {
      if (each.entry.confirmed?.flip !== flip) continue
      last = proofOf(each.entry, each.place)
      if (last.status === 'confirmed') return last
    }
    if (!found.more) break
    cursor = found.next
  }
  return last
}

function proofOf({ confirmed, flag, application, at }: Entry, place: number): Proof {
  const proven = provenBy(confirmed as NonNullable<Entry['confirmed']>)
  return {
    status: proven.status,
    detail: proofSentence({ ...proven, ...(application === undefined ? {} : { application }) }),
    ...(flag === undefined ? {} : { flag }),
    ...{ place, at, applied: proven.count.applied, of: totalIn(proven) },
  }
}
