// What was proved of each flip, written to the log: `flip.confirmed` once every instance has shown it, `flip.unconfirmed`
// after a minute with who has not, and `flip.confirmed` after all when the last of them has. Each is written once, however
// many instances of the service see it.

import { type Clock, toTimestamp } from '../domain/clock.js'
import { type Flip, TIME_UP_MS } from '../domain/fleet/convergence.js'
import { type Entry, isProvable, type SealedEntry } from '../domain/log/audit.js'
import type { LogState } from '../log/state.js'
import type { Submit } from '../log/submit.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Convergence } from '../wire/convergence.js'
import type { Confirmation } from '../wire/entry.js'
import type { Fleet } from './fleet.js'
import { flipOf } from './flips.js'

/** How long a flip is watched for its late completion. */
const WATCHED_MS = 24 * 3_600_000

type Watched = {
  flip: Flip
  entry: Entry
  timer: NodeJS.Timeout
  isTold: boolean
  /** Whether its confirmation is on its way into the log. */
  isConfirming: boolean
}

export class Confirmations {
  readonly #log: LogState
  readonly #submit: Submit
  readonly #fleet: Fleet
  readonly #clock: Clock
  readonly #watched = new Map<number, Watched>()
  /** Of each flag the places of those that nothing has ended: a kill looks at these alone. */
  readonly #open = new Map<string, number[]>()
  readonly #unsubscribe: (() => void)[]
  readonly #confirming = new Set<Promise<void>>()
  #looking: Promise<void> | undefined
  #again = false
  #resting: NodeJS.Timeout | undefined

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

  /** Takes up what an earlier run left open: the last flip of each flag, of the last day, if it is not confirmed. */
  async start(): Promise<void> {
    const { flags } = this.#log.state
    for (const { lastProof, flippedAt } of flags.values()) {
      if (lastProof === undefined || lastProof.confirmedAt !== undefined) continue
      const at = this.#fleet.hourOf({ at: Date.parse(flippedAt), revision: lastProof.place })
      if (this.#clock() - at > WATCHED_MS) continue
      const entry = await this.#log.entry(lastProof.place)
      if (entry !== undefined) this.#watch(entry, WATCHED_MS)
    }
    this.#look()
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    for (const { timer } of this.#watched.values()) clearTimeout(timer)
    this.#watched.clear()
    clearTimeout(this.#resting)
    await this.#looking
    await Promise.all(this.#confirming)
  }

  #take(entries: readonly SealedEntry[]): void {
    for (const { entry } of entries) this.#watch(entry, TIME_UP_MS)
  }

  /** Of one that is older than so long, nothing is waited for. */
  #watch(entry: Entry, withinMs: number): void {
    if (!isProvable(entry) || entry.outcome !== 'applied') return
    const found = flipOf(entry, this.#log.state)
    if (found === undefined || this.#watched.has(found.revision)) return
    const flip = { ...found, at: this.#fleet.hourOf(found) }
    if (this.#clock() - flip.at > withinMs) return
    this.#supersede(flip, entry)
    const left = Math.max(0, TIME_UP_MS - (this.#clock() - flip.at))
    const timer = setTimeout(() => void this.#timeUp(flip.revision), left).unref()
    this.#watched.set(flip.revision, { flip, entry, timer, isTold: false, isConfirming: false })
  }

  /**
   * What was in force before ends with a flip that changes it. Nobody waits for the late completion of a flip that a later one
   * of its flag came after.
   */
  #supersede({ flag, revision }: Flip, { from, to }: Entry): void {
    const open = this.#open.get(flag) ?? []
    const left = open.filter(place => {
      const watched = this.#watched.get(place)
      if (watched === undefined) return false
      if (watched.isTold) this.#forget(place)
      else if (from !== to) watched.flip = { ...watched.flip, until: revision }
      return !watched.isTold && from === to
    })
    this.#open.set(flag, [...left, revision])
  }

  /** One look at a time; what changes meanwhile is looked at after it. */
  #look(): void {
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    const spent = new Spent()
    this.#looking = this.#lookAtAll(spent).finally(() => {
      // for no more than a tenth of the time: it looks at the whole fleet, and ten thousand report
      this.#resting = setTimeout(() => this.#rested(), 9 * spent.ms).unref()
    })
  }

  #rested(): void {
    this.#looking = undefined
    if (!this.#again) return
    this.#again = false
    this.#look()
  }

  async #lookAtAll(spent: Spent): Promise<void> {
    const shown = new Map<string, number>()
    for (const [place, watched] of [...this.#watched]) {
      const { application, revision, at } = watched.flip
      const byAll = shown.get(application) ?? spent.on(() => this.#fleet.shownByAll(application))
      shown.set(application, byAll)
      if (watched.isConfirming || (byAll < revision && this.#clock() - at <= WATCHED_MS)) continue
      const convergence = await spent.on(() => this.#fleet.convergence(watched.flip))
      if (convergence.status === 'confirmed') this.#confirm(place, watched, convergence)
      else if (this.#clock() - watched.flip.at > WATCHED_MS) this.#forget(place)
    }
  }

  async #timeUp(place: number): Promise<void> {
    const watched = this.#watched.get(place)
    if (watched === undefined || watched.isTold || watched.isConfirming) return
    const convergence = await this.#fleet.convergence(watched.flip)
    if (convergence.status === 'confirmed') this.#confirm(place, watched, convergence)
    else {
      watched.isTold = true
      await this.#write(watched, convergence, false)
      if (watched.flip.until !== undefined) this.#forget(place)
    }
  }

  /** A look does not wait for it: the store may take its time, and the next flip is to be looked at meanwhile. */
  #confirm(place: number, watched: Watched, convergence: Convergence): void {
    watched.isConfirming = true
    const writing = this.#write(watched, convergence, true).then(isWritten => {
      watched.isConfirming = false
      this.#confirming.delete(writing)
      if (isWritten) this.#forget(place)
    })
    this.#confirming.add(writing)
  }

  #forget(place: number): void {
    clearTimeout(this.#watched.get(place)?.timer)
    this.#watched.delete(place)
  }

  /** Whether it is in the log. While the store is away it is not, and is tried again with the next look. */
  async #write({ flip, entry }: Watched, convergence: Convergence, complete: boolean): Promise<boolean> {
    const action = complete ? 'flip.confirmed' : 'flip.unconfirmed'
    // every instance of the service uses the same key: the first one writes, the others find it written
    const key = `${action}-${flip.revision}`
    const confirmed = confirmationOf(flip, convergence, complete)
    const asked = {
      priority: 'note' as const,
      actor: 'killswitch',
      key,
      digest: key,
      decide: (_: unknown, now: number) => ({
        drafts: [
          {
            action,
            outcome: 'applied' as const,
            actor: { id: 'killswitch', role: 'owner' as const, via: 'service' as const },
            receivedAt: toTimestamp(now),
            ...about(entry),
            confirmed,
            request: { id: key, key, digest: key },
          } as const,
        ],
      }),
    }
    return this.#submit.entries(asked).then(
      () => true,
      () => false,
    )
  }
}

/** Time of this thread that something took, without what it waited for: a busy machine is no reason to rest for long. */
class Spent {
  ms = 0

  on<T>(act: () => T): T {
    const began = performance.now()
    const made = act()
    this.ms += performance.now() - began
    return made
  }
}

function confirmationOf({ revision }: Flip, convergence: Convergence, complete: boolean): Confirmation {
  const { count, pending, lost, cannotProve, expired, apart, because, served, firstMs, lastMs } = convergence
  const names = (list: readonly { instance: string }[]) => list.map(({ instance }) => instance)
  return {
    flip: revision,
    complete,
    applied: count.applied,
    of: count.applied + count.pending + count.lost + count.cannotProve + count.expired,
    pending: names(pending),
    lost: names(lost),
    ...(cannotProve.length > 0 ? { cannotProve: names(cannotProve) } : {}),
    ...(expired.length > 0 ? { expired } : {}),
    ...(apart.length > 0 ? { apart: apart.map(({ instance, detail }) => `${instance}: ${detail}`) } : {}),
    ...(because.length > 0 ? { because: because.map(({ code }) => code) } : {}),
    served,
    ...(firstMs === undefined ? {} : { firstMs }),
    ...(lastMs === undefined ? {} : { lastMs }),
  }
}

function about({ flag, application, label, incident, incidents }: Entry) {
  return Object.fromEntries(
    Object.entries({ flag, application, label, incident, incidents }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}
