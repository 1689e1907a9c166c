// What takes long to read is read in turns of the event loop, a little in each, so that a kill that comes meanwhile is not
// behind all of it. Nothing is refused, and the order stays.

/** In one turn of the event loop; what takes longer has one by itself. */
const SLICE_MS = 4

export class Turns {
  readonly #waiting: (() => void)[] = []
  #isTurning = false

  take(work: () => void): void {
    this.#waiting.push(work)
    if (!this.#isTurning) this.#next()
  }

  #next(): void {
    this.#isTurning = true
    setImmediate(() => {
      const end = performance.now() + SLICE_MS
      do this.#waiting.shift()?.()
      while (this.#waiting.length > 0 && performance.now() < end)
      this.#isTurning = false
      if (this.#waiting.length > 0) this.#next()
    })
  }
}
