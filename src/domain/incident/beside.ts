// What belongs to the story of an incident and does not name it: what was proved of its flips, what ended its holds under
// another name or none, and what was lost of the log meanwhile and put back.

import type { Action } from '../../wire/words.js'
import { toTimestamp } from '../clock.js'
import { type Entry, placeOf } from '../log/audit.js'

type Lasting = { id: string; declared: { at: string }; resolved?: { at: string } | undefined }
type Own = Pick<
  Entry,
  'epoch' | 'seq' | 'at' | 'action' | 'outcome' | 'flag' | 'hold' | 'incident' | 'adopted' | 'confirmed'
> &
  Pick<Entry, 'released' | 'merged'>
type Filter = { action: Action[]; flag?: string[]; since: string; until?: string }

/** Of its flags. */
const OF_FLAGS: Action[] = ['flip.confirmed', 'flip.unconfirmed', 'restore']
/** Of the whole log, while the incident was open. */
const OF_THE_LOG: Action[] = ['log.recovered', 'log.redated', 'hold.merged']

/** Where to look for it, and whether an entry that is found there belongs to it. `own`: the entries that name the incident, and its kills. */
export function besideOf(
  { id, declared, resolved }: Lasting,
  own: readonly Own[],
): { filters: Filter[]; belongs: (entry: Own) => boolean } {
  const kills = own.filter(({ action }) => action === 'kill')
  const flag = [...new Set(kills.flatMap(kill => kill.flag ?? []))]
  const flips = new Set(own.map(placeOf))
  const holds = holdsIn(id, own)
  const since = own.reduce((at, entry) => (entry.at < at ? entry.at : at), declared.at)
  const until = resolved && { until: toTimestamp(Date.parse(resolved.at) + 1) }
  return {
    filters: [
      ...(flag.length > 0 ? [{ action: OF_FLAGS, flag, since }] : []),
      { action: OF_THE_LOG, since, ...until },
    ],
    belongs: ({ action, outcome, confirmed, released = [], merged = [] }) => {
      if (confirmed !== undefined) return flips.has(confirmed.flip)
      if (outcome !== 'applied') return false
      return action.startsWith('log.') || [...released, ...merged].some(hold => holds.has(hold))
    },
  }
}

/** The holds that its kills put; without those that another incident took over, whose end is a part of that one's story. */
function holdsIn(id: string, own: readonly Own[]): Set<string> {
  const holds = new Set(own.flatMap(({ action, hold }) => (action === 'kill' && hold ? [hold] : [])))
  for (const { incident, adopted = [] } of own)
    if (incident !== id) for (const { hold } of adopted) holds.delete(hold)
  return holds
}
