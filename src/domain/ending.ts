// What was opened is closed in the reverse order, each even where another one fails.

export class Ending {
  readonly #closers: (() => unknown)[] = []

  /** What closes something that was just opened; a promise is waited for. */
  with(...closers: (() => unknown)[]): void {
    this.#closers.push(...closers)
  }

  /** Throws the first failure, after all of them have been closed. Called again, it closes what came since. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  /** What `open` gives; where it throws, what it had opened until then is closed. */
  static async guard<T>(open: (ending: Ending) => Promise<T>): Promise<T> {
    const ending = new Ending()
    try {
      return await open(ending)
    } catch (error) {
      await ending.close().catch(() => {})
      throw error
    }
  }
}
