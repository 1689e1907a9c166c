// The event streams that are open, by credential: none outlives its credential, and there are never so many that a kill
// finds no connection. Knows nothing of what the streams say.

import type { Actor } from '../../domain/actor.js'
import type { Clock } from '../../domain/clock.js'
import { by, KillswitchError } from '../../domain/errors.js'
import type { Tokens } from '../../tokens/tokens.js'

/** `app`: an SDK's. `browser`: of OFREP's web clients, whose token is in everybody's hands. */
export type StreamKind = 'app' | 'browser'

/** More than an instance is made for, and less than what the machine gives it. */
const MOST = 20_000
/** The rest of the connections there may be is for kills and reads. */
const SHARE_OF_CONNECTIONS = 0.75
/** One that loses its streams and opens new ones leaves room for the others. */
const SHARE_OF_ONE_CREDENTIAL = 0.75
const SHARE_OF_BROWSERS = 0.5
/** A person follows the stream with a terminal or two. */
const MOST_OF_A_PERSON = 100
/** With the tokens file looked at four times a second, a revoked credential's streams end within a second. */
const LOOK_MS = 250

/** How many streams an instance takes that takes so many connections. */
export const mostStreams = (connections: number): number =>
  Math.min(MOST, Math.floor(connections * SHARE_OF_CONNECTIONS))

type Presented = { sha256: string; actor: Actor }
type Holder = { rights: string; actor: Actor; ends: Set<() => void> }

export class OpenStreams {
  readonly most: number
  refused = 0
  readonly #tokens: () => Tokens
  readonly #clock: Clock
  readonly #holders = new Map<string, Holder>()
  readonly #open: Record<StreamKind, number> = { app: 0, browser: 0 }
  readonly #timer: NodeJS.Timeout

  constructor(given: { tokens: () => Tokens; clock: Clock; most: number }) {
    this.most = given.most
    this.#tokens = given.tokens
    this.#clock = given.clock
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  count(kind: StreamKind): number {
    return this.#open[kind]
  }

  /** Said on /readyz while no more are taken. */
  get condition(): { code: string; detail: string } | undefined {
    if (!this.#isFull) return undefined
    const detail = `${this.most} event streams are open, all this instance takes: further apps poll. Kills are taken.`
    return { code: 'streams-full', detail }
  }

  get #isFull(): boolean {
    return this.#open.app + this.#open.browser >= this.most
  }

  /**
   * Counts a stream; what it returns is called when it has closed. `end` is called once its credential is revoked, has
   * expired, or has other rights: the client comes again and is asked who it is. Throws `too-many-streams`.
   */
  admit({ sha256, actor }: Presented, kind: StreamKind, end: () => void): () => void {
    const holder = this.#holders.get(sha256) ?? { rights: rightsOf(actor), actor, ends: new Set() }
    this.#assertRoom(holder, kind)
    this.#holders.set(sha256, holder)
    // a set of its own for each stream's closure: the same function twice would be counted once
    const own = () => end()
    holder.ends.add(own)
    this.#open[kind]++
    return () => {
      if (!holder.ends.delete(own)) return
      this.#open[kind]--
      if (holder.ends.size === 0) this.#holders.delete(sha256)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #assertRoom({ actor, ends }: Holder, kind: StreamKind): void {
    const ofOne = actor.role === 'sdk' ? Math.floor(this.most * SHARE_OF_ONE_CREDENTIAL) : MOST_OF_A_PERSON
    if (this.#isFull) throw this.#tooMany(`This instance has ${this.most} streams open, all it takes.`)
    if (kind === 'browser' && this.#open.browser >= this.most * SHARE_OF_BROWSERS)
      throw this.#tooMany(`This instance has ${this.#open.browser} streams to browsers open, all it takes.`)
    if (ends.size >= ofOne)
      throw this.#tooMany(`${actor.id} has ${ends.size} streams open here, all that one credential may have.`)
  }

  #tooMany(why: string): KillswitchError {
    this.refused++
    const wayOut =
      'Poll until there is room (the SDK does), ask another instance, or close streams nobody reads.'
    return new KillswitchError('too-many-streams', why, { wayOut: [by(wayOut)] })
  }

  #look(): void {
    const [tokens, now] = [this.#tokens(), this.#clock()]
    for (const [sha256, { rights, ends }] of this.#holders) {
      const known = tokens.credential(sha256, now)
      if (known !== undefined && rightsOf(known.actor) === rights) continue
      for (const end of ends) end()
    }
  }
}

const rightsOf = ({ role, apps, only }: Actor): string => JSON.stringify([role, apps, only])
