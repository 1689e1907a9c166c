// Compares two copies of one log, byte for byte: up to which line they are the same. Pure; whoever reads the files feeds it
// both from the same offset.

const NEWLINE = 0x0a

export class Comparison {
  /** Whole lines that both copies have. */
  lines = 0
  /** The first line that is another one in the other copy; a copy that ends after a whole line differs in none. */
  line: number | undefined
  #isOpen = false

  /** The next bytes of both; fewer only where a copy ends. False: nothing more is to be learned. */
  add(one: Buffer, other: Buffer): boolean {
    const most = Math.min(one.length, other.length)
    const same = commonLength(one, other, most)
    for (let at = one.indexOf(NEWLINE); at !== -1 && at < same; at = one.indexOf(NEWLINE, at + 1))
      this.lines++
    if (same > 0) this.#isOpen = one[same - 1] !== NEWLINE
    const isEnd = one.length !== other.length
    if (same < most || (isEnd && this.#isOpen)) this.line = this.lines + 1
    return this.line === undefined && !isEnd && most > 0
  }
}

/** By halving: whole stretches are compared at once. */
function commonLength(one: Buffer, other: Buffer, most: number): number {
  let [same, differs] = [0, most + 1]
  let middle = most
  while (differs - same > 1) {
    if (one.subarray(same, middle).equals(other.subarray(same, middle))) same = middle
    else differs = middle
    middle = Math.floor((same + differs) / 2)
  }
  return same
}
