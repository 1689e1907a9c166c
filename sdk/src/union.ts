// Two processes that share a cache file: what one knows and what it finds there, as one. Neither may take a kill away that
// only the other has seen. Pure.

import type { Known, KnownFlag } from './known.js'

/** `own` and whatever of `other` it has never seen. Undefined where they are of different environments. */
export function unite(own: Known, other: Known): Known | undefined {
  if (own.environment !== other.environment) return undefined
  const flags = new Map(own.flags)
  for (const [key, flag] of other.flags) {
    const mine = own.flags.get(key)
    if (mine === undefined) {
      if (flag.held) flags.set(key, flag)
    } else if (tellsMore(flag, mine)) flags.set(key, taking(mine, flag))
  }
  const merged = [...new Set([...other.merged, ...own.merged])]
  const provisional = new Map([...other.provisional, ...own.provisional])
  for (const id of provisional.keys()) if (hasLetGo(own, id) || hasLetGo(other, id)) provisional.delete(id)
  const revisions = highest(own.revisions, other.revisions)
  return { ...own, revisions, revision: revisions[own.log] ?? own.revision, flags, provisional, merged }
}

/** Whether a flag's state rests on a flip that the other has not seen; of two that know the same, the kill. */
function tellsMore(theirs: KnownFlag, mine: KnownFlag): boolean {
  const beyond = isBeyond(theirs, mine)
  const behind = isBeyond(mine, theirs)
  if (beyond !== behind) return beyond
  return theirs.held !== undefined && mine.held === undefined
}

/** A provisional hold that a log has taken in, and accounts for. */
const hasLetGo = ({ merged, provisional }: Known, id: string): boolean =>
  merged.includes(id) && !provisional.has(id)

const isBeyond = (a: KnownFlag, b: KnownFlag): boolean =>
  Object.entries(a.seen).some(([log, place]) => place > (b.seen[log] ?? 0))

function taking({ definition }: KnownFlag, flag: KnownFlag): KnownFlag {
  const { definition: theirs, ...state } = flag
  const either = definition ?? theirs
  return { ...state, ...(either === undefined ? {} : { definition: either }) }
}

function highest(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  const both = { ...b, ...a }
  for (const [log, revision] of Object.entries(b)) both[log] = Math.max(revision, both[log] ?? 0)
  return both
}
