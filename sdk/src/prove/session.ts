// The session of this process with the service: what it says of itself with every stream and snapshot, the session and the
// name that it is given, and the number of each receipt. By it a receipt is this process' word and nobody else's. Sends
// nothing itself, and never shows the secret to anybody but the service.

import { randomBytes } from 'node:crypto'
import type { Voice } from '../logger.js'
import type { Options } from '../options.js'
import type { ResponseLike } from '../runtime.js'
import { type Predecessor, SessionFiles } from './session-files.js'
import * as wire from './wire-session.js'

type Making = {
  app: string
  /** As configured. */
  instance: string
  /** False: no receipts are sent, and the service is told so. */
  proves: boolean
  voice: Voice
  /** What outlives the process; undefined: nothing does. */
  files: SessionFiles | undefined
}

/** One request, from its headers to its answer. */
export type Asking = { headers: Readonly<Record<string, string>>; answered(answer: ResponseLike): void }

export type SessionEvents = { given(): void; refused(): void }

/** What a receipt carries of it: the name given, and a number above that of every receipt before it. */
export type Signed = { session: string; instance: string; number: number }

type Given = { secret: string; name: string }

const REFUSALS: Readonly<Record<string, string>> = {
  limit: 'it has as many instances of this application as it takes',
  application: 'its catalogue or the token does not have this application',
  disk: 'it cannot keep its record of instances',
}

/** Undefined where the process has none: it lives from call to call. `keeps`: the disk may be used. */
export function sessionOf(options: Options, voice: Voice, keeps: boolean): Session | undefined {
  const { app, instance, receipts, mode, cacheFile } = options
  if (mode === 'serverless') return undefined
  const folder = keeps && receipts && cacheFile !== false ? `${cacheFile}.sessions` : undefined
  const files = folder === undefined ? undefined : new SessionFiles({ folder, app, instance, voice })
  return new Session({ app, instance, proves: receipts, voice, files })
}

export class Session {
  private readonly making: Making
  /** Drawn once: the service gives one session to whoever asks in several places. */
  private readonly process = randomBytes(16).toString('hex')
  private running = false
  private given: Given | undefined
  /** Whether the service has said, since the start or the last drop, if there is a session. */
  private isAnswered = false
  /** Of the last receipt, by whatever session: a service with another key gives the same one again under another secret. */
  private number = 0
  /** Sessions whose place this one takes: of processes before it, and of its own that ended without a goodbye. */
  private predecessors: Predecessor[] = []
  private events: Partial<SessionEvents> = {}

  constructor(making: Making) {
    this.making = making
  }

  /** One listener. */
  listen(events: SessionEvents): void {
    this.events = events
  }

  /** Before the first request. */
  begin(): void {
    this.running = true
    this.isAnswered = false
    const { proves, files } = this.making
    if (!proves || !files) return
    const found = new Map(files.predecessors().map(each => [each.session, each]))
    for (const { session } of this.predecessors) if (!found.has(session)) found.set(session, { session })
    this.predecessors = [...found.values()]
  }

  /** What goes with the next stream or snapshot. */
  ask(): Asking {
    const { app, instance, proves } = this.making
    const { given } = this
    const named = {
      [wire.APP]: wire.encodeName(app),
      [wire.INSTANCE]: wire.encodeName(given?.name ?? instance),
    }
    if (!proves) return { headers: { ...named, [wire.SESSION]: wire.NONE }, answered: () => {} }
    const before = given ? [] : this.predecessors.slice(0, wire.MOST_PREDECESSORS)
    const headers = {
      ...named,
      [wire.PROCESS]: this.process,
      ...(given ? { [wire.SESSION]: given.secret } : {}),
      ...(before.length > 0 ? { [wire.PREDECESSORS]: before.map(({ session }) => session).join(',') } : {}),
    }
    return { headers, answered: answer => this.answered(answer, given?.secret, before) }
  }

  /** Whether receipts may be sent: with a session, or to a service that gives none. */
  get isSettled(): boolean {
    return this.given !== undefined || this.isAnswered
  }

  get isGiven(): boolean {
    return this.given !== undefined
  }

  /** For the next receipt; undefined without a session. */
  sign(): Signed | undefined {
    if (!this.given) return undefined
    const { secret, name } = this.given
    return { session: secret, instance: name, number: ++this.number }
  }

  /** The service does not know it. False: it is not the one in use, and there is nothing to do. */
  drop(secret: string): boolean {
    if (this.given?.secret !== secret) return false
    this.leave(this.given)
    this.isAnswered = false
    return true
  }

  /** `goodbye`: the service knows that this process ends. */
  async close(goodbye: boolean): Promise<void> {
    this.running = false
    this.isAnswered = false
    if (this.given && !goodbye) this.leave(this.given)
    this.given = undefined
    await this.making.files?.close(goodbye)
  }

  /** Its place is taken by whichever comes next here. */
  private leave({ secret }: Given): void {
    this.given = undefined
    this.predecessors.unshift({ session: secret })
  }

  private answered(
    { status, headers }: ResponseLike,
    sent: string | undefined,
    before: readonly Predecessor[],
  ): void {
    if (!this.running || (status !== 200 && status !== 304)) return
    const refused = headers.get(wire.REFUSED)
    if (refused !== null) this.refuse(refused)
    const secret = headers.get(wire.SESSION)
    if (wire.isSecret(secret)) this.take(secret, headers.get(wire.INSTANCE), sent, before)
    else if (sent === undefined) this.isAnswered = true
    if (refused !== null) this.events.refused?.()
  }

  private take(
    secret: string,
    name: string | null,
    sent: string | undefined,
    before: readonly Predecessor[],
  ): void {
    const now = this.given?.secret
    // an answer from before: to a session that is no longer this one's, or that was dropped meanwhile
    const isLate = now === undefined ? secret === sent : now !== sent && secret !== now
    if (isLate || secret === now) return
    const { instance, files, voice } = this.making
    this.given = { secret, name: wire.decodeName(name) ?? instance }
    this.predecessors = this.predecessors.filter(each => !before.includes(each) && each.session !== secret)
    void files?.keep(secret, before)
    voice.settled('session')
    this.sayName(this.given.name)
    this.events.given?.()
  }

  private sayName(name: string): void {
    const { instance, voice } = this.making
    if (name !== instance)
      voice.once('name', `another process has the instance name ${instance}: this one is shown as ${name}`)
  }

  private refuse(code: string): void {
    const why = REFUSALS[code]
    const what = `${code.slice(0, 40)}${why === undefined ? '' : `: ${why}`}`
    this.making.voice.once(
      'session',
      `no kill can be proved here, the service gives ${this.making.instance} no session (${what})`,
    )
  }
}
