// Somebody with one ordinary token who wants a kill to look applied where it is not: speaks for others, about what is not
// there yet, over the service and past it into Redis. What it is after is in force of nobody: it runs no feature of its own.

import { randomBytes, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Door } from '../support/model-app.js'

const FAR = Number.MAX_SAFE_INTEGER
const SHARED = 'killswitch:{test}:shared'
const SHARING = 'killswitch:{test}:sharing'
const NAMES_AT_ONCE = 20

export type Victim = { name: string; app: string }
type Given = {
  door: Door
  victims: () => readonly Victim[]
  app: string
  /** Kill variants by flag: what it says to be in force. */
  off: Readonly<Record<string, string>>
  random: () => number
  redis?: () => Redis
}
type Session = { secret: string; instance: string; number: number }

/** What leaves nothing behind where it fails, and what keeps kills from being confirmed for as long as it is remembered. */
export const QUIET = ['far', 'public hash', 'foreign', 'goodbye', 'predecessor', 'replay', 'redis'] as const
export const LOUD = ['bare', 'bare goodbye', 'taken', 'names', 'forks'] as const
export type Forgery = (typeof QUIET)[number] | (typeof LOUD)[number]

export class Forger {
  readonly #given: Given
  /** What it tried, and how often; how many of its receipts were refused. */
  readonly tried = new Map<string, number>()
  refused = 0
  #names = 0

  constructor(given: Given) {
    this.#given = given
  }

  async try(forgery: Forgery): Promise<void> {
    const { victims, random } = this.#given
    const all = victims()
    const victim = all[Math.floor(random() * all.length)]
    if (victim === undefined) return
    this.tried.set(forgery, (this.tried.get(forgery) ?? 0) + 1)
    await this.#acts[forgery](victim)
  }

  readonly #acts: Record<Forgery, (victim: Victim) => Promise<unknown>> = {
    far: victim =>
      this.#post(victim, {
        ...{ session: madeUp(), number: FAR, revision: FAR },
        answer: { log: 'l', revision: FAR, hash: '0'.repeat(64) },
      }),
    'public hash': victim => this.#post(victim, { session: madeUp(), number: FAR }),
    foreign: victim => this.#withOwn(({ secret }) => this.#post(victim, { session: secret, number: FAR })),
    goodbye: async victim => {
      await this.#post(victim, { session: madeUp(), number: FAR, closing: true })
      await this.#withOwn(({ secret }) => this.#post(victim, { session: secret, number: FAR, closing: true }))
    },
    predecessor: () => this.#withOwn(async () => {}, `${madeUp()},${'A'.repeat(22)}.,${'x'.repeat(40)}`),
    replay: victim =>
      this.#withOwn(async own => {
        for (let times = 0; times < 5; times++)
          await this.#post({ ...victim, name: own.instance }, { session: own.secret, number: ++own.number })
        await this.#post(victim, { session: own.secret, number: own.number + 1_000 })
      }),
    redis: victim => this.#intoRedis(victim),
    bare: victim => this.#post(victim, {}),
    'bare goodbye': victim => this.#post(victim, { closing: true, number: FAR }),
    taken: victim => this.#open(victim.name),
    names: async () => {
      for (let times = 0; times < NAMES_AT_ONCE; times++) {
        const name = `invented-${this.#names++}`
        if (times % 2 === 0) await this.#open(name)
        else await this.#post({ app: this.#given.app, name }, {})
      }
    },
    forks: async victim => {
      const own = await this.#open('forker')
      if (own === undefined) return
      const mine = { ...victim, name: own.instance }
      for (let number = 1; number <= NAMES_AT_ONCE; number++)
        await this.#post(mine, { session: own.secret, number, fork: 'two roots of one length' })
    },
  }

  /** Says goodbye for itself afterwards, until it is heard: what it tried alone is to count. */
  async #withOwn(act: (own: Session) => Promise<unknown>, predecessors?: string): Promise<void> {
    const own = await this.#open(`forger-${this.#names++}`, predecessors)
    if (own === undefined) return
    await act(own)
    for (let times = 0; times < 100; times++) {
      const mine = { app: this.#given.app, name: own.instance }
      if ((await this.#post(mine, { session: own.secret, number: FAR, closing: true })) === 202) return
    }
  }

  async #open(instance: string, predecessors?: string): Promise<Session | undefined> {
    const process = randomUUID()
    // an answer that is lost on its way has opened one all the same
    for (let times = 0; times < 100; times++) {
      const heard = await this.#given.door('GET', '/v1/snapshot', {
        headers: {
          'killswitch-app': this.#given.app,
          'killswitch-instance': encodeURIComponent(instance),
          'killswitch-process': process,
          ...(predecessors === undefined ? {} : { 'killswitch-predecessors': predecessors }),
        },
      })
      const secret = heard?.headers['killswitch-session']
      if (heard?.status !== 200) continue
      if (typeof secret !== 'string') return undefined
      return { secret, instance: decodeURIComponent(String(heard.headers['killswitch-instance'])), number: 0 }
    }
    return undefined
  }

  /** A receipt as the victim would send it now, but for `more`: what is in force, with the hash that everybody can read. */
  async #post({ name, app }: Victim, more: Record<string, unknown>): Promise<number | undefined> {
    const { door, off } = this.#given
    const heard = await door('GET', '/v1/snapshot', {})
    const { log = '', revision = 0, hash = '', provisional = [] } = heard?.status === 200 ? heard.body : {}
    const now = new Date().toISOString()
    const receipt = {
      ...{ instance: name, app, log, revision, appliedAt: now, sdk: 'forger/1' },
      ...{ startedAt: now, boot: 'service', answer: { log, revision, hash }, inForce: off },
      provisional: (provisional as { id: string }[]).map(({ id }) => id),
      ...more,
    }
    const answer = await door('POST', '/v1/receipts', { body: { receipts: [receipt] } })
    if (answer?.status === 403) this.refused++
    return answer?.status
  }

  /** What the instances of the service told one another of it, changed, with the MAC that it had, another, and none. */
  async #intoRedis({ name }: Victim): Promise<void> {
    const redis = this.#given.redis?.()
    if (redis === undefined) return
    const told = await redis.hgetall(SHARED).catch(() => ({}) as Record<string, string>)
    for (const [key, record] of Object.entries(told)) {
      if (!record.includes(JSON.stringify(name))) continue
      const end = record.indexOf(' ')
      const { member } = JSON.parse(record.slice(end + 1)) as { member: Record<string, unknown> }
      const heardAt = Date.now()
      const receipt = { ...(member.receipt as object | undefined), inForce: this.#given.off }
      for (const forged of [
        { ...member, number: FAR, heardAt, gone: 'closed' },
        { ...member, number: FAR, heardAt, receipt },
      ]) {
        const text = JSON.stringify({ member: forged })
        for (const line of [
          `${record.slice(0, end)} ${text}`,
          `${'A'.repeat(43)} ${text}`,
          text,
          ` ${text}`,
        ]) {
          // beside the record that is its own, so that nobody misses it
          await redis.hset(SHARED, `forged-${key}`, line).catch(() => {})
          await redis.xadd(SHARING, '*', 'record', line).catch(() => {})
        }
      }
    }
  }
}

const madeUp = (): string =>
  `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`
