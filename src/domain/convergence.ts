// Whether a flip has taken effect, instance by instance. Pure: from what the instances reported to what may be claimed.
// No known instance is `unproven`, never a hundred per cent.

import type { Convergence, Laggard } from '../wire/convergence.js'
import type { Instance as InstanceShown, Receipt } from '../wire/receipt.js'
import { LOST_AFTER_MS } from './receipt.js'

/** What is known of one running app instance. */
export type Instance = {
  receipt: Receipt
  /** When the service heard it last, ms. */
  heardAt: number
  /** When each revision was first heard of from it, oldest first; `log` as reported with it. */
  applied: readonly { revision: number; log: string; at: number }[]
}

export type Liveness = InstanceShown['liveness']

export function livenessOf({ receipt, heardAt }: Instance, now: number): Liveness {
  if (receipt.closing) return 'closed'
  return now - heardAt > LOST_AFTER_MS ? 'lost' : 'live'
}

export type Flip = { log: string; revision: number; application: string; at: number }

export function converge(
  flip: Flip,
  instances: readonly Instance[],
  served: number,
  now: number,
): Convergence {
  const concerned = instances.filter(({ receipt }) => receipt.app === flip.application)
  const applied: string[] = []
  const times: number[] = []
  const pending: Laggard[] = []
  const lost: Laggard[] = []
  for (const instance of concerned) {
    const liveness = livenessOf(instance, now)
    const at = appliedAt(instance, flip)
    if (at !== undefined) {
      if (liveness === 'live') applied.push(instance.receipt.instance)
      times.push(Math.max(0, at - flip.at))
    }
    if (liveness === 'lost') lost.push(laggard(instance, now))
    else if (liveness === 'live' && at === undefined) pending.push(laggard(instance, now))
  }
  const status = pending.length > 0 ? 'pending' : applied.length > 0 ? 'confirmed' : 'unproven'
  const spread = times.length > 0 ? { firstMs: Math.min(...times), lastMs: Math.max(...times) } : {}
  return {
    status,
    revision: flip.revision,
    application: flip.application,
    applied: applied.sort(),
    pending,
    lost,
    served,
    ...spread,
  }
}

/** Lost since the flip, or just before, and not heard to have applied it: whoever they are, they may run on as they were. */
export const unaccounted = ({ lost }: Convergence, flip: Flip): Laggard[] =>
  lost.filter(
    ({ revision, lastHeardAt }) =>
      revision < flip.revision && Date.parse(lastHeardAt) > flip.at - LOST_AFTER_MS,
  )

/** When the instance was first heard to be at or past the flip, in its log. */
function appliedAt({ applied }: Instance, { log, revision }: Flip): number | undefined {
  return applied.find(each => each.log === log && each.revision >= revision)?.at
}

const laggard = ({ receipt, heardAt }: Instance, now: number): Laggard => ({
  instance: receipt.instance,
  lastHeardAt: new Date(heardAt).toISOString(),
  ageMs: now - heardAt,
  revision: receipt.revision,
})

/** How many revisions an instance's history keeps: the flips of one incident. */
const HISTORY = 64

/** An instance after one more receipt; one that is older than what is known changes nothing. */
export function hear(known: Instance | undefined, receipt: Receipt, heardAt: number): Instance {
  if (known === undefined)
    return { receipt, heardAt, applied: [{ revision: receipt.revision, log: receipt.log, at: heardAt }] }
  if (heardAt < known.heardAt) return known
  const last = known.applied.at(-1)
  const isNew = last === undefined || last.log !== receipt.log || receipt.revision > last.revision
  // a restarted process is at what it reports, whatever the one before it was
  const restarted = known.receipt.startedAt !== receipt.startedAt
  const history = restarted ? [] : known.applied
  const applied =
    isNew || restarted
      ? [...history, { revision: receipt.revision, log: receipt.log, at: heardAt }].slice(-HISTORY)
      : history
  return { receipt, heardAt, applied }
}
