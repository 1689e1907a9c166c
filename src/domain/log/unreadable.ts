// What an answer from this instance's own disk leaves out, in the one sentence that says so.

import { entryId } from './audit.js'

/** The places that cannot be read; both bounds are included. Places jump where an epoch was opened. */
export type Gap = { from: number; to: number }

/** Undefined where nothing is left out. */
export function unreadable(gaps: readonly Gap[]): string | undefined {
  if (gaps.length === 0) return undefined
  const named = gaps.map(({ from, to }) =>
    from === to ? entryId(from) : `${entryId(from)} to ${entryId(to)}`,
  )
  return `Entries that may match cannot be read on this instance, because its journal is damaged: ${named.join(', ')}. /readyz says what is done about it; another instance may have them.`
}

export const isWithin = (gaps: readonly Gap[], place: number): boolean =>
  gaps.some(({ from, to }) => place >= from && place <= to)

/** With the gaps beside it: when what was in them was written, nobody knows. */
export function widened({ from, to }: Gap, gaps: readonly Gap[]): Gap {
  const before = gaps.find(gap => gap.to === from - 1)
  const after = gaps.find(gap => gap.from === to + 1)
  return { from: before?.from ?? from, to: after?.to ?? to }
}

export const among = (gaps: readonly Gap[], { from, to }: Gap): Gap[] =>
  gaps.filter(gap => gap.from <= to && gap.to >= from)
