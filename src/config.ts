// The only place that reads the environment. Everything wrong is said at once, each with its cure.

import { fileURLToPath } from 'node:url'
import { closest } from 'fastest-levenshtein'
import { KillswitchError } from './domain/errors.js'
import { type BusinessHours, parseBusinessHours } from './domain/incident/business-hours.js'
import { parseWitnesses, type Witnesses } from './domain/log/cosignature.js'
import { parseProxies } from './http/plumbing/forwarded.js'
import { parseTarget } from './log/open-log.js'

export type Config = {
  host: string
  port: number
  environment: string
  /** Other names of the environment, as runbooks write it. */
  environmentAliases: string[]
  /** What a runbook counts in business hours is due by these. */
  businessHours?: BusinessHours
  redisUrl?: string
  dataDir: string
  flagsDir: string
  runbooksDir?: string
  tokensFile?: string
  breakGlassSha256?: string
  logKeyFile?: string
  /** Addresses and networks whose word counts for who the client is. */
  trustedProxies?: string[]
  /** Whose cosignatures of checkpoints are kept. */
  witnesses?: Witnesses
  /** App instances of one token and one application. */
  mostInstances: number
  /** Of HTTP; as many as the limit of open files leaves, if absent. */
  mostConnections?: number
  logLevel: string
  production: boolean
  /** What is odd and does not stop a start. */
  warnings: string[]
}

type Variable = { name: string; default: string; about: string }

export const VARIABLES: Variable[] = [
  { name: 'KILLSWITCH_HOST', default: '127.0.0.1', about: 'the address to listen on' },
  { name: 'KILLSWITCH_PORT', default: '8080', about: 'the port to listen on; 0 takes a free one' },
  {
    name: 'KILLSWITCH_ENVIRONMENT',
    default: 'development',
    about: 'one service per environment: production, staging, ...',
  },
  {
    name: 'KILLSWITCH_ENVIRONMENT_ALIASES',
    default: 'none; prod where the environment is production',
    about: 'other names by which runbooks call this environment: prod,live',
  },
  {
    name: 'KILLSWITCH_BUSINESS_HOURS',
    default: 'none: what a runbook counts in business hours has no due time',
    about: 'days, hours and time zone: Mon-Fri 09:00-17:00 Europe/Berlin',
  },
  {
    name: 'KILLSWITCH_REDIS_URL',
    default: 'none: the local store',
    about: 'redis://, rediss://, redis+sentinel://host:port,host:port/master, redis+cluster://host:port,...',
  },
  {
    name: 'KILLSWITCH_DATA_DIR',
    default: './data',
    about: 'journal, index, and the generated tokens of a first start',
  },
  {
    name: 'KILLSWITCH_FLAGS_DIR',
    default: "the installation's flags/",
    about: 'the catalogue: <application>.yaml and runbooks/',
  },
  {
    name: 'KILLSWITCH_RUNBOOKS_DIR',
    default: 'none',
    about: 'further Markdown runbooks; the id is made from the file name, and overrides',
  },
  {
    name: 'KILLSWITCH_TOKENS_FILE',
    default: 'generated in the data directory',
    about: 'YAML list of { id, role, sha256, expires?, apps?, only? }',
  },
  {
    name: 'KILLSWITCH_BREAK_GLASS_SHA256',
    default: 'none',
    about: 'SHA-256 (hex) of a sealed credential that may only kill',
  },
  {
    name: 'KILLSWITCH_LOG_KEY_FILE',
    default: 'made in the data directory; on Redis none: the log is not signed',
    about:
      'Ed25519 key (PEM, PKCS #8) that signs the log and makes the sessions of apps; the same on all instances. Further keys may follow in the file: they are believed, and sign when an owner says so',
  },
  {
    name: 'KILLSWITCH_WITNESSES',
    default: 'none',
    about:
      'how many witnesses stand behind a checkpoint, and their keys (audit witness prints them): 2:<key>,<key>,<key>',
  },
  {
    name: 'KILLSWITCH_MOST_INSTANCES',
    default: '20000',
    about: 'app instances of one token and one application; more are refused, and no kill of it is confirmed',
  },
  {
    name: 'KILLSWITCH_TRUSTED_PROXIES',
    default: 'none: X-Forwarded-* is not believed',
    about:
      'addresses and networks of the proxies in front: 10.0.0.7,10.1.0.0/16. Their X-Forwarded-For, -Proto and -Host are believed',
  },
  {
    name: 'KILLSWITCH_MOST_CONNECTIONS',
    default: 'what the limit of open files leaves',
    about:
      'HTTP connections, three quarters of them for streams; where all are taken, one without a valid token is closed for a new one',
  },
  {
    name: 'KILLSWITCH_LOG_LEVEL',
    default: 'info',
    about: 'fatal, error, warn, info, debug, trace or silent',
  },
]

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Reads and checks the environment. Throws `configuration` naming every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const faults: string[] = []
  const check = (ok: boolean, fault: string) => {
    if (!ok) faults.push(fault)
  }
  const given = (name: string) => (env[name] === undefined || env[name] === '' ? undefined : env[name])
  const production = env.NODE_ENV === 'production'
  const warnings: string[] = []
  // a Kubernetes Service named "killswitch" puts KILLSWITCH_PORT=tcp://10.0.0.1:8080 into every pod beside it
  const linked = given('KILLSWITCH_PORT')?.startsWith('tcp://') ?? false
  if (linked)
    warnings.push(
      'KILLSWITCH_PORT is a Kubernetes service link and is passed over: set enableServiceLinks: false.',
    )
  const port = (linked ? undefined : given('KILLSWITCH_PORT')) ?? '8080'
  const environment = given('KILLSWITCH_ENVIRONMENT') ?? 'development'
  const aliases = aliasesOf(given('KILLSWITCH_ENVIRONMENT_ALIASES'), environment)
  const logLevel = given('KILLSWITCH_LOG_LEVEL') ?? 'info'
  const breakGlass = given('KILLSWITCH_BREAK_GLASS_SHA256')

  check(
    /^\d{1,5}$/.test(port) && Number(port) <= 65535,
    `KILLSWITCH_PORT is "${env.KILLSWITCH_PORT}": give a number from 0 to 65535.`,
  )
  check(
    /^[a-z][a-z0-9-]{0,31}$/.test(environment),
    `KILLSWITCH_ENVIRONMENT is "${environment}": give lower-case letters, digits and dashes, such as "production".`,
  )
  const odd = aliases.find(alias => !/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u.test(alias))
  check(
    odd === undefined,
    `KILLSWITCH_ENVIRONMENT_ALIASES has "${odd}": give names of letters, digits, dots and dashes, with commas between them, such as "prod,live".`,
  )
  check(LEVELS.includes(logLevel), `KILLSWITCH_LOG_LEVEL is "${logLevel}": give one of ${LEVELS.join(', ')}.`)
  check(
    breakGlass === undefined || /^[0-9a-f]{64}$/i.test(breakGlass),
    'KILLSWITCH_BREAK_GLASS_SHA256 is not 64 hex digits: give `printf %s "$TOKEN" | sha256sum | cut -c 1-64`.',
  )
  for (const name of production
    ? ['KILLSWITCH_TOKENS_FILE', 'KILLSWITCH_ENVIRONMENT', 'KILLSWITCH_FLAGS_DIR']
    : []) {
    check(given(name) !== undefined, `${name} is not set: with NODE_ENV=production it must be.`)
  }
  check(
    !production ||
      given('KILLSWITCH_REDIS_URL') === undefined ||
      given('KILLSWITCH_LOG_KEY_FILE') !== undefined,
    'KILLSWITCH_LOG_KEY_FILE is not set: with NODE_ENV=production and Redis it must be, the same on all instances. Make the key with `openssl genpkey -algorithm ed25519 -out log.key`.',
  )
  const most = given('KILLSWITCH_MOST_INSTANCES') ?? '20000'
  check(
    /^[1-9]\d{0,6}$/.test(most),
    `KILLSWITCH_MOST_INSTANCES is "${most}": give a number from 1 to 9999999.`,
  )
  const connections = given('KILLSWITCH_MOST_CONNECTIONS')
  check(
    connections === undefined || /^[1-9]\d{1,6}$/.test(connections),
    `KILLSWITCH_MOST_CONNECTIONS is "${connections}": give a number from 10 to 9999999.`,
  )
  const read = <T>(name: string, parse: (text: string) => T, end = ''): T | undefined => {
    const text = given(name)
    try {
      return text === undefined ? undefined : parse(text)
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}${end}`)
      return undefined
    }
  }
  read('KILLSWITCH_REDIS_URL', parseTarget)
  const witnesses = read('KILLSWITCH_WITNESSES', parseWitnesses, '.')
  const businessHours = read('KILLSWITCH_BUSINESS_HOURS', parseBusinessHours, '.')
  const trustedProxies = read('KILLSWITCH_TRUSTED_PROXIES', parseProxies)
  warnings.push(...Object.keys(env).filter(isStrange).map(strange))
  if (faults.length > 0) throw new KillswitchError('configuration', [...faults, ...warnings].join('\n'))

  const optional = {
    redisUrl: given('KILLSWITCH_REDIS_URL'),
    runbooksDir: given('KILLSWITCH_RUNBOOKS_DIR'),
    tokensFile: given('KILLSWITCH_TOKENS_FILE'),
    logKeyFile: given('KILLSWITCH_LOG_KEY_FILE'),
    breakGlassSha256: breakGlass?.toLowerCase(),
    witnesses,
    businessHours,
    trustedProxies,
    mostConnections: connections === undefined ? undefined : Number(connections),
  }
  return {
    host: given('KILLSWITCH_HOST') ?? '127.0.0.1',
    port: Number(port),
    environment,
    environmentAliases: aliases,
    dataDir: given('KILLSWITCH_DATA_DIR') ?? './data',
    flagsDir: given('KILLSWITCH_FLAGS_DIR') ?? fileURLToPath(new URL('../flags', import.meta.url)),
    mostInstances: Number(most),
    logLevel,
    production,
    warnings,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<Config>),
  }
}

/** Names in small letters, as they are compared. */
export function aliasesOf(given: string | undefined, environment: string): string[] {
  if (given === undefined) return environment === 'production' ? ['prod'] : []
  return given.split(',').map(alias => alias.trim().toLowerCase())
}

/** Variables of the SDK, the CLI, the tests and the compose file, which may stand in the same environment. */
const NEIGHBOURS = new Set(
  `URL TOKEN CONFIG LOG_KEY APP BOOTSTRAP CACHE_FILE ERROR_AFTER_MS FAIL_ON_START FORCE_FILE FORCE_KILL HEARTBEAT_MS
  INIT_TIMEOUT_MS INSTANCE MODE POLL_MS RECEIPTS REFRESH_AFTER_MS REFRESH_TIMEOUT_MS REQUEST_TIMEOUT_MS
  WHEN_UNKNOWN SHARED_DIR REDIS_PASSWORD`
    .split(/\s+/)
    .map(name => `KILLSWITCH_${name}`),
)

const isStrange = (name: string): boolean =>
  name.startsWith('KILLSWITCH_') &&
  !VARIABLES.some(variable => variable.name === name) &&
  !NEIGHBOURS.has(name) &&
  // Kubernetes puts the latter beside every pod of a namespace that has a service called killswitch
  !/^KILLSWITCH_(TEST_\w+|SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+\w*)$/.test(name)

function strange(name: string): string {
  const near = closest(
    name,
    VARIABLES.map(variable => variable.name),
  )
  return `${name} is not a variable of this service (${near} is one): see --help for those there are.`
}

export function help(): string {
  const width = Math.max(...VARIABLES.map(variable => variable.name.length))
  const rows = VARIABLES.map(
    ({ name, about, default: fallback }) =>
      `  ${name.padEnd(width)}  ${about}\n  ${' '.repeat(width)}  default: ${fallback}`,
  )
  return `Killswitch: protective flags, killed from a runbook step, with proof.

Usage: npm start                        the service, on the local store
       KILLSWITCH_REDIS_URL=redis://127.0.0.1:6379 npm start
       npm run check -- --help          checks a catalogue without starting the service

Configuration is by environment variables alone:

${rows.join('\n')}

With NODE_ENV=production the tokens file, the environment and the flags directory must be given, on Redis the log's key too.
SIGHUP or a changed file reloads catalogue and tokens; SIGTERM and SIGINT stop the service cleanly.
`
}
