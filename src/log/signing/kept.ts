// The lines of this instance's own journal, as far as they may be obeyed: somebody else may have written on its disk, or the
// disk itself may not have kept what it was given.

import { type Head, hashLine, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { parseEntry, problemAfter } from '../../domain/log/chain.js'
import type { Obedience, Obeyed, Problem } from './obedience.js'

const PORTION = 500

export type Kept = {
  entries: readonly SealedEntry[]
  /** Nobody signed what comes after the entries, which chains. */
  problem?: Problem
  /** What comes after the entries is not as it was written; a clause. */
  damage?: string
}

/** In portions. `state`: of the log as far as the portions before were taken. */
export async function* keptCommits(
  lines: AsyncIterable<string>,
  obedience: Obedience,
  state: () => Obeyed & { head: Head },
): AsyncGenerator<Kept> {
  let portion: SealedEntry[] = []
  let before = state().head
  const judge = (judged: readonly SealedEntry[]): Kept => {
    const { obeyed, problem } = obedience.judge(state(), judged)
    portion = portion.slice(obeyed)
    const entries = judged.slice(0, obeyed)
    return problem === undefined ? { entries } : { entries, problem }
  }
  for await (const line of lines) {
    const entry = parseEntry(line)
    const wrong = entry === undefined ? 'it is no entry' : problemAfter(before, entry)
    if (entry === undefined || wrong !== undefined) {
      // the line before is named by none: it may be the one that is not as it was written
      const { entries, problem } = judge(portion.slice(0, -1))
      const named = problem?.isOfAnotherKey ? [...entries, ...portion.slice(0, -1)] : entries
      yield {
        entries: named,
        damage: `the line after entry ${nameOf(before)} is not the one that was there: ${wrong}`,
      }
      return
    }
    before = { epoch: entry.epoch, seq: entry.seq, hash: hashLine(line) }
    portion.push({ entry, line, hash: before.hash })
    if (portion.length <= PORTION) continue
    const kept = judge(portion.slice(0, -1))
    yield kept
    if (kept.problem !== undefined) return
  }
  const kept = judge(portion)
  yield kept
  const [first] = portion
  if (kept.problem !== undefined || first === undefined) return
  const text = `Nobody signed entry ${nameOf(first.entry)} of the journal.`
  yield { entries: [], problem: { text, isOfAnotherKey: false } }
}

const nameOf = (head: Pick<Head, 'epoch' | 'seq'>): string =>
  placeOf(head) === 0 ? 'none' : `${head.epoch}-${head.seq}`
