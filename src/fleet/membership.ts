// Who is a member of the fleet: in memory, on this disk, and told to the other instances of the service. It remembers and
// lets go; what a member says is heard elsewhere.

import type { Times } from '../domain/clock.js'
import { livenessOf, type Member, RECORDED_EVERY_MS, seen } from '../domain/fleet/member.js'
import { FORGOTTEN_AFTER_MS } from '../domain/fleet/receipt.js'
import type { LogState } from '../log/state.js'
import type { FleetRecord, Recorded } from './record.js'
import { Refused } from './refused.js'
import { Roster } from './roster.js'
import type { Sharing } from './sharing.js'

/** Instances that have left are shown for a while; a stranger may open and close without end. */
const CLOSED_KEPT = 1_000
/** Every so many sweeps the lost ones are told to the store again. */
const TOLD_AGAIN = 12

type Parts = {
  log: LogState
  times: Times
  record: FleetRecord
  sharing: Pick<Sharing, 'put' | 'flush'>
  most: number
}

export class Membership {
  readonly roster: Roster
  readonly refused: Refused
  readonly #parts: Parts
  /** When each was written to the record last, and whether as lost. */
  readonly #recorded = new Map<string, { at: number; lost: boolean }>()
  /** Without a session, and with a stream open: how many. */
  readonly #attached = new Map<string, number>()
  readonly #closed: string[] = []
  #sweeps = 0

  /** Takes up what an earlier run has left on the disk: those that were not lost then are awaited. */
  constructor(parts: Parts, startedAt: number) {
    this.#parts = parts
    this.roster = new Roster(parts.most)
    this.refused = new Refused(parts.times.steady)
    for (const { lost = false, ...kept } of parts.record.entries()) {
      const recorded = sinceThen(kept, parts.times, startedAt)
      const awaitedSince = lost ? 0 : startedAt
      this.roster.set({ ...recorded, awaitedSince, number: 0, shown: [], standing: 'none' })
      this.#recorded.set(recorded.id, { at: recorded.heardAt, lost })
    }
  }

  get(id: string): Member | undefined {
    return this.roster.get(id)
  }

  set(member: Member): void {
    this.roster.set(member)
    this.#keep(member)
  }

  /** It is not waited for any more. */
  leave(member: Member): void {
    this.roster.set(member)
    this.#recorded.delete(member.id)
    this.#parts.record.put(member.id, null)
    this.share(member.id)
    this.#closed.push(member.id)
    while (this.#closed.length > CLOSED_KEPT) {
      const oldest = this.#closed.shift() as string
      if (this.get(oldest)?.gone !== undefined) this.#drop(oldest)
    }
  }

  /** Tells the other instances of the service, with the next batch. */
  share(id: string): void {
    const member = this.get(id)
    if (member === undefined) return
    const { shown: _s, standing: _st, awaitedSince: _a, ...shared } = member
    const { common, steady } = this.#parts.times
    this.#parts.sharing.put(id, { ...shared, ...moved(shared, common() - steady()) })
  }

  /** Resolves once all members are on the disk, and told where the store answers. */
  async settled(): Promise<void> {
    const isLive = this.#parts.log.condition.isLive
    await Promise.all([this.#parts.record.sync(), isLive ? this.#parts.sharing.flush() : undefined])
  }

  /** Whether a credential may have another instance of an application; one that may not is counted. */
  makeRoom(credential: string, app: string): boolean {
    if (this.roster.hasRoom(credential, app)) return true
    this.refused.add(app)
    return false
  }

  /** It is there for as long as its stream is, whatever it does not say. What it gives ends that. */
  attach(id: string): () => void {
    this.#attached.set(id, (this.#attached.get(id) ?? 0) + 1)
    return () => {
      const left = (this.#attached.get(id) ?? 1) - 1
      if (left > 0) this.#attached.set(id, left)
      else this.#attached.delete(id)
    }
  }

  /** How long a lost instance of an application is waited for, ms. */
  windowOf(app: string): number {
    const application = this.#parts.log.state.catalogue?.applications.find(each => each.id === app)
    const hours = application?.forgetAfterHours
    return hours === undefined ? FORGOTTEN_AFTER_MS : hours * 3_600_000
  }

  /** Writes down who was lost or is due, and lets go of whom nobody waits for. Whether anybody was lost or found since. */
  sweep(): boolean {
    const now = this.#parts.times.steady()
    const isTold = this.#sweeps++ % TOLD_AGAIN === 0
    for (const id of this.#attached.keys()) {
      const member = this.get(id)
      if (member !== undefined) this.set(seen(member, now))
    }
    let isOther = false
    for (const member of this.roster.all()) {
      const wasLost = this.#recorded.get(member.id)?.lost
      this.#keep(member)
      isOther ||= this.#recorded.get(member.id)?.lost !== wasLost
      if (now - member.heardAt > this.windowOf(member.app)) this.#drop(member.id)
      // a store that lost what was told gets it again: who is heard of tells it anew
      else if (isTold && wasLost && member.gone === undefined) this.share(member.id)
    }
    void this.#parts.record.sync()
    return isOther
  }

  async close(): Promise<void> {
    for (const member of this.roster.all()) this.#keep(member, true)
    await this.#parts.record.close()
  }

  /** On the disk: at once where it is new, is lost or is found again, else now and then. */
  #keep(member: Member, isLast = false): void {
    if (member.gone !== undefined) return
    const { receipt: _r, shown: _s, standing: _st, awaitedSince: _a, number: _n, ...rest } = member
    const { id, heardAt } = member
    const lost = livenessOf(member, this.#parts.times.steady()) === 'lost'
    const known = this.#recorded.get(id)
    if (!isLast && known?.lost === lost && heardAt - known.at < RECORDED_EVERY_MS) return
    this.#recorded.set(id, { at: heardAt, lost })
    const { running, steady } = this.#parts.times
    const ran = running() - (steady() - heardAt)
    this.#parts.record.put(id, { ...rest, ran, ...(lost ? { lost } : {}) })
  }

  #drop(id: string): void {
    this.roster.delete(id)
    this.#recorded.delete(id)
    this.#parts.record.put(id, null)
    this.#parts.sharing.put(id, null)
  }
}

/** Its hours on a clock that says so much more. */
export const moved = ({ openedAt, heardAt }: Pick<Member, 'openedAt' | 'heardAt'>, byMs: number) => ({
  openedAt: openedAt + byMs,
  heardAt: heardAt + byMs,
})

/** One of an earlier run, by what has passed since: no clock that was corrected meanwhile makes it longer ago, or less. */
function sinceThen({ ran, ...recorded }: Recorded, { running }: Times, now: number): Omit<Recorded, 'ran'> {
  const passedMs = ran === undefined ? undefined : running() - ran
  const heardAt = passedMs === undefined || passedMs < 0 ? Math.min(recorded.heardAt, now) : now - passedMs
  return { ...recorded, ...moved(recorded, heardAt - recorded.heardAt) }
}

/** One that nobody knew. An id that begins with `~` is made of a name: there is no session. */
export function newMember(
  given: Pick<Member, 'id' | 'credential' | 'app' | 'instance'>,
  now: number,
): Member {
  const proves = !given.id.startsWith('~')
  return { ...given, proves, openedAt: now, heardAt: now, number: 0, shown: [], standing: 'none' }
}

/** One that had left, and is there again. */
export function revived(member: Member, now: number): Member {
  const { gone: _, ...rest } = member
  return { ...rest, heardAt: now, shown: [], standing: 'none' }
}
