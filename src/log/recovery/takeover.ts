// Takes over a log from before there were signatures: one signed entry that names its head, after which every commit is
// signed. Written only when every instance of the service would sign: each says so beside the log, and in the entries it
// writes. An older one says nothing, and is seen by its entries. Ends for good when the log is signed.

import { setTimeout as delay } from 'node:timers/promises'
import { toTimestamp } from '../../domain/clock.js'
import { type Draft, type Head, placeOf, type SealedEntry } from '../../domain/log/audit.js'
import type { LogKeys } from '../../domain/log/log-keys.js'
import type { KnownLog } from '../follow/known-log.js'
import type { Gate } from '../gate/gate.js'
import type { Store } from '../stores/store.js'

export type Patience = {
  /** Between two words of an instance. */
  sayMs: number
  /** So long nothing may be heard of an instance that would not sign. */
  quietMs: number
}
const PATIENCE: Patience = { sayMs: 2_000, quietMs: 30_000 }

type Parts = {
  log: KnownLog
  gate: Gate
  store: Store
  keys: LogKeys
  /** Names this instance among the others. */
  name: string
  patience?: Patience | undefined
  onFault: (error: unknown) => void
}

/** Said beside the log, for as long as the log is not signed. `signs`: the id of a key. */
type Word = { signer: string; signs: string | null }

export class Takeover {
  readonly #parts: Parts
  readonly #patience: Patience
  readonly #ending = new AbortController()
  #ended: Promise<unknown> = Promise.resolve()
  /** When an instance that would not sign, or by another key, was last heard. */
  #heard = Number.NEGATIVE_INFINITY
  #unsubscribe = () => {}

  constructor(parts: Parts) {
    this.#parts = parts
    this.#patience = parts.patience ?? PATIENCE
  }

  start(): void {
    const { onFault, log, store } = this.#parts
    if (this.#isDone || (store.kind === 'local' && this.#own === null)) return
    this.#heard = performance.now()
    this.#unsubscribe = log.subscribe(entries => this.#hear(entries))
    this.#ended = Promise.all([this.#listen().catch(onFault), this.#run().catch(onFault)])
  }

  async close(): Promise<void> {
    this.#ending.abort()
    this.#unsubscribe()
    await this.#ended
  }

  get #isDone(): boolean {
    return this.#parts.log.state.signing !== undefined || this.#ending.signal.aborted
  }

  get #own(): string | null {
    return this.#parts.keys.first?.id ?? null
  }

  #hear(entries: readonly SealedEntry[]): void {
    if (entries.some(({ entry }) => entry.signs !== this.#own)) this.#heard = performance.now()
  }

  async #listen(): Promise<void> {
    if (this.#parts.store.kind === 'local') return
    for await (const records of this.#parts.store.shared(this.#ending.signal))
      for (const record of records) {
        const word = wordOf(record)
        if (word !== undefined && word.signs !== this.#own) this.#heard = performance.now()
      }
  }

  async #run(): Promise<void> {
    const { store, name } = this.#parts
    const { sayMs } = this.#patience
    const word: Word = { signer: name, signs: this.#own }
    while (!this.#isDone) {
      await store.share(new Map([[`signer-${name}`, JSON.stringify(word)]])).catch(() => {})
      if (this.#mayTakeOver) await this.#takeOver()
      await delay(store.kind === 'local' ? 20 : sayMs, undefined, { signal: this.#ending.signal }).catch(
        () => {},
      )
    }
    this.#unsubscribe()
    this.#ending.abort()
    await store.share(new Map([[`signer-${name}`, null]])).catch(() => {})
  }

  get #mayTakeOver(): boolean {
    const { log, store } = this.#parts
    if (this.#own === null || log.state.log === undefined) return false
    return store.kind === 'local' || performance.now() - this.#heard > this.#patience.quietMs
  }

  /** What keeps it from being written now is tried again. */
  async #takeOver(): Promise<void> {
    const { gate, keys } = this.#parts
    const key = keys.first?.publicKey as string
    const request = `log-signed-${this.#own}`
    const ask = { priority: 'note' as const, actor: 'killswitch', key: request, digest: request }
    await gate
      .submit({
        ...ask,
        decide: (state, now) => ({
          drafts: state.signing === undefined ? [signedDraft(state.head, key, request, now)] : [],
        }),
      })
      .catch(() => {})
  }
}

const signedDraft = (head: Head, key: string, request: string, now: number): Draft => ({
  action: 'log.signed',
  outcome: 'applied',
  actor: { id: 'killswitch', role: 'owner', via: 'service' },
  receivedAt: toTimestamp(now),
  signing: { key, after: { place: placeOf(head), hash: head.hash } },
  request: { id: request, key: request, digest: request },
})

function wordOf(record: string): Word | undefined {
  if (!record.startsWith('{"signer":')) return undefined
  try {
    return JSON.parse(record) as Word
  } catch {
    return undefined
  }
}
