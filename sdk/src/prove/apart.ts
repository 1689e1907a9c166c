// Where this app stands apart from what it heard last: holds that the sender does not have, and holds that a person let
// the apps go of (`killswitch fleet reconcile`). Pure; apply.ts has the rule for everything else.

import type { Known, KnownFlag, ToShow } from '../follow/known.js'
import type { Held, ProvisionalHold } from '../follow/snapshot.js'

type State = Pick<Known, 'flags' | 'provisional'>
type Heard = {
  held: Readonly<Record<string, Held>>
  provisional: readonly ProvisionalHold[]
  merged: readonly string[]
}

const RELEASED_KEPT = 512
const SHOWN_MOST = 200
const PER_EPOCH = 2 ** 32

/** Whether each and every hold was let go of. The ids are unguessable and never used again: no other hold is meant. */
const isLetGo = (held: Held, released: ReadonlySet<string>): boolean =>
  held.holds.length > 0 && held.holds.every(id => released.has(id))

/** The flag without its hold where that was let go of; otherwise the flag as it is. */
export function lettingGo(flag: KnownFlag | undefined, released: ReadonlySet<string>): KnownFlag | undefined {
  if (!flag?.held || !isLetGo(flag.held, released)) return flag
  const { held: _held, heldBy: _by, ...free } = flag
  return free
}

/** Flags that are held for holds which what was heard does not have, with the ids of those. */
export function holdingApart({ flags, provisional }: State, heard: Heard): Record<string, string[]> {
  const apart = new Map<string, string[]>()
  for (const [key, { held }] of flags) if (held && !Object.hasOwn(heard.held, key)) apart.set(key, held.holds)
  const listed = new Set(heard.provisional.map(hold => hold.id))
  const merged = new Set(heard.merged)
  for (const { id, flag } of provisional.values()) {
    // in the log, and in force there: the same hold under another form
    const isInLog = merged.has(id) && Object.hasOwn(heard.held, flag)
    if (!listed.has(id) && !isInLog) apart.set(flag, [...(apart.get(flag) ?? []), id])
  }
  return Object.fromEntries(apart)
}

/**
 * What shows the holds back that what was heard does not have, of flags that are killed: those in force here, and those that
 * others took the place of where a log may have been lost (it is another one, or opened an epoch since).
 */
export function toShow(before: Known | undefined, now: State, heard: Heard & Log): ToShow[] {
  const found = new Map<string, ToShow>()
  const add = (each: ToShow) => each.warrant !== '' && found.set(each.id, each)
  for (const each of before?.toShow ?? []) add(each)
  for (const [key, flag] of before?.flags ?? [])
    if (mayBeLost(key, flag, heard)) warrantsOf(key, flag).forEach(add)
  for (const [key, flag] of now.flags) warrantsOf(key, flag).forEach(add)
  for (const { id, flag, warrant = '' } of now.provisional.values()) add({ id, flag, warrant })
  const known = new Set([...heard.merged, ...heard.released, ...heard.provisional.map(({ id }) => id)])
  for (const { holds } of Object.values(heard.held)) for (const id of holds) known.add(id)
  const killed = new Set([...now.provisional.values()].map(({ flag }) => flag))
  for (const [key, { held }] of now.flags) if (held) killed.add(key)
  return [...found.values()].filter(({ id, flag }) => killed.has(flag) && !known.has(id)).slice(-SHOWN_MOST)
}

type Log = { log: string; flipped: Readonly<Record<string, number>>; released: readonly string[] }

/** Elsewhere a hold that is there no more was released. */
function mayBeLost(key: string, { seen, heldBy }: KnownFlag, { log, flipped }: Log): boolean {
  const place = Object.hasOwn(flipped, key) ? (flipped[key] as number) : 0
  return heldBy !== log || Math.floor(place / PER_EPOCH) > Math.floor((seen[log] ?? 0) / PER_EPOCH)
}

function warrantsOf(flag: string, { held }: KnownFlag): ToShow[] {
  const { holds, warrants = [] } = held ?? { holds: [] }
  return holds.map((id, index) => ({ flag, id, warrant: warrants[index] ?? '' }))
}

/** The ids to remember, the newest last; one whose hold is in force again, because a log has it, is let go of no more. */
export function rememberReleased(before: readonly string[], more: readonly string[], state: State): string[] {
  const inForce = new Set<string>(state.provisional.keys())
  for (const { held } of state.flags.values()) for (const id of held?.holds ?? []) inForce.add(id)
  return [...new Set([...before, ...more])].filter(id => !inForce.has(id)).slice(-RELEASED_KEPT)
}
