// Who wants to hear that the fleet is another one: told at once, but for no more than a tenth of the time, since who
// listens looks at the whole fleet, and ten thousand report.

/** One wait for the next change, begun before one looks, so that none is missed. */
export type Next = { within(ms: number): Promise<void>; cancel(): void }

export class Listeners {
  readonly #listeners = new Set<() => void>()
  #telling: NodeJS.Timeout | undefined
  #tellAgainAt = 0

  add(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    clearTimeout(this.#telling)
    this.#listeners.clear()
  }

  tell(): void {
    if (this.#telling !== undefined) return
    const waitMs = this.#tellAgainAt - performance.now()
    if (waitMs <= 0) this.#tellNow()
    else
      this.#telling = setTimeout(() => {
        this.#telling = undefined
        this.#tellNow()
      }, waitMs).unref()
  }

  next(signal: AbortSignal): Next {
    let isChanged = signal.aborted
    let wake = () => {}
    const changed = () => {
      isChanged = true
      wake()
    }
    const end = this.add(changed)
    signal.addEventListener('abort', changed)
    const cancel = () => {
      end()
      signal.removeEventListener('abort', changed)
    }
    const within = async (ms: number) => {
      if (!isChanged)
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, ms)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      cancel()
    }
    return { within, cancel }
  }

  #tellNow(): void {
    const began = performance.now()
    for (const listener of [...this.#listeners]) listener()
    const ended = performance.now()
    this.#tellAgainAt = ended + 9 * (ended - began)
  }
}
