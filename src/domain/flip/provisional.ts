// A kill taken while the store was away: in force on this instance and its apps at once, kept on its own disk outside the
// chain, and brought into the log under its own idempotency key when the store is back. Kills only add holds, so the
// order in which they come in does not matter.

import type { ProvisionalHold } from '../../wire/snapshot.js'
import { type Draft, placeOf, type SealedEntry } from '../log/audit.js'
import { type FlagState, killValue, type State } from '../state.js'
import { paperwork } from './flip.js'
import type { Hold } from './hold.js'
import { holdIdOf, type Kill } from './kill.js'

export const provisionalId = ({ actor, request }: Kill): string => `${actor.id}\n${request.key}`

/** The holds it puts: the same ids that its entries will have in the log. */
export function holdsOf(kill: Kill): Hold[] {
  const { actor, claim, incident, receivedAt } = kill
  return kill.flags.map(flag => ({
    id: holdIdOf(kill, flag),
    flag,
    actor: actor.id,
    role: actor.role,
    ...(incident === undefined ? {} : { incident }),
    reason: paperwork(kill).reason ?? '',
    ...(claim.runbook === undefined ? {} : { runbook: claim.runbook }),
    ...(claim.step === undefined ? {} : { step: claim.step }),
    offRunbook: claim.offRunbook,
    since: receivedAt,
    place: 0,
    provisional: true as const,
  }))
}

/** The state with the provisional holds in force: what this instance serves. The log's own state is not changed. */
export function overlay(state: State, kills: readonly Kill[]): State {
  if (kills.length === 0) return state
  const flags = new Map(state.flags)
  for (const hold of kills.flatMap(holdsOf)) {
    const flag = flags.get(hold.flag)
    if (flag === undefined || flag.holds.some(each => each.id === hold.id)) continue
    flags.set(hold.flag, { ...flag, holds: [...flag.holds, hold] })
  }
  return { ...state, flags }
}

/** As apps are told. */
export function toProvisionalHold(hold: Hold, { definition }: FlagState): ProvisionalHold {
  const { id, flag, since, incident } = hold
  return {
    id,
    flag,
    variant: definition.killVariant,
    value: killValue(definition),
    since,
    ...(incident === undefined ? {} : { incident }),
  }
}

/**
 * The kills of an abandoned branch whose holds were still there at its end, to be applied again; one per request, so
 * that a step run's come in together. One that an incident had adopted comes in under that incident.
 */
export function killsOfBranch(branch: readonly SealedEntry[], end: State): Kill[] {
  const holds = [...end.flags.values()].flatMap(flag => flag.holds)
  // an adoption may have ended one in another: then that one holds the flag for both
  const held = new Map(holds.flatMap(hold => idsOf(hold).map(id => [id, hold] as const)))
  const kills = new Map<string, Kill>()
  for (const { entry, hash } of branch) {
    const { action, outcome, flag, hold } = entry
    // one that found its hold there counts as much: the log may have released that hold elsewhere
    if (action !== 'kill' || outcome === 'refused' || flag === undefined || !held.has(hold ?? '')) continue
    const origin = { place: placeOf(entry), hash }
    const incident = held.get(hold ?? '')?.incident
    const first = { ...killOf(entry), ...(incident === undefined ? {} : { incident }), origin }
    const kill = kills.get(`${entry.actor.id}\n${entry.request.key}`) ?? first
    kills.set(provisionalId(kill), { ...kill, flags: [...kill.flags, flag] })
  }
  for (const { entry } of branch) {
    const kill = kills.get(`${entry.actor.id}\n${entry.request.key}`)
    if (entry.action === 'step.run' && kill !== undefined)
      kills.set(provisionalId(kill), { ...kill, action: 'step.run' })
  }
  return [...kills.values()]
}

const idsOf = ({ id, joined = [] }: Hold): string[] => [id, ...joined.map(each => each.id)]

/** The kill that an entry tells of, without its flags. */
function killOf(draft: Draft): Kill {
  const { actor, receivedAt, request, runbook, step, offRunbook, warnings, reason, incident, shown } = draft
  return {
    v: 1,
    action: 'kill',
    flags: [],
    receivedAt,
    actor,
    claim: {
      ...(runbook === undefined ? {} : { runbook }),
      ...(step === undefined ? {} : { step }),
      offRunbook: offRunbook ?? false,
      warnings: warnings ?? [],
    },
    ...(reason === undefined ? {} : { reason }),
    ...(incident === undefined ? {} : { incident }),
    request,
    ...(shown === undefined ? {} : { shown }),
  }
}
