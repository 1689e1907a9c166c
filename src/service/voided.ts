// How an attempt with an unknown outcome is closed: by an entry that keeps who and why, and nothing of what was not done.

import type { Verdict } from '../domain/flip.js'

/** The entries that say of an attempt: certain never to happen. */
export function voided(verdict: Verdict): Verdict {
  const draft = verdict.drafts[0]
  if (draft === undefined) return verdict
  const {
    label: _l,
    from: _f,
    to: _t,
    hold: _h,
    released: _r,
    holds: _hs,
    flags: _fl,
    warnings: _w,
    refusal: _rf,
    ...kept
  } = draft
  const refusal = {
    code: 'outcome-unknown' as const,
    detail: `A ${draft.action} whose outcome was unknown; it was not done, and now cannot be.`,
  }
  return { drafts: [{ ...kept, action: 'flip.voided', outcome: 'refused', refusal }] }
}
