// Whether a flip has taken effect, instance by instance. Pure: from what the instances have shown to what may be claimed.
// Nobody who is not heard of agrees, and nobody known is not everybody.

import type { Convergence, Laggard } from '../../wire/convergence.js'
import type { Action, ProofLimit } from '../../wire/words.js'
import { type FlagState, isKilled, type State } from '../state.js'
import { apartOf } from './apart.js'
import { livenessOf, type Member, RECORDED_EVERY_MS, shownAt } from './member.js'
import { limitDetail, proofSentence } from './proof.js'

export type Flip = {
  /** The log it is in, and its place; of a provisional kill where the log ends. */
  log: string
  revision: number
  application: string
  /** ms */
  at: number
  action: Extract<Action, 'kill' | 'restore' | 'drill'>
  flag: string
  /** Of a provisional kill: the hold it put. */
  hold?: string
  /** The place of the flip that ended it, where that is known: what is shown from there on shows that one. */
  until?: number
}

export type Around = {
  now: number
  /** From that to the date. */
  shiftMs?: number
  /** When the last flip of the flag was, as `now` counts. */
  flippedAt?: number
  /** As this instance serves it, its provisional kills in force. */
  known: State
  served: number
  because: readonly ProofLimit[]
}

/** How long a flip is waited for: after that it is unconfirmed. */
export const TIME_UP_MS = 60_000
/** How many instances an answer names; it counts them all. */
export const MOST_NAMED = 50
/** What each of them may take of an answer, on average: fifty stay below half of 64 KB. */
const BYTES_EACH = 640
/** How much longer than its own limit a lost instance is given to notice that it is lost. */
const EXPIRY_MARGIN_MS = 60_000

/** `members`: those of the application; who has left is passed over. */
export function converge(
  flip: Flip,
  members: Iterable<Member>,
  around: Around,
  most: number = MOST_NAMED,
): Convergence {
  const { now, known, served, because, flippedAt, shiftMs = 0 } = around
  const flag = known.flags.get(flip.flag)
  const count = { applied: 0, pending: 0, lost: 0, cannotProve: 0, expired: 0, apart: 0 }
  const lists: Lists = { applied: [], pending: [], lost: [], cannotProve: [], expired: [] }
  const apart: Convergence['apart'] = []
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0]
  for (const member of members) {
    if (member.gone !== undefined || cameAfter(flip, member, flag, flippedAt)) continue
    const found = apartOf(member, known)
    for (const each of found) if (count.apart++ < most) apart.push({ instance: member.instance, ...each })
    const at = appliedAt(flip, member, flag, found.length > 0)
    if (at !== undefined) {
      firstMs = Math.min(firstMs, Math.max(0, at - flip.at))
      lastMs = Math.max(lastMs, at - flip.at)
    }
    const list = at === undefined ? missing(flip, member, flag, now) : 'applied'
    if (count[list]++ < most) lists[list].push(member)
  }
  const status = statusOf(count, because, now - flip.at > TIME_UP_MS)
  const take = budget(most)
  const laggards = (list: readonly Member[]): Laggard[] =>
    take(list).map(member => laggard(member, now, shiftMs))
  const names = (list: readonly Member[]): string[] => take(list).map(({ instance }) => instance)
  const named = {
    pending: laggards(lists.pending),
    lost: laggards(lists.lost),
    cannotProve: laggards(lists.cannotProve),
    apart: take(apart),
    expired: names(lists.expired),
    applied: names(lists.applied).sort(),
  }
  const spread = count.applied === 0 ? {} : { firstMs, lastMs }
  const { application, revision } = flip
  const found = { status, application, count, ...named, because, served, ...spread }
  return {
    ...{ status, detail: proofSentence(found), revision, application, count, ...named },
    because: because.map(code => ({ code, detail: limitDetail(code) })),
    served,
    ...spread,
  }
}

type Lists = Record<'applied' | 'pending' | 'lost' | 'cannotProve' | 'expired', Member[]>

function statusOf(
  { applied, pending, lost, cannotProve, expired }: Convergence['count'],
  because: readonly ProofLimit[],
  isTimeUp: boolean,
): Convergence['status'] {
  const missing = pending + lost + cannotProve
  if (applied + expired + missing === 0 && because.length === 0) return 'unproven'
  if (missing === 0 && because.length === 0) return 'confirmed'
  // who is refused, lost or without a session is not going to show it, however long one waits
  const mayYet = pending > 0 || because.some(code => code !== 'instances-refused')
  const cannot = lost + cannotProve > 0 || because.includes('instances-refused')
  if (isTimeUp || !mayYet) return 'unconfirmed'
  return cannot && pending === 0 ? 'unconfirmed' : 'pending'
}

/** Who has not shown it, and whether that can still come. */
function missing(
  { action }: Flip,
  member: Member,
  flag: FlagState | undefined,
  now: number,
): Exclude<keyof Lists, 'applied'> {
  if (!member.proves) return 'cannotProve'
  if (livenessOf(member, now) !== 'lost') return 'pending'
  return action === 'kill' && hasExpired(member, flag, now) ? 'expired' : 'lost'
}

function hasExpired({ heardAt, awaitedSince }: Member, flag: FlagState | undefined, now: number): boolean {
  const { onStale, staleAfterSeconds } = flag?.definition ?? {}
  if (onStale !== 'kill' || staleAfterSeconds === undefined) return false
  const slackMs = awaitedSince === undefined ? 0 : RECORDED_EVERY_MS
  return now - heardAt > staleAfterSeconds * 1000 + EXPIRY_MARGIN_MS + slackMs
}

/** When it was first heard to have applied it; undefined where what it shows now is not that. */
function appliedAt(
  flip: Flip,
  member: Member,
  flag: FlagState | undefined,
  isApart: boolean,
): number | undefined {
  const { receipt, proves, heardAt } = member
  if (receipt === undefined || !proves) return undefined
  const inForce = receipt.inForce?.[flip.flag] ?? null
  const isOff = flag !== undefined && inForce === flag.definition.killVariant
  if (flip.hold !== undefined) return isOff && receipt.provisional?.includes(flip.hold) ? heardAt : undefined
  const until = endOf(flip, flag)
  const at = shownAt(member, flip.revision, until)
  if (at === undefined) return undefined
  if (flip.action === 'kill' && until === undefined) return isOff ? at : undefined
  if (isApart) return undefined
  const isNormal = flag !== undefined && !isKilled(flag)
  if (flip.action === 'restore' && until === undefined && isNormal && inForce !== null) return undefined
  return at
}

/** It was first heard of when the kill was over: it never ran while the flag was killed, and neither proves it nor is missing. */
const cameAfter = (
  flip: Flip,
  { openedAt }: Member,
  flag: FlagState | undefined,
  flippedAt?: number,
): boolean =>
  flip.action === 'kill' &&
  flip.hold === undefined &&
  flag !== undefined &&
  !isKilled(flag) &&
  flag.flipped > flip.revision &&
  flippedAt !== undefined &&
  openedAt > flippedAt

/** Where a later flip took it back: who was heard before and after alone may never have been in between. */
function endOf({ action, revision, until }: Flip, flag: FlagState | undefined): number | undefined {
  if (until !== undefined || flag === undefined || action === 'drill') return until
  const isTakenBack = isKilled(flag) === (action === 'restore')
  return isTakenBack && flag.flipped > revision ? flag.flipped : undefined
}

/** Takes from one list after the other until so many are taken, or so much: apps may have long names. */
function budget(most: number): <T>(list: readonly T[]) => T[] {
  let [left, room] = [most, most * BYTES_EACH]
  return <T>(list: readonly T[]) => {
    const taken: T[] = []
    for (const each of list) {
      left--
      room -= bytesOf(each)
      if (left < 0 || room < 0) break
      taken.push(each)
    }
    return taken
  }
}

const bytesOf = (each: unknown): number => {
  const {
    instance,
    detail = '',
    flags = [],
  } = each as { instance: string; detail?: string; flags?: string[] }
  return 150 + 3 * (instance.length + detail.length + flags.join().length)
}

const laggard = ({ instance, heardAt, receipt }: Member, now: number, shiftMs: number): Laggard => ({
  instance,
  lastHeardAt: new Date(heardAt + shiftMs).toISOString(),
  ageMs: Math.max(0, now - heardAt),
  revision: receipt?.revision ?? 0,
})
