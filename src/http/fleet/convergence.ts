// Which app instances have applied a flip, beside the answers that speak of one.

import { type Flip, MOST_NAMED } from '../../domain/fleet/convergence.js'
import type { Entry } from '../../domain/log/audit.js'
import type { FlagState } from '../../domain/state.js'
import { flipOf, lastFlipOf } from '../../fleet/flips.js'
import type { Convergence } from '../../wire/convergence.js'
import type { Parts } from '../parts.js'

/** Waits until the flips are no longer pending, or the time is over; one convergence per application. */
export async function settle(
  { fleet, log }: Parts,
  entries: readonly Entry[],
  waitMs: number,
  gone: AbortSignal,
): Promise<Convergence[]> {
  const flips = entries.flatMap(entry => flipOf(entry, log.known) ?? [])
  // of one application the newest is answered last; of a provisional run each has to be shown
  const applications = [...new Set(flips.map(({ application }) => application))]
  const most = Math.max(1, Math.floor(MOST_NAMED / Math.max(1, applications.length)))
  const one = (flip: Flip) => fleet.settled(flip, waitMs, gone, most)
  return Promise.all(
    applications.map(async each =>
      worst(await Promise.all(flips.filter(({ application }) => application === each).map(one))),
    ),
  )
}

/** The live proof of a flag's last flip; undefined where it never was flipped. */
export async function convergenceOf(
  { fleet, log }: Parts,
  flag: FlagState,
): Promise<Convergence | undefined> {
  const flip = lastFlipOf(flag, log.state)
  return flip && fleet.convergence(flip)
}

const ORDER: Convergence['status'][] = ['unconfirmed', 'pending', 'unproven', 'confirmed']

/** Of several flips of one application, the one of which least is proved; the newest of those. */
const worst = (found: readonly Convergence[]): Convergence =>
  found.reduce((a, b) => {
    const order = ORDER.indexOf(a.status) - ORDER.indexOf(b.status)
    if (order !== 0) return order < 0 ? a : b
    return b.revision >= a.revision ? b : a
  })
