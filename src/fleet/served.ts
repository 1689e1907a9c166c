// Which clients without receipts (OFREP, flagd, serverless) were answered at which revision: weaker than applied, and soft.
// Bounded; a client that is known costs two lookups and no allocation.

import type { Clock } from '../domain/clock.js'

const MOST_CLIENTS = 10_000
/** The applications of a credential that is limited to none. */
const ALL = ['*']

type Answered = { revision: number; at: number }
type Client = { movedAt: number; apps: Map<string, Answered> }

export class Served {
  readonly #clock: Clock
  readonly #most: number
  /** The one heard of longest ago comes first. */
  readonly #clients = new Map<string, Client>()

  constructor(clock: Clock, most = MOST_CLIENTS) {
    this.#clock = clock
    this.#most = most
  }

  /** `client` was answered for these applications (all, where undefined) at this revision. */
  mark(apps: readonly string[] | undefined, client: string, revision: number): void {
    const now = this.#clock()
    const known = this.#clients.get(client)
    const record = known ?? { movedAt: now, apps: new Map<string, Answered>() }
    for (const app of apps ?? ALL) {
      const last = record.apps.get(app)
      if (last === undefined) record.apps.set(app, { revision, at: now })
      else {
        last.revision = revision
        last.at = now
      }
    }
    // the order is kept to the second: moving a client at each of its thousand requests a second would tell no more
    if (known === undefined || now - known.movedAt >= 1_000) this.#toEnd(client, record, now)
  }

  /** How many clients were answered for this application at or past the revision, within so many milliseconds. */
  count(application: string, revision: number, withinMs: number): number {
    const since = this.#clock() - withinMs
    const isAt = (answered: Answered | undefined) =>
      answered !== undefined && answered.revision >= revision && answered.at >= since
    let count = 0
    for (const { apps } of this.#clients.values())
      if (isAt(apps.get(application)) || isAt(apps.get('*'))) count++
    return count
  }

  get size(): number {
    return this.#clients.size
  }

  #toEnd(client: string, record: Client, now: number): void {
    record.movedAt = now
    this.#clients.delete(client)
    this.#clients.set(client, record)
    if (this.#clients.size <= this.#most) return
    const [oldest] = this.#clients.keys()
    if (oldest !== undefined) this.#clients.delete(oldest)
  }
}
