// What is said of a flip's proof: the four words and their sentences, made here alone. Every surface takes them from here.

import type { Confirmation } from '../../wire/entry.js'
import type { ProofLimit, ProofStatus } from '../../wire/words.js'
import { span } from '../clock.js'

/** What a sentence is made of. Lists may name fewer than `count` counts. */
export type Proven = {
  status: ProofStatus
  application?: string
  count: { applied: number; pending: number; lost: number; cannotProve: number; expired: number }
  pending: readonly Named[]
  lost: readonly Named[]
  cannotProve: readonly Named[]
  expired: readonly Named[]
  because: readonly ProofLimit[]
  served: number
  lastMs?: number
}
/** A name, or a name and how long ago it was heard of. */
type Named = string | { instance: string; ageMs?: number }

const LIMITS: Record<ProofLimit, string> = {
  'no-record': 'this service started less than a minute ago without its record of the app instances',
  'log-outgrown':
    'an app has seen more of this log than there is: the record of the app instances may be as old, and is believed a minute later',
  'instances-refused': 'there are more instances of the application than this service takes',
  'being-told-again':
    'the store lost what the instances of this service had told one another of their apps, and is told it again',
  'store-away': 'the store is away, so that apps of other instances of the service are not known here',
}

export const limitDetail = (code: ProofLimit): string => LIMITS[code]

/** `2/3 confirmed by trustflow, waiting for api-7 (last heard of 3 s ago)` */
export function proofSentence(proven: Proven): string {
  return [mainClause(proven), ...clauses(proven)].join('; ')
}

function mainClause(proven: Proven): string {
  const { status, count, lastMs } = proven
  const by = proven.application === undefined ? '' : ` by ${proven.application}`
  const of = proven.application === undefined ? '' : ` of ${proven.application}`
  const counted = `${count.applied + count.expired}/${totalOf(count)} confirmed${by}`
  switch (status) {
    case 'confirmed':
      // a flip that changed nothing was in force everywhere before it
      return lastMs === undefined || lastMs < 1 ? counted : `${counted}, the last after ${span(lastMs)}`
    case 'pending':
      if (count.pending > 0) return `${counted}, waiting for ${named(proven.pending, count.pending)}`
      return `not confirmed yet: ${count.applied} of ${totalOf(count)} known instances${of} have applied it`
    case 'unconfirmed':
      if (count.applied + count.expired < totalOf(count)) return `unconfirmed: ${counted}`
      return `unconfirmed: ${count.applied} of ${totalOf(count)} known instances${of} have applied it`
    case 'unproven':
      return `unproven: no running instance${of} is known that could confirm it`
  }
}

function clauses({ status, count, pending, lost, cannotProve, expired, because, served }: Proven): string[] {
  const found: string[] = []
  if (status === 'unconfirmed' && count.pending > 0) found.push(`not by ${named(pending, count.pending)}`)
  if (count.lost > 0)
    found.push(
      `lost: ${named(lost, count.lost)}. If ${count.lost === 1 ? 'it still runs, it runs as it' : 'they still run, they run as they'} last knew`,
    )
  if (count.cannotProve > 0)
    found.push(`cannot prove it, without receipts of a session: ${named(cannotProve, count.cannotProve)}`)
  if (count.expired > 0) found.push(`lost, and off by its own limit: ${named(expired, count.expired)}`)
  found.push(...because.map(limitDetail))
  if (served > 0)
    found.push(
      served === 1
        ? '1 client without receipts was answered with it, and is not covered'
        : `${served} clients without receipts were answered with it, and are not covered`,
    )
  return found
}

const totalOf = ({ applied, pending, lost, cannotProve, expired }: Proven['count']): number =>
  applied + pending + lost + cannotProve + expired

const NAMED = 3

function named(list: readonly Named[], count: number): string {
  const shown = list.slice(0, NAMED).map(each => {
    if (typeof each === 'string') return each
    return each.ageMs === undefined
      ? each.instance
      : `${each.instance} (last heard of ${span(each.ageMs)} ago)`
  })
  return count > shown.length ? `${shown.join(', ')} and ${count - shown.length} more` : shown.join(', ')
}

/** What an entry of the log says was proved. Of entries from before sessions: complete, and nobody lost. */
export function provenBy(confirmed: Confirmation): Proven {
  const { complete, applied, pending, lost, served, lastMs } = confirmed
  const { cannotProve = [], expired = [], because = [] } = confirmed
  const known = pending.length + lost.length + cannotProve.length
  const more = Math.max(0, (confirmed.of ?? 0) - applied - expired.length - known)
  const count = {
    applied,
    pending: pending.length + more,
    lost: lost.length,
    cannotProve: cannotProve.length,
    expired: expired.length,
  }
  const isNobody = totalOf(count) === 0
  const isWhole = complete && lost.length === 0
  return {
    status: isNobody ? 'unproven' : isWhole ? 'confirmed' : 'unconfirmed',
    ...{ count, pending, lost, cannotProve, expired, because, served },
    ...(lastMs === undefined ? {} : { lastMs }),
  }
}

export const totalIn = ({ count }: Proven): number => totalOf(count)
