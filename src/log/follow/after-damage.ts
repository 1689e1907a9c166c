// What a start on a damaged journal still knows of the entries behind the damage: the kills. Nothing there can be folded, since
// nobody knows what is missing before it; but a kill that is written stays in force.

import type { Kill } from '../../domain/flip/kill.js'
import { killsOfBranch } from '../../domain/flip/provisional.js'
import { type Head, hashLine, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import { isAfter, parseEntry } from '../../domain/log/chain.js'
import { fold, type State } from '../../domain/state.js'
import type { Journal } from '../journal/journal.js'
import type { Obedience } from '../signing/obedience.js'

export type StartDamage = {
  /** What is wrong, and where; a clause. */
  problem: string
  /** The last entry that the journal has, or had. */
  end: Head
  /** In force until they are in the log again. */
  kills: readonly Kill[]
}

/** `state`: of the log before the damage. */
export async function whatIsBehind(
  problem: string,
  journal: Journal,
  state: State,
  obedience: Obedience,
): Promise<StartDamage> {
  const isBehind = placeOf(journal.head) > placeOf(state.head)
  const kills = await killsBehind(journal, state, obedience)
  return { problem, end: isBehind ? journal.head : state.head, kills }
}

async function killsBehind(journal: Journal, state: State, obedience: Obedience): Promise<Kill[]> {
  const entries: SealedEntry[] = []
  for await (const line of journal.lines(placeOf(state.head))) {
    const entry = parseEntry(line)
    if (entry !== undefined && placeOf(entry) > placeOf(state.head))
      entries.push({ entry, line, hash: hashLine(line) })
  }
  const trusted = entries.length - trustedOf(entries, state, obedience)
  // what may have been altered kills, and releases nothing
  const told = entries.filter(({ entry }, at) => at >= trusted || entry.action === 'kill')
  return killsOfBranch(told, told.reduce(folded, state))
}

/** How many at the end lead to one that is signed; where nothing is signed, to the last one. */
function trustedOf(entries: readonly SealedEntry[], state: State, obedience: Obedience): number {
  let first = entries.length - 1
  while (first > 0 && isAfter(entries[first]!.line, entries[first - 1]!.hash)) first--
  const run = entries.slice(Math.max(first, 0))
  const { obeyed } = obedience.judge(state, run)
  return obeyed === run.length ? run.length : 0
}

function folded(state: State, sealed: SealedEntry): State {
  try {
    return fold(state, sealed)
  } catch {
    // altered, and still JSON
    return state
  }
}
