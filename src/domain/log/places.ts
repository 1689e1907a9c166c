// Which leaf of the tree is which entry. Places grow by one from line to line but where an epoch was opened, so that a few
// runs say it all.

import { placeOf } from './audit.js'
import type { Opening } from './checkpoint.js'

/** Lines whose places follow one another, from leaf `index` on. `prev`: the hash of the line before it. */
type Run = { index: number; epoch: number; seq: number; prev: string }
export type Runs = readonly Run[]

/** The runs with one more line, which becomes leaf `index`. */
export function withPlace(runs: Runs, index: number, at: { epoch: number; seq: number }, prev: string): Runs {
  const last = runs.at(-1)
  const follows = last && last.epoch === at.epoch && last.seq + (index - last.index) === at.seq
  return follows ? runs : [...runs, { index, epoch: at.epoch, seq: at.seq, prev }]
}

/** The runs of the first `size` lines. */
export const cutTo = (runs: Runs, size: number): Runs => runs.filter(({ index }) => index < size)

export function entryAt(runs: Runs, leaf: number): { epoch: number; seq: number } {
  const run = runs.findLast(({ index }) => index <= leaf)
  return run === undefined ? { epoch: 0, seq: 0 } : { epoch: run.epoch, seq: run.seq + (leaf - run.index) }
}

/** The leaf of an entry, in a tree of so many; undefined where it has none. */
export function leafOf(runs: Runs, place: number, size: number): number | undefined {
  const run = runs.findLast(each => placeOf(each) <= place)
  if (run === undefined) return undefined
  const leaf = run.index + (place - placeOf(run))
  const end = runs[runs.indexOf(run) + 1]?.index ?? size
  return leaf < end ? leaf : undefined
}

/** Where each epoch was opened, but the first. */
export const openingsOf = (runs: Runs): Opening[] =>
  runs.flatMap(({ index, epoch, prev }, at) =>
    at > 0 && runs[at - 1]!.epoch !== epoch
      ? [{ epoch, after: { ...entryAt(runs, index - 1), hash: prev } }]
      : [],
  )
