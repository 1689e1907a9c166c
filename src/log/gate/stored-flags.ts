// What the store keeps of the flags beside the log, for people with a redis-cli. Nothing here reads it back.

import type { FlagState, State } from '../../domain/state.js'

/** The state after the batch of every flag it changed, as the store keeps it for people with a redis-cli. */
export function changedFlags(before: State, after: State): Map<string, string | null> {
  const changed = new Map<string, string | null>()
  for (const [key, flag] of after.flags)
    if (before.flags.get(key) !== flag) changed.set(key, JSON.stringify(stored(flag)))
  for (const key of before.flags.keys()) if (!after.flags.has(key)) changed.set(key, null)
  return changed
}

const stored = ({ definition, holds, orphaned, place }: FlagState) => ({
  killed: holds.length > 0,
  variant: holds.length > 0 ? definition.killVariant : null,
  value: holds.length > 0 ? definition.variants[definition.killVariant] : null,
  ...(orphaned ? { orphaned } : {}),
  holds: holds.map(({ id, actor, incident, reason, since, step }) => ({
    id,
    actor,
    incident,
    reason,
    since,
    step: step?.id,
  })),
  place,
})
