// How an app instance becomes a member: it claims a name with its stream or its first poll, and is given a session. A name
// that another has is not taken from it, and no session is ended but by its own secret.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../domain/clock.js'
import { livenessOf, type Member, seen } from '../domain/fleet/member.js'
import { type Membership, newMember, revived } from './membership.js'
import { idOfName, idOfSecret, type Sessions } from './sessions.js'

/** Who asks for a session: an SDK with its stream, or with its first poll. */
export type Claim = {
  credential: string
  app: string
  instance: string
  /** Drawn by the process at its start: it asks in more than one place, and has one session. */
  process: string
  /** The session it has already. */
  session?: string
  /** Sessions of processes before it, which left them on its disk. */
  predecessors: readonly string[]
}
export type Opened = { session: string; instance: string } | { refused: 'limit' }

/** Of a name with a suffix, before it: a receipt takes 200 characters. */
const LONGEST_NAME = 190
const MOST_TRIED = 100

export class Claims {
  readonly #members: Membership
  readonly #sessions: Sessions
  readonly #clock: Clock
  readonly #onChange: () => void

  constructor(parts: { members: Membership; sessions: Sessions; clock: Clock; onChange: () => void }) {
    this.#members = parts.members
    this.#sessions = parts.sessions
    this.#clock = parts.clock
    this.#onChange = parts.onChange
  }

  /** Resolves once the instance will be remembered, and the other instances of the service know of it where the store answers. */
  async open(claim: Claim): Promise<Opened> {
    const { session } = claim
    const held = session === undefined ? undefined : this.#sessions.idIn(session, claim)
    if (held !== undefined && session !== undefined) {
      const isThere = await this.#admit(held, claim, claim.instance)
      return isThere ? { session, instance: claim.instance } : { refused: 'limit' }
    }
    const id = this.#sessions.idOf(claim, claim.process)
    // one that is not its own any more, as after a change of its token, is one before it
    const secrets = [...claim.predecessors, ...(session === undefined ? [] : [session])]
    const before = secrets.flatMap(secret => this.#predecessor(secret) ?? [])
    const instance = this.#members.get(id)?.instance ?? this.#freeName(claim, before)
    if (!(await this.#admit(id, claim, instance, before))) return { refused: 'limit' }
    return { session: this.#sessions.secretOf(id, { ...claim, instance }), instance }
  }

  /** An SDK that sends no receipts, and says so: it stays by its name, while its stream is open and a day longer. */
  async attach(claim: Pick<Claim, 'credential' | 'app' | 'instance'>): Promise<() => void> {
    const id = idOfName(claim.app, claim.instance)
    await this.#admit(id, claim, claim.instance)
    return this.#members.attach(id)
  }

  /** Whether there is room; then it is known, durable here, and told to the others. */
  async #admit(
    id: string,
    { credential, app }: Pick<Claim, 'credential' | 'app'>,
    instance: string,
    before: readonly Member[] = [],
  ): Promise<boolean> {
    const now = this.#clock()
    const known = this.#members.get(id)
    for (const each of before) if (each.id !== id) this.#members.leave({ ...each, gone: 'replaced' })
    if (known !== undefined && known.gone === undefined) {
      const wasLost = livenessOf(known, now) === 'lost'
      this.#members.set(seen(known, now))
      // from here on it may run what it had given up: nobody is to go by what it was before
      if (wasLost) await this.#tell(id)
      return true
    }
    if (!this.#members.makeRoom(credential, app)) return false
    this.#members.set(
      known === undefined ? newMember({ id, credential, app, instance }, now) : revived(known, now),
    )
    await this.#tell(id)
    return true
  }

  async #tell(id: string): Promise<void> {
    this.#members.share(id)
    this.#onChange()
    await this.#members.settled()
  }

  /** Somebody else who has the name keeps it, whether heard of or not. */
  #freeName({ app, instance }: Claim, before: readonly Member[]): string {
    const isFree = (name: string) =>
      this.#members.roster.named(app, name).every(each => each.gone !== undefined || before.includes(each))
    if (isFree(instance)) return instance
    for (let number = 2; number < MOST_TRIED; number++) {
      const name = `${instance.slice(0, LONGEST_NAME)}~${number}`
      if (isFree(name)) return name
    }
    return `${instance.slice(0, LONGEST_NAME)}~${randomBytes(4).toString('hex')}`
  }

  /** Whose session it was, if it is known and the secret is its own. */
  #predecessor(secret: string): Member | undefined {
    const member = this.#members.get(idOfSecret(secret))
    if (member === undefined || !member.proves || member.gone !== undefined) return undefined
    return this.#sessions.idIn(secret, member) === undefined ? undefined : member
  }
}
