// Says what a failed Redis command means: certain that nothing was done, or not known. Carries no error object of the
// client library out of this folder: those hold the arguments of their command, a password among them.

import { by, KillswitchError } from '../../../domain/errors.js'
import { oneLine } from '../../../text/characters.js'

/** Replies that come before a command runs, or from a check ahead of every write. What was seen, and what to do. */
const NOTHING_DONE: Readonly<Record<string, readonly [seen: string, cure: string]>> = {
  READONLY: [
    'is a read-only replica',
    'point KILLSWITCH_REDIS_URL at the master, or wait for the failover to end',
  ],
  LOADING: ['is still loading its data from disk', 'wait: it serves when the load is done'],
  NOAUTH: ['wants a password and was given none', 'put user and password into KILLSWITCH_REDIS_URL'],
  WRONGPASS: [
    'refuses the user name or password',
    'correct both in KILLSWITCH_REDIS_URL, or the user in its ACL',
  ],
  NOPERM: [
    'does not permit this user a command the service needs',
    "compare the user's ACL with the documented list",
  ],
  MISCONF: ['refuses writes because it cannot persist them', 'look at its log: a full disk, as a rule'],
  BUSY: [
    "is blocked by another client's slow script",
    'SCRIPT KILL ends a script that has written nothing yet',
  ],
  OOM: ['is out of memory', 'free memory or raise maxmemory'],
  NOREPLICAS: ['has fewer replicas than min-replicas-to-write', 'bring the replicas back'],
  WRONGTYPE: [
    'holds something else under a key of the service',
    'find who writes there, and give each a database',
  ],
  MASTERDOWN: ['is a replica that has lost its master', 'bring the master back, or fail over'],
  CLUSTERDOWN: ['is a cluster that does not serve our slot', 'look at CLUSTER INFO'],
  MOVED: ['is a cluster, and our slot is elsewhere', 'use redis+cluster:// in KILLSWITCH_REDIS_URL'],
  ASK: ['is a cluster that is moving our slot', 'wait for the move to end'],
  TRYAGAIN: ['is a cluster that is moving our slot', 'wait for the move to end'],
  CROSSSLOT: [
    'is a cluster and wants all keys in one slot',
    'report this: the keys of the service share a hash tag',
  ],
  NOSCRIPT: [
    "does not keep the service's script",
    'look for a proxy in between, or a SCRIPT FLUSH in a loop',
  ],
  DENIED: ['is in protected mode', 'set a password, or bind it to the right address'],
  'max-clients': ['takes no more clients', 'raise maxclients, or end clients that nobody needs'],
  NOPROTO: ['does not speak the protocol', 'use Redis 7.0 or later'],
}

/**
 * What has no code of its own, by its words: replies that begin with ERR, and what the client library says. Here alone
 * are a library's words looked at; everybody else asks for the code.
 */
const REPLIES: readonly (readonly [words: RegExp, code: string])[] = [
  [/can't run this command|can't access at least one of the keys/, 'NOPERM'], // inside a script; writes are checked ahead
  [/Script killed by user/, 'BUSY'], // Redis kills no script that has written
  [/^ERR unknown (?:sub)?command/i, 'unknown-command'],
  [/^ERR max number of clients/, 'max-clients'],
]
const LIBRARY: readonly (readonly [words: RegExp, code: string])[] = [
  [/enableOfflineQueue options is false/, 'not-connected'],
  [/timed out|ETIMEDOUT/, 'ETIMEDOUT'],
  [/ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_/, 'unreachable'], // Sentinels and nodes of a cluster, as "Last error: ..."
  [/closed|max retries/, 'closed'],
]
/** As Node names what is wrong with a certificate or a handshake. */
const TLS = /CERT|^ERR_(?:SSL|TLS)_|^UNABLE_TO_/
const UNREACHABLE = /^(?:unreachable|tls|ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_)/

/** The reply's own code, the system's, or a word for what has none; undefined for what nobody foresaw. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, message, code } = error as NodeJS.ErrnoException
  const byWords = (table: typeof REPLIES) => table.find(([words]) => words.test(message))?.[1]
  if (name === 'ReplyError') return byWords(REPLIES) ?? message.split(' ', 1)[0]
  if (typeof code !== 'string') return byWords(LIBRARY)
  return TLS.test(code) ? 'tls' : code
}

/** As a time limit of ours rejects. */
export const timeout = (): Error => Object.assign(new Error('Command timed out'), { code: 'ETIMEDOUT' })

/** What a rejection is, with no secret in it. `certain`: the command was not and will not be executed. */
export type Failure = { certain: boolean; detail: string; timedOut: boolean; cause?: string }

export function explain(thrown: unknown): Failure {
  // a cluster says only that no node answered, and hides what the last one said
  const error = (thrown as { lastNodeError?: unknown } | undefined)?.lastNodeError ?? thrown
  const cause = codeOf(error)
  const failure = { certain: false, timedOut: false, ...(cause === undefined ? {} : { cause }) }
  const said = firstLine(error instanceof Error ? error.message : String(error))
  if (error instanceof Error && error.name === 'ReplyError')
    return { ...failure, ...explainReply(cause, said) }
  if (cause === 'not-connected') return { ...failure, certain: true, detail: 'is not connected' }
  if (cause === 'ETIMEDOUT') return { ...failure, timedOut: true, detail: 'did not answer in time' }
  if (cause === 'closed') return { ...failure, detail: 'lost the connection' }
  // the client library's own words help: which address refused, which name is not known
  const what = cause !== undefined && UNREACHABLE.test(cause) ? 'cannot be reached' : 'failed'
  return { ...failure, detail: `${what} (${said || cause})` }
}

function explainReply(code: string | undefined, said: string): Pick<Failure, 'certain' | 'detail'> {
  const known = NOTHING_DONE[code ?? '']
  if (known) return { certain: true, detail: `${known[0]}; ${known[1]}. It said: ${said}` }
  return { certain: code === 'unknown-command', detail: `answered with an error. It said: ${said}` }
}

/** The failure of a command that writes: what is not certainly undone may be done, or may still be. */
export function writeFailure(where: string, failure: Failure): KillswitchError {
  if (failure.certain) return unavailable(where, failure)
  return new KillswitchError(
    'outcome-unknown',
    `Redis at ${where} ${failure.detail} after the command was sent: it may have been done, or may still be.`,
    {
      ...causeOf(failure),
      wayOut: [by('Ask for the flip by its id before trying anything else.')],
    },
  )
}

export const unavailable = (where: string, failure: Pick<Failure, 'detail' | 'cause'>): KillswitchError =>
  new KillswitchError('store-unavailable', `Redis at ${where} ${failure.detail}`, causeOf(failure))

const causeOf = ({ cause }: Pick<Failure, 'cause'>): { cause?: string } =>
  cause === undefined ? {} : { cause }

const LONGEST_WORDS = 300

/**
 * The words of a server as they may be shown. An old one repeats the arguments of a command that it does not know, the
 * password of a HELLO included; user and password of a URL are taken out wherever they stand.
 */
const firstLine = (message: string): string =>
  oneLine(message.split(/\r?\n/, 1)[0] ?? '')
    .replace(/,? with args beginning with.*/, '')
    .replaceAll(/\/\/[^@/\s]*@/g, '//')
    .slice(0, LONGEST_WORDS)
