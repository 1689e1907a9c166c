// Tells the log who may what: a change of the tokens file as soon as it was read, and at a start what differs from what the log
// has. Nothing waits for it. What the store does not take is tried again, and instances with the same file tell it once.

import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { toTimestamp } from '../domain/clock.js'
import { changeOf, type Held, lastTold, toldOf } from '../domain/credentials.js'
import type { Draft } from '../domain/log/audit.js'
import type { State } from '../domain/state.js'
import type { LogState } from '../log/state.js'
import type { Submit } from '../log/submit.js'
import type { Tokens } from '../tokens/tokens.js'
import type { CredentialsTold } from '../wire/credentials.js'

/** Between two tries, doubled up to the longest. */
const AGAIN_MS = 250
const LONGEST_MS = 30_000

type Content = Held & { tokens: Tokens }
type Told = (Content & { place: number }) | undefined
type Parts = {
  log: LogState
  submit: Submit
  /** Of this instance of the service. */
  name: string
  /** The newest first: what the instances share and nobody else has. */
  keys: () => readonly Buffer[]
}

export class TellingCredentials {
  readonly #parts: Parts
  readonly #ending = new AbortController()
  /** What the log has from this process, or from another instance in its place, and up to which place. */
  #told: Told
  #now: Content | undefined
  #telling: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What the first entry of a new log says. */
  first(tokens: Tokens): CredentialsTold {
    const { mark, may } = this.#contentOf(tokens)
    return { instance: this.#parts.name, mark, may: [...may], ...changeOf([], []) }
  }

  /** At a start, and whenever the file was read. Returns at once. */
  tell(tokens: Tokens): void {
    this.#now = this.#contentOf(tokens)
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined
    })
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#telling
  }

  #contentOf(tokens: Tokens): Content {
    const may = tokens.list
    const hashes = may.map(({ id }) => tokens.hashesOf(id))
    const hmac = createHmac('sha256', this.#parts.keys()[0] ?? '')
    const mark = hmac
      .update(JSON.stringify([may, hashes]))
      .digest('hex')
      .slice(0, 16)
    return { tokens, may, mark }
  }

  /** The newest alone: what was in force for a moment while the store was away is not told. */
  async #tellAll(): Promise<void> {
    const { signal } = this.#ending
    let waitMs = AGAIN_MS
    while (this.#now !== undefined && this.#now.tokens !== this.#told?.tokens && !signal.aborted) {
      const now = this.#now
      const place = await this.#settle(this.#told, now)
      if (place !== undefined) {
        this.#told = { ...now, place }
        continue
      }
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => {})
      waitMs = Math.min(LONGEST_MS, waitMs * 2)
    }
  }

  /** The place at which the log has it; undefined where it could not be written. */
  async #settle(before: Told, now: Content): Promise<number | undefined> {
    const { log, submit, name } = this.#parts
    // the first entry of a log is its catalogue
    if (log.state.catalogue === undefined) return undefined
    if (before?.mark === now.mark) return before.place
    const known = ({ credentials }: State) => toldOf(credentials, name, now, before?.place)?.place
    const found = known(log.state)
    if (found !== undefined) return found
    const key = randomUUID()
    const asked = {
      priority: 'note' as const,
      actor: 'killswitch',
      key,
      digest: now.mark,
      // another instance may have told it meanwhile
      decide: (state: State, at: number) =>
        known(state) === undefined
          ? { drafts: [this.#draft(state, before, now, { key, at, outcome: 'applied' })] }
          : { drafts: [this.#draft(state, before, now, { key, at, outcome: 'unchanged' })], isCounted: true },
    }
    return submit.entries(asked).then(
      () => known(log.state) ?? before?.place ?? 0,
      () => undefined,
    )
  }

  #draft(
    { credentials }: State,
    before: Content | undefined,
    { mark, may, tokens }: Content,
    { key, at, outcome }: { key: string; at: number; outcome: 'applied' | 'unchanged' },
  ): Draft {
    const { name } = this.#parts
    const last = before === undefined ? lastTold(credentials, name) : undefined
    const isReplaced = (id: string) =>
      before !== undefined && String(before.tokens.hashesOf(id)) !== String(tokens.hashesOf(id))
    return {
      action: 'tokens.changed',
      outcome,
      actor: { id: 'killswitch', role: 'owner', via: 'service' },
      receivedAt: toTimestamp(at),
      credentials: {
        instance: name,
        mark,
        ...(before === undefined ? {} : { before: before.mark }),
        ...(last === undefined ? {} : { compared: last.place }),
        may: [...may],
        ...changeOf(before?.may ?? last?.may ?? [], may, isReplaced),
      },
      request: { id: key, key, digest: mark },
    }
  }
}
