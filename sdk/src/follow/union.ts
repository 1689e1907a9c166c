// Two processes that share a cache file: what one knows and what it finds there, as one. Neither may take a kill away that
// only the other has seen. Pure.

import { lettingGo, rememberReleased } from '../prove/apart.js'
import type { Known, KnownFlag } from './known.js'

/** `own` and whatever of `other` it has never seen. Undefined where they are of different environments. */
export function unite(own: Known, other: Known): Known | undefined {
  if (own.environment !== other.environment) return undefined
  const released = new Set([...other.released, ...own.released])
  const flags = new Map(own.flags)
  for (const [key, flag] of own.flags) flags.set(key, lettingGo(flag, released) ?? flag)
  for (const [key, theirs] of other.flags) {
    const mine = flags.get(key)
    const flag = lettingGo(theirs, released) ?? theirs
    if (mine === undefined) {
      if (flag.held) flags.set(key, flag)
    } else if (tellsMore(flag, mine)) flags.set(key, taking(mine, flag))
  }
  const merged = [...new Set([...other.merged, ...own.merged])]
  const provisional = new Map([...other.provisional, ...own.provisional])
  for (const id of provisional.keys())
    if (released.has(id) || hasLetGo(own, id) || hasLetGo(other, id)) provisional.delete(id)
  const revisions = highest(own.revisions, other.revisions)
  return {
    ...own,
    revisions,
    revision: revisions[own.log] ?? own.revision,
    flags,
    provisional,
    merged,
    holding: holdingOf(own, { flags, provisional }),
    toShow: [...new Map([...other.toShow, ...own.toShow].map(each => [each.id, each])).values()].filter(
      ({ id }) => !released.has(id),
    ),
    released: rememberReleased(other.released, own.released, { flags, provisional }),
  }
}

/** What stands apart from what this process heard: what did before and is held still, and what only the other one has. */
function holdingOf(own: Known, { flags, provisional }: Pick<Known, 'flags' | 'provisional'>) {
  const apart = new Map<string, string[]>()
  const add = (key: string, ids: readonly string[]) => apart.set(key, [...(apart.get(key) ?? []), ...ids])
  const isApart = (key: string, id: string) =>
    Object.hasOwn(own.holding, key) && own.holding[key]?.includes(id)
  for (const [key, { held }] of flags)
    if (held && (!own.flags.get(key)?.held || held.holds.some(id => isApart(key, id)))) add(key, held.holds)
  for (const { id, flag } of provisional.values())
    if (!own.provisional.has(id) || isApart(flag, id)) add(flag, [id])
  return Object.fromEntries(apart)
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
