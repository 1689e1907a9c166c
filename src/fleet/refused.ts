// Applications of which instances were refused, because there were more than this service takes: while there may be some
// that nobody knows, no kill of theirs is confirmed.

import type { Clock } from '../domain/clock.js'

export class Refused {
  readonly #clock: Clock
  readonly #byApp = new Map<string, { at: number; count: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Only applications of the catalogue are counted, so that there is an end to them. */
  add(app: string): void {
    const count = (this.#byApp.get(app)?.count ?? 0) + 1
    this.#byApp.set(app, { at: this.#clock(), count })
  }

  clear(app: string): void {
    this.#byApp.delete(app)
  }

  isRefused(app: string, withinMs: number): boolean {
    const found = this.#byApp.get(app)
    return found !== undefined && this.#clock() - found.at <= withinMs
  }

  counts(windowOf: (app: string) => number): ReadonlyMap<string, number> {
    return new Map(
      [...this.#byApp]
        .filter(([app]) => this.isRefused(app, windowOf(app)))
        .map(([app, { count }]) => [app, count]),
    )
  }
}
