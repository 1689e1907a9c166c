// What a receipt shows of the flags that are or were just killed: the variant that this app really evaluates to, whatever
// the reason. Remembers which flags were killed since the start, and reads everything else from the table of answers.

import type { FlagValue } from '../../../src/wire/words.js'
import type { Resolution, Table } from '../answer/resolve.js'

/** A receipt with more is refused. */
const MOST_FLAGS = 500
const LONGEST_VARIANT = 200

export class InForce {
  /** Flags that were killed, the one killed last at the end. */
  private readonly once = new Set<string>()
  private readonly ofUnknown: (key: string) => FlagValue | undefined

  /** `ofUnknown`: what a flag is killed to of which nothing is known; undefined where that is no kill. */
  constructor(ofUnknown: (key: string) => FlagValue | undefined) {
    this.ofUnknown = ofUnknown
  }

  /** These have other answers now. */
  changed(keys: readonly string[], table: Table): void {
    for (const key of keys) {
      if (!table.get(key)?.killed) continue
      this.once.delete(key)
      this.once.add(key)
    }
    for (const key of this.once) {
      if (this.once.size <= MOST_FLAGS) break
      this.once.delete(key)
    }
  }

  /** By flag the kill variant, or null at the normal behaviour; those killed now first, then the newest. */
  shown(table: Table): Record<string, string | null> {
    const killed = [...table.values()].filter(each => each.killed).map(each => each.key)
    const keys = [...new Set([...killed, ...[...this.once].reverse()])].slice(0, MOST_FLAGS)
    return Object.fromEntries(keys.map(key => [key, this.shownOf(key, table.get(key))]))
  }

  private shownOf(key: string, resolution: Resolution | undefined): string | null {
    if (resolution === undefined) return nameOf(undefined, this.ofUnknown(key))
    return resolution.killed ? nameOf(resolution.details.variant, resolution.value) : null
  }
}

/** Of a kill without a variant's name, its value. */
const nameOf = (variant: string | undefined, value: FlagValue | undefined): string | null =>
  value === undefined ? null : (variant ?? JSON.stringify(value)).slice(0, LONGEST_VARIANT)
