// Which app instances have applied a flip, beside the answers that speak of one.

import { type Entry, isProvable, placeOf } from '../domain/audit.js'
import type { Flip } from '../domain/convergence.js'
import type { FlagState } from '../domain/state.js'
import type { Convergence } from '../wire/convergence.js'
import type { Parts } from './parts.js'

/** Waits until every live instance has applied the flips, or the time is over; one convergence per application. */
export function settle(
  { fleet, log }: Parts,
  entries: readonly Entry[],
  waitMs: number,
  gone: AbortSignal,
): Promise<Convergence[]> {
  const flips = new Map<string, Flip>()
  for (const entry of entries) {
    const flip = flipOf(entry, log.state.log, log.state.flags)
    if (flip && flip.revision >= (flips.get(flip.application)?.revision ?? 0))
      flips.set(flip.application, flip)
  }
  return Promise.all([...flips.values()].map(flip => fleet.settled(flip, waitMs, gone)))
}

/** The convergence of a flag's last flip; undefined where it never was flipped. */
export function convergenceOf({ fleet, log }: Parts, flag: FlagState): Convergence | undefined {
  const { definition, flipped, flippedAt } = flag
  if (flipped === 0 || log.state.log === undefined) return undefined
  return fleet.convergence({
    log: log.state.log,
    revision: flipped,
    application: definition.application,
    at: Date.parse(flippedAt),
  })
}

/** What a flip's entry asks to be proved; of one that changed nothing, the flip that did. */
function flipOf(
  entry: Entry,
  log: string | undefined,
  flags: ReadonlyMap<string, FlagState>,
): Flip | undefined {
  if (!isProvable(entry)) return undefined
  // a provisional kill has no place yet that anybody could have applied
  if (entry.seq === 0 || entry.outcome === 'refused' || entry.application === undefined || log === undefined)
    return undefined
  const before = entry.flag === undefined ? 0 : (flags.get(entry.flag)?.flipped ?? 0)
  const revision = entry.outcome === 'applied' ? placeOf(entry) : before
  return { log, revision, application: entry.application, at: Date.parse(entry.receivedAt) }
}
