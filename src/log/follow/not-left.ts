// A commit whose answer comes late: by then the store may have lost it, and this instance have gone on from what others put
// in its place. Then nobody may be told that it is done.

import { KillswitchError } from '../../domain/errors.js'
import { type Head, placeOf, type SealedEntry } from '../../domain/log/audit.js'

type Known = { head: Head; line(place: number): Promise<string | undefined> }

/** Throws `history-lost` where the log has gone past the places of the entries, and has others there. */
export async function assertNotLeft(log: Known, entries: readonly SealedEntry[]): Promise<void> {
  const [first] = entries
  if (first === undefined || placeOf(first.entry) > placeOf(log.head)) return
  // the tail was faster with them than the answer
  if (entries.at(-1)?.hash === log.head.hash) return
  if ((await log.line(placeOf(first.entry))) === first.line) return
  const { epoch, seq } = first.entry
  throw new KillswitchError(
    'history-lost',
    `Entry ${epoch}-${seq} was committed, and the store lost it before its answer came.`,
  )
}
