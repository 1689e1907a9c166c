// What a request led to, as its entries in the log tell it, one after the other.

import type { Outcome } from '../../wire/words.js'
import { type Entry, placeOf } from '../log/audit.js'

export type Answered = {
  /** Of its entries. */
  places: number[]
  /** Of the request's body. */
  digest: string
  outcome: Outcome | 'voided'
  /** How many kills of a step run are still to come. Where a crash tore the run, they do not come by themselves. */
  due: number
}

/** Whether an entry belongs to what is known. After a void attempt, and after a torn run, the request begins anew. */
export const goesOn = (known: Answered | undefined, { action }: Entry): known is Answered =>
  known !== undefined && known.outcome !== 'voided' && !(action === 'step.run' && known.due > 0)

export const begun = (entry: Entry): Answered => ({
  places: [placeOf(entry)],
  digest: entry.request.digest,
  outcome: entry.action === 'flip.voided' ? 'voided' : entry.outcome,
  due: entry.action === 'step.run' ? (entry.flags?.length ?? 0) : 0,
})

export const continued = (known: Answered, entry: Entry): Answered => ({
  ...known,
  places: [...known.places, placeOf(entry)],
  due: entry.action === 'kill' ? Math.max(0, known.due - 1) : known.due,
})
