// An app instance as the service meets one: it opens its session, and answers what it is told by receipts. Honest unless
// a test makes it say something else.

import type { Change, Held } from '../../src/wire/snapshot.js'
import type { Answer, Ask } from './server.js'

type Asking = (role: 'sdk', method: 'GET' | 'POST', path: string, asked?: Ask) => Promise<Answer>
export type Receiving = Record<string, unknown>

let processes = 0

export class TestInstance {
  readonly app: string
  #ask: Asking
  readonly #wanted: string
  readonly #process = `process-${++processes}`
  readonly #startedAt = '2026-11-20T02:00:00.000Z'
  /** The name it was given. */
  name: string
  session: string | undefined
  refused: string | undefined
  number = 0
  /** As it last heard. */
  heard: Pick<Change, 'log' | 'revision' | 'hash' | 'provisional'> | undefined
  held: Record<string, Held> = {}
  /** Flags it once saw held. */
  readonly #once = new Set<string>()

  constructor(ask: Asking, name: string, app = 'trustflow') {
    this.#ask = ask
    this.#wanted = name
    this.name = name
    this.app = app
  }

  /** The service was started again: the same process goes on with this one. */
  at(ask: Asking): this {
    this.#ask = ask
    return this
  }

  /** Opens its session, or goes on with it, and takes in the state. `more`: headers besides. */
  async poll(more: Record<string, string> = {}): Promise<this> {
    const { status, headers, body } = await this.#ask('sdk', 'GET', '/v1/snapshot', {
      headers: {
        'killswitch-app': encodeURIComponent(this.app),
        'killswitch-instance': encodeURIComponent(this.session === undefined ? this.#wanted : this.name),
        'killswitch-process': this.#process,
        ...(this.session === undefined ? {} : { 'killswitch-session': this.session }),
        ...more,
      },
    })
    if (status !== 200) throw new Error(`the snapshot was answered ${status}`)
    this.refused = headers['killswitch-session-refused'] as string | undefined
    const given = headers['killswitch-instance'] as string | undefined
    if (given !== undefined) this.name = decodeURIComponent(given)
    this.session = (headers['killswitch-session'] as string | undefined) ?? this.session
    const { log, revision, hash, provisional } = body
    this.heard = { log, revision, hash, provisional }
    this.held = Object.fromEntries(
      Object.entries(body.flags as Record<string, { held?: Held }>).flatMap(([key, { held }]) =>
        held === undefined ? [] : [[key, held]],
      ),
    )
    for (const key of Object.keys(this.held)) this.#once.add(key)
    return this
  }

  /** What it would send now. */
  receipt(more: Receiving = {}): Receiving {
    const { heard } = this
    const { log = '', revision = 0, hash = '', provisional = [] } = heard ?? {}
    const now = '2026-11-20T03:00:00.000Z'
    return {
      ...{ instance: this.name, app: this.app, log, revision, appliedAt: now, sdk: 'test/1' },
      ...{ startedAt: this.#startedAt, boot: 'service' },
      ...(this.session === undefined
        ? {}
        : {
            ...{ session: this.session, number: ++this.number, answer: { log, revision, hash } },
            inForce: Object.fromEntries([...this.#once].map(key => [key, this.held[key]?.variant ?? null])),
            provisional: provisional.map(({ id }) => id),
          }),
      ...more,
    }
  }

  /** Says what it has applied. The status of the answer. */
  async report(more: Receiving = {}): Promise<Answer> {
    return this.#ask('sdk', 'POST', '/v1/receipts', { body: { receipts: [this.receipt(more)] } })
  }

  /** Takes in the state, and says so. */
  async apply(): Promise<this> {
    await this.poll()
    const { status, text } = await this.report()
    if (status !== 202) throw new Error(`the receipt was answered ${status}: ${text}`)
    return this
  }

  async close(): Promise<void> {
    await this.report({ closing: true })
  }
}
