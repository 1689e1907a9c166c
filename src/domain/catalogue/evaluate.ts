// What a flag evaluates to. Total: any state, any context gives a value. A held flag bypasses its targeting.

import type { FlagDefinition } from '../../wire/catalogue.js'
import type { FlagValue, Scalar } from '../../wire/words.js'
import { type FlagState, isKilled, killValue } from '../state.js'

/** As OpenFeature and OFREP name it. A kill is a real value with reason STATIC, never DISABLED (which gives each caller its own default). */
export type Resolution = {
  value: FlagValue
  variant: string
  reason: 'STATIC' | 'TARGETING_MATCH' | 'DEFAULT'
  metadata: Record<string, Scalar>
}

/** Whether the flag's value depends on nothing but the state: what can be worked out before anybody asks. */
export const isStatic = (flag: FlagState): boolean =>
  isKilled(flag) || flag.definition.targeting === undefined

/** The resolution of a flag whose value is static; for a targeted one, its default. */
export function resolveStatic(flag: FlagState, revision: number): Resolution {
  const { definition } = flag
  const killed = isKilled(flag)
  const variant = killed ? definition.killVariant : definition.defaultVariant
  const value = killed ? killValue(definition) : (definition.variants[variant] as FlagValue)
  return { value, variant, reason: 'STATIC', metadata: metadataOf(definition, flag, revision) }
}

/** The definition's own metadata, and which revision this is, whether it is killed, since when and for what. */
export function metadataOf(
  definition: FlagDefinition,
  flag: FlagState,
  revision: number,
): Record<string, Scalar> {
  const [oldest] = flag.holds
  return {
    ...definition.metadata,
    revision,
    killed: oldest !== undefined,
    ...(oldest === undefined ? {} : { since: oldest.since, hold: oldest.id }),
    ...(oldest?.incident === undefined ? {} : { incident: oldest.incident }),
  }
}
