// What the receipts showed of each flip, written to the log: when all instances have applied it that were live when it was
// done, else after a minute with who has not, and once more when the last of them has. Written once, however many instances
// of the service see it.

import { type Entry, isProvable, placeOf, type SealedEntry } from '../domain/audit.js'
import { type Clock, toTimestamp } from '../domain/clock.js'
import { type Flip, unaccounted } from '../domain/convergence.js'
import type { LogState } from '../log/state.js'
import type { Submit } from '../log/submit.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Convergence } from '../wire/convergence.js'
import type { Fleet } from './fleet.js'

const GIVE_UP_MS = 60_000
/** How long a flip is watched for its late completion. */
const WATCHED_MS = 24 * 3_600_000

type Watched = { flip: Flip; entry: Entry; timer: NodeJS.Timeout; told: 'nothing' | 'incomplete' }

export class Confirmations {
  readonly #log: LogState
  readonly #submit: Submit
  readonly #fleet: Fleet
  readonly #clock: Clock
  readonly #watched = new Map<number, Watched>()
  readonly #unsubscribe: (() => void)[]

  constructor(parts: { log: LogState; submit: Submit; subscribe: Subscribe; fleet: Fleet; clock: Clock }) {
    this.#log = parts.log
    this.#submit = parts.submit
    this.#fleet = parts.fleet
    this.#clock = parts.clock
    this.#unsubscribe = [
      parts.subscribe.entries(entries => this.#take(entries)),
      this.#fleet.subscribe(() => this.#look()),
    ]
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    for (const { timer } of this.#watched.values()) clearTimeout(timer)
  }

  #take(entries: readonly SealedEntry[]): void {
    for (const { entry } of entries) {
      const flip = flipOf(entry, this.#log.state.log)
      if (flip === undefined || this.#clock() - flip.at > GIVE_UP_MS) continue
      const timer = setTimeout(() => this.#giveUp(flip.revision), GIVE_UP_MS).unref()
      this.#watched.set(flip.revision, { flip, entry, timer, told: 'nothing' })
    }
  }

  #look(): void {
    for (const [place, watched] of this.#watched) {
      const convergence = this.#fleet.convergence(watched.flip)
      if (convergence.status === 'confirmed' && unaccounted(convergence, watched.flip).length === 0) {
        this.#write(watched, convergence, watched.told === 'incomplete' ? 'late' : 'all')
        this.#forget(place)
      } else if (this.#clock() - watched.flip.at > WATCHED_MS) this.#forget(place)
    }
  }

  /** A minute has passed. Where there never was an instance, nothing was shown, and nothing is written. */
  #giveUp(place: number): void {
    const watched = this.#watched.get(place)
    if (watched === undefined) return
    const convergence = this.#fleet.convergence(watched.flip)
    if (convergence.pending.length + convergence.lost.length === 0) {
      this.#forget(place)
      return
    }
    this.#write(watched, convergence, 'incomplete')
    watched.told = 'incomplete'
  }

  #forget(place: number): void {
    clearTimeout(this.#watched.get(place)?.timer)
    this.#watched.delete(place)
  }

  #write({ flip, entry }: Watched, convergence: Convergence, how: 'all' | 'incomplete' | 'late'): void {
    const { applied, pending, lost, served, firstMs, lastMs } = convergence
    // every instance of the service uses the same key: the first one writes, the others find it written
    const key = `confirmed-${flip.revision}-${how}`
    const confirmed = {
      flip: flip.revision,
      complete: how !== 'incomplete',
      applied: applied.length,
      pending: pending.map(each => each.instance).slice(0, 100),
      lost: lost.map(each => each.instance).slice(0, 100),
      served,
      ...(firstMs === undefined ? {} : { firstMs }),
      ...(lastMs === undefined ? {} : { lastMs }),
    }
    void this.#submit
      .entries({
        priority: 'note',
        actor: 'killswitch',
        key,
        digest: key,
        decide: (_, now) => ({
          drafts: [
            {
              action: 'flip.confirmed',
              outcome: 'applied',
              actor: { id: 'killswitch', role: 'owner', via: 'service' },
              receivedAt: toTimestamp(now),
              ...about(entry),
              confirmed,
              request: { id: key, key, digest: key },
            },
          ],
        }),
      })
      .catch(() => {}) // the store is away: receipts are soft state, and the flip stands without this
  }
}

function flipOf(entry: Entry, log: string | undefined): Flip | undefined {
  if (!isProvable(entry) || entry.outcome !== 'applied') return undefined
  if (entry.application === undefined || log === undefined) return undefined
  return { log, revision: placeOf(entry), application: entry.application, at: Date.parse(entry.receivedAt) }
}

function about({ flag, application, label, incident }: Entry) {
  return Object.fromEntries(
    Object.entries({ flag, application, label, incident }).filter(([, value]) => value !== undefined),
  )
}
