// One connection to Redis, of any kind, that reconnects for ever and never sends a command twice. Owns the client
// library's options: its defaults re-send a command whose reply was lost.

import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import type { KillswitchError } from '../../../domain/errors.js'
import { type Client, SCRIPTS } from './commands.js'
import { codeOf, explain, type Failure, timeout, unavailable } from './errors.js'
import { lookPlainly } from './look.js'
import { describeTarget, type Target } from './target.js'

export type ConnectionEvent = { kind: 'ready' | 'lost' | 'error'; connection: string; detail: string }

export type ConnectionOptions = {
  /** Shown in CLIENT LIST. */
  name: string
  commandTimeoutMs: number
  /** The wait before the first reconnect; it doubles up to a second. */
  firstRetryMs: number
  onEvent?: ((event: ConnectionEvent) => void) | undefined
}

export class Connection {
  readonly client: Client
  readonly where: string
  readonly #target: Target
  readonly #options: ConnectionOptions
  #lastError: string | undefined
  #lastCode: string | undefined
  #resetting = false
  #looking = false
  #closed = false

  constructor(target: Target, options: ConnectionOptions) {
    this.#target = target
    this.#options = options
    this.where = describeTarget(target)
    this.client = target.kind === 'cluster' ? openCluster(target, options) : openSingle(target, options)
    this.client.on('error', (error: unknown) => this.#failed(error))
    if (target.kind === 'cluster') this.client.on('node error', (error: unknown) => this.#failed(error))
    this.client.on('connect', () => this.#awaitReady())
    this.client.on('ready', () => {
      this.#lastError = undefined
      this.#lastCode = undefined
      this.#tell('ready', 'connected')
    })
    this.client.on('close', () => {
      this.#resetting = false
      this.#tell('lost', this.#lastError ?? CLOSED.detail)
      if (this.#lastError === undefined) void this.#lookCloser(CLOSED)
    })
    this.client.on('end', () => this.#revive())
  }

  get isReady(): boolean {
    return !this.#closed && !this.#resetting && this.client.status === 'ready'
  }

  /** Why nothing can be sent now: nothing was. */
  get unavailable(): KillswitchError {
    if (this.#closed)
      return unavailable(this.where, { detail: 'was closed by this process', cause: 'closed' })
    return unavailable(this.where, {
      detail: `is not connected: ${this.#lastError ?? 'the first connection is under way'}`,
      cause: this.#lastCode ?? 'not-connected',
    })
  }

  /** Resolves with true at the next moment the connection can be used, with false when `signal` aborts. */
  whenReady(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || this.isReady) return Promise.resolve(!signal.aborted)
    return new Promise(resolve => {
      const settle = (): void => {
        this.client.off('ready', settle)
        signal.removeEventListener('abort', settle)
        resolve(!signal.aborted)
      }
      this.client.on('ready', settle)
      signal.addEventListener('abort', settle)
    })
  }

  /** Sends a command, and gives up on its answer after the connection's time limit: what became of it is not known then. */
  send<T>(command: (client: Client) => Promise<T>): Promise<T> {
    return within(command(this.client), this.#options.commandTimeoutMs)
  }

  /** Drops a connection that does not answer, and connects anew. Left alone it would stay `ready` for ever. */
  reset(why: string): void {
    if (!this.isReady) return
    this.#lastError = why
    this.#resetting = true
    this.client.disconnect(true)
  }

  close(): void {
    this.#closed = true
    this.client.disconnect()
  }

  /** What a rejection is, without this connection's password. */
  explain(error: unknown): Failure {
    const failure = explain(error)
    return { ...failure, detail: this.#redact(failure.detail) }
  }

  #failed(error: unknown): void {
    const failure = this.explain(error)
    // it says of a command, and nothing of the connection
    if (failure.cause === 'not-connected') return
    if (VAGUE.includes(failure.cause ?? '')) void this.#lookCloser(failure)
    else this.#note(failure)
  }

  #note({ detail, cause }: Reason): void {
    this.#lastError = detail
    this.#lastCode = cause
    this.#tell('error', detail)
  }

  /** The client library waits in silence for a Redis that loads its data. */
  #awaitReady(): void {
    const timer = setTimeout(() => {
      if (this.client.status === 'connect') void this.#lookCloser(NOT_READY)
    }, READY_SOON_MS)
    timer.unref()
  }

  /** Redis may say why and close before the client library reads it, which then knows of a lost connection alone. */
  async #lookCloser(reason: Reason): Promise<void> {
    this.#lastError ??= reason.detail
    this.#lastCode ??= reason.cause
    if (this.#looking || this.#closed) return
    this.#looking = true
    const found = await lookPlainly(this.#target)
    this.#looking = false
    if (!this.#closed && this.client.status !== 'ready') this.#note(found ? this.explain(found) : reason)
  }

  /** The client gives up where resolving the master was interrupted; a kill switch does not. */
  #revive(): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      if (!this.#closed && this.client.status === 'end') this.client.connect().catch(() => {})
    }, 1000)
    timer.unref()
  }

  #redact(text: string): string {
    const { password, sentinelPassword } = this.#target
    const secrets = [password, sentinelPassword].flatMap(secret =>
      secret ? [secret, encodeURIComponent(secret)] : [],
    )
    // as a whole word: a short password is part of many others
    return secrets.reduce(
      (clean, secret) => clean.replaceAll(new RegExp(`(?<!\\w)${literal(secret)}(?!\\w)`, 'g'), '***'),
      text,
    )
  }

  #tell(kind: ConnectionEvent['kind'], detail: string): void {
    if (!this.#closed) this.#options.onEvent?.({ kind, connection: this.#options.name, detail })
  }
}

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

type Reason = Pick<Failure, 'detail' | 'cause'>
const READY_SOON_MS = 250
const NOT_READY: Reason = { detail: 'took the connection and is not ready', cause: 'not-connected' }
const CLOSED: Reason = { detail: 'the connection was closed', cause: 'closed' }
/** What the client library says where it does not know why. */
const VAGUE = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'closed']

/** Nobody waits for a connection that is not ready: time enough for a process that gets little of it. */
const SETUP_MS = 1_000

/**
 * Rejects after the time limit, but for an answer that is there and was not read: a timer that comes late says that this
 * process was busy, not that Redis is silent.
 */
function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => void setImmediate(() => reject(timeout()))
    const timer = setTimeout(giveUp, ms)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

const backoff = (firstRetryMs: number) => (attempt: number) =>
  Math.min(firstRetryMs * 2 ** (attempt - 1), 1000) + Math.random() * 50

/** A lost reply rejects at once, nothing is queued, and nothing is sent again. */
function commonOptions(target: Target, options: ConnectionOptions) {
  return {
    ...(target.username !== undefined && { username: target.username }),
    ...(target.password !== undefined && { password: target.password }),
    ...(target.tls && { tls: {} }),
    protocol: 2 as const,
    connectionName: options.name,
    disableClientInfo: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // for what is sent to set up a connection; `send` has the limits of commands
    commandTimeout: Math.max(SETUP_MS, 2 * options.commandTimeoutMs),
    connectTimeout: SETUP_MS,
    disconnectTimeout: 50, // how long a stopped server may leave our FIN unanswered
    maxLoadingRetryTime: 250,
  }
}

function openSingle(target: Target, options: ConnectionOptions): Redis {
  const common: Omit<RedisOptions, 'replyMapping'> = {
    ...commonOptions(target, options),
    scripts: SCRIPTS,
    db: target.db,
    enableOfflineQueue: false,
    retryStrategy: backoff(options.firstRetryMs),
    // A master that became a replica: its name, or the Sentinels, are asked anew. The command was refused, not done.
    reconnectOnError: (error: Error) => codeOf(error) === 'READONLY',
  }
  if (target.kind === 'single') return new Redis({ ...common, ...target.nodes[0] })
  return new Redis({
    ...common,
    sentinels: target.nodes,
    name: target.master as string,
    sentinelCommandTimeout: 400,
    enableTLSForSentinelMode: target.tls,
    ...(target.tls && { sentinelTLS: {} }),
    ...(target.sentinelUsername !== undefined && { sentinelUsername: target.sentinelUsername }),
    ...(target.sentinelPassword !== undefined && { sentinelPassword: target.sentinelPassword }),
  })
}

/** `retryDelayOnFailover: 0`: the cluster client would otherwise re-send what was under way on a lost connection. */
function openCluster(target: Target, options: ConnectionOptions): Cluster {
  return new Cluster(target.nodes, {
    scripts: SCRIPTS,
    enableOfflineQueue: false,
    clusterRetryStrategy: backoff(options.firstRetryMs),
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: 400,
    slotsRefreshInterval: 5000,
    redisOptions: commonOptions(target, options),
    ...(target.tls && { dnsLookup: keepName }), // a certificate names hosts, not addresses
  })
}

const keepName: NonNullable<ClusterOptions['dnsLookup']> = (host, done) => done(null, host)
