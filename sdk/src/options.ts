// What a user may set, where each default comes from, and the only reading of process.env in the SDK.
// An option given in code wins over its environment variable; a wrong value is refused with the way out.

import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { HEARTBEAT_MS } from '../../src/domain/fleet/receipt.js'
import { parseWitnesses, type Witnesses } from '../../src/domain/log/cosignature.js'
import { parseVerifierKey } from '../../src/domain/log/note.js'
import { type FlagValue, INSTANCE_NAME } from '../../src/wire/words.js'
import { isKillswitch } from './brand.js'
import type { Snapshot } from './follow/snapshot.js'
import { consoleLogger, type Logger } from './logger.js'

export type KillswitchOptions = {
  /** Base address of the service, or several: the next one is tried on failure. `KILLSWITCH_URL`, by commas. */
  url?: string | readonly string[]
  /** An `sdk` token; a function is asked before every request. `KILLSWITCH_TOKEN` */
  token?: string | (() => string)
  /** The application as the catalogue names it. `KILLSWITCH_APP` */
  app?: string
  /** Unique per process; what an operator reads when it is missing. `KILLSWITCH_INSTANCE` */
  instance?: string
  /** The service's environment; a service or cache file of another is not listened to. `KILLSWITCH_ENVIRONMENT` */
  environment?: string
  /** Where the last known state is kept; `false` (`off`): nowhere. `KILLSWITCH_CACHE_FILE` */
  cacheFile?: string | false
  /** A snapshot to come up from, as a document or a path to one. `KILLSWITCH_BOOTSTRAP` */
  bootstrap?: Snapshot | string
  /** What a flag is of which nothing is known. `KILLSWITCH_WHEN_UNKNOWN` */
  whenUnknown?: 'normal' | 'killed'
  /** Kill values of flags that may have to be killed before any definition is known; else `false`. */
  killValues?: Readonly<Record<string, FlagValue>>
  /** `serverless`: no stream and no timers; refreshed before use. `KILLSWITCH_MODE` */
  mode?: 'stream' | 'serverless'
  /** Longest wait for the service at start, in ms. `KILLSWITCH_INIT_TIMEOUT_MS` */
  initTimeoutMs?: number
  /** Reject at start when nothing is known, instead of going on. `KILLSWITCH_FAIL_ON_START` */
  failOnStart?: boolean
  /** STALE for this long is ERROR; what is known is served all the same. `KILLSWITCH_ERROR_AFTER_MS` */
  errorAfterMs?: number
  /** Longest wait for one answer of the service, in ms. `KILLSWITCH_REQUEST_TIMEOUT_MS` */
  requestTimeoutMs?: number
  /** How often the service is asked while the stream is away, in ms. `KILLSWITCH_POLL_MS` */
  pollMs?: number
  /** The service's heartbeat, in ms: after 2.5 silent ones a stream counts as lost. `KILLSWITCH_HEARTBEAT_MS` */
  heartbeatMs?: number
  /** Serverless: a state older than this is refreshed before use, in ms. `KILLSWITCH_REFRESH_AFTER_MS` */
  refreshAfterMs?: number
  /** Serverless: longest wait of a use for its refresh, in ms. `KILLSWITCH_REFRESH_TIMEOUT_MS` */
  refreshTimeoutMs?: number
  /** Report what has been applied. Without, no kill can be proved. `KILLSWITCH_RECEIPTS` */
  receipts?: boolean
  /** Flags forced to their kill variant, past any service. `KILLSWITCH_FORCE_KILL`, by commas. */
  forceKill?: readonly string[]
  /** A watched file of flag keys, forced likewise. `KILLSWITCH_FORCE_FILE` */
  forceFile?: string
  /** The log's public key, as the service prints it: checkpoints of nobody else are listened to. `KILLSWITCH_LOG_KEY` */
  logKey?: string
  /** How many witnesses have to stand behind the log, and their keys: `2:<key>,<key>,<key>`. `KILLSWITCH_WITNESSES` */
  witnesses?: string
  logger?: Logger
}

export type Options = Required<
  Omit<KillswitchOptions, 'environment' | 'bootstrap' | 'forceFile' | 'logKey' | 'witnesses' | 'url'>
> & {
  urls: readonly string[]
  environment: string | undefined
  bootstrap: Snapshot | string | undefined
  forceFile: string | undefined
  logKey: string | undefined
  witnesses: Witnesses | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** @throws TypeError naming the option, its value and what it may be */
export function readOptions(given: KillswitchOptions, variables: Environment = process.env): Options {
  refuseOthers(given)
  const env = withoutEmpty(variables)
  const app = nameOf('app', given.app ?? env.KILLSWITCH_APP ?? 'unnamed')
  const environment = given.environment ?? env.KILLSWITCH_ENVIRONMENT
  const number = (name: NumberName, fallback: number) =>
    positive(name, given[name] ?? env[ENV[name]] ?? fallback)
  return {
    urls: urlsOf(given.url ?? env.KILLSWITCH_URL ?? 'http://127.0.0.1:8080'),
    token: given.token ?? env.KILLSWITCH_TOKEN ?? '',
    app,
    instance: nameOf('instance', given.instance ?? inherited(env.KILLSWITCH_INSTANCE) ?? ownName()),
    environment,
    cacheFile: cacheFileOf(given.cacheFile ?? env.KILLSWITCH_CACHE_FILE, app, environment),
    bootstrap: given.bootstrap ?? env.KILLSWITCH_BOOTSTRAP,
    whenUnknown: oneOf('whenUnknown', given.whenUnknown ?? env.KILLSWITCH_WHEN_UNKNOWN, ['normal', 'killed']),
    killValues: given.killValues ?? {},
    mode: oneOf('mode', given.mode ?? env.KILLSWITCH_MODE, ['stream', 'serverless']),
    initTimeoutMs: number('initTimeoutMs', 1000),
    failOnStart: given.failOnStart ?? flag('KILLSWITCH_FAIL_ON_START', env.KILLSWITCH_FAIL_ON_START, false),
    errorAfterMs: number('errorAfterMs', 60_000),
    requestTimeoutMs: number('requestTimeoutMs', 2000),
    pollMs: number('pollMs', 5000),
    heartbeatMs: number('heartbeatMs', HEARTBEAT_MS),
    refreshAfterMs: number('refreshAfterMs', 5000),
    refreshTimeoutMs: number('refreshTimeoutMs', 150),
    receipts: given.receipts ?? flag('KILLSWITCH_RECEIPTS', env.KILLSWITCH_RECEIPTS, true),
    forceKill: given.forceKill ?? words(env.KILLSWITCH_FORCE_KILL ?? ''),
    forceFile: given.forceFile ?? env.KILLSWITCH_FORCE_FILE,
    logKey: logKeyOf(given.logKey ?? env.KILLSWITCH_LOG_KEY),
    witnesses: witnessesOf(given.witnesses ?? env.KILLSWITCH_WITNESSES),
    logger: given.logger ?? consoleLogger,
  }
}

/** What is no options would be read as none, and make a kill switch of its own with nobody to follow. */
function refuseOthers(given: unknown): void {
  if (isKillswitch(given))
    throw new TypeError(
      'killswitch: a kill switch cannot be made of another: use it itself, or give it to `new KillswitchProvider(killswitch)`',
    )
  if (!isPlain(given))
    throw new TypeError(
      `killswitch: what was given is ${described(given)}, and neither options nor a kill switch of this package: give a plain object such as { url, token, app }, or what \`new Killswitch(...)\` made`,
    )
  const odd = Object.keys(given).filter(name => given[name] !== undefined && !Object.hasOwn(NAMES, name))
  if (odd.length > 0)
    throw new TypeError(
      `killswitch: ${odd.join(', ')} ${odd.length === 1 ? 'is no option' : 'are no options'}; there are ${Object.keys(NAMES).join(', ')}`,
    )
}

/** Of any realm. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function described(value: unknown): string {
  if (value === null) return 'null'
  const { name } = Object(value).constructor ?? {}
  return `of the kind ${name ?? typeof value}`
}

/** Every option there is: does not compile where one is missing. */
const NAMES: Readonly<Record<keyof KillswitchOptions, true>> = {
  url: true,
  token: true,
  app: true,
  instance: true,
  environment: true,
  cacheFile: true,
  bootstrap: true,
  whenUnknown: true,
  killValues: true,
  mode: true,
  initTimeoutMs: true,
  failOnStart: true,
  errorAfterMs: true,
  requestTimeoutMs: true,
  pollMs: true,
  heartbeatMs: true,
  refreshAfterMs: true,
  refreshTimeoutMs: true,
  receipts: true,
  forceKill: true,
  forceFile: true,
  logKey: true,
  witnesses: true,
  logger: true,
}

/** A variable that is set to nothing, as `${NAME:-}` in a compose file sets it, is one that is not set. */
const withoutEmpty = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))

/** What the service takes as a name in a receipt. */
function nameOf(name: 'app' | 'instance', given: string): string {
  if (INSTANCE_NAME.test(given)) return given
  throw new TypeError(
    `killswitch: ${name} is ${JSON.stringify(given)}; it may be 1 to 200 letters, digits, spaces and . _ : / @ # ~ + = , -, a letter, a digit or _ first`,
  )
}

const ENV = {
  initTimeoutMs: 'KILLSWITCH_INIT_TIMEOUT_MS',
  errorAfterMs: 'KILLSWITCH_ERROR_AFTER_MS',
  requestTimeoutMs: 'KILLSWITCH_REQUEST_TIMEOUT_MS',
  pollMs: 'KILLSWITCH_POLL_MS',
  heartbeatMs: 'KILLSWITCH_HEARTBEAT_MS',
  refreshAfterMs: 'KILLSWITCH_REFRESH_AFTER_MS',
  refreshTimeoutMs: 'KILLSWITCH_REFRESH_TIMEOUT_MS',
} as const
type NumberName = keyof typeof ENV

/** Keys by commas, spaces or lines; `#` begins a comment. Also the form of the force file. */
export const words = (text: string): string[] =>
  text
    .replace(/#.*$/gm, '')
    .split(/[\s,]+/)
    .filter(word => word !== '')

function urlsOf(given: string | readonly string[]): string[] {
  const urls = (typeof given === 'string' ? given.split(',') : [...given])
    .map(url => url.trim())
    .filter(Boolean)
  if (urls.length === 0) throw new TypeError('killswitch: url is empty; give the address of the service')
  for (const url of urls) {
    if (!/^https?:$/.test(protocolOf(url)))
      throw new TypeError(
        `killswitch: url "${url}" is no http or https address, such as https://kill.example.com`,
      )
  }
  return urls.map(url => url.replace(/\/+$/, ''))
}

const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : '')

function positive(name: NumberName, given: number | string): number {
  const value = Number(given)
  if (Number.isFinite(value) && value > 0) return value
  throw new TypeError(
    `killswitch: ${name} (${ENV[name]}) is "${given}"; it is a number of milliseconds above 0`,
  )
}

function oneOf<T extends string>(name: string, given: string | undefined, allowed: readonly [T, ...T[]]): T {
  if (given === undefined) return allowed[0]
  const found = allowed.find(word => word === given)
  if (found !== undefined) return found
  throw new TypeError(`killswitch: ${name} is "${given}"; it may be ${allowed.join(' or ')}`)
}

function flag(name: string, given: string | undefined, fallback: boolean): boolean {
  if (given === undefined || given === '') return fallback
  if (['1', 'true', 'on', 'yes'].includes(given)) return true
  if (['0', 'false', 'off', 'no'].includes(given)) return false
  throw new TypeError(`killswitch: ${name} is "${given}"; it may be true or false`)
}

function logKeyOf(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined
  if (given.split(',').every(key => parseVerifierKey(key) !== undefined)) return given
  throw new TypeError(
    `killswitch: logKey (KILLSWITCH_LOG_KEY) is "${given}"; it is <name>+<id>+<key>, as the service prints it at its start, or several with commas between them`,
  )
}

function witnessesOf(given: string | undefined): Witnesses | undefined {
  try {
    return given === undefined || given === '' ? undefined : parseWitnesses(given)
  } catch (error) {
    throw new TypeError(`killswitch: witnesses (KILLSWITCH_WITNESSES): ${(error as Error).message}`)
  }
}

/** Host and pid, so that a person finds it, and chance, since containers share both. */
const ownName = (): string =>
  `${hostname().replace(/[^\w.-]+/g, '_')}-${process.pid}-${randomBytes(2).toString('hex')}`

/** Workers inherit the environment: each adds its number, or all of them would be one instance, and one's receipt the others'. */
function inherited(name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  // of the default export: outside a cluster there is no export `worker`, and bundlers make a named import of a namespace
  const { worker } = cluster
  return `${name}${worker ? `#${worker.id}` : ''}${threadId === 0 ? '' : `/${threadId}`}`
}

function cacheFileOf(given: string | false | undefined, app: string, environment: string | undefined) {
  if (given === false || given === 'off' || given === '') return false
  if (given !== undefined) return given
  const name = [app, environment].filter(part => part !== undefined).join('.')
  const owner = process.getuid?.() ?? 'user'
  return join(tmpdir(), `killswitch-${owner}`, `${name.replace(/[^\w.-]/g, '_')}.json`)
}
