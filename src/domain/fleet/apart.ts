// How an app instance stands apart from the log: what it does then follows from something that the log does not say.

import { oneLine } from '../../text/characters.js'
import type { Apart } from '../../wire/convergence.js'
import { entryId, placeOf } from '../log/audit.js'
import type { State } from '../state.js'
import type { Member } from './member.js'

const FLAGS_NAMED = 10
const NOT_APART: readonly Apart[] = []

/** Twenty thousand are asked with every kill: most are told from their answer alone. */
const mayStandApart = ({ receipt, standing }: Member, known: State): boolean =>
  standing === 'ahead' ||
  standing === 'elsewhere' ||
  (receipt?.revision ?? 0) > known.revision ||
  receipt?.holding !== undefined ||
  receipt?.forced !== undefined ||
  receipt?.fork !== undefined

/** `known` is the state with this instance's provisional kills in force. */
export function apartOf(member: Member, known: State): readonly Apart[] {
  const { receipt, standing } = member
  if (receipt === undefined || !mayStandApart(member, known)) return NOT_APART
  const { log, answer, revision, forced = [], fork } = receipt
  const found: Apart[] = []
  const isAhead =
    standing === 'ahead' || (standing === 'here' && log === known.log && revision > headOf(known))
  if (isAhead)
    found.push({
      code: 'ahead',
      detail: `has seen entry ${entryId(Math.max(revision, answer?.revision ?? 0))}, and this log ends at ${entryId(headOf(known))}`,
    })
  if (standing === 'elsewhere')
    found.push({
      code: 'other-log',
      detail:
        answer?.log === known.log
          ? `goes by a branch of this log that was left at or before entry ${entryId(answer?.revision ?? 0)}`
          : `goes by another log (${answer?.log.slice(0, 12)})`,
    })
  const holding = unknownHolds(receipt.holding ?? {}, known)
  const held = Object.keys(holding)
  if (held.length > 0)
    found.push({
      code: 'holding',
      detail: `holds ${listed(held)}, and this log does not say why: killswitch fleet reconcile releases it`,
      flags: held.slice(0, FLAGS_NAMED),
    })
  if (forced.length > 0)
    found.push({
      code: 'forced',
      detail: `is forced by its own environment to kill ${listed(forced)}`,
      flags: forced.slice(0, FLAGS_NAMED),
    })
  if (fork !== undefined) found.push({ code: 'fork', detail: 'has seen this log cut, rewritten or split' })
  return found
}

/** Of the holds that an app has beside the log: those that the log neither has nor has released. */
export function unknownHolds(
  holding: Readonly<Record<string, readonly string[]>>,
  { flags, reconciled }: State,
): Record<string, string[]> {
  const released = new Set(reconciled)
  const found: Record<string, string[]> = Object.create(null)
  for (const [key, ids] of Object.entries(holding)) {
    const known = new Set(flags.get(key)?.holds.map(hold => hold.id))
    const unknown = ids.filter(id => !known.has(id) && !released.has(id))
    if (unknown.length > 0) found[key] = unknown
  }
  return found
}

const headOf = ({ head }: State): number => placeOf(head)

function listed(flags: readonly string[]): string {
  const named = flags.slice(0, FLAGS_NAMED).map(oneLine).join(', ')
  return flags.length <= FLAGS_NAMED ? named : `${named} and ${flags.length - FLAGS_NAMED} more`
}
