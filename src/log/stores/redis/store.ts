// The store on Redis: where several instances agree on one log. Holds no rule and no state but its connections; what
// it promises is written at the port, src/domain/store.ts.

import type { KillswitchError } from '../../../domain/errors.js'
import type { Head } from '../../../domain/log/audit.js'
import { headAfter } from '../../../domain/log/chain.js'
import type { Commit, CommitResult, Examined, Followed, Store } from '../store.js'
import { ask, type Client, commit, examine, locate, readHead, setAside } from './commands.js'
import { Connection, type ConnectionEvent } from './connection.js'
import { type Failure, unavailable, writeFailure } from './errors.js'
import { followLog, SILENCE_MS } from './follow.js'
import { type Keys, keysOf } from './keys.js'
import { checkPosture, type Finding } from './posture.js'
import { followShared, share } from './share.js'
import { parseTarget, type Target } from './target.js'

export type RedisStoreOptions = {
  /** See target.ts for the forms. Carries passwords: it is never shown. */
  url: string
  environment: string
  /** Told of every connect, loss and error, in words without a password. For the log. */
  onEvent?: (event: ConnectionEvent) => void
}

/** So long a command waits for a Redis that is silent. */
const COMMAND_TIMEOUT_MS = 400

export class RedisStore implements Store {
  readonly kind = 'redis'
  readonly keys: Keys
  readonly #target: Target
  readonly #onEvent: RedisStoreOptions['onEvent']
  readonly #writer: Connection
  readonly #closing = new AbortController()
  #sharer: Connection | undefined

  /** Connects in the background, and goes on trying. Throws `configuration` where url or environment is unusable. */
  constructor({ url, environment, onEvent }: RedisStoreOptions) {
    this.keys = keysOf(environment)
    this.#target = parseTarget(url)
    this.#onEvent = onEvent
    this.#writer = this.#connect('killswitch-writer', COMMAND_TIMEOUT_MS, 100)
  }

  /** What this store is connected to, without user and password. */
  get where(): string {
    return this.#writer.where
  }

  /** Resolves once connected; throws `store-unavailable` with the reason seen last after `timeoutMs`. */
  async whenReady(timeoutMs: number): Promise<void> {
    // a timer of its own: inside AbortSignal.any, Node collects an AbortSignal.timeout before it fires (nodejs/node#57736)
    const ending = new AbortController()
    const end = (): void => ending.abort()
    const timer = setTimeout(end, timeoutMs)
    this.#closing.signal.addEventListener('abort', end)
    if (this.#closing.signal.aborted) end()
    try {
      if (!(await this.#writer.whenReady(ending.signal))) throw this.#writer.unavailable
    } finally {
      clearTimeout(timer)
      this.#closing.signal.removeEventListener('abort', end)
    }
  }

  async commit(asked: Commit): Promise<CommitResult> {
    headAfter(asked.expectedHead, asked.entries)
    return this.#send(
      client => commit(client, this.keys, asked),
      failure => writeFailure(this.where, failure),
    )
  }

  async *follow(after: () => Head, signal: AbortSignal): AsyncGenerator<Followed> {
    const connection = this.#connect('killswitch-follower', SILENCE_MS, 50)
    try {
      yield* followLog(connection, this.keys, after, AbortSignal.any([signal, this.#closing.signal]))
    } finally {
      connection.close()
    }
  }

  async share(records: ReadonlyMap<string, string | null>): Promise<void> {
    this.#sharer ??= this.#connect('killswitch-sharer', COMMAND_TIMEOUT_MS, 100)
    const sharer = this.#sharer
    if (!sharer.isReady) throw sharer.unavailable
    await sharer
      .send(client => share(client, this.keys, records))
      .catch(error => {
        const failure = sharer.explain(error)
        if (failure.timedOut) sharer.reset(failure.detail)
        throw unavailable(this.where, failure)
      })
  }

  async *shared(signal: AbortSignal): AsyncGenerator<string[]> {
    this.#sharer ??= this.#connect('killswitch-sharer', COMMAND_TIMEOUT_MS, 100)
    const connection = this.#connect('killswitch-shared', SILENCE_MS, 100)
    try {
      yield* followShared(connection, this.keys, AbortSignal.any([signal, this.#closing.signal]))
    } finally {
      connection.close()
    }
  }

  async whyLost(head: Head): Promise<string | undefined> {
    return (await this.#read(client => locate(client, this.keys, head, true))).why
  }

  tryOut(head: Head): Promise<string | undefined> {
    return this.#read(client => ask(client, this.keys, head))
  }

  examine(after: Head): Promise<Examined> {
    return this.#read(client => examine(client, this.keys, after))
  }

  /** A move whose answer was lost is looked at anew: the mark has changed if it was done. */
  setAside(mark?: string): Promise<boolean> {
    return this.#read(client => setAside(client, this.keys, mark ?? ''))
  }

  head(): Promise<Head> {
    return this.#read(client => readHead(client, this.keys))
  }

  async ping(): Promise<void> {
    await this.#read(client => client.ping())
  }

  /** What is wrong with how this Redis is set up; see posture.ts. Throws `store-unavailable`. */
  posture(): Promise<Finding[]> {
    return this.#read(client => checkPosture(client, this.keys))
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#writer.close()
    this.#sharer?.close()
  }

  #connect(name: string, commandTimeoutMs: number, firstRetryMs: number): Connection {
    return new Connection(this.#target, { name, commandTimeoutMs, firstRetryMs, onEvent: this.#onEvent })
  }

  #read<T>(read: (client: Client) => Promise<T>): Promise<T> {
    return this.#send(read, failure => unavailable(this.where, failure))
  }

  /** Nothing is sent on a connection that is not ready; one that did not answer in time is dropped. */
  async #send<T>(
    command: (client: Client) => Promise<T>,
    asError: (failure: Failure) => KillswitchError,
  ): Promise<T> {
    if (!this.#writer.isReady) throw this.#writer.unavailable
    try {
      return await this.#writer.send(command)
    } catch (error) {
      const failure = this.#writer.explain(error)
      if (failure.timedOut) this.#writer.reset(failure.detail)
      throw asError(failure)
    }
  }
}
