// The next lines of the journal for the index, a few at a time.

import { parseEntry } from '../../domain/log/chain.js'
import type { Journal } from '../journal/journal.js'
import type { Located } from '../journal/segment.js'

/** Small enough that a kill does not wait for a log being indexed: about 8 ms. */
const BATCH = { limit: 250, bytes: 4 * 1024 * 1024 }

/** With an entry among them; none where there is none up to the end. */
export async function nextLines(journal: Journal, place: number): Promise<Located[]> {
  for (let { limit } = BATCH; ; limit *= 4) {
    const lines = await journal.located(place, { ...BATCH, limit })
    if (lines.some(({ bytes }) => parseEntry(bytes.toString()) !== undefined)) return lines
    if (lines.length < limit) return []
  }
}
