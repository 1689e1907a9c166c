// What members say, here or to another instance of the service: whose receipt it is, which of them counts, and what its
// answer is to this log.

import type { Times } from '../domain/clock.js'
import { by, KillswitchError } from '../domain/errors.js'
import { hear, judged, type Member, seen } from '../domain/fleet/member.js'
import type { Shower } from '../domain/fleet/warrant.js'
import { placeOf } from '../domain/log/audit.js'
import type { LogState } from '../log/state.js'
import type { Receipt } from '../wire/receipt.js'
import type { Answers } from './answers.js'
import { type Membership, moved, newMember, revived } from './membership.js'
import { idOfName, type Sessions } from './sessions.js'
import type { SharedMember } from './sharing.js'

type Parts = {
  log: LogState
  members: Membership
  sessions: Sessions
  answers: Answers
  times: Times
  onChange: () => void
  /** Told what an instance with a session shows back. */
  onShown: (by: Shower, warrants: readonly string[]) => void
  /** Told of each application that contradicts the log, once. */
  onFork: (receipt: Receipt) => void
}

export class Hearing {
  readonly #parts: Parts
  /** Their answers are above this log: looked at again when it has grown. */
  readonly #above = new Set<string>()
  readonly #forks = new Set<string>()
  #epoch: number
  /** Receipts of sessions that are not theirs. */
  foreign = 0
  /** When an app was first heard of that has seen more of this log than there is. */
  outgrownAt: number | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#epoch = parts.log.head.epoch
  }

  /** Takes in receipts that came with a credential; all of them, or none. Throws `unknown-session`, `too-many-instances`. */
  receive(credential: string, receipts: readonly Receipt[]): void {
    const heard = receipts.map(receipt => [this.#of(credential, receipt), receipt] as const)
    const at = this.#parts.times.steady()
    for (const [id, receipt] of heard) this.#take(this.#parts.members.get(id) as Member, receipt, at)
    this.#parts.onChange()
  }

  /** What another instance of the service heard. */
  learn(shared: readonly SharedMember[]): void {
    const { steady, common } = this.#parts.times
    const now = steady()
    for (const each of shared) {
      const { openedAt, heardAt } = moved(each, now - common())
      this.#learnOne({ ...each, openedAt, heardAt: Math.min(heardAt, now) })
    }
    this.#parts.onChange()
  }

  /** The log has grown, or is another branch: what was above it, or of another one, may be here now. */
  logChanged(): void {
    const { members, log } = this.#parts
    const { epoch } = log.head
    const again =
      epoch === this.#epoch
        ? [...this.#above].flatMap(id => members.get(id) ?? [])
        : [...members.roster.all()].filter(each => each.receipt !== undefined)
    this.#epoch = epoch
    this.#above.clear()
    for (const member of again) if (member.gone === undefined) this.#judge(member, member.heardAt)
  }

  /** Of whom a receipt is. One that is not known here yet is from now on: its secret says that it is one of ours. */
  #of(credential: string, receipt: Receipt): string {
    const { members, sessions, times } = this.#parts
    const { app, instance, session } = receipt
    const id =
      session === undefined ? idOfName(app, instance) : sessions.idIn(session, { credential, app, instance })
    if (id === undefined) {
      this.foreign++
      throw unknownSession(receipt)
    }
    const known = members.get(id)
    if (known !== undefined && (known.gone === undefined || receipt.closing)) return id
    // what it said before it left, and comes late, does not bring it back
    if (known?.proves && (receipt.number ?? 0) <= known.number) return id
    if (!members.makeRoom(credential, app)) throw tooMany(app, members.roster.most)
    const now = times.steady()
    members.set(known === undefined ? newMember({ id, credential, app, instance }, now) : revived(known, now))
    return id
  }

  /** What it shows back is not remembered with it. */
  #take(member: Member, given: Receipt, at: number): void {
    const { warrants, ...bare } = given
    this.#hear(member, warrants === undefined ? given : bare, at)
    if (warrants === undefined || !member.proves) return
    const { app, instance } = given
    this.#parts.onShown({ app, instance }, warrants)
  }

  #hear(member: Member, receipt: Receipt, at: number): void {
    const { members } = this.#parts
    // without a session nothing is numbered: what comes last counts, and proves nothing
    const number = member.proves ? (receipt.number ?? 0) : member.number + 1
    const heard = hear(member, receipt, number, at)
    if (heard.number === member.number) {
      members.set(heard)
      return
    }
    this.#cryOfFork(receipt)
    if (heard.gone === undefined) this.#judge(heard, at)
    else members.leave(heard)
    members.share(member.id)
  }

  /** What its newest answer is to this log, now or once it is known. */
  #judge(member: Member, at: number): void {
    const { members, answers } = this.#parts
    const { id, receipt } = member
    const standing = answers.judge(receipt?.answer)
    if (typeof standing === 'string' && standing !== 'ahead') {
      this.#above.delete(id)
      members.set(judged(member, standing, at))
      if (this.#isBeyond(member)) void this.#outgrown(member)
      return
    }
    members.set(judged(member, 'none', at))
    void this.#judgeLater(member, at, standing === 'ahead')
  }

  async #judgeLater({ id, number, receipt, shown }: Member, at: number, isAhead: boolean): Promise<void> {
    const { members, answers, onChange } = this.#parts
    const isFollowed = isAhead ? await answers.followed() : true
    const found = await answers.judge(receipt?.answer)
    const now = members.get(id)
    if (now === undefined || now.number !== number || now.gone !== undefined) return
    if (found === 'ahead') this.#above.add(id)
    // where the store's end is not known, neither is whether it is ahead
    if (found === 'ahead' && !isFollowed) return
    if (found === 'ahead') this.outgrownAt ??= this.#parts.times.steady()
    members.set(judged({ ...now, shown }, found, at))
    onChange()
  }

  /** It has seen a place that this log does not have, or not yet. */
  #isBeyond({ proves, receipt }: Member): boolean {
    const { log, head } = this.#parts.log.state
    return proves && receipt?.log === log && receipt !== undefined && receipt.revision > placeOf(head)
  }

  async #outgrown(member: Member): Promise<void> {
    if ((await this.#parts.answers.followed()) && this.#isBeyond(member))
      this.outgrownAt ??= this.#parts.times.steady()
  }

  #learnOne({ receipt, number, gone, ...rest }: SharedMember): void {
    const { members } = this.#parts
    const known = members.get(rest.id)
    if (known === undefined) {
      if (gone !== undefined) return
      const member: Member = { ...rest, number, shown: [], standing: 'none' }
      if (receipt === undefined) members.set(member)
      else this.#judge({ ...member, receipt }, rest.heardAt)
      return
    }
    if (number < known.number) {
      // what it said there was said before; that it was there at all was not
      if (gone === undefined && known.gone === undefined && rest.heardAt > known.heardAt)
        members.set(seen(known, rest.heardAt))
      return
    }
    if (gone !== undefined) {
      if (known.gone === undefined) members.leave({ ...known, number, gone })
    } else if (number > known.number && receipt !== undefined) {
      const { gone: _, ...there } = seen(known, rest.heardAt)
      this.#judge({ ...there, receipt, number }, rest.heardAt)
    } else if (rest.heardAt > known.heardAt && known.gone === undefined)
      members.set(seen(known, rest.heardAt))
  }

  #cryOfFork(receipt: Receipt): void {
    if (receipt.fork === undefined || this.#forks.has(receipt.app)) return
    this.#forks.add(receipt.app)
    this.#parts.onFork(receipt)
  }
}

const unknownSession = ({ app, instance }: Receipt): KillswitchError =>
  new KillswitchError(
    'unknown-session',
    `The receipt of ${instance} (${app}) names a session that is not its own here: another service's, another token's, or made up.`,
    { wayOut: [by('Open one: GET /v1/stream or /v1/snapshot answers with Killswitch-Session.')] },
  )

const tooMany = (app: string, most: number): KillswitchError =>
  new KillswitchError(
    'too-many-instances',
    `This token has ${most} instances of ${app} here, which is as many as it may have.`,
    { wayOut: [by(`Let go of those that are gone: killswitch fleet forget --lost --app ${app}`)] },
  )
