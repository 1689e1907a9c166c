// What the instances of the service tell one another of their apps, through the store. Each record carries a MAC by the key
// they share: what anybody else writes there is passed over.

import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Member } from '../domain/fleet/member.js'
import type { Submit } from '../log/submit.js'
import type { Subscribe } from '../log/subscribe.js'
import type { Receipt } from '../wire/receipt.js'

/** As one instance of the service tells it to the others. */
export type SharedMember = Omit<Member, 'shown' | 'standing' | 'awaitedSince' | 'receipt'> & {
  receipt?: Receipt | undefined
}
/** `by`: the instance of the service that tells it. */
type Told = { member: SharedMember; by?: string } | { mark: string }

/** Records that come within so long are shared in one write. */
const BATCH_MS = 50
/** What the store did not take is told again after so long, and so on. */
const AGAIN_MS = 100
/** How long the mark of a fence may take through the store and back. */
const FENCE_MS = 400

export class Sharing {
  readonly #submit: Pick<Submit, 'records'>
  readonly #subscribe: Pick<Subscribe, 'records' | 'isShared'>
  readonly #environment: string
  readonly #keys: () => readonly Buffer[]
  readonly #onMembers: (members: SharedMember[]) => void
  readonly #name = randomUUID()
  readonly #ending = new AbortController()
  readonly #marks = new Map<string, () => void>()
  #unshared = new Map<string, SharedMember | null>()
  /** It did not take what it was told last. */
  #isAway = false
  #flushing: NodeJS.Timeout | undefined
  #following: Promise<void> = Promise.resolve()
  #fence: Promise<boolean> | undefined
  #nextFence: Promise<boolean> | undefined

  constructor(parts: {
    submit: Pick<Submit, 'records'>
    subscribe: Pick<Subscribe, 'records' | 'isShared'>
    environment: string
    keys: () => readonly Buffer[]
    onMembers: (members: SharedMember[]) => void
  }) {
    this.#submit = parts.submit
    this.#subscribe = parts.subscribe
    this.#environment = parts.environment
    this.#keys = parts.keys
    this.#onMembers = parts.onMembers
  }

  start(): void {
    this.#following = this.#follow()
  }

  async close(): Promise<void> {
    clearTimeout(this.#flushing)
    this.#ending.abort()
    await this.#submit.records(new Map([[this.#name, null]])).catch(() => {})
    await this.#following
  }

  /** With the next batch; null takes it back. What the store cannot take now is told again until it does. */
  put(id: string, member: SharedMember | null): void {
    if (!this.#subscribe.isShared) return
    this.#unshared.set(id, member)
    this.#flushing ??= setTimeout(() => void this.flush(), BATCH_MS).unref()
  }

  /** Everything put so far, now. Resolves once the store has it, or cannot take it. */
  async flush(): Promise<void> {
    clearTimeout(this.#flushing)
    this.#flushing = undefined
    if (this.#unshared.size === 0) return
    // whether it is back is asked with one record: twenty thousand are not written for a store that is away
    if (this.#isAway) {
      this.#isAway = !(await this.#took(new Map([[this.#name, this.#write({ mark: randomUUID() })]])))
      if (this.#isAway) return this.#flushLater()
    }
    const batch = this.#unshared
    this.#unshared = new Map()
    const records = new Map(
      [...batch].map(
        ([id, member]) => [id, member === null ? null : this.#write({ member, by: this.#name })] as const,
      ),
    )
    if (await this.#took(records)) return
    this.#isAway = true
    this.#unshared = new Map([...batch, ...this.#unshared])
    this.#flushLater()
  }

  #took(records: ReadonlyMap<string, string | null>): Promise<boolean> {
    return this.#submit.records(records).then(
      () => true,
      () => false,
    )
  }

  #flushLater(): void {
    if (this.#ending.signal.aborted) return
    this.#flushing ??= setTimeout(() => void this.flush(), AGAIN_MS).unref()
  }

  /**
   * Whether everything that any instance of the service told before the call is known here now. One that is under way may
   * have begun too early, so that who comes meanwhile shares the next.
   */
  fence(): Promise<boolean> {
    if (!this.#subscribe.isShared) return Promise.resolve(true)
    if (this.#fence === undefined) return this.#begin()
    this.#nextFence ??= this.#fence.then(() => {
      this.#nextFence = undefined
      return this.#begin()
    })
    return this.#nextFence
  }

  #begin(): Promise<boolean> {
    this.#fence = this.#passed().finally(() => {
      this.#fence = undefined
    })
    return this.#fence
  }

  async #passed(): Promise<boolean> {
    const mark = randomUUID()
    return new Promise<boolean>(resolve => {
      const settle = (passed: boolean) => {
        clearTimeout(timer)
        this.#marks.delete(mark)
        resolve(passed)
      }
      const timer = setTimeout(() => settle(false), FENCE_MS).unref()
      this.#marks.set(mark, () => settle(true))
      this.#submit.records(new Map([[this.#name, this.#write({ mark })]])).catch(() => settle(false))
    })
  }

  async #follow(): Promise<void> {
    for await (const records of this.#subscribe.records(this.#ending.signal)) {
      const told = records.flatMap(record => this.#read(record) ?? [])
      // what this instance told itself it knows, and better
      const members = told.flatMap(each => ('member' in each && each.by !== this.#name ? [each.member] : []))
      if (members.length > 0) this.#onMembers(members)
      for (const each of told) if ('mark' in each) this.#marks.get(each.mark)?.()
    }
  }

  #write(told: Told): string {
    const text = JSON.stringify(told)
    return `${this.#mac(this.#keys()[0] as Buffer, text)} ${text}`
  }

  /** Undefined where nobody of us wrote it. */
  #read(record: string): Told | undefined {
    const end = record.indexOf(' ')
    const [mac, text] = [Buffer.from(record.slice(0, Math.max(0, end))), record.slice(end + 1)]
    const isOurs = this.#keys().some(key => {
      const expected = Buffer.from(this.#mac(key, text))
      return expected.length === mac.length && timingSafeEqual(expected, mac)
    })
    return isOurs ? (JSON.parse(text) as Told) : undefined
  }

  #mac(key: Buffer, text: string): string {
    return createHmac('sha256', key)
      .update(`killswitch fleet v1\n${this.#environment}\n`)
      .update(text)
      .digest('base64url')
  }
}
