// The entry that closes an attempt whose outcome was unknown: once it is in the log, a command still on its way to the
// store finds a head that has moved, so that `never` is certain.

import { toTimestamp } from '../../domain/clock.js'
import type { Draft } from '../../domain/log/audit.js'

/** Who tried what, from the first entry the attempt would have written; nothing of what it would have changed. */
export function voided(attempted: Draft, now: number): Draft {
  // that this entry itself may not have been written changes nothing of what it says
  if (attempted.action === 'flip.voided') return attempted
  const { action, actor, flag, application, incident, runbook, step, offRunbook, reason, request } = attempted
  const refusal = {
    code: 'outcome-unknown' as const,
    detail: `A ${action} whose outcome was unknown; it was not done, and now cannot be.`,
  }
  const kept = { flag, application, incident, runbook, step, offRunbook, reason }
  return {
    action: 'flip.voided',
    outcome: 'refused',
    actor,
    receivedAt: toTimestamp(now),
    ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
    refusal,
    request,
  }
}
