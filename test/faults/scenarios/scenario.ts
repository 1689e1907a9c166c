// A row of the fault table as something to run: rounds of one fault, what the model found wrong with them, and how long
// things took. index.ts is the table of them.

import type { Teardown } from '../../support/testdir.js'
import type { Violation } from '../check.js'

export type Scenario = {
  /** As it is asked for: `npm run chaos -- --scenario <name>`. */
  name: string
  /** The row, in words. */
  what: string
  /** How many rounds: at length, at most in one world (each has a seed of its own), and in `npm test`. */
  rounds: { bulk: number; world: number; test: number }
  /** Figures to reach, by the name of what is timed, in ms. Told beside what was seen, and never a violation. */
  wanted?: Record<string, Partial<Record<Figure, number>>>
  /** Builds a world, does so many rounds to it, and judges. All that is random is drawn from the seed. */
  run(t: Teardown, asked: { seed: number; rounds: number }): Promise<Seen>
}

export type Seen = {
  violations: Violation[]
  /** Every single one, in ms, by the name of what was timed. */
  times?: Record<string, readonly number[]>
  /** What else says that something was tested: flips acknowledged, entries, ... Added up over the worlds. */
  counts?: Record<string, number>
  /** Why it cannot be run here; told aloud. */
  skipped?: string
}

export type Figure = 'p50' | 'p99' | 'max'

export function figuresOf(times: readonly number[]): Record<Figure, number> {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  return { p50: at(0.5), p99: at(0.99), max: Math.round(sorted.at(-1) ?? 0) }
}
