// The checkpoints of the log that a process remembers: the newest that was proved, and a few before it, which a log that leaves
// a branch is held against. Judges nothing.

import { type Checkpoint, isAbandoned } from '../../../src/domain/log/checkpoint.js'

export type Remembered = { checkpoint: Checkpoint; note: string }

/** Close together near the newest one, and far apart before it. */
const MOST_BEFORE = 8

export class Chain {
  newest: Remembered | undefined
  /** Of the same log, oldest first. */
  before: readonly Remembered[] = []

  begin(newest: Remembered | undefined, before: readonly Remembered[]): void {
    this.newest = newest
    this.before = newest ? before.filter(each => isBefore(each.checkpoint, newest.checkpoint)) : []
  }

  /** The largest that a log which shows `seen` must hold: not on a branch that it left. */
  baseOf(seen: Checkpoint): Remembered | undefined {
    return [...this.before, ...(this.newest ? [this.newest] : [])].findLast(
      ({ checkpoint }) => checkpoint.size > 0 && isBefore(checkpoint, seen),
    )
  }

  /** From now on the newest. What is on a branch that it left is forgotten. */
  take(next: Remembered): void {
    const { newest } = this
    const all = newest?.checkpoint.size === next.checkpoint.size ? this.before : [...this.before, newest]
    const held = all.filter(each => each !== undefined && isBefore(each.checkpoint, next.checkpoint))
    this.before = thinned(held as Remembered[], next.checkpoint.size)
    this.newest = next
  }
}

export const isSame = (one: Checkpoint, other: Checkpoint): boolean =>
  one.size === other.size && one.root.equals(other.root)

/** The evidence: both notes, as they were signed. */
export const proofOf = (known: Remembered | undefined, seen: Remembered): string =>
  `It was signed ${JSON.stringify(known?.note)}, and now ${JSON.stringify(seen.note)}`

function isBefore(earlier: Checkpoint, later: Checkpoint): boolean {
  const isHeld = earlier.head === undefined || !isAbandoned(earlier.head, later)
  return isHeld && earlier.origin === later.origin && earlier.size <= later.size
}

/** Leaves out the one whose neighbours are closest, seen from the newest. */
function thinned(list: Remembered[], size: number): Remembered[] {
  while (list.length > MOST_BEFORE) {
    const sizes = list.map(({ checkpoint }) => checkpoint.size)
    const gap = (at: number) =>
      ((sizes[at + 1] as number) - (sizes[at - 1] as number)) / (size - (sizes[at] as number) + 1)
    let out = 1
    for (let at = 2; at < list.length - 1; at++) if (gap(at) < gap(out)) out = at
    list.splice(out, 1)
  }
  return list
}
