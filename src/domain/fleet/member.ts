// One app instance, as its session and its receipts show it. Pure: from what it said to what it has shown.

import type { Liveness } from '../../wire/instance.js'
import type { Receipt } from '../../wire/receipt.js'
import { LOST_AFTER_MS } from './receipt.js'

/** How it left: by its own goodbye, by a person's word, or because its own successor came up. */
export type Gone = 'closed' | 'forgotten' | 'replaced'

/**
 * What an answer is to this log: `here`, the hash is that of the entry it names; `elsewhere`, it is of another log or branch;
 * `ahead`, it names a place that the log does not have; `none`, there is no answer yet, or it is still being looked up.
 */
export type Standing = 'none' | 'here' | 'ahead' | 'elsewhere'

export type Member = {
  /** Of its session; of one without a session made of its name. */
  id: string
  app: string
  instance: string
  /** SHA-256 of the token it came with, hex. */
  credential: string
  /** It has a session. */
  proves: boolean
  /** When the service first heard of it, and last, ms. */
  openedAt: number
  heardAt: number
  /** Known from before this process started, and not heard of since: when that was. */
  awaitedSince?: number | undefined
  gone?: Gone | undefined
  /** The receipt with the highest number, and that number. */
  receipt?: Receipt | undefined
  number: number
  /** Of this log, by revision: when each was first shown. What the newest answer takes back is gone from it. */
  shown: readonly Shown[]
  standing: Standing
}

type Shown = { revision: number; at: number }

/** How much older than the truth the hour on the disk may be, of one that was not heard of since the start. */
export const RECORDED_EVERY_MS = 300_000
/** How many revisions are remembered of one: the flips of an incident. */
const SHOWN_KEPT = 64

export function livenessOf({ gone, heardAt, awaitedSince }: Member, now: number): Liveness {
  if (gone !== undefined) return gone
  if (awaitedSince !== undefined) return now - awaitedSince > LOST_AFTER_MS ? 'lost' : 'awaited'
  return now - heardAt > LOST_AFTER_MS ? 'lost' : 'live'
}

/** A sign of life. */
export function seen(member: Member, at: number): Member {
  const { awaitedSince: _, ...rest } = member
  return { ...rest, heardAt: Math.max(member.heardAt, at) }
}

/**
 * After one more receipt. The highest number counts, whatever it says: an older one that comes late, or is repeated, is a sign
 * of life and no more. A member that was given up and speaks again is there again.
 */
export function hear(member: Member, receipt: Receipt, number: number, at: number): Member {
  if (number <= member.number) return at > member.heardAt && !receipt.closing ? seen(member, at) : member
  const { gone: _, ...there } = seen(member, at)
  const heard = { ...there, receipt, number, standing: 'none' as const }
  return receipt.closing && member.proves ? { ...heard, gone: 'closed' } : heard
}

/** Once it is known what its newest answer is to this log. */
export function judged(member: Member, standing: Standing, at: number): Member {
  const revision = member.receipt?.answer?.revision
  if (standing !== 'here' || revision === undefined) return { ...member, standing, shown: [] }
  const kept = member.shown.filter(each => each.revision <= revision)
  const isNew = kept.at(-1)?.revision !== revision
  return { ...member, standing, shown: isNew ? [...kept, { revision, at }].slice(-SHOWN_KEPT) : kept }
}

/**
 * When it was first shown to be at or past a revision of this log, and before another one where that is given; undefined where
 * its answers do not show that.
 */
export const shownAt = ({ shown }: Member, revision: number, until = Infinity): number | undefined =>
  shown.find(each => each.revision >= revision && each.revision < until)?.at
