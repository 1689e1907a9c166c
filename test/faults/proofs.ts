// The judge of proofs: whether anything that a service said to be confirmed was so, by what the apps themselves remember of
// every answer they gave. Pure, over a history that was written down as things happened; shares no rule with the service.
// A claim is false only where an app gave the wrong answer all the time that it took to make it: whoever changes meanwhile
// is not judged.

import type { Violation } from './check.js'

/** What one app remembers of itself. Times are of one clock, which all of a history has. */
export type AppRecord = {
  name: string
  app: string
  /** The service had given it a session by then; undefined while it has not, and it is waited for by nobody. */
  knownMs?: number
  /** It said goodbye, was forgotten or replaced, or was silent for longer than anybody is waited for. */
  leftMs?: number
  /** Of a flag, from then on: whether the feature runs there. A process that has ended runs nothing. */
  turns: { flag: string; on: boolean; atMs: number }[]
}

export type KillRecord = {
  key: string
  flag: string
  app: string
  /** Of its entry; a provisional one has none yet. */
  place?: number
  /** When its restore was asked for. */
  releasedMs?: number
}

export type ClaimRecord = {
  /** Which answer or entry said so. */
  where: string
  key: string
  /** From when it was asked for until it was heard; of an entry, around its own hour. */
  fromMs: number
  toMs: number
  /** Clients without receipts, as the claim itself counts them; undefined where it does not say. */
  served?: number
}

export type ProofHistory = {
  apps: readonly AppRecord[]
  kills: readonly KillRecord[]
  /** Everything that was said to be confirmed. */
  claims: readonly ClaimRecord[]
}

export function falseProofs({ apps, kills, claims }: ProofHistory): Violation[] {
  const byKey = new Map(kills.map(kill => [kill.key, kill]))
  return claims.flatMap(claim => {
    const kill = byKey.get(claim.key)
    if (kill === undefined)
      return [{ invariant: 'P1', detail: `${claim.where} confirmed ${claim.key}, which nobody asked for` }]
    const { releasedMs = Number.POSITIVE_INFINITY } = kill
    const silent = claim.served === undefined ? [{ invariant: 'P2', detail: uncounted(claim, kill) }] : []
    if (releasedMs <= claim.toMs) return silent
    const running = apps.filter(
      each => each.app === kill.app && wasThere(each, claim) && ranAllThrough(each, kill.flag, claim),
    )
    return [
      ...silent,
      ...running.map(({ name }) => ({ invariant: 'P1', detail: falsehood(name, claim, kill) })),
    ]
  })
}

const wasThere = (
  { knownMs = Number.POSITIVE_INFINITY, leftMs = Number.POSITIVE_INFINITY }: AppRecord,
  { fromMs, toMs }: ClaimRecord,
): boolean => knownMs <= fromMs && leftMs > toMs

function ranAllThrough({ turns }: AppRecord, flag: string, { fromMs, toMs }: ClaimRecord): boolean {
  let isOn = false
  for (const turn of turns) {
    if (turn.flag !== flag) continue
    if (turn.atMs <= fromMs) isOn = turn.on
    else if (turn.atMs <= toMs && !turn.on) return false
  }
  return isOn
}

const falsehood = (name: string, { where, fromMs, toMs }: ClaimRecord, { key, flag, place }: KillRecord) =>
  `false confirmed: ${where} said so of ${key} (${flag}${place === undefined ? '' : `, entry ${place}`}) between ${Math.round(fromMs)} and ${Math.round(toMs)}, and ${name} ran it all the time`

const uncounted = ({ where }: ClaimRecord, { key }: KillRecord) =>
  `${where} confirmed ${key} without a word of the clients that it does not cover`
